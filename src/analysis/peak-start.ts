import type { PeakModel, PeakShape } from './peak-model.ts';

/** Widths a peak is looked for with, as shares of the window. */
const SEARCH_SHARES = [0.04, 0.08, 0.16, 0.3] as const;

/** Where the counts above a straight line look most like a peak, for each width looked for. */
export function peakStarts(
  model: PeakModel,
  counts: Float64Array,
  shape: PeakShape,
): Float64Array[] {
  const background = straightThroughEnds(counts);
  const above = counts.map((count, at) => count - background.at(at));
  const widths =
    shape.width === undefined ? SEARCH_SHARES.map((one) => one * model.window) : [shape.width];
  return widths.map((width) => {
    const besideHeights = shape.beside.map((place) => Math.max(1, heightAt(model, above, place)));
    const rest = above.map(
      (one, at) =>
        one -
        shape.beside.reduce(
          (sum, place, line) =>
            sum + (besideHeights[line] ?? 0) * gaussian(((model.axis[at] ?? 0) - place) / width),
          0,
        ),
    );
    const { position, height } = matched(model.axis, rest, counts, width);
    return model.start({
      heights: [height, ...besideHeights],
      positions: [shape.near ?? position, ...shape.beside],
      width,
      background: [background.middle, background.slope],
    });
  });
}

/** The place where a Gaussian of this width stands out most from the noise. */
function matched(axis: Float64Array, above: Float64Array, counts: Float64Array, width: number) {
  let best = {
    position: axis[Math.floor(axis.length / 2)] ?? 0,
    height: 1,
    signal: Number.NEGATIVE_INFINITY,
  };
  for (const position of axis) {
    let product = 0;
    let noise = 0;
    let square = 0;
    for (const [at, energy] of axis.entries()) {
      const form = gaussian((energy - position) / width);
      product += form * (above[at] ?? 0);
      noise += form * form * Math.max(1, counts[at] ?? 0);
      square += form * form;
    }
    const signal = product / Math.sqrt(noise);
    if (signal > best.signal) best = { position, height: Math.max(1, product / square), signal };
  }
  return best;
}

function gaussian(u: number): number {
  return Math.exp(-4 * Math.LN2 * u * u);
}

function heightAt({ axis }: PeakModel, above: Float64Array, place: number): number {
  let nearest = 0;
  for (const [at, energy] of axis.entries()) {
    if (Math.abs(energy - place) < Math.abs((axis[nearest] ?? 0) - place)) nearest = at;
  }
  return above[nearest] ?? 0;
}

const END_SHARE = 0.12;

/** A line from the median of the lower end of the window to that of the upper. */
function straightThroughEnds(counts: Float64Array) {
  const size = Math.max(2, Math.round(END_SHARE * counts.length));
  const low = medianOf(counts.subarray(0, size));
  const high = medianOf(counts.subarray(counts.length - size));
  const middle = Math.max(0.1, (low + high) / 2);
  const slope = (high - low) / 2;
  return {
    middle,
    slope,
    at: (index: number): number => middle + slope * ((2 * index) / (counts.length - 1) - 1),
  };
}

function medianOf(values: Float64Array): number {
  return values.toSorted()[Math.floor(values.length / 2)] ?? 0;
}
