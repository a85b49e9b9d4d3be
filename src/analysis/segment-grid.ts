import { Fault } from '../domain/fault.ts';
import type { VolumeSource } from '../domain/volume.ts';
import { BYTE_CODES, CODES_MAX, type Quantisation } from '../kernels/volume-kernel.ts';

/** The bins grey values are counted in: bin k begins at offset + k * step, in 1/pixel. */
export interface GreyGrid {
  readonly offsetPerPixel: number;
  readonly stepPerPixel: number;
  readonly bins: number;
  readonly codeBytes: 1 | 2;
  /** From stored values to bins; absent for bytes. */
  readonly quantisation?: Quantisation;
}

/** Slices that are looked at for the range of a volume of floats. */
const RANGE_SLICES = 16;
const RANGE_SAMPLES = 400_000;
/** Share of the values that may lie outside the range, on each side, before it is widened. */
const RANGE_CUT = 5e-4;
const RANGE_MARGIN = 0.1;
const SHORT_CODES = 65_536;

/**
 * The grid of a volume's own scale; for floats one that holds nearly all values of some slices.
 * @param known.series its grid; bytes keep their own, because they are codes already
 * @param known.thresholdPerPixel lies within the grid, however rare what is beyond it
 */
export async function greyGrid(
  volume: VolumeSource,
  spans: Int32Array,
  known: {
    readonly series?: Pick<GreyGrid, 'offsetPerPixel' | 'stepPerPixel' | 'bins'> | undefined;
    readonly thresholdPerPixel?: number | undefined;
  } = {},
): Promise<GreyGrid> {
  const { offset, step, type } = volume.scale;
  if (type === 'uint8') {
    // Whole numbers stand for what was rounded to them.
    return {
      offsetPerPixel: offset - 0.5 * step,
      stepPerPixel: step,
      bins: BYTE_CODES,
      codeBytes: 1,
    };
  }
  const usable = known.series?.bins === CODES_MAX ? known.series : undefined;
  if (type === 'uint16') {
    const own = {
      offsetPerPixel: offset - 0.5 * step,
      stepPerPixel: (step * SHORT_CODES) / CODES_MAX,
    };
    const { offsetPerPixel, stepPerPixel } = usable ?? own;
    const quantisation = {
      low: (offsetPerPixel - offset) / step,
      perValue: step / stepPerPixel,
      codeMax: CODES_MAX - 1,
    };
    return { offsetPerPixel, stepPerPixel, bins: CODES_MAX, codeBytes: 2, quantisation };
  }
  const { offsetPerPixel, stepPerPixel } =
    usable ?? (await rangeOfFloats(volume, spans, known.thresholdPerPixel));
  const quantisation = {
    low: (offsetPerPixel - offset) / step,
    perValue: step / stepPerPixel,
    codeMax: CODES_MAX - 1,
  };
  return { offsetPerPixel, stepPerPixel, bins: CODES_MAX, codeBytes: 2, quantisation };
}

async function rangeOfFloats(volume: VolumeSource, spans: Int32Array, threshold?: number) {
  const { slices, rows, columns, where, scale } = volume;
  const looked = Math.min(slices, RANGE_SLICES);
  const every = Math.max(1, Math.floor((looked * rows * columns) / RANGE_SAMPLES));
  const values: number[] = [];
  let position = 0;
  for (let k = 0; k < looked; k++) {
    const slice = Math.floor(((k + 0.5) * slices) / looked);
    const voxels = await volume.readSlices(slice, 1);
    for (let row = 0; row < rows; row++) {
      const end = spans[2 * row + 1] ?? 0;
      for (let column = spans[2 * row] ?? 0; column < end; column++) {
        position += 1;
        const value = voxels[row * columns + column] ?? 0;
        if (position % every === 0 && Number.isFinite(value)) values.push(value);
      }
    }
  }
  const sorted = Float64Array.from(values).sort();
  const usual = {
    low: sorted[Math.floor(RANGE_CUT * (sorted.length - 1))] ?? Number.NaN,
    high: sorted[Math.ceil((1 - RANGE_CUT) * (sorted.length - 1))] ?? Number.NaN,
  };
  const held = threshold === undefined ? usual.low : (threshold - scale.offset) / scale.step;
  const low = Math.min(usual.low, held);
  const high = Math.max(usual.high, held);
  if (!(high > low)) {
    const message = 'all voxels looked at have the same value, or none: there is nothing to part';
    throw new Fault('analysis', { where, message });
  }
  const margin = RANGE_MARGIN * (high - low);
  return {
    offsetPerPixel: scale.offset + scale.step * (low - margin),
    stepPerPixel: (scale.step * (high - low + 2 * margin)) / CODES_MAX,
  };
}
