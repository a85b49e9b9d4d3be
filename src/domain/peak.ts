import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { recipeName } from './recipe-values.ts';
import { quantity } from './units.ts';

/** Peaks of detector spectra that a recipe wants fitted while the run goes on. */

const PEAKS_MAX = 20;
const BESIDE_MAX = 4;

/** One peak of a detector spectrum. */
export const peakSetting = closedObject({
  /** Its derived quantities are `peak-position.NAME` and the like; `peak-position` without one. */
  name: recipeName.optional(),
  /** May be left out where the spectrum has one region. */
  region: z.string().min(1).max(40).optional(),
  /** The window it is looked for in, background on both sides included. */
  from: quantity('photonEnergy'),
  to: quantity('photonEnergy'),
  shape: z.enum(['gaussian', 'pseudoVoigt']).default('pseudoVoigt'),
  /** `step` for photoelectrons: what has lost energy lies above the peak. */
  background: z.enum(['linear', 'step']).default('linear'),
  /** Full width at half maximum, where it is known, such as a detector's resolution. */
  width: quantity('photonEnergy').optional(),
  /** A second line of a doublet: so far above the first, with this share of its height. */
  partner: closedObject({
    split: quantity('photonEnergy'),
    ratio: z.number().positive().max(10),
  }).optional(),
  /** About where other lines of the same width lie in the window: they are fitted with it. */
  beside: z.array(quantity('photonEnergy')).max(BESIDE_MAX).default([]),
  /** The fixed angle of energy-dispersive diffraction: then there is a `peak-spacing` too. */
  twoTheta: quantity('angle').optional(),
});

/** The `peaks` of a spectrum in a recipe. */
export const peakSettings = z.array(peakSetting).max(PEAKS_MAX).default([]);
export type PeakSetting = z.output<typeof peakSetting>;

/** A peak to fit in each spectrum of its region; energies in J, the angle in rad. */
export interface PeakRequest extends Omit<PeakSetting, 'region'> {
  readonly region: string;
}

/** What a peak is called among derived quantities: `peak-position.inli-422`. */
export type PeakQuantity = 'position' | 'area' | 'width' | 'spacing';

export function peakQuantityName(quantity: PeakQuantity, peak: string | undefined): string {
  return peak === undefined ? `peak-${quantity}` : `peak-${quantity}.${peak}`;
}

const QUANTITY_NAME = /^peak-(position|area|width|spacing)(?:\.([a-z0-9-]{1,32}))?$/;

/** Reads `peak-position.inli-422`; undefined when it is no quantity of a peak. */
export function parsePeakQuantity(
  text: string,
): { readonly quantity: PeakQuantity; readonly peak: string | undefined } | undefined {
  const [, quantity, peak] = QUANTITY_NAME.exec(text) ?? [];
  return quantity === undefined ? undefined : { quantity: quantity as PeakQuantity, peak };
}
