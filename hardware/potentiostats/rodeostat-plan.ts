import { samplingStretches } from '../../src/domain/sampling.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import {
  type RodeostatRange,
  type RodeostatVariant,
  SAMPLE_PERIOD_MS,
  smallestRange,
  TEST_MS_MAX,
} from './rodeostat-variants.ts';

/** Parameters of a test of the firmware: times in ms, potentials in V. */
export type RodeostatTest =
  | {
      readonly name: 'constant';
      readonly param: {
        readonly quietValue: number;
        readonly quietTime: number;
        readonly value: number;
        readonly duration: number;
      };
    }
  | {
      readonly name: 'linearSweep';
      readonly param: {
        readonly quietValue: number;
        readonly quietTime: number;
        readonly startValue: number;
        readonly finalValue: number;
        readonly duration: number;
      };
    }
  | {
      readonly name: 'cyclic';
      readonly param: {
        readonly quietValue: number;
        readonly quietTime: number;
        readonly amplitude: number;
        readonly offset: number;
        readonly period: number;
        readonly numCycles: number;
        /** Part of the period at which it begins: 0 at the lower vertex, 0.5 at the upper one. */
        readonly shift: number;
      };
    };

/** A technique that the firmware does by itself. */
export type TestTechnique = Extract<
  ElectrochemicalTechnique,
  { kind: 'constantVoltage' | 'cyclicVoltammetry' | 'linearSweep' }
>;

/** How a technique is done. */
export interface RodeostatPlan {
  readonly test: RodeostatTest;
  /** From the start to the end marker. */
  readonly durationMs: number;
  /** Of the instrument: the host looks at the current so often. */
  readonly samplePeriodMs: number;
  /** One in so many samples is a reading that was asked for; at an edge, while it is finest. */
  readonly samplesPerReading: number;
  /** The one that the firmware chooses for these potentials. */
  readonly voltageRange: RodeostatRange;
  readonly currentRange: RodeostatRange;
}

/** Only the host keeps the limit of the current: it looks at least this often. */
const LOOK_MS_MAX = 500;
/** Rounding a time to whole ms may change the scan rate by no more than this. */
const RATE_RELATIVE_MAX = 1e-3;
const SLACK = 1e-6;
const SIGNIFICANT_DIGITS = 9;

/**
 * How the technique is done; or in words why it cannot, all reasons at once. What every
 * potentiostat must be able to do has been checked before.
 */
export function rodeostatPlan(
  technique: TestTechnique,
  variant: RodeostatVariant,
): RodeostatPlan | readonly string[] {
  const problems: string[] = [];
  const { test, durationMs } = testOf(technique, problems);
  if (durationMs > TEST_MS_MAX) {
    problems.push(`it would last ${durationMs / 1000} s, longer than its ${TEST_MS_MAX / 1000} s`);
  }
  const currentRange = smallestRange(variant.currentRanges, technique.currentAmpereMax);
  if (!currentRange) {
    const most = variant.currentRanges.at(-1);
    problems.push(
      `a current limit of ${technique.currentAmpereMax} A is above its largest range of ${most?.fullScale} A: lower the limit, or take another variant`,
    );
  }
  const voltageRange = smallestRange(variant.voltageRanges, ...potentialsOf(technique));
  if (!voltageRange) problems.push('its ranges hold not all of the potentials');
  if (problems.length > 0 || !currentRange || !voltageRange) return problems;
  return { test, durationMs, ...rhythmOf(intervalSecond(technique)), voltageRange, currentRange };
}

function testOf(
  technique: TestTechnique,
  problems: string[],
): { readonly test: RodeostatTest; readonly durationMs: number } {
  switch (technique.kind) {
    case 'constantVoltage': {
      const { voltageVolt: value } = technique;
      const duration = Math.max(1, Math.round(technique.durationSecond * 1000));
      const param = { quietValue: value, quietTime: 0, value, duration };
      return { test: { name: 'constant', param }, durationMs: duration };
    }
    case 'linearSweep': {
      const { startVolt: startValue, endVolt: finalValue } = technique;
      const duration = rampMs(Math.abs(finalValue - startValue), technique, problems);
      const param = { quietValue: startValue, quietTime: 0, startValue, finalValue, duration };
      return { test: { name: 'linearSweep', param }, durationMs: duration };
    }
    case 'cyclicVoltammetry':
      return cyclicTest(technique, problems);
    default:
      return technique satisfies never;
  }
}

/**
 * The firmware sweeps a triangle between offset ± amplitude that rises first from shift 0. So the
 * phase of the start is on its rising half when the first vertex is the upper one, else on its
 * falling half (ps_cyclic_test.cpp).
 */
