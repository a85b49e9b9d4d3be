import { Fault } from '../domain/fault.ts';
import { deriveSeed, Random } from '../domain/random.ts';
import { periodSpectra } from './multi-sine-spectra.ts';

export interface MultiSineRequest {
  readonly sampleRateHertz: number;
  /** Lowest excited frequency; a period lasts its inverse, to the nearest whole sample. */
  readonly frequencyHertzMin: number;
  readonly frequencyHertzMax: number;
  readonly linesPerDecade: number;
  /**
   * `random` is the best of a few draws; `schroeder` sweeps through the period; `flat` starts from
   * the best draw and lowers its peaks, for the most signal within a given amplitude.
   */
  readonly phases: 'random' | 'schroeder' | 'flat';
  /** Draws phases and the odd lines that stay empty; the same on every machine. */
  readonly seed: number;
}

/** One excited line: amplitude * cos(2π harmonic k / samplesPerPeriod + phase). */
export interface MultiSineLine {
  readonly harmonic: number;
  readonly frequencyHertz: number;
  readonly amplitude: number;
  readonly phaseRadian: number;
}

/** A periodic sum of sines at odd multiples of a base frequency. */
export interface MultiSine {
  readonly sampleRateHertz: number;
  readonly samplesPerPeriod: number;
  readonly baseHertz: number;
  readonly lines: readonly MultiSineLine[];
  /** Empty harmonics: a linear, settled cell answers with nothing but noise there. */
  readonly evenDetection: readonly number[];
  readonly oddDetection: readonly number[];
  /** Peak over root mean square. */
  readonly crestFactor: number;
  /** One period, scaled to a peak of 1. */
  readonly waveform: Float64Array;
}

/** Memory and time of an analysis grow with both. */
export const PERIOD_SAMPLES_MAX = 1 << 18;
export const MULTI_SINE_LINES_MAX = 256;
/** Of every run of this many neighbouring odd lines one, drawn at random, stays empty. */
const DETECTION_GROUP = 4;
/** Draws of random phases among which the flattest is taken. */
const PHASE_DRAWS_MAX = 24;
/** Rounds of lowering the peaks. */
const FLATTEN_ROUNDS_MAX = 100;
/** Peaks are cut to this share of their height at first, and less and less. */
const CUT_FIRST = 0.75;
/** Lines times samples that draws, and rounds, may sum up: about a second of work each. */
const WORK_MAX = 2e7;
/** Above this share of the sampling rate the steps between samples hide the sine. */
const CYCLES_PER_SAMPLE_MAX = 0.45;

/**
 * Designs an odd multi-sine: excited lines about evenly spaced in the logarithm, all even and some
 * odd lines left empty to detect distortion (Pintelon and Schoukens, System Identification, §4.3).
 * @throws Fault badInput that names what cannot be met
 */
export function designMultiSine(request: MultiSineRequest): MultiSine {
  checkRequest(request);
  const { sampleRateHertz } = request;
  const samplesPerPeriod = Math.round(sampleRateHertz / request.frequencyHertzMin);
  const baseHertz = sampleRateHertz / samplesPerPeriod;
  const random = new Random(deriveSeed(request.seed, 'multi-sine'));
  const harmonicMax = Math.floor((request.frequencyHertzMax / baseHertz) * (1 + 1e-9));
  const harmonics = excitedHarmonics(request.linesPerDecade, harmonicMax, random);
  const drawn = drawPhases(request.phases, harmonics, samplesPerPeriod, random);
  const excited = new Set(harmonics);
  const highest = Math.floor(CYCLES_PER_SAMPLE_MAX * samplesPerPeriod);
  const empty = (offset: number): number[] =>
    [...new Set(harmonics.map((harmonic) => harmonic + offset))].filter(
      (harmonic) => !excited.has(harmonic) && harmonic > 0 && harmonic <= highest,
    );
  return {
    sampleRateHertz,
    samplesPerPeriod,
    baseHertz,
    lines: harmonics.map((harmonic, index) => ({
      harmonic,
      frequencyHertz: harmonic * baseHertz,
      amplitude: 1 / drawn.peak,
      phaseRadian: drawn.phases[index] ?? 0,
    })),
    evenDetection: empty(1),
    oddDetection: empty(2),
    crestFactor: drawn.peak / Math.sqrt(harmonics.length / 2),
    waveform: drawn.sum.map((value) => value / drawn.peak),
  };
}

/** Odd numbers from 1, nearest to even steps of the logarithm, some left out for detection. */
function excitedHarmonics(linesPerDecade: number, harmonicMax: number, random: Random): number[] {
  const wanted = new Set<number>();
  const steps = Math.floor(Math.log10(harmonicMax) * linesPerDecade * (1 + 1e-12));
  for (let step = 0; step <= steps; step += 1) {
    const harmonic = 2 * Math.round((10 ** (step / linesPerDecade) - 1) / 2) + 1;
    if (harmonic <= harmonicMax) wanted.add(harmonic);
  }
  const odd = [...wanted];
  const dropped = new Set<number>();
  for (let from = 1; from + DETECTION_GROUP < odd.length; from += DETECTION_GROUP) {
    const group = odd.slice(from, from + DETECTION_GROUP);
    // Where lines stand apart there are empty odd lines anyway.
    const isDense = (group.at(-1) ?? 0) - (group[0] ?? 0) === 2 * (DETECTION_GROUP - 1);
    const choice = group[Math.floor(random.uniform() * group.length)];
    if (isDense && choice !== undefined) dropped.add(choice);
  }
  return odd.filter((harmonic) => !dropped.has(harmonic));
}

