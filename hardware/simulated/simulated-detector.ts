import { Random } from '../../src/domain/random.ts';
import { poisson } from './poisson.ts';

const COUNTS_MAX = 65_535;
/** Share of the columns whose gain is off by up to ±20 %. */
const STRIPE_SHARE = 0.04;
const STRIPE_GAIN = 0.2;
const GAIN_SPREAD = 0.01;
const READ_NOISE_COUNTS = 2;

/**
 * An integrating area detector: photon noise, a gain for each column (stripes in a sinogram,
 * rings in a slice, until flats divide them out), a dark level and read noise.
 */
export class SimulatedDetector {
  readonly #columnGain: Float64Array;
  readonly #photons: number;
  readonly #darkCounts: number;
  readonly #random: Random;

  constructor(options: {
    readonly columns: number;
    /** Open-beam photons per pixel and exposure. */
    readonly photons: number;
    readonly darkCounts: number;
    readonly seed: number;
  }) {
    this.#random = new Random(options.seed);
    this.#photons = options.photons;
    this.#darkCounts = options.darkCounts;
    this.#columnGain = Float64Array.from({ length: options.columns }, () => {
      const stripe = this.#random.uniform() < STRIPE_SHARE;
      const off = stripe ? STRIPE_GAIN * (2 * this.#random.uniform() - 1) : 0;
      return 1 + GAIN_SPREAD * this.#random.normal() + off;
    });
  }

  /**
   * One exposure.
   * @param lineIntegrals µ·t of each pixel [row, column]; undefined with the shutter closed
   */
  expose(pixelCount: number, lineIntegrals: Float64Array | undefined): Uint16Array {
    const counts = new Uint16Array(pixelCount);
    const columns = this.#columnGain.length;
    for (let at = 0; at < pixelCount; at += 1) {
      let signal = this.#darkCounts + READ_NOISE_COUNTS * this.#random.normal();
      if (lineIntegrals) {
        const expected = this.#photons * Math.exp(-(lineIntegrals[at] ?? 0));
        signal += (this.#columnGain[at % columns] ?? 1) * poisson(this.#random, expected);
      }
      counts[at] = Math.max(0, Math.min(COUNTS_MAX, Math.round(signal)));
    }
    return counts;
  }
}
