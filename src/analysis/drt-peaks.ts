import type { DrtPeak } from '../domain/drt.ts';

/** A valley this shallow, as a share of the lower top, does not part two peaks. */
const VALLEY_SHARE = 0.95;
/** A peak holds at least this share of all areas; what is smaller is noise of the inversion. */
const AREA_SHARE_MIN = 0.005;
/** Peaks narrower than any arc get exponent 1; wider than this exponent are not one arc. */
const EXPONENT_MIN = 0.05;
const BISECTIONS = 50;

/** Part of the grid that falls to both sides of its top: [first, end). */
interface Hill {
  readonly first: number;
  readonly end: number;
  readonly top: number;
}

/**
 * Peaks of a distribution over an evenly spaced ln τ, fast to slow. Each reaches to the lowest
 * points on its sides, so that the areas of all hills add up to the whole.
 * @param marginLn how far the grid reaches beyond the data, in ln τ
 */
export function findPeaks(
  tauSecond: readonly number[],
  gammaOhm: readonly number[],
  marginLn: number,
): DrtPeak[] {
  const step = Math.log((tauSecond[1] ?? 1) / (tauSecond[0] ?? 1));
  const whole = gammaOhm.reduce((sum, gamma) => sum + Math.abs(gamma), 0) * step;
  const edge = marginLn / step;
  return signedRuns(gammaOhm)
    .flatMap((run) => mergeShallow(hillsOf(gammaOhm, run), gammaOhm))
    .map((hill) => describeHill(hill, tauSecond, gammaOhm, { step, edge }))
    .filter(({ areaOhm }) => whole > 0 && Math.abs(areaOhm) >= AREA_SHARE_MIN * whole);
}

/** Stretches of one sign, zeros left out. */
function signedRuns(gamma: readonly number[]): { first: number; end: number }[] {
  const runs: { first: number; end: number }[] = [];
  for (const [k, value] of gamma.entries()) {
    if (value === 0) continue;
    const last = runs.at(-1);
    const continues = last?.end === k && Math.sign(gamma[k - 1] ?? 0) === Math.sign(value);
    if (last && continues) last.end = k + 1;
    else runs.push({ first: k, end: k + 1 });
  }
  return runs;
}

/** Cuts a stretch of one sign at its lowest points. */
function hillsOf(gamma: readonly number[], run: { first: number; end: number }): Hill[] {
  const height = (k: number): number =>
    k < run.first || k >= run.end ? 0 : Math.abs(gamma[k] ?? 0);
  const hills: Hill[] = [];
  let first = run.first;
  let top = run.first;
  for (let k = run.first + 1; k < run.end; k++) {
    if (height(k) > height(top)) top = k;
    const isValley = height(k) < height(k - 1) && height(k) <= height(k + 1);
    if (!isValley || k === run.end - 1) continue;
    hills.push({ first, end: k, top });
    first = k;
    top = k;
  }
  hills.push({ first, end: run.end, top });
  return hills;
}

/** Joins neighbours, within one stretch, that a shallow valley parts. */
function mergeShallow(hills: readonly Hill[], gamma: readonly number[]): Hill[] {
  const height = (k: number): number => Math.abs(gamma[k] ?? 0);
  const merged: Hill[] = [];
  for (const hill of hills) {
    const last = merged.at(-1);
    const lower = last ? Math.min(height(last.top), height(hill.top)) : 0;
    if (last && height(hill.first) > VALLEY_SHARE * lower) {
      const top = height(last.top) >= height(hill.top) ? last.top : hill.top;
      merged[merged.length - 1] = { first: last.first, end: hill.end, top };
    } else {
      merged.push(hill);
    }
  }
  return merged;
}

function describeHill(
  hill: Hill,
  tauSecond: readonly number[],
  gammaOhm: readonly number[],
  grid: { readonly step: number; readonly edge: number },
): DrtPeak {
  const areaOhm = gammaOhm.slice(hill.first, hill.end).reduce((sum, g) => sum + g, 0) * grid.step;
  const place = summit(hill.top, gammaOhm);
  const widthLn = widthOf(hill, gammaOhm) * grid.step;
  return {
    tauSecond: (tauSecond[0] ?? 1) * Math.exp(place * grid.step),
    areaOhm,
    widthLn,
    exponent: exponentOfWidth(widthLn),
    isOpen: place < grid.edge || place > gammaOhm.length - 1 - grid.edge,
  };
}

/** Top of the parabola through the highest point and its neighbours, in grid steps. */
function summit(top: number, gamma: readonly number[]): number {
  const [before, here, after] = [gamma[top - 1], gamma[top] ?? 0, gamma[top + 1]];
  if (before === undefined || after === undefined) return top;
  const bend = before - 2 * here + after;
  const shift = bend === 0 ? 0 : (before - after) / (2 * bend);
  return top + Math.max(-0.5, Math.min(0.5, shift));
}

/** Full width at half height, in grid steps; a side that does not fall so far counts as the other. */
function widthOf(hill: Hill, gamma: readonly number[]): number {
  const left = halfWidth(hill, gamma, -1);
  const right = halfWidth(hill, gamma, 1);
  if (left === undefined && right === undefined) return hill.end - hill.first;
  return (left ?? right ?? 0) + (right ?? left ?? 0);
}

function halfWidth(hill: Hill, gamma: readonly number[], side: -1 | 1): number | undefined {
  const height = (k: number): number => Math.abs(gamma[k] ?? 0);
  const half = height(hill.top) / 2;
  for (let k = hill.top + side; k >= hill.first - 1 && k <= hill.end; k += side) {
    if (k < 0 || k >= gamma.length) return undefined;
    if (height(k) > half) continue;
    const inner = height(k - side);
    const share = (inner - half) / (inner - height(k));
    return Math.abs(k - side - hill.top) + share;
  }
  return undefined;
}

/**
 * Exponent n of the arc R / (1 + (jωτ)^n): its γ ∝ sin((1-n)π) / (cosh(n x) - cos((1-n)π)) over
 * x = ln(t/τ) halves where cosh(n x) = 2 + cos(nπ).
 */
export function exponentOfWidth(widthLn: number): number {
  const excess = (n: number): number => Math.cosh((n * widthLn) / 2) - 2 - Math.cos(n * Math.PI);
  let low = EXPONENT_MIN;
  let high = 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
