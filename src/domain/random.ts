/** Random numbers that a seed repeats exactly, on every machine. */

const GOLDEN_RATIO_32 = 0x9e3779b9;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const TWO_32 = 2 ** 32;

/** One stream of random numbers. Streams of different purposes must not share a seed. */
export class Random {
  #state: number;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + GOLDEN_RATIO_32) >>> 0;
    return mix(this.#state) / TWO_32;
  }

  /** Normal with mean 0 and standard deviation 1 (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    let u = 0;
    let v = 0;
    let square = 0;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      square = u * u + v * v;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    this.#spare = v * scale;
    return u * scale;
  }
}

/** The seed of one purpose ("thermometer noise"), so that adding a purpose changes no other. */
export function deriveSeed(seed: number, purpose: string): number {
  let hash = (FNV_OFFSET ^ mix(seed >>> 0)) >>> 0;
  for (let at = 0; at < purpose.length; at += 1) {
    hash = Math.imul(hash ^ purpose.charCodeAt(at), FNV_PRIME) >>> 0;
  }
  return mix(hash);
}

/** Uniform in [0, 1), the same for the same index whenever it is asked. */
export function uniformAt(seed: number, index: number): number {
  return mix((seed + Math.imul(index + 1, GOLDEN_RATIO_32)) >>> 0) / TWO_32;
}

/** Finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
