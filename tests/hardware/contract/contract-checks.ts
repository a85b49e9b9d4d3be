import { expect } from 'vitest';
import type {
  MeasuringRange,
  PotentiostatCapability,
  Reading,
} from '../../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../../src/domain/technique.ts';
import { extentOf } from './contract-techniques.ts';

type ElectricalReading = Extract<Reading, { kind: 'electrical' }>;

/** Readings lag behind by the way over the wire and the instrument's own time, s. */
const BEGIN_SECOND_MAX = 3;
/** Sum of rounding and of what an instrument adds at both ends. */
const END_SECOND_MAX = 3;
const SAME = 1e-9;

/** Everything a planner reads is there, finite and in order. */
export function expectCompleteCapability(capability: PotentiostatCapability): void {
  const { techniques, accuracy, currentAmpereMax, voltageVoltMin, voltageVoltMax } = capability;
  expect(techniques.length).toBeGreaterThan(0);
  expect(new Set(techniques).size).toBe(techniques.length);
  expectPositive(currentAmpereMax);
  expectPositive(capability.sampleEverySecondMin);
  expect(Number.isFinite(voltageVoltMin) && Number.isFinite(voltageVoltMax)).toBe(true);
  expect(voltageVoltMin).toBeLessThan(voltageVoltMax);
  expect(['both', 'compliance', 'none']).toContain(capability.keepsVoltageLimits);
  expectRanges(accuracy.voltageVolt);
  expectRanges(accuracy.currentAmpere);
  expect(accuracy.source.length).toBeGreaterThan(10);
  const mostVolt = Math.max(Math.abs(voltageVoltMin), Math.abs(voltageVoltMax));
  expect(accuracy.voltageVolt.at(-1)?.fullScale).toBeGreaterThanOrEqual(mostVolt * (1 - SAME));
  expect(accuracy.currentAmpere.at(-1)?.fullScale).toBeGreaterThanOrEqual(
    currentAmpereMax * (1 - SAME),
  );
  expectFrequencies(capability);
}

function expectFrequencies(capability: PotentiostatCapability): void {
  const { techniques, accuracy, excitations, frequencyHertzMin, frequencyHertzMax } = capability;
  if (techniques.includes('impedance')) {
    expectPositive(frequencyHertzMin);
    expect(frequencyHertzMax).toBeGreaterThan(frequencyHertzMin);
    expect(excitations?.length).toBeGreaterThan(0);
    expectPositive(accuracy.impedance?.modulusRelative ?? 0);
    expectPositive(accuracy.impedance?.phaseDegree ?? 0);
  } else {
    expect([frequencyHertzMin, frequencyHertzMax]).toEqual([0, 0]);
    expect(accuracy.impedance).toBeUndefined();
  }
}

/** Ascending, each with a limit of error that says something. */
function expectRanges(ranges: readonly MeasuringRange[]): void {
  expect(ranges.length).toBeGreaterThan(0);
  let last = 0;
  for (const { fullScale, gainRelative, offset } of ranges) {
    expect(fullScale).toBeGreaterThan(last);
    last = fullScale;
    expect(gainRelative).toBeGreaterThanOrEqual(0);
    expect(offset).toBeGreaterThanOrEqual(0);
    expectPositive(gainRelative * fullScale + offset);
    // More than a fifth of the range would be no measurement.
    expect(gainRelative * fullScale + offset).toBeLessThan(0.2 * fullScale);
  }
}

function expectPositive(value: number): void {
  expect(value).toBeGreaterThan(0);
  expect(Number.isFinite(value)).toBe(true);
}

/** What every technique that ran to its end has brought. */
export function expectWholeMeasurement(
  technique: ElectrochemicalTechnique,
  readings: readonly Reading[],
  context: {
    readonly capability: PotentiostatCapability;
    readonly beginSecond: number;
    readonly endSecond: number;
    readonly restVolt: number;
  },
): void {
  const { durationSecond, readings: most } = extentOf(technique);
  const { beginSecond, endSecond } = context;
  const own = readings.filter(({ kind }) =>
    technique.kind === 'impedance' ? kind === 'impedancePoint' : kind === 'electrical',
  );
  expect(own.length).toBeGreaterThanOrEqual(most - 1);
  expect(own.length).toBeLessThanOrEqual(most + 2);
  let last = beginSecond;
  for (const { timeSecond, quality } of readings) {
    expect(timeSecond).toBeGreaterThanOrEqual(last);
    last = timeSecond;
    expect(quality).toBe('good');
  }
  expect(last).toBeLessThanOrEqual(endSecond + SAME);
  expect(endSecond - beginSecond).toBeLessThanOrEqual(
    durationSecond + BEGIN_SECOND_MAX + END_SECOND_MAX,
  );
  if (technique.kind === 'impedance') expectSpectrum(technique, readings, context.capability);
  else expectElectrical(technique, electricalOf(readings), context);
}

function expectSpectrum(
  {
    frequencyHertzMax,
    frequencyHertzMin,
    pointCount,
  }: Extract<ElectrochemicalTechnique, { kind: 'impedance' }>,
  readings: readonly Reading[],
  capability: PotentiostatCapability,
): void {
  const points = readings.flatMap((one) => (one.kind === 'impedancePoint' ? [one.point] : []));
  // The direct part, where the instrument tells it.
  const direct = readings.flatMap((one) => (one.kind === 'electrical' ? [one] : []));
  for (const reading of direct) expectErrors(reading, capability, 'impedance');
  expect(points).toHaveLength(pointCount);
  const ratio = (frequencyHertzMax / frequencyHertzMin) ** (1 / (pointCount - 1));
  for (const [at, { frequencyHertz, zRealOhm, zImagOhm }] of points.entries()) {
    const wanted = frequencyHertzMax / ratio ** at;
    expect(Math.abs(frequencyHertz / wanted - 1)).toBeLessThan(0.02);
    expect(zRealOhm).toBeGreaterThan(0);
    // Capacitive: the sign of the field, not that of the plot.
    expect(zImagOhm).toBeLessThan(0);
  }
}

