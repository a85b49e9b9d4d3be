/**
 * Diffusion in a sheet or a sphere with a closed far side, as a sum of exponentials. The surface
 * differs from the mean by excursions a_k with da_k/du = -z_k² a_k + b dx/du, where x is the mean
 * and u = ∫ D/l² dt, l the sheet's thickness or the sphere's radius (Crank, The Mathematics of
 * Diffusion, eq. 4.55 and 6.45: z_k = kπ, b = 2; tan z = z, b = 2/3). With constant dx/dt a step
 * of any length is exact, and the spectrum is the same sum, so both domains agree.
 */

export type DiffusionShape = 'planar' | 'spherical';

/** The first modes are taken one by one, the others in groups that keep both their limits. */
const SINGLE_MODES = 16;
const GROUP_RATIO = 1.2;
const MODES_MAX = 20_000;
/** e^-40 is nothing beside 1. */
const DECAYED = 40;

const GAIN = { planar: 2, spherical: 2 / 3 } as const;
/** Σ b/z² over all modes: how far the surface is ahead of the mean at dx/du = 1. */
const LEAD = { planar: 1 / 3, spherical: 1 / 15 } as const;

/** One exponential, or a group of neighbours: rate z² and gain b. */
interface Pole {
  readonly rate: number;
  readonly gain: number;
}

export class Diffusion {
  readonly #rate: Float64Array;
  readonly #gain: Float64Array;
  readonly #excursion: Float64Array;
  /** l² in m². */
  readonly #lengthSquare: number;
  #lead = 0;

  /** @param lengthMetre volume of the material over its surface: l of a sheet, l/3 of a sphere */
  constructor(shape: DiffusionShape, lengthMetre: number) {
    const poles = diffusionPoles(shape);
    this.#rate = Float64Array.from(poles, ({ rate }) => rate);
    this.#gain = Float64Array.from(poles, ({ gain }) => gain);
    this.#excursion = new Float64Array(poles.length);
    this.#lengthSquare = (shape === 'planar' ? lengthMetre : 3 * lengthMetre) ** 2;
  }

  /** By how much the surface's state of charge is above the mean. */
  get lead(): number {
    return this.#lead;
  }

  /** @param step.change of the mean, made at a constant rate over the duration */
  advance(step: {
    readonly durationSecond: number;
    readonly change: number;
    readonly diffusivity: number;
  }): void {
    const span = (step.durationSecond * step.diffusivity) / this.#lengthSquare;
    const rise = step.change / span;
    this.#lead = 0;
    for (let at = 0; at < this.#rate.length; at += 1) {
      const rate = this.#rate[at] ?? 0;
      const settled = ((this.#gain[at] ?? 0) * rise) / rate;
      const decay = rate * span;
      const left = decay > DECAYED ? 0 : Math.exp(-decay);
      const excursion = settled + ((this.#excursion[at] ?? 0) - settled) * left;
      this.#excursion[at] = excursion;
      this.#lead += excursion;
    }
  }

  /** Surface excursion per unit of dx/dt at one frequency, in s. */
  response(omega: number, diffusivity: number): { readonly real: number; readonly imag: number } {
    const lagSecond = this.#lengthSquare / diffusivity;
    let real = 0;
    let imag = 0;
    for (let at = 0; at < this.#rate.length; at += 1) {
      // b T / (jωT + z²)
      const rate = this.#rate[at] ?? 0;
      const turn = omega * lagSecond;
      const scale = ((this.#gain[at] ?? 0) * lagSecond) / (rate * rate + turn * turn);
      real += scale * rate;
      imag -= scale * turn;
    }
    return { real, imag };
  }

  /** The excursions as plain data. */
  save(): number[] {
    return [...this.#excursion];
  }

  /** @returns false when these are not the excursions of such a material */
  restore(excursions: readonly number[]): boolean {
    if (excursions.length !== this.#excursion.length) return false;
    this.#excursion.set(excursions);
    this.#lead = excursions.reduce((sum, excursion) => sum + excursion, 0);
    return true;
  }
}

/** Each group keeps Σ b (its start) and Σ b/z² (its end); the last one stands for all the rest. */
function diffusionPoles(shape: DiffusionShape): Pole[] {
  const gain = GAIN[shape];
  const poles: Pole[] = [];
  let lead = 0;
  for (let first = 1; first <= MODES_MAX; ) {
    const end = first <= SINGLE_MODES ? first + 1 : Math.ceil(first * GROUP_RATIO);
    let groupLead = 0;
    for (let mode = first; mode < end; mode += 1) groupLead += gain / modeRate(shape, mode);
    const groupGain = gain * (end - first);
    poles.push({ rate: groupGain / groupLead, gain: groupGain });
    lead += groupLead;
    first = end;
  }
  const rate = 3 * modeRate(shape, MODES_MAX);
  return [...poles, { rate, gain: (LEAD[shape] - lead) * rate }];
}

/** z² of the mode, counted from 1. */
function modeRate(shape: DiffusionShape, mode: number): number {
  if (shape === 'planar') return (mode * Math.PI) ** 2;
  // tan z = z just below (k + 1/2) π: solved for the distance below, which shrinks by itself.
  const top = (mode + 0.5) * Math.PI;
  let z = top;
  for (let turn = 0; turn < 30; turn += 1) z = top - Math.atan(1 / z);
  return z ** 2;
}
