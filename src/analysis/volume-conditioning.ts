import type { TomographyKernel } from '../kernels/tomography-kernel.ts';
import type { SinogramSlot } from '../kernels/tomography-slots.ts';
import { decodeAttenuation } from './fixed-point.ts';
import { rowReference } from './tomography-flat-field.ts';
import { removeStripesFrom } from './tomography-stripes.ts';
import type { RowBand, VolumeScan } from './volume-jobs.ts';
import type { RowTally } from './volume-tallies.ts';

/** A zinger is this much brighter than around it at least, in attenuation. */
const ZINGER_MIN = 0.05;
/** And stands out of the noise by this many standard deviations. */
const ZINGER_DEVIATIONS = 8;

/**
 * Attenuation from counts: dark and flat fields, beam, zingers; then stripes. Row by row, in the
 * kernel's memory.
 */
export class ScanConditioner {
  readonly scan: VolumeScan;
  readonly #kernel: TomographyKernel;
  /** Of one row; it serves all rows. */
  #decoded = new Float32Array(0);

  constructor(kernel: TomographyKernel, scan: VolumeScan) {
    this.#kernel = kernel;
    this.scan = scan;
  }

  /**
   * -log data of a row of a band into a slot of the kernel, as it is before stripes are removed.
   * @returns the zingers that were taken out
   */
  load(slot: SinogramSlot, band: RowBand, row: number): number {
    const { columns, usedViews, moments, beamOffsets, removesZingers } = this.scan;
    if (band.content === 'attenuation') {
      this.#kernel.holdSinogram(slot, this.#decode(band, row), columns);
      return 0;
    }
    this.#kernel.loadSinogram(slot, {
      pixels: band.pixels,
      columns,
      first: (row - band.firstRow) * columns,
      viewStride: band.rowCount * columns,
      views: usedViews,
      moments: moments.map(({ afterViews, field }) => ({
        afterViews,
        ...rowReference(field, row, columns),
      })),
      ...(beamOffsets ? { beamOffsets } : {}),
    });
    if (!removesZingers) return 0;
    const threshold = Math.max(ZINGER_MIN, ZINGER_DEVIATIONS * this.#kernel.noiseOf(slot));
    return this.#kernel.takeOutZingers(slot, threshold);
  }

  /** The sinogram a slice is made of into a slot; `tally` takes what was done to it. */
  condition(slot: SinogramSlot, band: RowBand, row: number, tally: RowTally): void {
    tally.zingers = this.load(slot, band, row);
    if (this.scan.stripeRemoval === 'none') return;
    tally.stripesRemoved = removeStripesFrom(this.#kernel, slot, this.scan.stripeRemoval);
  }

  /** -log data of a row, [view, column], before stripes are removed, and its zingers. */
  attenuation(band: RowBand, row: number) {
    const zingers = this.load(0, band, row);
    return { sinogram: this.#kernel.readSinogram(0), zingers };
  }

  #decode({ pixels, firstRow, rowCount }: RowBand, row: number): Float32Array {
    const { columns, usedViews } = this.scan;
    const length = usedViews.length * columns;
    if (this.#decoded.length !== length) this.#decoded = new Float32Array(length);
    const sinogram = this.#decoded;
    for (let view = 0; view < usedViews.length; view++) {
      const from = (view * rowCount + row - firstRow) * columns;
      const line = sinogram.subarray(view * columns, (view + 1) * columns);
      decodeAttenuation(pixels.subarray(from, from + columns), line);
    }
    return sinogram;
  }
}