function expectElectrical(
  technique: Exclude<ElectrochemicalTechnique, { kind: 'impedance' }>,
  readings: readonly ElectricalReading[],
  {
    capability,
    restVolt,
  }: { readonly capability: PotentiostatCapability; readonly restVolt: number },
): void {
  for (const reading of readings) expectErrors(reading, capability, technique.kind);
  const currents = readings.map(({ currentAmpere }) => currentAmpere);
  const voltages = readings.map(({ voltageVolt }) => voltageVolt);
  switch (technique.kind) {
    case 'openCircuit':
      for (const ampere of currents) expect(ampere).toBe(0);
      break;
    case 'constantCurrent':
      expectWithin(readings, 'current', technique.currentAmpere, capability);
      // Positive charges: the voltage is above that at rest.
      for (const volt of voltages) expect(volt).toBeGreaterThan(restVolt);
      break;
    case 'constantVoltage':
      expectWithin(readings, 'voltage', technique.voltageVolt, capability);
      for (const ampere of currents) expect(ampere).toBeGreaterThan(0);
      break;
    case 'linearSweep':
      expect(voltages.at(-1)).toBeGreaterThan(voltages[0] ?? 0);
      expect(currents.at(-1)).toBeGreaterThan(currents[0] ?? 0);
      break;
    case 'cyclicVoltammetry':
      expectVertices(technique, voltages, capability);
      expect(Math.max(...currents)).toBeGreaterThan(0);
      expect(Math.min(...currents)).toBeLessThan(0);
      expect(currents.indexOf(Math.max(...currents))).toBeLessThan(
        currents.indexOf(Math.min(...currents)),
      );
      break;
    default:
      technique satisfies never;
  }
}

function expectVertices(
  { verticesVolt, stepVolt }: Extract<ElectrochemicalTechnique, { kind: 'cyclicVoltammetry' }>,
  voltages: readonly number[],
  { accuracy }: PotentiostatCapability,
): void {
  const limitVolt = widestLimit(accuracy.voltageVolt, Math.max(...verticesVolt)) + stepVolt;
  const [first, second] = verticesVolt;
  const highest = Math.max(...voltages);
  const lowest = Math.min(...voltages);
  expect(Math.abs(highest - Math.max(first, second))).toBeLessThan(limitVolt);
  expect(Math.abs(lowest - Math.min(first, second))).toBeLessThan(limitVolt);
  // The first vertex is the one that was named first.
  expect(voltages.indexOf(highest) < voltages.indexOf(lowest)).toBe(first > second);
}

function expectWithin(
  readings: readonly ElectricalReading[],
  which: 'current' | 'voltage',
  wanted: number,
  { accuracy }: PotentiostatCapability,
): void {
  for (const { currentAmpere, voltageVolt, currentRangeAmpere } of readings) {
    const [found, ranges] =
      which === 'current'
        ? [currentAmpere, accuracy.currentAmpere]
        : [voltageVolt, accuracy.voltageVolt];
    const range = which === 'current' ? rangeOf(ranges, currentRangeAmpere) : undefined;
    const limit = range ? limitOf(range, wanted) : widestLimit(ranges, wanted);
    // Its source and its meter err both.
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(2 * limit + SAME);
  }
}

/** σ = limit of error / √3, of the range that the reading names. */
function expectErrors(
  reading: ElectricalReading,
  { accuracy }: PotentiostatCapability,
  kind: ElectrochemicalTechnique['kind'],
): void {
  const { voltageVolt, voltageErrorVolt, currentAmpere, currentErrorAmpere } = reading;
  const voltageErrors = accuracy.voltageVolt.map((range) => limitOf(range, voltageVolt));
  expect(nearest(voltageErrors, Math.sqrt(3) * (voltageErrorVolt ?? Number.NaN))).toBeLessThan(
    1e-6,
  );
  if (kind === 'openCircuit') return;
  const range = rangeOf(accuracy.currentAmpere, reading.currentRangeAmpere);
  expect(range, `${reading.currentRangeAmpere} A is none of its ranges`).toBeDefined();
  if (!range) return;
  const limit = limitOf(range, currentAmpere);
  expect(Math.abs((Math.sqrt(3) * (currentErrorAmpere ?? Number.NaN)) / limit - 1)).toBeLessThan(
    1e-6,
  );
}

function nearest(values: readonly number[], value: number): number {
  return Math.min(...values.map((one) => Math.abs(value / one - 1)));
}

function limitOf({ gainRelative, offset }: MeasuringRange, value: number): number {
  return gainRelative * Math.abs(value) + offset;
}

function widestLimit(ranges: readonly MeasuringRange[], value: number): number {
  return Math.max(...ranges.map((range) => limitOf(range, value)));
}

function rangeOf(
  ranges: readonly MeasuringRange[],
  fullScale: number | undefined,
): MeasuringRange | undefined {
  if (fullScale === undefined) return undefined;
  return ranges.find((range) => Math.abs(range.fullScale / fullScale - 1) < 1e-3);
}

export function electricalOf(readings: readonly Reading[]): readonly ElectricalReading[] {
  return readings.map((reading) => {
    if (reading.kind !== 'electrical') throw new Error(`unexpected ${reading.kind}`);
    return reading;
  });
}
