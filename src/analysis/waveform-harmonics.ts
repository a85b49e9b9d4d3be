import type { ImpedanceWaveform } from '../domain/waveform.ts';

/** The fundamental and four above it: even ones show rectification, odd ones the cubic part. */
const HARMONICS_MAX = 5;
/** From here to half the sampling rate cosine and sine are hardly told apart. */
const CYCLES_PER_SAMPLE_MAX = 0.45;
/** Harmonics less than this far above the noise are noise. */
const EXCESS_SIGMA = 5;
const TURN = 2 * Math.PI;
/** Constant and straight line, beside a cosine and a sine for each harmonic. */
const TREND_COLUMNS = 2;

/**
 * Total harmonic distortion of one signal in percent of its fundamental, with the share of noise
 * taken out: √(Σ |X_h|², h = 2 to 5) / |X_1|, from a linear least-squares fit of all harmonics with
 * a straight line. 0 where they do not stand above it.
 * @param signal samples at `samplingHertz`
 * @returns undefined where the sampling shows no second harmonic, or less than a whole period
 */
export function harmonicDistortionPercent(
  signal: Float64Array,
  { frequencyHertz, samplingHertz }: { frequencyHertz: number; samplingHertz: number },
): number | undefined {
  const perSample = frequencyHertz / samplingHertz;
  const harmonics = Math.min(HARMONICS_MAX, Math.floor(CYCLES_PER_SAMPLE_MAX / perSample));
  const columns = TREND_COLUMNS + 2 * harmonics;
  const isEnough = signal.length * perSample >= 1 && signal.length > 2 * columns;
  if (harmonics < 2 || !isEnough) return undefined;
  const fit = leastSquares(designOf(signal.length, perSample, harmonics), signal, columns);
  if (!fit) return undefined;
  const { values, residualSquares } = fit;
  const square = (harmonic: number): number => {
    const at = TREND_COLUMNS + 2 * (harmonic - 1);
    return (values[at] ?? 0) ** 2 + (values[at + 1] ?? 0) ** 2;
  };
  let above = 0;
  for (let harmonic = 2; harmonic <= harmonics; harmonic += 1) above += square(harmonic);
  // Of N samples each of the two amplitudes of a harmonic has a variance of 2/N times the noise's.
  const variance = residualSquares / (signal.length - columns);
  const ofNoise = ((harmonics - 1) * 4 * variance) / signal.length;
  if (above <= ofNoise * (1 + EXCESS_SIGMA / Math.sqrt(harmonics - 1))) return 0;
  return 100 * Math.sqrt((above - ofNoise) / square(1));
}

/** The larger one of potential and current: an instrument keeps the one that it applies pure. */
export function waveformDistortionPercent(
  { samplingHertz, potentialVolt, currentAmpere }: ImpedanceWaveform,
  frequencyHertz: number,
): number | undefined {
  const found = [potentialVolt, currentAmpere].flatMap((signal) => {
    const percent = harmonicDistortionPercent(signal, { frequencyHertz, samplingHertz });
    return percent === undefined || !Number.isFinite(percent) ? [] : [percent];
  });
  return found.length === 0 ? undefined : Math.max(...found);
}

/** Rows of the columns 1, u from -1 to 1, then cosine and sine of each harmonic. */
function* designOf(
  samples: number,
  perSample: number,
  harmonics: number,
): Generator<readonly number[]> {
  for (let k = 0; k < samples; k += 1) {
    const row = [1, (2 * k) / (samples - 1) - 1];
    for (let harmonic = 1; harmonic <= harmonics; harmonic += 1) {
      const angle = TURN * harmonic * perSample * k;
      row.push(Math.cos(angle), Math.sin(angle));
    }
    yield row;
  }
}

interface Fit {
  readonly values: Float64Array;
  readonly residualSquares: number;
}

/** Normal equations by Cholesky: the columns are nearly orthogonal over whole periods. */
function leastSquares(
  rows: Iterable<readonly number[]>,
  signal: Float64Array,
  columns: number,
): Fit | undefined {
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length;
  const normal = Array.from({ length: columns }, () => new Float64Array(columns + 1));
  let squares = 0;
  let k = 0;
  for (const row of rows) {
    const value = (signal[k] ?? 0) - mean;
    k += 1;
    squares += value * value;
    for (const [i, line] of normal.entries()) {
      const factor = row[i] ?? 0;
      for (let j = 0; j <= i; j += 1) line[j] = (line[j] ?? 0) + factor * (row[j] ?? 0);
      line[columns] = (line[columns] ?? 0) + factor * value;
    }
  }
  const right = normal.map((line) => line[columns] ?? 0);
  const values = solved(normal, columns);
  if (!values) return undefined;
  const explained = right.reduce((sum, value, i) => sum + value * (values[i] ?? 0), 0);
  return { values, residualSquares: Math.max(0, squares - explained) };
}

/** What is left of a column beside the others must be more than this share of it. */
const PIVOT_MIN = 1e-9;

function solved(normal: readonly Float64Array[], columns: number): Float64Array | undefined {
  const lower = normal.map((line) => line.slice(0, columns));
  const at = (i: number, j: number): number => lower[i]?.[j] ?? 0;
  for (const [i, line] of lower.entries()) {
    const own = line[i] ?? 0;
    for (let j = 0; j <= i; j += 1) {
      let rest = line[j] ?? 0;
      for (let k = 0; k < j; k += 1) rest -= at(i, k) * at(j, k);
      if (i === j && !(rest > PIVOT_MIN * own)) return undefined;
      line[j] = i === j ? Math.sqrt(rest) : rest / at(j, j);
    }
  }
  const values = Float64Array.from(normal, (line) => line[columns] ?? 0);
  for (let i = 0; i < columns; i += 1) {
    for (let k = 0; k < i; k += 1) values[i] = (values[i] ?? 0) - at(i, k) * (values[k] ?? 0);
    values[i] = (values[i] ?? 0) / at(i, i);
  }
  for (let i = columns - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < columns; k += 1) {
      values[i] = (values[i] ?? 0) - at(k, i) * (values[k] ?? 0);
    }
    values[i] = (values[i] ?? 0) / at(i, i);
  }
  return values;
}
