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
const AWAY_SIGMAS = 20;
/** Of the whole drop, what must happen at once: a cell that empties falls faster and faster. */
const SUDDEN_FRACTION = 0.6;
/** Samples before the collapse from which it may have happened at once. */
const SUDDEN_SAMPLES = 2;
/** A collapsed voltage lies still: its samples differ by less than this share of the usual one. */
const STILL_FRACTION = 0.05;
/** Median absolute deviation of a normal distribution, as a share of its standard deviation. */
const MAD_PER_SIGMA = 0.6745;

export interface ShortVerdict {
  readonly usualVolt: number;
  readonly shortedVolt: number;
}

/**
 * The voltage is judged along the current: a cell that takes power (plating, charging) has it
 * above zero and it rises; one that gives power has it below zero, and it rises to zero as the
 * cell empties. Both collapse to zero when they short.
 * @param points the last samples of one step while the current flowed, oldest first.
 * @returns what was seen, when the last samples are those of a shorted cell.
 */
export function detectShort(points: readonly ElectricalPoint[]): ShortVerdict | undefined {
  const flowing = points.filter((point) => point.currentAmpere !== 0).slice(-WINDOW_SAMPLES_MAX);
  const along = flowing.map((point) => point.voltageVolt * Math.sign(point.currentAmpere));
  const suspects = along.slice(-CONFIRM_SAMPLES).map(Math.abs);
  const baseline = along.slice(0, -CONFIRM_SAMPLES);
  if (baseline.length < BASELINE_SAMPLES_MIN) return undefined;
  const sizes = baseline.map(Math.abs);
  // A collapse is below half of the usual, so of the largest too: most samples need no sorting.
  const halfVolt = DROP_FRACTION * Math.max(...sizes);
  if (suspects.some((volt) => volt >= halfVolt)) return undefined;
  const givesPower = median(baseline) < 0;
  const usualVolt = median(sizes);
  const sigmaVolt = noiseVolt(sizes);
  if (!suspects.every((volt) => isCollapsed(volt, usualVolt, sigmaVolt))) return undefined;
  const shortedVolt = median(suspects);
  if (!isSudden(sizes, { usualVolt, shortedVolt })) return undefined;
  const collapsed = along.slice(-CONFIRM_SAMPLES);
  const usual = { usualVolt, sigmaVolt };
  if (givesPower && !(isWellAway(usual) && isStill(collapsed, usual))) return undefined;
  return { usualVolt, shortedVolt };
}

function isCollapsed(volt: number, usualVolt: number, sigmaVolt: number): boolean {
  const dropVolt = usualVolt - volt;
  const belowFloor = volt < FLOOR_FRACTION * usualVolt && dropVolt > FLOOR_SIGMAS * sigmaVolt;
  return belowFloor || (dropVolt > DROP_FRACTION * usualVolt && dropVolt > DROP_SIGMAS * sigmaVolt);
}

/** Most of the drop lies between the last samples before it and the collapsed ones. */
function isSudden(sizes: readonly number[], { usualVolt, shortedVolt }: ShortVerdict): boolean {
  const before = Math.max(...sizes.slice(-SUDDEN_SAMPLES));
  return before - shortedVolt >= SUDDEN_FRACTION * (usualVolt - shortedVolt);
}

/** A cell that passes through zero, as one against another electrode does, is no shorted cell. */
function isWellAway({ usualVolt, sigmaVolt }: Usual): boolean {
  return usualVolt > AWAY_SIGMAS * sigmaVolt;
}

/** A cell that empties goes on falling; a shorted one has nowhere to go. */
function isStill(suspects: readonly number[], { usualVolt, sigmaVolt }: Usual): boolean {
  const spread = Math.max(...suspects) - Math.min(...suspects);
  return spread <= Math.max(STILL_FRACTION * usualVolt, FLOOR_SIGMAS * sigmaVolt);
}

interface Usual {
  readonly usualVolt: number;
  readonly sigmaVolt: number;
}

/** From successive differences, so that a trend is not taken for noise. */
export function noiseVolt(volts: readonly number[]): number {
  const differences = volts.slice(1).map((volt, at) => Math.abs(volt - (volts[at] ?? volt)));
  return median(differences) / (MAD_PER_SIGMA * Math.SQRT2);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
