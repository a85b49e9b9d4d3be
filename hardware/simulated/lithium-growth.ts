import { z } from 'zod';
import { deriveSeed, Random, uniformAt } from '../../src/domain/random.ts';
import type { LithiumParameters } from './cell-lithium-parameters.ts';

/**
 * Lithium that grows from the plated electrode into the electrolyte until it touches the other
 * one. Everything follows from charge per area, so a step of any length at constant current is
 * exact and needs no sub-steps.
 */

export const growthStateSchema = z.strictObject({
  /** |charge| passed, whatever its sign: what feeds the interphase. */
  throughput: z.number(),
  /** |charge| weighted by (j / reference)^exponent: what feeds roots and filaments. */
  growthCharge: z.number(),
  shorted: z.boolean(),
});
/** Charges per area in C/m²; plain data. */
export type GrowthState = Readonly<z.output<typeof growthStateSchema>>;

export const UNPLATED: GrowthState = { throughput: 0, growthCharge: 0, shorted: false };

/** What cells of one kind differ in, drawn from the seed. */
export interface GrowthTraits {
  readonly shortCharge: number;
  readonly dipSeed: number;
}

export function drawGrowthTraits(lithium: LithiumParameters, seed: number): GrowthTraits {
  const spread = 2 * new Random(deriveSeed(seed, 'short charge')).uniform() - 1;
  return {
    shortCharge: lithium.shortCharge * (1 + spread * lithium.shortSpreadFraction),
    dipSeed: deriveSeed(seed, 'soft contacts'),
  };
}

/** The state after a constant current density (A/m², any sign) has flowed for a time. */
export function grow(
  state: GrowthState,
  lithium: LithiumParameters,
  traits: GrowthTraits,
  flow: { readonly currentDensity: number; readonly durationSecond: number },
): GrowthState {
  // A shorted cell carries its current through metal: nothing is plated any more.
  if (state.shorted || flow.currentDensity === 0) return state;
  const density = Math.abs(flow.currentDensity);
  const weight = (density / lithium.referenceCurrentDensity) ** lithium.currentDensityExponent;
  const untilShortSecond = (traits.shortCharge - state.growthCharge) / (density * weight);
  const flowedSecond = Math.min(flow.durationSecond, untilShortSecond);
  return {
    throughput: state.throughput + density * flowedSecond,
    growthCharge: state.growthCharge + density * weight * flowedSecond,
    shorted: flow.durationSecond >= untilShortSecond,
  };
}

/** Share of the electrolyte's thickness that lithium has crossed, 0 to 1. */
export function filamentFraction(
  state: GrowthState,
  lithium: LithiumParameters,
  traits: GrowthTraits,
): number {
  if (state.shorted) return 1;
  const span = traits.shortCharge - lithium.electrolyteCharge;
  return Math.max(0, (state.growthCharge - lithium.electrolyteCharge) / span);
}

/**
 * Share of the voltage that a soft contact takes away now, 0 to 1. Contacts come and go in turns
 * of `dipDuration`; they get deeper and more frequent as the short comes near.
 */
export function dipFraction(
  state: GrowthState,
  lithium: LithiumParameters,
  traits: GrowthTraits,
  nowSecond: number,
): number {
  const span = traits.shortCharge - lithium.instabilityCharge;
  const nearness = (state.growthCharge - lithium.instabilityCharge) / span;
  if (nearness <= 0) return 0;
  const turn = 2 * Math.floor(nowSecond / lithium.dipDuration);
  if (uniformAt(traits.dipSeed, turn) > 0.5 * nearness) return 0;
  return lithium.dipFractionMax * nearness * uniformAt(traits.dipSeed, turn + 1);
}

/**
 * Plated lithium (C/m²) that is still metal after a constant current density (A/m²) has flowed
 * for a time and the metal reacted away meanwhile: dm/dt = j - m / τ, never below none.
 */
export function metallicCharge(
  before: number,
  lithium: LithiumParameters,
  flow: { readonly currentDensity: number; readonly durationSecond: number },
): number {
  const { currentDensity, durationSecond } = flow;
  const { reactionTime } = lithium;
  if (reactionTime === undefined) return Math.max(0, before + currentDensity * durationSecond);
  const settled = currentDensity * reactionTime;
  return Math.max(0, settled + (before - settled) * Math.exp(-durationSecond / reactionTime));
}
