import type { VoltammogramPeak } from '../domain/cycling.ts';
import type { ElectricalSeries } from './cycling-trace.ts';

/** A peak must stand out by this share of the sweep's range of current. */
const PROMINENCE_SHARE_MIN = 0.05;
/** A reading must go back by this share of the whole range before the sweep has turned. */
const TURN_SHARE_MIN = 0.01;
/** Half width of the parabola through a peak, in readings. */
const PARABOLA_READINGS = 7;

/** One linear sweep of the potential. */
interface Sweep {
  readonly rising: boolean;
  readonly from: number;
  readonly to: number;
}

/**
 * The highest peak of each sweep of a voltammogram: upward sweeps oxidise, downward ones reduce.
 * A sweep whose current only rises to its end has no peak.
 */
export function findVoltammogramPeaks(series: ElectricalSeries): readonly VoltammogramPeak[] {
  return sweepsOf(series.voltageVolt).flatMap((sweep, at) => {
    const peak = peakOf(series, sweep);
    if (!peak) return [];
    const direction = sweep.rising ? 'oxidation' : 'reduction';
    return [{ direction, ...peak, sweep: at + 1 } as const];
  });
}

/** Oxidation minus reduction peak of neighbouring sweeps, V; one for each pair. */
export function peakSeparations(peaks: readonly VoltammogramPeak[]): readonly number[] {
  return peaks.flatMap((peak, at) => {
    const next = peaks[at + 1];
    if (!next || next.direction === peak.direction || next.sweep !== peak.sweep + 1) return [];
    const oxidation = peak.direction === 'oxidation' ? peak : next;
    const reduction = peak.direction === 'oxidation' ? next : peak;
    return [oxidation.voltageVolt - reduction.voltageVolt];
  });
}

function sweepsOf(volts: Float64Array): readonly Sweep[] {
  const range = rangeOf(volts, 0, volts.length);
  const sweeps: Sweep[] = [];
  let from = 0;
  let extreme = 0;
  let rising: boolean | undefined;
  for (let at = 1; at < volts.length; at += 1) {
    const beyond = (volts[at] ?? 0) - (volts[extreme] ?? 0);
    if (rising === undefined) {
      if (Math.abs(beyond) > TURN_SHARE_MIN * range) {
        rising = beyond > 0;
        extreme = at;
      }
      continue;
    }
    if (rising ? beyond > 0 : beyond < 0) {
      extreme = at;
    } else if (Math.abs(beyond) > TURN_SHARE_MIN * range) {
      sweeps.push({ rising, from, to: extreme + 1 });
      from = extreme;
      extreme = at;
      rising = !rising;
    }
  }
  if (rising !== undefined) sweeps.push({ rising, from, to: volts.length });
  return sweeps;
}

function peakOf(
  { voltageVolt, currentAmpere }: ElectricalSeries,
  { rising, from, to }: Sweep,
): { readonly voltageVolt: number; readonly currentAmpere: number } | undefined {
  const sign = rising ? 1 : -1;
  let top = from;
  for (let at = from; at < to; at += 1) {
    if (sign * (currentAmpere[at] ?? 0) > sign * (currentAmpere[top] ?? 0)) top = at;
  }
  const height = sign * (currentAmpere[top] ?? 0);
  const range = rangeOf(currentAmpere, from, to);
  // On both sides the current must come down again: the end of a sweep is no peak.
  const before = lowest(currentAmpere, { from, to: top, sign });
  const after = lowest(currentAmpere, { from: top, to, sign });
  const prominence = height - Math.max(before, after);
  if (!(prominence >= PROMINENCE_SHARE_MIN * range) || !(range > 0)) return undefined;
  return vertexOf(voltageVolt, currentAmpere, {
    from: Math.max(from, top - PARABOLA_READINGS),
    to: Math.min(to, top + PARABOLA_READINGS + 1),
    top,
  });
}

/** Vertex of the parabola through the readings around the highest one. */
function vertexOf(
  volts: Float64Array,
  amperes: Float64Array,
  { from, to, top }: { readonly from: number; readonly to: number; readonly top: number },
) {
  const origin = volts[top] ?? 0;
  const highest = { voltageVolt: origin, currentAmpere: amperes[top] ?? 0 };
  const scale = Math.abs((volts[to - 1] ?? 0) - (volts[from] ?? 0));
  if (!(scale > 0)) return highest;
  const sums = new Float64Array(5);
  const moments = new Float64Array(3);
  for (let at = from; at < to; at += 1) {
    const x = ((volts[at] ?? 0) - origin) / scale;
    for (let power = 0; power < 5; power += 1) sums[power] = (sums[power] ?? 0) + x ** power;
    for (let power = 0; power < 3; power += 1) {
      moments[power] = (moments[power] ?? 0) + (amperes[at] ?? 0) * x ** power;
    }
  }
  const [a, b, c] = solveThree(sums, moments);
  const vertex = -b / (2 * c);
  // A flat or bent-up neighbourhood is noise: then the highest reading is all that is known.
  if (!Number.isFinite(vertex) || Math.abs(vertex) > 1) return highest;
  return {
    voltageVolt: origin + vertex * scale,
    currentAmpere: a + b * vertex + c * vertex * vertex,
  };
}

/** Solves the normal equations of a parabola by Cramer's rule. */
function solveThree(s: Float64Array, m: Float64Array): readonly [number, number, number] {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0] = s;
  const [m0 = 0, m1 = 0, m2 = 0] = m;
  const determinant = det3(s0, s1, s2, s1, s2, s3, s2, s3, s4);
  return [
    det3(m0, s1, s2, m1, s2, s3, m2, s3, s4) / determinant,
    det3(s0, m0, s2, s1, m1, s3, s2, m2, s4) / determinant,
    det3(s0, s1, m0, s1, s2, m1, s2, s3, m2) / determinant,
  ];
}

/** Determinant of three rows of three. */
function det3(...rows: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = rows;
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function lowest(
  values: Float64Array,
  { from, to, sign }: { readonly from: number; readonly to: number; readonly sign: number },
): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = from; at < to; at += 1) least = Math.min(least, sign * (values[at] ?? 0));
  return least;
}

function rangeOf(values: Float64Array, from: number, to: number): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = from; at < to; at += 1) {
    least = Math.min(least, values[at] ?? 0);
    most = Math.max(most, values[at] ?? 0);
  }
  return most - least;
}
