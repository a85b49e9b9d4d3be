import { Fault, type Problem } from '../domain/fault.ts';
import type { FrameReference } from '../kernels/live-kernel.ts';

/** Pixels as the detector or a file has them, [row, column]. */
export type FramePixels = Uint16Array | Float32Array;

/** A pixel whose flat is below this share of the mean flat sees no beam: it is dead. */
const DEAD_FLAT_FRACTION = 0.01;
/** A view with less than this share of the light of the brightest was taken without the beam. */
const LOST_LIGHT_FRACTION = 0.01;
/** The first view has only the open beam to be compared with, and a sample that absorbs. */
const FIRST_LIGHT_FRACTION = 0.0005;
/** More of a view than this at the brightest count, and it shows nothing. */
const LOST_SATURATED_FRACTION = 0.99;
const COUNT_MAX = 65_535;
/** Pixels of a view that are looked at; the rest are like them. */
const SAMPLES_MAX = 16_384;
/** Rows and end columns that tell whether the sample is wider than the detector. */
const EDGE_ROWS = 5;
const EDGE_COLUMNS = 4;
/** Attenuation at an end, against that within, that only a sample there can have. */
const EDGE_FRACTION = 0.1;
/** Below this there is no sample. */
const EMPTY_ATTENUATION = 1e-3;

/** Flat and dark fields as they come, as means. */
export class LiveReference {
  readonly #length: number;
  /** Sums; of 16-bit counts they are exact for 256 frames, and good to 1e-7 after that. */
  readonly #flat: Float32Array;
  readonly #dark: Float32Array;
  #flats = 0;
  #darks = 0;

  /** @param length pixels of a frame */
  constructor(length: number) {
    this.#length = length;
    this.#flat = new Float32Array(length);
    this.#dark = new Float32Array(length);
  }

  add(kind: 'flat' | 'dark', pixels: FramePixels): void {
    if (kind === 'flat') this.#flats += 1;
    else this.#darks += 1;
    const sum = kind === 'flat' ? this.#flat : this.#dark;
    for (let at = 0; at < this.#length; at++) sum[at] = (sum[at] ?? 0) + (pixels[at] ?? 0);
  }

  /** @throws Fault badInput when flats or darks are missing, or the flats show no beam */
  reference(): FrameReference {
    const problems: Problem[] = [];
    const message = 'none came before the first projection; expected at least one';
    if (this.#flats === 0) problems.push({ where: 'flat fields', message });
    if (this.#darks === 0) problems.push({ where: 'dark fields', message });
    if (problems.length > 0) throw new Fault('badInput', problems);
    const dark = new Float32Array(this.#length);
    const gain = new Float32Array(this.#length);
    let [lit, total] = [0, 0];
    for (let at = 0; at < this.#length; at++) {
      const darkMean = finite((this.#dark[at] ?? 0) / this.#darks);
      const beam = finite((this.#flat[at] ?? 0) / this.#flats - darkMean);
      dark[at] = darkMean;
      gain[at] = beam;
      if (beam <= 0) continue;
      lit += 1;
      total += beam;
    }
    if (lit === 0) {
      const none = 'no pixel is brighter than in the dark fields; expected the open beam';
      throw new Fault('badInput', { where: 'flat fields', message: none });
    }
    const faintest = (DEAD_FLAT_FRACTION * total) / lit;
    for (let at = 0; at < this.#length; at++) {
      const beam = gain[at] ?? 0;
      gain[at] = beam > faintest ? 1 / beam : 0;
    }
    return { dark, gain };
  }
}

/** What keeps a projection out of the slices. */
export type ViewFlaw = 'lost' | 'repeated';

/** Looks at each projection before it is added, as the volume's inspection does afterwards. */
export class ViewWatch {
  #brightest = 0;
  #before: FramePixels | undefined;

  /** Undefined for a good view. Keeps the pixels until the next. */
  flawOf(pixels: FramePixels, reference: FrameReference): ViewFlaw | undefined {
    const before = this.#before;
    this.#before = pixels;
    const { light, saturated } = lightOf(pixels, reference);
    const least =
      this.#brightest > 0 ? LOST_LIGHT_FRACTION * this.#brightest : FIRST_LIGHT_FRACTION;
    if (!(light > least) || saturated > LOST_SATURATED_FRACTION) return 'lost';
    // Two exposures never have the same noise in every pixel.
    if (before && pixels.every((value, at) => value === before[at])) return 'repeated';
    this.#brightest = Math.max(this.#brightest, light);
    return undefined;
  }
}

/** Mean transmission of the living pixels, and the share at the brightest count. */
function lightOf(pixels: FramePixels, { dark, gain }: FrameReference) {
  const step = Math.max(1, Math.floor(pixels.length / SAMPLES_MAX));
  const isCounts = pixels instanceof Uint16Array;
  let [looked, living, sum, bright] = [0, 0, 0, 0];
  for (let at = 0; at < pixels.length; at += step) {
    const value = pixels[at] ?? Number.NaN;
    looked += 1;
    if (isCounts && value === COUNT_MAX) bright += 1;
    const pixelGain = gain[at] ?? 0;
    if (pixelGain === 0 || !Number.isFinite(value)) continue;
    living += 1;
    sum += (value - (dark[at] ?? 0)) * pixelGain;
  }
  return { light: living > 0 ? sum / living : 0, saturated: bright / looked };
}

/** True when the sample reaches beyond the ends of the detector, by one view of it. */
export function reachesBeyond(
  pixels: FramePixels,
  { dark, gain }: FrameReference,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): boolean {
  const attenuation = (row: number, column: number): number => {
    const at = row * columns + column;
    const transmission = ((pixels[at] ?? 0) - (dark[at] ?? 0)) * (gain[at] ?? 0);
    return transmission > 0 ? -Math.log(transmission) : 0;
  };
  const taken = Math.min(EDGE_COLUMNS, columns);
  let [inside, ends] = [0, 0];
  for (let k = 0; k < EDGE_ROWS; k++) {
    const row = Math.floor((rows * (k + 0.5)) / EDGE_ROWS);
    const line = Float64Array.from({ length: columns }, (_, column) => attenuation(row, column));
    const mean = (part: Float64Array) => part.reduce((sum, value) => sum + value, 0) / taken;
    ends = Math.max(ends, mean(line.subarray(0, taken)), mean(line.subarray(columns - taken)));
    line.sort();
    inside = Math.max(inside, line[Math.floor(0.9 * columns)] ?? 0);
  }
  return inside > EMPTY_ATTENUATION && ends > EDGE_FRACTION * inside;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
