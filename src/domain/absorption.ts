import { z } from 'zod';
import { closedObject } from './closed-object.ts';

/** Shares of phases from the absorption of a sample at several photon energies. */

const STANDARDS_MAX = 6;

/** The `absorption` of a scan in a recipe. */
export const absorptionSettings = closedObject({
  /** Absorption of each pure phase at the energies of the scan, in their order: its edge step is 1. */
  standards: z
    .record(
      z.string().regex(/^[A-Za-z0-9().+-]{1,20}$/, 'expected the name of a phase, such as FeS2'),
      z.array(z.number()).min(1).max(500),
    )
    .refine((standards) => {
      const count = Object.keys(standards).length;
      return count >= 2 && count <= STANDARDS_MAX;
    }, `expected 2 to ${STANDARDS_MAX} standards`),
});
export type AbsorptionSettings = z.output<typeof absorptionSettings>;

/** One scan of a set that goes through the energies of an edge. */
export interface AbsorptionPlace {
  /** From 0, of so many. */
  readonly at: number;
  readonly count: number;
  /** Absorption of each pure phase at this energy. */
  readonly standards: Readonly<Record<string, number>>;
}

const SHARE = /^phase-share\.([A-Za-z0-9().+-]{1,20})$/;

/** The phase that `phase-share.FeS2` is about; undefined when it is no such quantity. */
export function parsePhaseShare(name: string): string | undefined {
  return SHARE.exec(name)?.[1];
}

export function phaseShareName(phase: string): string {
  return `phase-share.${phase}`;
}