interface Drawn {
  readonly phases: readonly number[];
  /** One period of lines of amplitude 1. */
  readonly sum: Float64Array;
  readonly peak: number;
}

function drawPhases(
  kind: MultiSineRequest['phases'],
  harmonics: readonly number[],
  samplesPerPeriod: number,
  random: Random,
): Drawn {
  const shape = (phases: readonly number[]): Drawn => {
    const sum = sumOfLines(harmonics, phases, samplesPerPeriod);
    return { phases, sum, peak: sum.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0) };
  };
  if (kind === 'schroeder') return shape(schroederPhases(harmonics));
  const budget = Math.floor(WORK_MAX / (harmonics.length * samplesPerPeriod));
  let best: Drawn | undefined;
  for (let draw = 0; draw < Math.max(1, Math.min(PHASE_DRAWS_MAX, budget)); draw += 1) {
    const next = shape(harmonics.map(() => 2 * Math.PI * random.uniform()));
    if (!best || next.peak < best.peak) best = next;
  }
  const drawn = best ?? shape(harmonics.map(() => 0));
  if (kind === 'random') return drawn;
  return flattened(drawn, { harmonics, samplesPerPeriod, rounds: budget, shape });
}

interface Flattening {
  readonly harmonics: readonly number[];
  readonly samplesPerPeriod: number;
  readonly rounds: number;
  readonly shape: (phases: readonly number[]) => Drawn;
}

/** Cuts the peaks, keeps the phases that this gives, and restores the amplitudes; again and again. */
function flattened(start: Drawn, flattening: Flattening): Drawn {
  const { harmonics, samplesPerPeriod, shape } = flattening;
  const rounds = Math.min(FLATTEN_ROUNDS_MAX, flattening.rounds);
  let best = start;
  let current = start;
  for (let round = 0; round < rounds; round += 1) {
    const limit = current.peak * (CUT_FIRST + ((1 - CUT_FIRST) * round) / rounds);
    const cut = current.sum.map((value) => Math.max(-limit, Math.min(limit, value)));
    const [lines = []] = periodSpectra(cut, samplesPerPeriod, harmonics);
    current = shape(lines.map(({ re, im }) => Math.atan2(im, re)));
    if (current.peak < best.peak) best = current;
  }
  return best;
}

/**
 * φ_k = -π Σ_{l<k} (k - l) p_l, p_l the share of the power at harmonic l (Schroeder 1970): half his
 * factor, because odd lines alone repeat, negated, after half a period, and sweep in that time.
 */
function schroederPhases(harmonics: readonly number[]): number[] {
  return harmonics.map((harmonic, index) => {
    const below = harmonics.slice(0, index);
    const halfTurns = below.reduce((sum, lower) => sum + (harmonic - lower) / harmonics.length, 0);
    return -Math.PI * (halfTurns % 2);
  });
}

function sumOfLines(
  harmonics: readonly number[],
  phases: readonly number[],
  samplesPerPeriod: number,
): Float64Array {
  const sum = new Float64Array(samplesPerPeriod);
  const turn = (2 * Math.PI) / samplesPerPeriod;
  for (const [index, harmonic] of harmonics.entries()) {
    const phase = phases[index] ?? 0;
    for (let k = 0; k < samplesPerPeriod; k += 1) {
      // The product is reduced to one period first: it is a whole number, so nothing is lost.
      sum[k] = (sum[k] ?? 0) + Math.cos(turn * ((harmonic * k) % samplesPerPeriod) + phase);
    }
  }
  return sum;
}

function checkRequest(request: MultiSineRequest): void {
  const { sampleRateHertz, frequencyHertzMin: min, frequencyHertzMax: max } = request;
  const problems: { where: string; message: string }[] = [];
  const need = (met: boolean, where: string, message: string): void => {
    if (!met) problems.push({ where, message });
  };
  need(min > 0, 'lowest frequency', `is ${min} Hz; expected more than 0`);
  need(max >= min, 'highest frequency', `is ${max} Hz; expected at least the lowest, ${min} Hz`);
  const limit = CYCLES_PER_SAMPLE_MAX * sampleRateHertz;
  need(max <= limit, 'highest frequency', `is ${max} Hz; expected at most ${limit} Hz`);
  const samples = Math.round(sampleRateHertz / min);
  const fewEnough = samples <= PERIOD_SAMPLES_MAX;
  need(fewEnough, 'period', `${samples} samples; expected at most ${PERIOD_SAMPLES_MAX}`);
  const { linesPerDecade, seed } = request;
  const lines = linesPerDecade * Math.log10(max / min) + 1;
  need(linesPerDecade > 0, 'lines per decade', `is ${linesPerDecade}; expected more than 0`);
  const linesFit = lines <= MULTI_SINE_LINES_MAX;
  need(linesFit, 'lines', `${Math.round(lines)}; expected at most ${MULTI_SINE_LINES_MAX}`);
  need(Number.isSafeInteger(seed), 'seed', `is ${seed}; expected a whole number`);
  if (problems.length > 0) throw new Fault('badInput', problems);
}
