import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { quantity } from './units.ts';

/** Which half cycle comes first, and so stands below the line. */
export const EFFICIENCY_CONVENTIONS = ['dischargeOverCharge', 'chargeOverDischarge'] as const;
export type EfficiencyConvention = (typeof EFFICIENCY_CONVENTIONS)[number];

/** The specimen. `simulation` is read by the simulated cell alone, which checks it itself. */
export const cellSchema = closedObject({
  cell: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "cell-7"'),
  title: z.string().min(1).max(200),
  /** Electrode area that current densities refer to. */
  area: quantity('area'),
  /** What a C-rate and a share of the capacity refer to. */
  capacity: quantity('charge').optional(),
  /** Of the active material, which specific capacities refer to. */
  activeMass: quantity('mass').optional(),
  /** What eq. 1 of Weppner and Huggins (1977) needs besides the active mass and the area. */
  activeMaterial: closedObject({
    molarVolume: quantity('molarVolume'),
    molarMass: quantity('molarMass'),
  }).optional(),
  /** Between the electrodes: with the area it turns a resistance into a conductivity. */
  electrolyteThickness: quantity('length').optional(),
  /**
   * What the coulombic efficiency of a cycle is: discharge over charge for a full cell and a
   * cathode against lithium, charge over discharge where the first half cycle is a discharge.
   */
  efficiency: z.enum(EFFICIENCY_CONVENTIONS).default('dischargeOverCharge'),
  /** What potentials are measured against: "Li/Li+", "Li-In". */
  reference: z.string().min(1).max(40),
  notes: z.string().max(2000).optional(),
  simulation: z.record(z.string(), z.unknown()).optional(),
});
export type Cell = z.infer<typeof cellSchema>;
