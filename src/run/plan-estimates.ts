import type { Instruments } from '../domain/instrument.ts';
import { readingsOf } from '../domain/sampling.ts';
import type { ElectricalStepPlan } from './electrical-technique.ts';
import type {
  PlanEstimates,
  PlannedAcquisition,
  PlannedLinearSweep,
  PlannedMeasure,
  PlannedMeasurement,
  PlannedStep,
} from './plan.ts';
import { POINTS_PER_SWEEP } from './potential-sweep.ts';

/** Voltage, current and charge come with each reading. */
const SAMPLES_PER_READING = 3;

type Totals = { -readonly [K in keyof PlanEstimates]: number };

/** What a run taken to its longest end writes down. */
export function estimatesOf(
  steps: readonly PlannedStep[],
  instruments: Instruments,
): PlanEstimates {
  const totals: Totals = {
    samples: 0,
    sensorSamples: 0,
    spectra: 0,
    spectrumPoints: 0,
    waveforms: 0,
    scans: 0,
    views: 0,
    detectorSpectra: 0,
  };
  let longestSecond = 0;
  for (const step of steps) {
    addStep(totals, step, 1);
    longestSecond += step.longestSecond;
  }
  totals.sensorSamples = sensorSamples(instruments, longestSecond);
  return totals;
}

function sensorSamples({ sensors, heater }: Instruments, longestSecond: number): number {
  let total = 0;
  for (const { channels, everySecond } of [...sensors, ...(heater ? [heater] : [])]) {
    if (everySecond) total += channels.length * Math.ceil(longestSecond / everySecond);
  }
  return total;
}

function addStep(totals: Totals, step: PlannedStep, times: number): void {
  if (step.kind === 'loop') {
    for (const inner of step.steps) addStep(totals, inner, times * step.repeat);
  } else if (step.kind === 'branch') {
    const ways = [...step.cases.values(), step.otherwise];
    const longest = ways.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a), []);
    for (const inner of longest) addStep(totals, inner, times);
  } else if (step.kind === 'screen') {
    for (const { steps } of step.candidates) {
      for (const inner of steps) addStep(totals, inner, times);
    }
  } else addMeasurement(totals, step, times);
}

function lengthOf(steps: readonly PlannedStep[]): number {
  return steps.reduce((total, { longestSecond }) => total + longestSecond, 0);
}

function addMeasurement(totals: Totals, step: PlannedMeasurement, times: number): void {
  switch (step.kind) {
    case 'soak':
    case 'freshCell':
      return;
    case 'impedance':
    case 'scan':
    case 'spectrum':
      addMeasure(totals, step, times);
      return;
    case 'gitt': {
      const { pulsesMax, pulseSecond, restSecond, sampleEverySecond } = step;
      const atEdges = (4 * step.edgeSecond) / step.edgeEverySecond;
      const readings = (pulseSecond + restSecond) / sampleEverySecond + atEdges;
      totals.samples += times * pulsesMax * Math.ceil(readings) * SAMPLES_PER_READING;
      return;
    }
    case 'cyclicVoltammetry':
      totals.samples += times * step.cycles * VOLTAMMETRY_READINGS * SAMPLES_PER_READING;
      return;
    case 'linearSweep':
      totals.samples += times * linearReadings(step) * SAMPLES_PER_READING;
      return;
    case 'openCircuit':
    case 'constantCurrent':
    case 'constantVoltage':
    case 'constantCurrentConstantVoltage': {
      const taken = step.during.map((one) => takenTimes(one, step.longestSecond));
      let sweeps = 0;
      for (const [at, one] of step.during.entries()) {
        addMeasure(totals, one.what, times * (taken[at] ?? 0));
        if (one.what.kind === 'impedance') sweeps += taken[at] ?? 0;
      }
      totals.samples += times * electricalReadings(step, sweeps) * SAMPLES_PER_READING;
      return;
    }
    default:
      step satisfies never;
  }
}

/** Without a start the longest time there may be counts. */
function linearReadings(step: PlannedLinearSweep): number {
  const { stepVolt, longestSecond, rateVoltPerSecond } = step;
  if (stepVolt === undefined) return POINTS_PER_SWEEP;
  return Math.ceil((longestSecond * rateVoltPerSecond) / stepVolt);
}

/** @param sweeps each of which interrupts the step, which begins anew after it */
function electricalReadings(step: ElectricalStepPlan, sweeps: number): number {
  const { edge, kind, longestSecond, sampleEverySecond } = step;
  const even = Math.floor(longestSecond / sampleEverySecond);
  if (!edge) return even;
  const durationSecond = longestSecond;
  const first = readingsOf({ sampleEverySecond, durationSecond, edge });
  const turns = kind === 'constantCurrentConstantVoltage' ? 1 : 0;
  // What an edge adds to the even rhythm, and the last reading before each sweep.
  return first + (sweeps + turns) * (first - even + 1);
}

/** Points of one cycle of a voltammogram. */
export const VOLTAMMETRY_READINGS = 1000;
/** Charge and voltage intervals have no length in time: about so many are taken in a step. */
const UNTIMED_ACQUISITIONS = 20;

function takenTimes({ every, on }: PlannedAcquisition, longestSecond: number): number {
  if (every === undefined) return on.length;
  const regular =
    every.kind === 'time' ? Math.ceil(longestSecond / every.second) : UNTIMED_ACQUISITIONS;
  return regular + on.length;
}

function addMeasure(totals: Totals, what: PlannedMeasure, count: number): void {
  if (what.kind === 'impedance') {
    totals.spectra += count;
    totals.spectrumPoints += count * what.pointCount;
    if (what.waveforms) totals.waveforms += count * what.pointCount;
  } else if (what.kind === 'scan') {
    const scans = count * Math.max(1, what.energiesJoule.length);
    totals.scans += scans;
    totals.views += scans * what.views;
  } else {
    totals.detectorSpectra += count * what.regions.length;
  }
}
