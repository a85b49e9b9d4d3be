import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import {
  arcShape,
  commonShape,
  curvePoints,
  factorOverCharge,
  fraction,
  positive,
} from './cell-common-parameters.ts';
import { checkLithium, lithiumSchema } from './cell-lithium-parameters.ts';

/** The `simulation:` section of a battery: a cell that stores charge. */

const REACTIONS_MAX = 12;
const SHARE_TOLERANCE = 1e-6;

/** soc(U) = Σ share / (1 + exp((U0 - U) / width)): each term is one peak of a voltammogram. */
const reactions = z
  .array(
    closedObject({ share: fraction, potential: quantity('voltage'), width: positive('voltage') }),
  )
  .min(1)
  .max(REACTIONS_MAX)
  .refine(
    (list) => Math.abs(list.reduce((sum, { share }) => sum + share, 0) - 1) <= SHARE_TOLERANCE,
    'expected the shares of the reactions to add up to 1',
  );

/** Of the whole cell at rest, against its reference electrode, over the state of charge 0 to 1. */
const openCircuit = closedObject({
  /** Either the curve as points [state of charge, voltage], from 0 to 1, */
  points: curvePoints(quantity('voltage')).optional(),
  /** or the reactions that make it, between two voltages that stand for empty and full. */
  reactions: reactions.optional(),
  empty: quantity('voltage').optional(),
  full: quantity('voltage').optional(),
  /** Slope per unit of state of charge where an electrode is emptied or filled beyond its ends. */
  slopeBeyondEnds: positive('voltage').default(30),
  /** Of the voltage, per degree: the entropy that makes reversible heat. */
  changePerCelsius: quantity('voltage').default(0),
  /** The voltage follows the last direction of current: ± half after this much of the capacity. */
  hysteresis: closedObject({
    voltage: quantity('voltage').refine((value) => value >= 0, 'expected zero or more'),
    transition: z.number().positive().max(1).default(0.05),
  }).optional(),
}).superRefine((curve, context) => {
  const problem = curveProblem(curve);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

function curveProblem(curve: {
  readonly points?: readonly (readonly [number, number])[] | undefined;
  readonly reactions?: unknown;
  readonly empty?: number | undefined;
  readonly full?: number | undefined;
}): string | undefined {
  const { points, empty, full } = curve;
  if ((points === undefined) === (curve.reactions === undefined)) {
    return 'expected either points or reactions';
  }
  if (!points) {
    return empty !== undefined && full !== undefined && empty < full
      ? undefined
      : 'expected empty and full with the reactions, empty below full';
  }
  if (empty !== undefined || full !== undefined) return 'empty and full go with reactions only';
  if (points[0]?.[0] !== 0 || points.at(-1)?.[0] !== 1) {
    return 'expected the points to go from state of charge 0 to 1';
  }
  const falls = points.findIndex(([, volt], at) => at > 0 && volt <= (points[at - 1]?.[1] ?? 0));
  return falls < 0
    ? undefined
    : `expected the voltage to rise from point to point, at point ${falls} it does not`;
}

/** An arc whose resistance depends on the state of charge and grows as the cell ages. */
const ageingArc = closedObject({
  ...arcShape,
  overStateOfCharge: factorOverCharge.optional(),
  /** Grows by this share of its fresh value in so many cycles, as cycles^exponent. */
  growth: closedObject({
    share: z.number().min(0).max(100),
    cycles: z.number().positive(),
    exponent: z.number().min(0.2).max(3).default(1),
  }).optional(),
});

/**
 * Diffusion in the active material. Its length is volume over contact area, m V_m / (M S): the
 * thickness of a plane sheet, and a third of the radius of a sphere.
 */
const diffusion = closedObject({
  shape: z.enum(['planar', 'spherical']),
  diffusivity: positive('diffusivity'),
  activationEnergy: quantity('energy'),
  /** Factor on the diffusivity. */
  overStateOfCharge: factorOverCharge.optional(),
  activeMass: positive('mass'),
  molarVolume: positive('molarVolume'),
  molarMass: positive('molarMass'),
  /** S in Weppner and Huggins: active material against electrolyte; the cell's area unless given. */
  contactArea: positive('area').optional(),
});

const cycling = closedObject({
  /** Charge in one direction of one cycle of the fresh cell; the capacity unless given. */
  cycleCharge: positive('charge').optional(),
  /** The half cycle in which the side reaction takes its part of the charge. */
  lossOn: z.enum(['charge', 'discharge']).default('charge'),
  /** Coulombic efficiency of the first cycle and of those after it. */
  firstEfficiency: z.number().min(0.05).max(1).default(1),
  efficiency: z.number().min(0.05).max(1).default(1),
  /** The capacity falls by this share in so many cycles, linearly. */
  fade: closedObject({
    share: z.number().min(0).max(0.95),
    cycles: z.number().positive(),
  }).optional(),
});

/** What time does by itself, at the reference temperature. */
const storage = closedObject({
  /** The charge leaks away by e in this time. */
  selfDischarge: positive('time').optional(),
  /** The capacity falls by this share in so long, as the square root of time. */
  fade: closedObject({
    share: z.number().min(0).max(0.9),
    time: positive('time'),
  }).optional(),
  /** Of both rates. */
  activationEnergy: quantity('energy').default(0),
});

export const insertionSchema = closedObject({
  kind: z.literal('insertion'),
  ...commonShape,
  /** Between the ends of the open-circuit curve, fresh. */
  capacity: positive('charge'),
  initialStateOfCharge: fraction,
  openCircuit,
  interphase: ageingArc,
  chargeTransfer: ageingArc,
  diffusion: diffusion.optional(),
  cycling: cycling.prefault({}),
  storage: storage.prefault({}),
  /** Volume the cell gains for each mole of electrons of its charge. */
  expansion: quantity('molarVolume').default(0),
  /** Length of what an electrode pushes into the electrolyte, over the cycles done. */
  protrusion: curvePoints(quantity('length')).optional(),
  /** For an electrode of lithium metal. */
  lithium: lithiumSchema.optional(),
}).superRefine(checkLithium);
