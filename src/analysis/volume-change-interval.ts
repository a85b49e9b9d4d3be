import type { MeasuredVolume } from '../domain/volume-change.ts';
import {
  type ChangeTally,
  DIFFERENCE_BINS,
  DIFFERENCE_RANGE,
  MEDIAN_BINS,
  MEDIAN_RANGE,
} from '../kernels/registration-boxes.ts';
import type { CountedChange } from './volume-change-count.ts';
import { steadyLevel } from './volume-change-levels.ts';
import type { ChangeRegion } from './volume-change-region.ts';

/** Half width of a 95 % interval in standard deviations. */
const SIGMAS_95 = 1.96;
/**
 * Differences are clipped this many standard deviations of their noise beyond one. Clipped at one,
 * a voxel that changed wholly would lose sigma / sqrt(2 pi) on average, 0.4 sigma: half of its
 * noise is cut off. Clipped k sigma further out it loses sigma (phi(k) - k Phi(-k)): 4e-4 sigma.
 */
const CLIP_SIGMAS = 3;
/** Median absolute deviation to standard deviation, for normal numbers. */
const MAD_TO_SIGMA = 1.4826;
/** Deviation of a median of n normal numbers times sqrt(n) (Kendall and Stuart, 10.11). */
const MEDIAN_OF_MANY = Math.sqrt(Math.PI / 2);
const MEDIAN_VOXELS = 27;

export interface Measuring {
  readonly region: ChangeRegion;
  readonly tileVoxels: number;
  /** As a phase fraction. */
  readonly threshold: number;
  /** 95 % bounds of the shift on x, y and z. */
  readonly shiftBoundVoxel: readonly number[];
}

/** Both counts of the change with their intervals, and the noise of a voxel's difference. */
export interface MeasuredChange {
  readonly grey: MeasuredVolume;
  readonly binary: MeasuredVolume;
  /** Standard deviation of the difference of a voxel, over the difference of the phases. */
  readonly noise: number;
}

/** What the tallies of the counted tiles amount to. */
export function measureChange(counted: CountedChange, measuring: Measuring): MeasuredChange {
  const { tally, grey, binary } = counted;
  const noise = noiseOf(tally);
  const registrationVoxels = Math.hypot(
    ...tally.slopes.map((slope, axis) => slope * (measuring.shiftBoundVoxel[axis] ?? 0)),
  );
  const tiles = grey.length;
  const drift = driftOf(counted);
  const greyNoise = SIGMAS_95 * tileNoise(counted, measuring.tileVoxels) * Math.sqrt(tiles);
  // Rounding to whole voxels, tile by tile, comes on top of the noise that both counts share.
  const rounding = binary.map((value, at) => value - (grey[at] ?? 0));
  const binaryNoise = Math.hypot(greyNoise, SIGMAS_95 * deviation(rounding) * Math.sqrt(tiles));
  const medianNoise = (MEDIAN_OF_MANY * noise) / Math.SQRT2 / Math.sqrt(MEDIAN_VOXELS);
  const binaryVoxels = countsAbove(tally, measuring.threshold);
  const greyVoxels = clippedSum(tally, 1 + CLIP_SIGMAS * noise) - drift.voxels;
  const thresholdVoxels = Math.max(
    ...[-SIGMAS_95 * medianNoise, SIGMAS_95 * medianNoise].map((step) =>
      Math.abs(countsAbove(tally, measuring.threshold + step) - binaryVoxels),
    ),
  );
  return {
    noise,
    grey: withInterval(greyVoxels, {
      noiseVoxels: greyNoise,
      registrationVoxels,
      thresholdVoxels: SIGMAS_95 * Math.hypot(levelError(measuring, greyVoxels), drift.error),
    }),
    binary: withInterval(binaryVoxels, {
      noiseVoxels: binaryNoise,
      registrationVoxels,
      thresholdVoxels,
    }),
  };
}

function withInterval(
  voxels: number,
  parts: Pick<MeasuredVolume, 'noiseVoxels' | 'registrationVoxels' | 'thresholdVoxels'>,
): MeasuredVolume {
  const halfWidthVoxels = Math.hypot(
    parts.noiseVoxels,
    parts.registrationVoxels,
    parts.thresholdVoxels,
  );
  return { voxels, halfWidthVoxels, ...parts };
}

