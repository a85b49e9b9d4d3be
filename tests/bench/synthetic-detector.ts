import { deriveSeed, Random, uniformAt } from '../../src/domain/random.ts';

const DARK_COUNTS = 100;
/** Open beam: a camera of 160 000 electrons and 16 bit, filled to two thirds. */
const BEAM_COUNTS = 40_000;
const ELECTRONS_PER_COUNT = 2.5;
const READ_NOISE_COUNTS = 3;
const COUNTS_MAX = 65_535;
/** Of the response of columns and of rows, seen alike by flats: normal, standard deviation. */
const RESPONSE_SPREAD = 0.01;
/** Share of the columns that answer otherwise after the flats than at them, and by how much. */
const STRIPE_SHARE = 0.006;
const STRIPE_DEVIATION = 0.02;
/** A stray particle in so many pixels of one exposure, and what it adds. */
const PIXELS_PER_ZINGER = 200_000;
const ZINGER_COUNTS = 25_000;
/** Steps of the table of transmissions for an attenuation of 1: far below the noise. */
const STEPS_PER_UNIT = 4096;
const ATTENUATION_MAX = 8;
/** Normal numbers are drawn from so many; a power of two. */
const NORMALS_BITS = 16;
const LCG_FACTOR = 1664525;
const LCG_STEP = 1013904223;

/** Variance of the attenuation that one exposure measures, where the beam is weakened by exp(-p). */
export function attenuationVariance(attenuation: number): number {
  const counts = BEAM_COUNTS * Math.exp(-attenuation);
  return (counts / ELECTRONS_PER_COUNT + READ_NOISE_COUNTS ** 2) / counts ** 2;
}

/**
 * Exposures of an area detector with photon and read noise, a fixed pattern that flats divide out,
 * columns that have drifted since the flats (stripes), and stray particles (zingers). Photon noise
 * is normal: no pixel gets fewer than a thousand electrons.
 */
export class SyntheticDetector {
  readonly #rows: number;
  readonly #columns: number;
  readonly #seed: number;
  readonly #columnResponse: Float32Array;
  readonly #rowResponse: Float32Array;
  readonly #driftedResponse: Float32Array;
  readonly #normals: Float32Array;
  readonly #transmissions = new Float32Array(STEPS_PER_UNIT * ATTENUATION_MAX + 1);
  readonly #deviations = new Float32Array(STEPS_PER_UNIT * ATTENUATION_MAX + 1);
  #exposures = 0;

  constructor({ rows, columns, seed }: { rows: number; columns: number; seed: number }) {
    this.#rows = rows;
    this.#columns = columns;
    this.#seed = deriveSeed(seed, 'exposure');
    const random = new Random(deriveSeed(seed, 'detector'));
    const normals = (length: number, mean: number, deviation: number): Float32Array =>
      Float32Array.from({ length }, () => mean + deviation * random.normal());
    this.#normals = normals(2 ** NORMALS_BITS, 0, 1);
    this.#columnResponse = normals(columns, 1, RESPONSE_SPREAD);
    this.#rowResponse = normals(rows, 1, RESPONSE_SPREAD);
    this.#driftedResponse = this.#columnResponse.map((response) =>
      random.uniform() < STRIPE_SHARE
        ? response * (1 + STRIPE_DEVIATION * random.normal())
        : response,
    );
    for (let step = 0; step < this.#transmissions.length; step++) {
      const attenuation = step / STEPS_PER_UNIT;
      const counts = BEAM_COUNTS * Math.exp(-attenuation);
      this.#transmissions[step] = counts;
      this.#deviations[step] = counts * Math.sqrt(attenuationVariance(attenuation));
    }
  }

  /**
   * One exposure with the sample in the beam.
   * @param attenuations of each pixel, [row, column]
   */
  expose(attenuations: Float32Array, target: Uint16Array): void {
    const state = this.#begin();
    for (let row = 0; row < this.#rows; row++) {
      this.#exposeRow(row, attenuations, this.#driftedResponse, target, state);
    }
    this.#addZingers(target);
  }

  /** One exposure of the beam alone. */
  exposeFlat(target: Uint16Array): void {
    const state = this.#begin();
    const open = new Float32Array(this.#rows * this.#columns);
    for (let row = 0; row < this.#rows; row++) {
      this.#exposeRow(row, open, this.#columnResponse, target, state);
    }
  }

  /** One exposure without the beam. */
  exposeDark(target: Uint16Array): void {
    const state = this.#begin();
    for (let at = 0; at < target.length; at++) {
      target[at] = Math.round(DARK_COUNTS + READ_NOISE_COUNTS * this.#nextNormal(state));
    }
  }

  /** Every exposure has a stream of its own, so that frames do not depend on their order in time. */
  #begin(): Int32Array {
    this.#exposures += 1;
    return Int32Array.of(deriveSeed(this.#seed, String(this.#exposures)));
  }

  #nextNormal(state: Int32Array): number {
    const next = (Math.imul(state[0] ?? 0, LCG_FACTOR) + LCG_STEP) | 0;
    state[0] = next;
    return this.#normals[next >>> (32 - NORMALS_BITS)] ?? 0;
  }

  #exposeRow(
    row: number,
    attenuations: Float32Array,
    columnResponse: Float32Array,
    target: Uint16Array,
    stream: Int32Array,
  ): void {
    const [transmissions, deviations, normals] = [
      this.#transmissions,
      this.#deviations,
      this.#normals,
    ];
    const columns = this.#columns;
    const rowResponse = this.#rowResponse[row] ?? 1;
    let state = stream[0] ?? 0;
    for (let column = 0, at = row * columns; column < columns; column++, at++) {
      const step = ((attenuations[at] ?? 0) * STEPS_PER_UNIT + 0.5) | 0;
      state = (Math.imul(state, LCG_FACTOR) + LCG_STEP) | 0;
      const noise = (deviations[step] ?? 0) * (normals[state >>> (32 - NORMALS_BITS)] ?? 0);
      const signal = (transmissions[step] ?? 0) + noise;
      target[at] = DARK_COUNTS + signal * rowResponse * (columnResponse[column] ?? 1) + 0.5;
    }
    stream[0] = state;
  }

  #addZingers(target: Uint16Array): void {
    const count = Math.ceil(target.length / PIXELS_PER_ZINGER);
    const seed = deriveSeed(this.#seed, `zingers ${this.#exposures}`);
    for (let k = 0; k < count; k++) {
      const at = Math.floor(uniformAt(seed, k) * target.length);
      target[at] = Math.min(COUNTS_MAX, (target[at] ?? 0) + ZINGER_COUNTS);
    }
  }
}
