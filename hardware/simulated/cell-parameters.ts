import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import { arcShape, commonShape, fraction, positive } from './cell-common-parameters.ts';
import { insertionSchema } from './cell-insertion-parameters.ts';
import { checkLithium, lithiumSchema } from './cell-lithium-parameters.ts';

/**
 * The `simulation:` section of a cell file: what the simulated cell is made of. `kind` says which:
 * `symmetric` (two lithium electrodes, the default) or `insertion` (a battery). Unknown keys are
 * errors; every number carries its unit.
 */

const symmetricSchema = closedObject({
  kind: z.literal('symmetric').default('symmetric'),
  ...commonShape,
  openCircuitVoltage: quantity('voltage'),
  interphase: closedObject({
    ...arcShape,
    /** Relative growth of the resistance when as much charge has passed as shorts the cell. */
    growthAtShort: z.number().min(0).max(20),
  }),
  chargeTransfer: closedObject({
    ...arcShape,
    /** Relative fall, linear in charge, until lithium roots form. */
    fallUntilRoots: fraction,
    /** After that the resistance falls by e with each such charge, */
    decayCharge: positive('chargeDensity'),
    /** down to this share of what it was when the roots formed. */
    floorFraction: fraction,
  }),
  lithium: lithiumSchema,
}).superRefine(checkLithium);

/** Both kinds of `simulation:` section; a cell file without `kind` is a symmetric cell. */
export const cellSimulationSchema = z.discriminatedUnion(
  'kind',
  [symmetricSchema, insertionSchema],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? 'expected kind: symmetric (two lithium electrodes) or kind: insertion (a battery)'
        : undefined,
  },
);

/** Lengths in m, charges in C, charges per area in C/m², energies in J/mol, temperatures in °C. */
export type CellSimulation = z.output<typeof cellSimulationSchema>;
export type SymmetricSimulation = z.output<typeof symmetricSchema>;
export type InsertionSimulation = z.output<typeof insertionSchema>;
