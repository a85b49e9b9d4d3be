import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { fraction, positive } from './cell-common-parameters.ts';

/** Lithium metal that is plated, grows through the electrolyte and shorts the cell. */
export const lithiumSchema = closedObject({
  /** The charges below hold at this current density; */
  referenceCurrentDensity: positive('currentDensity'),
  /** at another, growth goes as charge × (j / reference)^exponent. */
  currentDensityExponent: z.number().min(0).max(5),
  rootCharge: positive('chargeDensity'),
  electrolyteCharge: positive('chargeDensity'),
  instabilityCharge: positive('chargeDensity'),
  shortCharge: positive('chargeDensity'),
  /** Cells differ: the seed draws the short's charge within ± this share, uniformly. */
  shortSpreadFraction: z.number().min(0).max(0.5),
  /** Deepest dip of the voltage, as a share, just before the short. */
  dipFractionMax: fraction,
  /** How long one soft contact lasts. */
  dipDuration: positive('time'),
  /** Plated metal reacts away with this time constant; it stays metal unless given. */
  reactionTime: positive('time').optional(),
});

/** Refuses a cell that would short before lithium enters its electrolyte. */
export function checkLithium(
  cell: { readonly lithium?: z.output<typeof lithiumSchema> | undefined },
  context: z.RefinementCtx,
): void {
  if (!cell.lithium) return;
  const { rootCharge, electrolyteCharge, instabilityCharge, shortCharge, shortSpreadFraction } =
    cell.lithium;
  const shortest = shortCharge * (1 - shortSpreadFraction);
  const ordered =
    rootCharge <= electrolyteCharge && electrolyteCharge < shortest && instabilityCharge < shortest;
  if (ordered) return;
  context.addIssue({
    code: 'custom',
    path: ['lithium'],
    message:
      'expected rootCharge ≤ electrolyteCharge, and electrolyteCharge and instabilityCharge ' +
      'below the smallest charge that shortSpreadFraction lets shortCharge have',
  });
}

/** Charges per area in C/m², the current density in A/m², times in s. */
export type LithiumParameters = z.output<typeof lithiumSchema>;
