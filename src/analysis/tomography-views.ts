import type { ScanData } from '../domain/scan.ts';
import type { FlatField } from './tomography-flat-field.ts';

/** What is wrong with the views of a scan, and which are reconstructed from. */
export interface ViewInspection {
  /** Indices of the views that are used, in order. */
  readonly used: Int32Array;
  /** Left out: no light, or nothing but the brightest count. */
  readonly lost: number;
  /** Left out: the same pixels as the view before, sent twice by the detector. */
  readonly repeated: number;
  /** Used: some pixels at the brightest count, where the sample is brighter than could be seen. */
  readonly saturated: number;
}

/** The brightest count of a 16-bit detector. */
const COUNT_MAX = 65_535;
/** Pixels of a view that are looked at; the rest are like them. */
const SAMPLES_MAX = 65_536;
/** A view with less than this share of the usual light was taken while the beam was away. */
const LOST_LIGHT_FRACTION = 0.01;
/** More of a view than this at the brightest count, and it shows nothing. */
const LOST_SATURATED_FRACTION = 0.99;
const SATURATED_FRACTION = 0.001;
/** When fewer views than this are left, it is not the views that are wrong. */
const USED_FRACTION_MIN = 0.5;

/**
 * Looks at every view before any is reconstructed from. Views that are left out count for
 * nothing: their neighbours in angle stand for them. When most would be left out, all are used:
 * the counts tell.
 * @param viewsMin the fewest views a slice is made of
 */
export function inspectViews(
  scan: ScanData,
  { dark }: FlatField,
  viewsMin: number,
): ViewInspection {
  const views = scan.anglesRadian.length;
  const facts = Array.from({ length: views }, (_, view) => factsOf(scan, dark, view));
  const lights = Float64Array.from(facts, ({ light }) => light).sort();
  const usual = lights[lights.length >> 1] ?? 0;
  const isLost = facts.map(
    ({ light, saturated }) =>
      !(light > LOST_LIGHT_FRACTION * usual && light > 0) || saturated > LOST_SATURATED_FRACTION,
  );
  const isRepeated = facts.map((_, view) => !isLost[view] && view > 0 && isSame(scan, view));
  const count = (is: readonly boolean[]) => is.filter((yes) => yes).length;
  const every = Int32Array.from({ length: views }, (_, view) => view);
  const good = every.filter((view) => !isLost[view] && !isRepeated[view]);
  const isBelieved = good.length >= Math.max(viewsMin, USED_FRACTION_MIN * views);
  return {
    used: isBelieved ? good : every,
    lost: count(isLost),
    repeated: count(isRepeated),
    saturated: count(
      facts.map(({ saturated }, view) => !isLost[view] && saturated > SATURATED_FRACTION),
    ),
  };
}

/** Mean light above the dark field, and the share of pixels at the brightest count. */
function factsOf({ rows, columns, projections }: ScanData, dark: Float32Array, view: number) {
  const frameSize = rows * columns;
  const first = view * frameSize;
  const step = Math.max(1, Math.ceil(frameSize / SAMPLES_MAX));
  const isCounts = projections instanceof Uint16Array;
  let [looked, finite, light, bright] = [0, 0, 0, 0];
  for (let at = 0; at < frameSize; at += step) {
    const value = projections[first + at] ?? Number.NaN;
    looked += 1;
    if (isCounts && value === COUNT_MAX) bright += 1;
    if (!Number.isFinite(value)) continue;
    finite += 1;
    light += value - (dark[at] ?? 0);
  }
  return { light: finite > 0 ? light / finite : 0, saturated: bright / looked };
}

/** Two exposures never have the same noise in every pixel. */
function isSame({ rows, columns, projections }: ScanData, view: number): boolean {
  const frameSize = rows * columns;
  const first = view * frameSize;
  for (let at = first; at < first + frameSize; at++) {
    if (projections[at] !== projections[at - frameSize]) return false;
  }
  return true;
}
