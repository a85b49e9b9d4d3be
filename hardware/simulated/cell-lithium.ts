import { z } from 'zod';
import type { LithiumParameters } from './cell-lithium-parameters.ts';
import {
  dipFraction,
  drawGrowthTraits,
  filamentFraction,
  type GrowthState,
  type GrowthTraits,
  grow,
  growthStateSchema,
  metallicCharge,
  UNPLATED,
} from './lithium-growth.ts';

export const lithiumStateSchema = z.strictObject({
  growth: growthStateSchema,
  platedCharge: z.number(),
  metallicCharge: z.number(),
});
/** Plain data: all that the plated electrode remembers. Charges per area in C/m². */
export type LithiumState = z.output<typeof lithiumStateSchema>;

/** What is plated on the working electrode; without lithium parameters it is only counted. */
export class PlatedElectrode {
  readonly #lithium: LithiumParameters | undefined;
  readonly #traits: GrowthTraits | undefined;
  #state: LithiumState = { growth: UNPLATED, platedCharge: 0, metallicCharge: 0 };

  constructor(lithium: LithiumParameters | undefined, seed: number) {
    this.#lithium = lithium;
    this.#traits = lithium && drawGrowthTraits(lithium, seed);
  }

  get state(): LithiumState {
    return this.#state;
  }

  get growth(): GrowthState {
    return this.#state.growth;
  }

  /** Share of the electrolyte's thickness that lithium has crossed, 0 to 1. */
  get filamentFraction(): number {
    if (!this.#lithium || !this.#traits) return 0;
    return filamentFraction(this.#state.growth, this.#lithium, this.#traits);
  }

  /**
   * A constant current density (A/m²) has been forced for a time.
   * @returns for how many of these seconds it passed through the electrolyte, not through a short
   */
  advance(currentDensity: number, durationSecond: number): number {
    if (!this.#lithium || !this.#traits) {
      const platedCharge = this.#state.platedCharge + currentDensity * durationSecond;
      this.#state = { ...this.#state, platedCharge, metallicCharge: Math.max(0, platedCharge) };
      return durationSecond;
    }
    const before = this.#state;
    const growth = grow(before.growth, this.#lithium, this.#traits, {
      currentDensity,
      durationSecond,
    });
    // Only what passed before a short was plated.
    const plated = Math.sign(currentDensity) * (growth.throughput - before.growth.throughput);
    this.#state = {
      growth,
      platedCharge: before.platedCharge + plated,
      metallicCharge: metallicCharge(before.metallicCharge, this.#lithium, {
        currentDensity: plated / durationSecond,
        durationSecond,
      }),
    };
    if (!growth.shorted) return durationSecond;
    return before.growth.shorted || currentDensity === 0 ? 0 : plated / currentDensity;
  }

  /** Share of the voltage that a soft contact takes away at this age of the cell, 0 to 1. */
  dipFraction(ageSecond: number): number {
    if (!this.#lithium || !this.#traits) return 0;
    return dipFraction(this.#state.growth, this.#lithium, this.#traits, ageSecond);
  }

  restore(state: LithiumState): void {
    this.#state = state;
  }
}
