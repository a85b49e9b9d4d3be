import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import { type SamplingStretch, samplingStretches } from '../../src/domain/sampling.ts';
import type {
  ConstantCurrent,
  ConstantVoltage,
  CyclicVoltammetry,
  ElectrochemicalTechnique,
  LinearSweep,
  OpenCircuit,
} from '../../src/domain/technique.ts';
import { rangeFor } from './keithley-models.ts';

/** What a source-measure unit does in one technique. */
export type SmuPlan = {
  /** A or V, as the source wants it; the first of a sweep. */
  readonly level: number;
  /** Full scale of the source range. */
  readonly sourceRange: number;
  /** Of the other quantity, V or A: it holds for both signs. */
  readonly compliance: number;
} & (
  | {
      readonly source: 'current';
      /** Fixed, so that no range change disturbs the cell; it holds the compliance. */
      readonly senseRangeVolt: number;
      readonly window: { readonly voltageVoltMin: number; readonly voltageVoltMax: number };
      /** True when the current is none, and is reported as none. */
      readonly isOpenCircuit: boolean;
    }
  | {
      readonly source: 'voltage';
    }
);

/** One value that the host wants, and how long it is waited for. */
export interface PlannedPoint {
  /** The source is set to this at the beginning of the point; undefined to leave it. */
  readonly level: number | undefined;
  readonly durationSecond: number;
  /** False for a rest of the duration that is too short for another sample. */
  readonly isSampled: boolean;
}

/** A technique that a source-measure unit has. */
export type SmuTechnique = Exclude<ElectrochemicalTechnique, { kind: 'impedance' }>;

/**
 * How the technique is done. At open circuit the output is on and sources 0 A in the smallest
 * range: with the output off in its high-impedance state the relay is open, and nothing is
 * measured (2400 manual 13-9, "cannot be made while the source is off" 18-55). What then flows is
 * the offset of the source: at most 0.6 nA for a 2400, 0.1 nA for a 2450; and never more than
 * the smallest range can.
 */
export function smuPlan(technique: SmuTechnique, capability: PotentiostatCapability): SmuPlan {
  switch (technique.kind) {
    case 'openCircuit':
      return openCircuitPlan(technique, capability);
    case 'constantCurrent':
      return constantCurrentPlan(technique, capability);
    case 'constantVoltage':
      return voltagePlan([technique.voltageVolt], technique, capability);
    case 'cyclicVoltammetry':
      return voltagePlan([technique.startVolt, ...technique.verticesVolt], technique, capability);
    case 'linearSweep':
      return voltagePlan([technique.startVolt, technique.endVolt], technique, capability);
    default:
      return technique satisfies never;
  }
}

function openCircuitPlan(_: OpenCircuit, { accuracy, voltageVoltMax }: PotentiostatCapability) {
  return {
    source: 'current',
    level: 0,
    sourceRange: rangeFor(accuracy.currentAmpere, 0),
    // Above whatever the cell may have: a compliance below it would push a current through it.
    compliance: voltageVoltMax,
    senseRangeVolt: rangeFor(accuracy.voltageVolt, voltageVoltMax),
    window: { voltageVoltMin: -voltageVoltMax, voltageVoltMax },
    isOpenCircuit: true,
  } as const;
}

/**
 * The compliance holds for both signs, so it is the end of the window that is farther from 0 V:
 * that of a battery is its upper cut-off, and the lower one is left to whoever reads the voltage.
 */
function constantCurrentPlan(
  { currentAmpere, voltageVoltMin, voltageVoltMax }: ConstantCurrent,
  { accuracy, voltageVoltMax: mostVolt }: PotentiostatCapability,
): SmuPlan {
  const farther = Math.max(Math.abs(voltageVoltMin), Math.abs(voltageVoltMax));
  const compliance = Math.min(farther, mostVolt);
  return {
    source: 'current',
    level: currentAmpere,
    sourceRange: rangeFor(accuracy.currentAmpere, currentAmpere),
    compliance,
    senseRangeVolt: rangeFor(accuracy.voltageVolt, compliance),
    window: { voltageVoltMin, voltageVoltMax },
    isOpenCircuit: false,
  };
}

function voltagePlan(
  levels: readonly number[],
  { currentAmpereMax }: ConstantVoltage | CyclicVoltammetry | LinearSweep,
  { accuracy, currentAmpereMax: mostAmpere }: PotentiostatCapability,
): SmuPlan {
  return {
    source: 'voltage',
    level: levels[0] ?? 0,
    // One range for the whole sweep: changing it is heard in the current.
    sourceRange: rangeFor(accuracy.voltageVolt, Math.max(...levels.map(Math.abs))),
    compliance: Math.min(currentAmpereMax, mostAmpere),
  };
}

/** Floating-point slack when counting how many intervals fit. */
const SLACK = 1e-9;

