import type { Circuit } from '../domain/circuit.ts';
import { Fault } from '../domain/fault.ts';
import { deriveSeed, Random } from '../domain/random.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import { twinImpedance } from '../kernels/impedance-twin.ts';

export interface SpectrumSimulation {
  readonly frequencyHertzMax: number;
  readonly frequencyHertzMin: number;
  readonly pointsPerDecade: number;
  /** Standard deviation of real and of imaginary part, each, in percent of |Z|. */
  readonly noisePercent: number;
  /** Growth of Z from the first to the last point, steady in time; none unless given. */
  readonly driftPercent?: number;
  /** The same seed gives the same noise on every machine. */
  readonly seed: number;
}

/** More points than any instrument sweeps. */
export const SIMULATED_POINTS_MAX = 1024;

/**
 * The spectrum that a sweep from high to low frequency would measure of a circuit. Drift follows
 * the time a sweep takes, one period a point, so that it shows where real drift shows: at the low
 * end.
 * @param values one per parameter of the circuit, in its order and its unit
 * @throws Fault badInput that names every value that cannot be simulated
 */
export function simulateSpectrum(
  circuit: Circuit,
  values: ArrayLike<number>,
  simulation: SpectrumSimulation,
): Spectrum {
  checkValues(circuit, values);
  checkSimulation(simulation);
  const frequencies = sweepFrequencies(simulation);
  const random = new Random(deriveSeed(simulation.seed, 'spectrum noise'));
  const times = sweepTimes(frequencies);
  const duration = times.at(-1) ?? 0;
  const points = frequencies.map((frequencyHertz, k): ImpedancePoint => {
    const { re, im } = twinImpedance(circuit, values, frequencyHertz);
    const elapsed = duration > 0 ? (times[k] ?? 0) / duration : 0;
    const drift = 1 + ((simulation.driftPercent ?? 0) / 100) * elapsed;
    const noiseOhm = (Math.hypot(re, im) * drift * simulation.noisePercent) / 100;
    return {
      frequencyHertz,
      zRealOhm: re * drift + noiseOhm * random.normal(),
      zImagOhm: im * drift + noiseOhm * random.normal(),
    };
  });
  return { points };
}

/** From the highest to the lowest, both included, evenly spaced in their logarithm. */
function sweepFrequencies(simulation: SpectrumSimulation): number[] {
  const { frequencyHertzMax, frequencyHertzMin } = simulation;
  const steps = stepCount(simulation);
  const ratio = frequencyHertzMin / frequencyHertzMax;
  return Array.from({ length: steps + 1 }, (_, k) => {
    // The ends as they were given, free of rounding.
    if (k === 0) return frequencyHertzMax;
    return k === steps ? frequencyHertzMin : frequencyHertzMax * ratio ** (k / steps);
  });
}

function stepCount(simulation: SpectrumSimulation): number {
  const decades = Math.log10(simulation.frequencyHertzMax / simulation.frequencyHertzMin);
  return decades === 0 ? 0 : Math.max(1, Math.round(decades * simulation.pointsPerDecade));
}

/** When each point ends, in seconds after the first, at one period a point. */
function sweepTimes(frequencies: readonly number[]): number[] {
  let time = 0;
  return frequencies.map((frequencyHertz, k) => {
    if (k > 0) time += 1 / frequencyHertz;
    return time;
  });
}

function checkValues(circuit: Circuit, values: ArrayLike<number>): void {
  if (values.length !== circuit.parameters.length) {
    const names = circuit.parameters.map(({ name }) => name).join(', ');
    const message = `${values.length} values; expected ${circuit.parameters.length}: ${names}`;
    throw new Fault('badInput', { where: `circuit ${circuit.text}`, message });
  }
  const problems = circuit.parameters.flatMap(({ name, unit }, p) => {
    const value = values[p] ?? Number.NaN;
    if (value > 0 && Number.isFinite(value)) return [];
    return [{ where: name, message: `is ${value} ${unit}; expected a number above 0` }];
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
}

function checkSimulation(simulation: SpectrumSimulation): void {
  const problems: { where: string; message: string }[] = [];
  const need = (met: boolean, where: string, message: string): void => {
    if (!met) problems.push({ where, message });
  };
  const { frequencyHertzMax: max, frequencyHertzMin: min, pointsPerDecade } = simulation;
  const drift = simulation.driftPercent ?? 0;
  need(min > 0, 'lowest frequency', `is ${min} Hz; expected more than 0`);
  need(Number.isFinite(max), 'highest frequency', `is ${max} Hz; expected a finite number`);
  need(max >= min, 'highest frequency', `is ${max} Hz; expected at least the lowest, ${min} Hz`);
  const isDensity = pointsPerDecade > 0 && Number.isFinite(pointsPerDecade);
  need(isDensity, 'points per decade', `is ${pointsPerDecade}; expected more than 0`);
  const isNoise = simulation.noisePercent >= 0 && Number.isFinite(simulation.noisePercent);
  need(isNoise, 'noise', `is ${simulation.noisePercent} %; expected 0 or more`);
  need(drift > -100 && Number.isFinite(drift), 'drift', `is ${drift} %; expected more than -100`);
  const { seed } = simulation;
  need(Number.isSafeInteger(seed), 'seed', `is ${seed}; expected a whole number`);
  if (problems.length === 0 && !(stepCount(simulation) < SIMULATED_POINTS_MAX)) {
    const message = `${stepCount(simulation) + 1}; at most ${SIMULATED_POINTS_MAX} are simulated`;
    problems.push({ where: 'points', message });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}
