import { badFile } from './file-access.ts';
import { readNumberColumn } from './number-column.ts';
import { anglesInRadian } from './scan-angles.ts';

/** Angles of the frames of a scan in degrees, in the order they were taken. */
export interface AnglesFile {
  readonly path: string;
  readonly degrees: readonly number[];
}

export interface FrameCounts {
  readonly views: number;
  readonly flats: number;
  readonly darks: number;
}

/** The stage stands still when it moves by less than this share of the step between views. */
const STILL_SHARE = 0.01;

/** Reads one angle per line; blank lines and `#` comments are passed over. @throws Fault */
export async function readAnglesFile(path: string): Promise<AnglesFile> {
  return { path, degrees: await readNumberColumn(path) };
}

/**
 * The angles of the views alone, in radian. A file may list the angle of every exposure, flats and
 * darks among them, while those came to us averaged to fewer frames. So, in this order:
 * 1. as many angles as views: all are taken;
 * 2. the stage stands still for some exposures before the first view and after the last one, and
 *    their number is exactly the surplus: they belonged to flats and darks and are dropped;
 * 3. as many angles as views, flats and darks together: the leading ones are dropped.
 * @throws Fault fileFormat with both numbers in any other case
 */
export function selectViewAngles(file: AnglesFile, frames: FrameCounts): Float64Array {
  const { degrees, path } = file;
  const surplus = degrees.length - frames.views;
  const all = frames.views + frames.flats + frames.darks;
  const still = surplus > 0 ? countStill(degrees, frames.views) : { leading: 0, trailing: 0 };
  let first: number | undefined;
  if (surplus === 0) first = 0;
  else if (surplus > 0 && still.leading + still.trailing === surplus) first = still.leading;
  else if (degrees.length === all) first = surplus;
  if (first === undefined) {
    throw badFile(
      path,
      `${degrees.length} angles for ${frames.views} views; expected ${frames.views}, or ${all} with flats and darks`,
    );
  }
  return anglesInRadian(
    Float64Array.from(degrees.slice(first, first + frames.views)),
    'degrees',
    path,
  );
}

/** How often the first angle is repeated at the start, and the last at the end. */
function countStill(
  degrees: readonly number[],
  views: number,
): { leading: number; trailing: number } {
  const steps = degrees.slice(1).map((angle, index) => Math.abs(angle - (degrees[index] ?? 0)));
  // Between n views lie n - 1 moves: the middle one of the largest is the usual step.
  const moves = steps.toSorted((a, b) => b - a).slice(0, Math.max(views - 1, 1));
  const still = (moves[moves.length >> 1] ?? 0) * STILL_SHARE;
  const firstMove = steps.findIndex((step) => step > still);
  if (firstMove < 0) return { leading: 0, trailing: 0 };
  const lastMove = steps.findLastIndex((step) => step > still);
  return { leading: firstMove, trailing: steps.length - 1 - lastMove };
}
