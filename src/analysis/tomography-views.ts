import type { ScanPixels } from '../domain/scan-source.ts';

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
  /** Mean of the pixels of each view that were looked at: tells one scan from another. */
  readonly means: Float64Array;
}

/** The brightest count of a 16-bit detector; one with fewer bits may have its own. */
const COUNT_MAX = 65_535;
/** Fewest bits of a detector. */
const BITS_MIN = 8;
/** Pixels of a view that are looked at; the rest are like them. */
const SAMPLES_MAX = 65_536;
/** A view with less than this share of the usual light was taken while the beam was away. */
const LOST_LIGHT_FRACTION = 0.01;
/** More of a view than this at the brightest count, and it shows nothing. */
const LOST_SATURATED_FRACTION = 0.99;
const SATURATED_FRACTION = 0.001;
/** When fewer views than this are left, it is not the views that are wrong. */
const USED_FRACTION_MIN = 0.5;
/** A full scale is where light was cut off when it is met this many times as often as below it. */
const SPIKE_RATIO = 8;
/** Counts below the full scale that it is held against. */
const SPIKE_NEIGHBOURS = 32;

interface ViewFacts {
  readonly mean: number;
  /** The brightest count, and the share of the pixels that have it. */
  readonly most: number;
  readonly mostFraction: number;
  readonly isRepeated: boolean;
}

/**
 * Looks at views one after another, while they are taken or read, and then says which are fit for
 * use. It keeps a sample of one view, and a few numbers of each.
 */
export class ViewInspector {
  readonly #step: number;
  readonly #before: Float32Array;
  readonly #facts: ViewFacts[] = [];
  /** How often each count was met in the samples of all views. */
  readonly #histogram = new Uint32Array(COUNT_MAX + 1);

  /** @param frameSize pixels of a view */
  constructor(frameSize: number) {
    this.#step = Math.max(1, Math.ceil(frameSize / SAMPLES_MAX));
    this.#before = new Float32Array(Math.ceil(frameSize / this.#step));
  }

  /** Views that were looked at. */
  get views(): number {
    return this.#facts.length;
  }

  /** @param pixels the next view, [row, column]; they are not kept. */
  add(pixels: ScanPixels): void {
    const isCounts = pixels instanceof Uint16Array;
    const before = this.#before;
    let [looked, finite, sum, most, atMost, same] = [0, 0, 0, -Infinity, 0, 0];
    for (let at = 0; at < pixels.length; at += this.#step) {
      const value = pixels[at] ?? Number.NaN;
      if (value === before[looked]) same += 1;
      before[looked] = value;
      looked += 1;
      if (isCounts) this.#histogram[value] = (this.#histogram[value] ?? 0) + 1;
      if (!Number.isFinite(value)) continue;
      finite += 1;
      sum += value;
      if (value > most) [most, atMost] = [value, 0];
      if (value === most) atMost += 1;
    }
    this.#facts.push({
      mean: finite > 0 ? sum / finite : Number.NaN,
      most: isCounts ? most : Infinity,
      mostFraction: looked > 0 ? atMost / looked : 0,
      // Two exposures never have the same noise in every pixel.
      isRepeated: this.#facts.length > 0 && same === looked,
    });
  }

  /**
   * Views that are left out count for nothing: what lies between their neighbours stands for them.
   * When most would be left out, all are used: the counts tell.
   * @param dark [row, column], taken off before light is compared
   * @param viewsMin the fewest views a slice is made of
   */
  inspect(dark: Float32Array, viewsMin: number): ViewInspection {
    const facts = this.#facts;
    const brightest = fullScale(this.#histogram);
    const darkMean = this.#sampledMean(dark);
    const lights = facts.map(({ mean }) => (Number.isNaN(mean) ? 0 : mean - darkMean));
    const usual = Float64Array.from(lights).sort()[lights.length >> 1] ?? 0;
    const saturated = facts.map(({ most, mostFraction }) =>
      most === brightest ? mostFraction : 0,
    );
    const isLost = lights.map(
      (light, view) =>
        !(light > LOST_LIGHT_FRACTION * usual && light > 0) ||
        (saturated[view] ?? 0) > LOST_SATURATED_FRACTION,
    );
    const isRepeated = facts.map((fact, view) => !isLost[view] && fact.isRepeated);
    const count = (is: readonly boolean[]) => is.filter((yes) => yes).length;
    const every = Int32Array.from(facts.keys());
    const good = every.filter((view) => !isLost[view] && !isRepeated[view]);
    const isBelieved = good.length >= Math.max(viewsMin, USED_FRACTION_MIN * facts.length);
    return {
      used: isBelieved ? good : every,
      lost: count(isLost),
      repeated: count(isRepeated),
      saturated: count(saturated.map((share, view) => !isLost[view] && share > SATURATED_FRACTION)),
      means: Float64Array.from(facts, ({ mean }) => mean),
    };
  }

  #sampledMean(dark: Float32Array): number {
    let [sum, count] = [0, 0];
    for (let at = 0; at < dark.length; at += this.#step) {
      sum += dark[at] ?? 0;
      count += 1;
    }
    return count > 0 ? sum / count : 0;
  }
}

/**
 * The count at which the detector cuts light off. Where it has fewer than 16 bits that is a whole
 * number of bits, right- or left-aligned, at which counts pile up.
 */
function fullScale(histogram: Uint32Array): number {
  const top = histogram.findLastIndex((count) => count > 0);
  const isPowerOfTwo = (value: number) => value > 0 && (value & (value - 1)) === 0;
  const isRight = top + 1 >= 2 ** BITS_MIN && isPowerOfTwo(top + 1);
  const isLeft = COUNT_MAX + 1 - top <= 2 ** BITS_MIN && isPowerOfTwo(COUNT_MAX + 1 - top);
  if (!isRight && !isLeft) return COUNT_MAX;
  const below = histogram.subarray(Math.max(0, top - SPIKE_NEIGHBOURS), top);
  const usual = below.reduce((sum, count) => sum + count, 0) / SPIKE_NEIGHBOURS;
  return (histogram[top] ?? 0) > SPIKE_RATIO * usual ? top : COUNT_MAX;
}