/** The points of a technique in order: samples at even intervals, or the steps of a staircase. */
export function* plannedPoints(technique: SmuTechnique): Generator<PlannedPoint> {
  if (technique.kind === 'cyclicVoltammetry') {
    yield* staircase(voltammogram(technique), technique);
  } else if (technique.kind === 'linearSweep') {
    const { startVolt, endVolt, stepVolt } = technique;
    yield* staircase(ramp([startVolt, endVolt], stepVolt, true), technique);
  } else {
    for (const stretch of samplingStretches(technique)) yield* evenPoints(stretch);
  }
}

function* evenPoints({ everySecond, durationSecond }: SamplingStretch): Generator<PlannedPoint> {
  const count = Math.floor(durationSecond / everySecond + SLACK);
  const point = { level: undefined, durationSecond: everySecond, isSampled: true };
  for (let at = 0; at < count; at += 1) yield point;
  const restSecond = durationSecond - count * everySecond;
  if (restSecond > SLACK) yield { level: undefined, durationSecond: restSecond, isSampled: false };
}

/** Of the samples of a technique; one shorter than its interval is one point. */
export function shortestPoint(technique: SmuTechnique): number {
  if (technique.kind === 'cyclicVoltammetry' || technique.kind === 'linearSweep') {
    return technique.stepVolt / technique.rateVoltPerSecond;
  }
  const { sampleEverySecond, durationSecond, edge } = technique;
  return Math.min(sampleEverySecond, durationSecond, edge?.everySecond ?? sampleEverySecond);
}

function* staircase(
  levels: Iterable<number>,
  { stepVolt, rateVoltPerSecond }: CyclicVoltammetry | LinearSweep,
): Generator<PlannedPoint> {
  const durationSecond = stepVolt / rateVoltPerSecond;
  for (const level of levels) yield { level, durationSecond, isSampled: true };
}

function* voltammogram(technique: CyclicVoltammetry): Generator<number> {
  const { startVolt, verticesVolt, stepVolt, cycles } = technique;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    yield* ramp([startVolt, ...verticesVolt, startVolt], stepVolt, cycle === 0);
  }
}

/** From turning point to turning point, each once; the first only when it is asked for. */
function* ramp(
  turningPoints: readonly number[],
  stepVolt: number,
  withFirst: boolean,
): Generator<number> {
  let from = turningPoints[0] ?? 0;
  if (withFirst) yield from;
  for (const to of turningPoints.slice(1)) {
    const steps = Math.ceil(Math.abs(to - from) / stepVolt - SLACK);
    const direction = Math.sign(to - from);
    for (let step = 1; step < steps; step += 1) yield from + direction * step * stepVolt;
    if (steps > 0) yield to;
    from = to;
  }
}

/**
 * A source-measure unit has no watchdog, so it is given only so much to do at a time: it reads on
 * and on, and switches its output off by itself unless the host comes for a reading. A host that
 * is lost leaves the current on for no longer than this. Shorter, and a computer that waits for
 * its disk would count as lost.
 */
export const HOLD_SECOND_MAX = 20;

/** The host comes at least this often, also when it wants a sample more rarely. */
const VISIT_SECOND_MAX = 2;

/** How often the instrument takes a reading, and how long it goes on with that by itself. */
export interface Rhythm {
  /** Between two readings of the instrument, without the time that each takes. */
  readonly pauseSecond: number;
  /** After so many readings without a visit the output goes off. */
  readonly readingsMax: number;
  /** A visit that comes no later than this after the one before finds the output on. */
  readonly holdSecondMin: number;
}

/** Whole visits of the host that fit into a planned point. */
export function visitsIn({ durationSecond }: Pick<PlannedPoint, 'durationSecond'>): number {
  return Math.max(1, Math.ceil(durationSecond / VISIT_SECOND_MAX - SLACK));
}

/** Between readings: shorter than this a reading is new enough for a visit. */
const PAUSE_SECOND_MAX = 0.4;
/** Voltage and current, each with its zero, at one power-line cycle, and the change of range. */
const READING_SECOND_MAX = 0.2;
/** At the least: one power-line cycle. */
const READING_SECOND_MIN = 0.016;
/** A visit finds a reading that was begun after the visit before. */
const PAUSE_OF_VISIT = 0.25;

/**
 * @param pointSecond of the shortest planned point: each visit is to find a new reading
 * @param holdSecond the instrument is to stop by itself after no more than this
 */
export function rhythmOf(pointSecond: number, holdSecond: number): Rhythm {
  const visitSecond = pointSecond / visitsIn({ durationSecond: pointSecond });
  const pauseSecond = Math.min(PAUSE_SECOND_MAX, visitSecond * PAUSE_OF_VISIT);
  const readingsMax = Math.floor(holdSecond / (pauseSecond + READING_SECOND_MAX));
  const holdSecondMin = Math.floor(readingsMax / 2) * (pauseSecond + READING_SECOND_MIN);
  return { pauseSecond, readingsMax, holdSecondMin };
}
