/** Bins of the histogram a threshold is found on. */
const OTSU_BINS = 4096;
/**
 * Values further than this many standard deviations from a level do not count: close, since what
 * is in a phase, pores and particles, lies more to one side of it.
 */
const LEVEL_SIGMAS = 1.5;
const LEVEL_ROUNDS = 10;
/** Median absolute deviation to standard deviation, for normal numbers. */
const MAD_TO_SIGMA = 1.4826;

/** A boundary between two phases, and the means of the values on either side. */
export interface FoundThreshold {
  readonly threshold: number;
  readonly dark: number;
  readonly bright: number;
}

/** The threshold that separates values best (Otsu 1979); undefined when all are the same. */
export function otsuThreshold(samples: readonly Float32Array[]): FoundThreshold | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of samples) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(high > low)) return undefined;
  const counts = new Float64Array(OTSU_BINS);
  const width = (high - low) / OTSU_BINS;
  for (const values of samples) {
    for (const value of values) {
      const bin = Math.min(OTSU_BINS - 1, Math.floor((value - low) / width));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return splitBest(counts, low, width);
}

function splitBest(counts: Float64Array, low: number, width: number): FoundThreshold {
  const centre = (bin: number) => low + (bin + 0.5) * width;
  let [total, sum] = [0, 0];
  for (const [bin, count] of counts.entries()) {
    total += count;
    sum += count * centre(bin);
  }
  let [below, sumBelow, bestVariance] = [0, 0, -1];
  // Between separate phases every threshold is as good: the middle of the best is taken.
  let best = { first: 0, last: 0, dark: low, bright: low };
  for (const [bin, count] of counts.entries()) {
    below += count;
    sumBelow += count * centre(bin);
    if (below === 0 || below === total) continue;
    const [dark, bright] = [sumBelow / below, (sum - sumBelow) / (total - below)];
    const variance = (below / total) * (1 - below / total) * (bright - dark) ** 2;
    if (variance > bestVariance * (1 + 1e-12)) {
      bestVariance = variance;
      best = { first: bin, last: bin, dark, bright };
    } else if (variance >= bestVariance * (1 - 1e-12)) {
      best = { ...best, last: bin };
    }
  }
  const threshold = low + ((best.first + best.last) / 2 + 1) * width;
  return { threshold, dark: best.dark, bright: best.bright };
}

/** Where most values lie. */
export interface SteadyLevel {
  readonly level: number;
  /** One standard deviation: scatter, and how far the median is from it where both sides differ. */
  readonly error: number;
}

/** Mean of the values around their most frequent one; undefined without values. */
export function steadyLevel(values: Float32Array): SteadyLevel | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.slice().sort();
  let level = halfSampleMode(sorted);
  const sigma = MAD_TO_SIGMA * medianDistance(sorted, level);
  let spread = sigma;
  let used = sorted.length;
  for (let round = 0; round < LEVEL_ROUNDS; round++) {
    let [sum, square, count] = [0, 0, 0];
    for (const value of sorted) {
      if (Math.abs(value - level) > LEVEL_SIGMAS * sigma) continue;
      sum += value - level;
      square += (value - level) ** 2;
      count += 1;
    }
    if (count === 0) break;
    const step = sum / count;
    level += step;
    spread = Math.sqrt(square / count);
    used = count;
    if (Math.abs(step) < 1e-6 * sigma) break;
  }
  const median = sorted[sorted.length >> 1] ?? level;
  return { level, error: Math.hypot(spread / Math.sqrt(used), median - level) };
}

/** The mode of sorted values (Robertson and Cryer 1974): ever the denser half. */
function halfSampleMode(sorted: Float32Array): number {
  let [first, count] = [0, sorted.length];
  while (count > 2) {
    const half = Math.ceil(count / 2);
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (let at = first; at + half <= first + count; at++) {
      const span = (sorted[at + half - 1] ?? 0) - (sorted[at] ?? 0);
      if (span < least) [least, best] = [span, at];
    }
    [first, count] = [best, half];
  }
  return ((sorted[first] ?? 0) + (sorted[first + count - 1] ?? 0)) / 2;
}

function medianDistance(sorted: Float32Array, level: number): number {
  const distances = sorted.map((value) => Math.abs(value - level)).sort();
  return distances[distances.length >> 1] ?? 0;
}