/** Sum of the differences, each held within plus and minus the limit. */
function clippedSum({ differenceCounts, differenceSums }: ChangeTally, limit: number): number {
  const [low, high] = DIFFERENCE_RANGE;
  const width = (high - low) / DIFFERENCE_BINS;
  let sum = 0;
  for (const [bin, count] of differenceCounts.entries()) {
    const middle = low + (bin + 0.5) * width;
    const held =
      Math.abs(middle) <= limit ? (differenceSums[bin] ?? 0) : Math.sign(middle) * limit * count;
    sum += held;
  }
  return sum;
}

/** Voxels whose median is above the threshold after, less those before. */
function countsAbove(tally: ChangeTally, threshold: number): number {
  return countAbove(tally.mediansAfter, threshold) - countAbove(tally.mediansBefore, threshold);
}

function countAbove(counts: Float64Array, threshold: number): number {
  const [low, high] = MEDIAN_RANGE;
  const place = ((threshold - low) * MEDIAN_BINS) / (high - low);
  const first = Math.min(MEDIAN_BINS, Math.max(0, Math.ceil(place)));
  let sum = (first - place) * (counts[first - 1] ?? 0);
  for (let bin = first; bin < MEDIAN_BINS; bin++) sum += counts[bin] ?? 0;
  return sum;
}

/** Standard deviation of the differences of unchanged voxels, which are most of them. */
function noiseOf({ differenceCounts }: ChangeTally): number {
  const [low, high] = DIFFERENCE_RANGE;
  const width = (high - low) / DIFFERENCE_BINS;
  const total = differenceCounts.reduce((sum, count) => sum + count, 0);
  const quantile = (share: number) => {
    let sum = 0;
    for (const [bin, count] of differenceCounts.entries()) {
      if (sum + count >= share * total && count > 0) {
        return low + (bin + (share * total - sum) / count) * width;
      }
      sum += count;
    }
    return high;
  };
  // Half of the distance between the quartiles is the median absolute deviation.
  return (MAD_TO_SIGMA * (quantile(0.75) - quantile(0.25))) / 2;
}

/** What one standard deviation of the levels that both volumes share makes of the sum. */
function levelError({ region }: Measuring, voxels: number): number {
  const { levelsBefore, levelErrors } = region;
  const contrast = levelsBefore.bright - levelsBefore.dark;
  return (Math.abs(voxels) * Math.hypot(levelErrors.dark, levelErrors.bright)) / contrast;
}

/**
 * What the grey levels drifted between the volumes, over all counted voxels of each phase: read
 * from unchanged tiles beside them, resampled the same way, so that texture and interpolation
 * cancel.
 */
function driftOf({ tally, darkDrift, brightDrift }: CountedChange): {
  readonly voxels: number;
  readonly error: number;
} {
  const bright = countAbove(tally.mediansAfter, 0.5);
  const dark = tally.mediansAfter.reduce((sum, count) => sum + count, 0) - bright;
  const none = { level: 0, error: 0 };
  const [ofDark, ofBright] = [steadyLevel(darkDrift) ?? none, steadyLevel(brightDrift) ?? none];
  return {
    voxels: dark * ofDark.level + bright * ofBright.level,
    error: Math.hypot(dark * ofDark.error, bright * ofBright.error),
  };
}

/** Noise of the sum of one tile: of unchanged ones, or of all where there are none. */
function tileNoise({ grey, darkDrift, brightDrift }: CountedChange, tileVoxels: number): number {
  const unchanged = [darkDrift, brightDrift].map((drift) => tileVoxels * spread(drift));
  const noise = Math.max(...unchanged);
  return noise > 0 ? noise : spread(grey);
}

/** Robust standard deviation: most tiles did not change. */
function spread(values: Float64Array | Float32Array): number {
  if (values.length === 0) return 0;
  const sorted = values.slice().sort();
  const middle = sorted[sorted.length >> 1] ?? 0;
  const distances = sorted.map((value) => Math.abs(value - middle)).sort();
  return MAD_TO_SIGMA * (distances[distances.length >> 1] ?? 0);
}

function deviation(values: Float64Array): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(square / (values.length - 1));
}
