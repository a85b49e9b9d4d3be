import type { ElectricalSeries } from './cycling-trace.ts';
import { cholesky, solveCholesky } from './symmetric-system.ts';

/** dQ/dV of one step that passes a current one way. */
export interface IncrementalCapacity {
  /** Even steps, rising. */
  readonly voltageVolt: Float64Array;
  /** dQ/dV, coulomb per volt; positive in a charge and in a discharge. */
  readonly coulombPerVolt: Float64Array;
  /** Charge that passed, C; negative in a discharge. */
  readonly chargeCoulomb: number;
  /** ∫ dQ/dV dV over the charge: 1 unless charge passed where the voltage stood or came back. */
  readonly closure: number;
  /** Highest first. */
  readonly peaks: readonly { readonly voltageVolt: number; readonly coulombPerVolt: number }[];
}

/** Savitzky and Golay (1964): a cubic through so many neighbours. */
const WINDOW = 11;
const DEGREE = 3;
/** Even steps of voltage that fit into memory beside everything else. */
const STEPS_MAX = 100_000;
const PROMINENCE_SHARE_MIN = 0.05;

/**
 * Charge over voltage on even steps, and the slope of a cubic through eleven of them. Readings that
 * go back in voltage say nothing about the slope and are left out.
 * @returns undefined when the voltage covers fewer steps than the cubic needs
 */
export function incrementalCapacity(
  series: ElectricalSeries,
  { stepVolt = 0.005 }: { readonly stepVolt?: number } = {},
): IncrementalCapacity | undefined {
  const { timeSecond, currentAmpere, voltageVolt } = series;
  const charge = new Float64Array(timeSecond.length);
  for (let at = 1; at < charge.length; at += 1) {
    // The trapezium of the cycler: the mean of two readings between them.
    const mean = ((currentAmpere[at - 1] ?? 0) + (currentAmpere[at] ?? 0)) / 2;
    charge[at] = (charge[at - 1] ?? 0) + mean * ((timeSecond[at] ?? 0) - (timeSecond[at - 1] ?? 0));
  }
  const total = charge.at(-1) ?? 0;
  const curve = oneWay(voltageVolt, charge, total < 0 ? -1 : 1);
  const first = curve.volts[0] ?? 0;
  const steps = Math.floor(((curve.volts.at(-1) ?? 0) - first) / stepVolt) + 1;
  if (!(stepVolt > 0) || steps < WINDOW || steps > STEPS_MAX) return undefined;
  const volts = Float64Array.from({ length: steps }, (_, at) => first + at * stepVolt);
  const even = interpolated(curve, volts);
  // In a discharge both go down, so that the slope is positive there too.
  const slopes = slopesOf(even, stepVolt);
  const ends = ((slopes[0] ?? 0) + (slopes.at(-1) ?? 0)) / 2;
  const integral = (slopes.reduce((sum, slope) => sum + slope, 0) - ends) * stepVolt;
  return {
    voltageVolt: volts,
    coulombPerVolt: slopes,
    chargeCoulomb: total,
    closure: integral / Math.abs(total),
    peaks: peaksOf(volts, slopes),
  };
}

/** The readings that go on in voltage, rising. */
function oneWay(volts: Float64Array, charge: Float64Array, sign: 1 | -1) {
  const kept: { volt: number; coulomb: number }[] = [];
  for (const [at, volt] of volts.entries()) {
    const last = kept.at(-1);
    if (last === undefined || sign * (volt - last.volt) > 0) {
      kept.push({ volt, coulomb: charge[at] ?? 0 });
    }
  }
  if (sign < 0) kept.reverse();
  return { volts: kept.map(({ volt }) => volt), charge: kept.map(({ coulomb }) => coulomb) };
}

function interpolated(
  { volts, charge }: { readonly volts: readonly number[]; readonly charge: readonly number[] },
  places: Float64Array,
): Float64Array {
  let at = 0;
  return places.map((place) => {
    while (at + 2 < volts.length && (volts[at + 1] ?? 0) < place) at += 1;
    const [x0 = 0, x1 = 0] = [volts[at], volts[at + 1]];
    const [y0 = 0, y1 = 0] = [charge[at], charge[at + 1]];
    return x1 === x0 ? y0 : y0 + ((y1 - y0) * (place - x0)) / (x1 - x0);
  });
}

/** At the ends the cubic of the last whole window goes on. */
function slopesOf(values: Float64Array, step: number): Float64Array {
  const half = (WINDOW - 1) / 2;
  return values.map((_, at) => {
    const from = Math.min(Math.max(0, at - half), values.length - WINDOW);
    const size = DEGREE + 1;
    const sums = new Float64Array(2 * size - 1);
    const moments = new Float64Array(size);
    for (let k = from; k < from + WINDOW; k += 1) {
      const x = (k - at) / half;
      for (let power = 0; power < sums.length; power += 1)
        sums[power] = (sums[power] ?? 0) + x ** power;
      for (let power = 0; power < size; power += 1) {
        moments[power] = (moments[power] ?? 0) + (values[k] ?? 0) * x ** power;
      }
    }
    const matrix = Float64Array.from({ length: size * size }, (_entry, place) => {
      return sums[Math.floor(place / size) + (place % size)] ?? 0;
    });
    const lower = cholesky(matrix, size);
    return lower ? (solveCholesky(lower, moments)[1] ?? 0) / (half * step) : Number.NaN;
  });
}

/** Maxima that stand out from the lower of the two valleys beside them. */
function peaksOf(volts: Float64Array, values: Float64Array): IncrementalCapacity['peaks'] {
  const highest = Math.max(...values);
  const tops = Array.from(values.keys()).filter(
    (at) =>
      at > 0 &&
      at + 1 < values.length &&
      (values[at] ?? 0) > (values[at - 1] ?? 0) &&
      (values[at] ?? 0) >= (values[at + 1] ?? 0),
  );
  return tops
    .filter((at) => prominence(values, at) >= PROMINENCE_SHARE_MIN * highest)
    .map((at) => ({ voltageVolt: volts[at] ?? 0, coulombPerVolt: values[at] ?? 0 }))
    .sort((a, b) => b.coulombPerVolt - a.coulombPerVolt);
}

/** Height over the higher of the lowest points on both sides, up to a higher peak or the end. */
function prominence(values: Float64Array, top: number): number {
  const height = values[top] ?? 0;
  const lowestTowards = (step: 1 | -1): number => {
    let lowest = height;
    for (let at = top + step; at >= 0 && at < values.length; at += step) {
      const value = values[at] ?? 0;
      if (value > height) break;
      lowest = Math.min(lowest, value);
    }
    return lowest;
  };
  return height - Math.max(lowestTowards(-1), lowestTowards(1));
}
