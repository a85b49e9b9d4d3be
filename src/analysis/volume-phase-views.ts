import type { TomographyKernel } from '../kernels/tomography-kernel.ts';
import { decodeAttenuation, encodeAttenuation } from './fixed-point.ts';

/** Transmissions are held above this after the filter, as those of the detector are before it. */
const TRANSMISSION_MIN = 1e-4;

/** One or two views of attenuation in fixed point, [row, column], in shared memory. */
export interface ViewPair {
  readonly rows: number;
  readonly columns: number;
  /** Distance times delta / mu in square pixels. */
  readonly areaPixel: number;
  readonly first: Uint16Array;
  readonly second?: Uint16Array;
}

/** Paganin's filter on view after view, always in the same memory: it works on transmissions. */
export class ViewFilter {
  readonly #kernel: TomographyKernel;
  #images: readonly [Float32Array, Float32Array] = [new Float32Array(0), new Float32Array(0)];

  constructor(kernel: TomographyKernel) {
    this.#kernel = kernel;
  }

  /** Filters one or two views in place. @throws Fault capacity when they are too large */
  filter({ rows, columns, areaPixel, ...views }: ViewPair): void {
    const size = rows * columns;
    if (this.#images[0].length !== size) {
      this.#images = [new Float32Array(size), new Float32Array(size)];
    }
    const [first, second] = this.#images;
    readTransmission(views.first, first);
    if (views.second) readTransmission(views.second, second);
    const both = views.second ? { first, second } : { first };
    this.#kernel.filterPhase({ rows, columns, areaPixel, ...both });
    storeAttenuation(first, views.first);
    if (views.second) storeAttenuation(second, views.second);
  }
}

function readTransmission(steps: Uint16Array, image: Float32Array): void {
  decodeAttenuation(steps, image);
  for (let at = 0; at < image.length; at++) image[at] = Math.exp(-(image[at] ?? 0));
}

function storeAttenuation(transmission: Float32Array, steps: Uint16Array): void {
  for (let at = 0; at < transmission.length; at++) {
    transmission[at] = -Math.log(Math.max(TRANSMISSION_MIN, transmission[at] ?? 1));
  }
  encodeAttenuation(transmission, steps);
}
