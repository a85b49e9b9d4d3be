/**
 * Hard short circuit while a current flows: the voltage collapses from one sample to the next
 * and stays there. A pure function of the last samples of one step; the caller latches.
 */

export interface ElectricalPoint {
  readonly timeSecond: number;
  readonly voltageVolt: number;
  readonly currentAmpere: number;
}

/** Samples that must agree before a short is called: one alone may be a glitch. */
export const CONFIRM_SAMPLES = 2;
/** Samples before them that say what is usual. */
export const BASELINE_SAMPLES_MAX = 30;
/** Fewer say too little about what is usual. */
export const BASELINE_SAMPLES_MIN = 5;
/** The most a caller needs to keep. */
export const WINDOW_SAMPLES_MAX = BASELINE_SAMPLES_MAX + CONFIRM_SAMPLES;

/** Below this share of the usual voltage only the leads and the contacts are left. */
const FLOOR_FRACTION = 0.3;
/** A drop past this share counts only if it is also far out of the noise. */
const DROP_FRACTION = 0.5;
const FLOOR_SIGMAS = 5;
const DROP_SIGMAS = 10;
/** Median absolute deviation of a normal distribution, as a share of its standard deviation. */
const MAD_PER_SIGMA = 0.6745;

export interface ShortVerdict {
  readonly usualVolt: number;
  readonly shortedVolt: number;
}

/**
 * @param points the last samples of one step while the current flowed, oldest first.
 * @returns what was seen, when the last samples are those of a shorted cell.
 */
export function detectShort(points: readonly ElectricalPoint[]): ShortVerdict | undefined {
  const flowing = points.filter((point) => point.currentAmpere !== 0).slice(-WINDOW_SAMPLES_MAX);
  const sizes = flowing.map((point) => Math.abs(point.voltageVolt));
  const suspects = sizes.slice(-CONFIRM_SAMPLES);
  const baseline = sizes.slice(0, -CONFIRM_SAMPLES);
  if (baseline.length < BASELINE_SAMPLES_MIN) return undefined;
  const usualVolt = median(baseline);
  const sigmaVolt = noiseVolt(baseline);
  if (!suspects.every((volt) => isCollapsed(volt, usualVolt, sigmaVolt))) return undefined;
  return { usualVolt, shortedVolt: median(suspects) };
}

function isCollapsed(volt: number, usualVolt: number, sigmaVolt: number): boolean {
  const dropVolt = usualVolt - volt;
  const belowFloor = volt < FLOOR_FRACTION * usualVolt && dropVolt > FLOOR_SIGMAS * sigmaVolt;
  return belowFloor || (dropVolt > DROP_FRACTION * usualVolt && dropVolt > DROP_SIGMAS * sigmaVolt);
}

/** From successive differences, so that a trend is not taken for noise. */
function noiseVolt(volts: readonly number[]): number {
  const differences = volts.slice(1).map((volt, at) => Math.abs(volt - (volts[at] ?? volt)));
  return median(differences) / (MAD_PER_SIGMA * Math.SQRT2);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
