import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { quantity } from './units.ts';

/** The specimen. `simulation` is read by the simulated cell alone, which checks it itself. */
export const cellSchema = closedObject({
  cell: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "cell-7"'),
  title: z.string().min(1).max(200),
  /** Electrode area that current densities refer to. */
  area: quantity('area'),
  /** What potentials are measured against: "Li/Li+", "Li-In". */
  reference: z.string().min(1).max(40),
  notes: z.string().max(2000).optional(),
  simulation: z.record(z.string(), z.unknown()).optional(),
});
export type Cell = z.infer<typeof cellSchema>;