function cyclicTest(
  technique: Extract<TestTechnique, { kind: 'cyclicVoltammetry' }>,
  problems: string[],
): { readonly test: RodeostatTest; readonly durationMs: number } {
  const { startVolt, verticesVolt, cycles: numCycles } = technique;
  const [first, second] = verticesVolt;
  const lower = Math.min(first, second);
  const spanVolt = Math.abs(first - second);
  if (startVolt < lower || startVolt > lower + spanVolt) {
    problems.push(
      `its cyclic test begins between the vertices: a start at ${startVolt} V is not between ${first} V and ${second} V`,
    );
  }
  const period = rampMs(2 * spanVolt, technique, problems);
  const rising = (startVolt - lower) / (2 * spanVolt);
  const shift = first > second ? rising : (1 - rising) % 1;
  const param = {
    quietValue: startVolt,
    quietTime: 0,
    amplitude: exact(spanVolt / 2),
    offset: exact((first + second) / 2),
    period,
    numCycles,
    shift: exact(shift),
  };
  return { test: { name: 'cyclic', param }, durationMs: numCycles * period };
}

/** Without the last digits of a sum: the firmware counts in single precision. */
function exact(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/** In whole ms, as the firmware wants it. */
function rampMs(
  pathVolt: number,
  { rateVoltPerSecond }: { readonly rateVoltPerSecond: number },
  problems: string[],
): number {
  const exactMs = (1000 * pathVolt) / rateVoltPerSecond;
  const ms = Math.max(1, Math.round(exactMs));
  if (Math.abs(ms - exactMs) > RATE_RELATIVE_MAX * exactMs) {
    problems.push(
      `a scan rate of ${rateVoltPerSecond} V/s over ${pathVolt} V takes ${exactMs} ms: it counts whole ms, which changes the rate by more than ${100 * RATE_RELATIVE_MAX} %`,
    );
  }
  return ms;
}

function potentialsOf(technique: TestTechnique): readonly number[] {
  switch (technique.kind) {
    case 'constantVoltage':
      return [technique.voltageVolt];
    case 'linearSweep':
      return [technique.startVolt, technique.endVolt];
    case 'cyclicVoltammetry':
      return [technique.startVolt, ...technique.verticesVolt];
    default:
      return technique satisfies never;
  }
}

/** The finest one: the firmware has one period for the whole of a test. */
function intervalSecond(technique: TestTechnique): number {
  if (technique.kind !== 'constantVoltage') return technique.stepVolt / technique.rateVoltPerSecond;
  const { sampleEverySecond, edge } = technique;
  return Math.min(sampleEverySecond, edge?.everySecond ?? sampleEverySecond);
}

/**
 * Which samples are readings that were asked for, counted from 1. Between them the host looks at
 * the current only. After an edge they are fewer, although the instrument goes on as finely.
 */
export function* readingNumbers(
  technique: TestTechnique,
  { durationMs, samplePeriodMs, samplesPerReading }: RodeostatPlan,
): Generator<number, undefined> {
  if (technique.kind !== 'constantVoltage' || !technique.edge) {
    for (let number = samplesPerReading; ; number += samplesPerReading) yield number;
  }
  const last = Math.floor(durationMs / samplePeriodMs);
  let startSecond = 0;
  let newest = 0;
  for (const { everySecond, durationSecond } of samplingStretches(technique)) {
    const readings = Math.floor(durationSecond / everySecond + SLACK);
    for (let at = 1; at <= readings; at += 1) {
      const dueMs = 1000 * (startSecond + at * everySecond);
      const number = Math.min(last, Math.floor(dueMs / samplePeriodMs + SLACK));
      if (number > newest) yield number;
      newest = Math.max(newest, number);
    }
    startSecond += durationSecond;
  }
  return undefined;
}

/**
 * The interval as a whole number of periods of whole ms; rounded down where it is none, so that
 * readings never come more rarely than asked.
 */
function rhythmOf(seconds: number): Pick<RodeostatPlan, 'samplePeriodMs' | 'samplesPerReading'> {
  const ms = Math.max(SAMPLE_PERIOD_MS.min, Math.floor(seconds * 1000 + SLACK));
  const fewest = Math.ceil(ms / LOOK_MS_MAX);
  for (let parts = fewest; parts <= 2 * fewest; parts += 1) {
    if (ms % parts === 0) return { samplePeriodMs: ms / parts, samplesPerReading: parts };
  }
  return { samplePeriodMs: Math.floor(ms / fewest), samplesPerReading: fewest };
}
