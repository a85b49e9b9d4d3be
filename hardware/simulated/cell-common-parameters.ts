import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';

/** What every kind of simulated cell has in its file. */

/** A quantity above zero. */
export const positive = (dimension: Parameters<typeof quantity>[0]) =>
  quantity(dimension).refine((value) => value > 0, 'expected a value above zero');

/** A share, 0 to 1. */
export const fraction = z.number().min(0).max(1);

/** An arc of the impedance: a resistance beside a constant-phase element. */
export const arcShape = {
  /** At the reference temperature, fresh. */
  resistance: positive('resistance'),
  /** C = (R^(1-n) Q)^(1/n), the effective capacitance the arc is assigned by (Park 2023). */
  capacitance: positive('capacitance'),
  /** Exponent n of the constant-phase element. */
  exponent: z.number().min(0.5).max(1),
  /** Of the arc's conductance: R(T) = R exp(Ea/Rgas (1/T - 1/Tref)). */
  activationEnergy: quantity('energy'),
} as const;

const POINTS_MAX = 500;

/** Points of a curve, first coordinate ascending, at least two. */
export function curvePoints<Y extends z.ZodType<number, unknown>>(y: Y) {
  return z
    .array(z.tuple([z.number(), y]))
    .min(2)
    .max(POINTS_MAX)
    .superRefine((points, context) => {
      const firsts = points.map((point) => Number(point[0]));
      const at = firsts.findIndex((x, index) => index > 0 && x <= (firsts[index - 1] ?? 0));
      if (at < 0) return;
      context.addIssue({
        code: 'custom',
        path: [at, 0],
        message: `expected the first numbers to rise from point to point, found ${firsts[at]} after ${firsts[at - 1]}`,
      });
    });
}

/** A positive factor over the state of charge, 1 where nothing changes. */
export const factorOverCharge = curvePoints(z.number().positive());

/** `cycles` counts equivalent full cycles; the two charges are in mAh/cm². */
const follows = z.enum(['stateOfCharge', 'platedCharge', 'metallicCharge', 'cycles']);
export type Followed = z.output<typeof follows>;

/** What a detector can be shown: a share that follows one number of the cell's state. */
const phase = closedObject({ follows, points: curvePoints(fraction) });

/** A quantity, or one that follows the cell's state over straight lines, level beyond the ends. */
function following(dimension: Parameters<typeof quantity>[0]) {
  return z.union(
    [quantity(dimension), closedObject({ follows, points: curvePoints(quantity(dimension)) })],
    {
      error: `expected a ${dimension} with its unit, or follows: and points:`,
    },
  );
}
export type Following = z.output<ReturnType<typeof following>>;

/** Edges of a unit cell: cubic with `a` alone, tetragonal with `c`. */
const lattice = closedObject({ a: following('length'), c: following('length').optional() });
export type Lattice = z.output<typeof lattice>;

const PHASES_MAX = 20;
const phaseName = z.string().regex(/^[A-Za-z0-9().+-]{1,32}$/);

export const commonShape = {
  /** What the resistances and the diffusivity are given at. */
  referenceTemperature: quantity('temperature'),
  /** Leads and current collectors; all that is left of the cell after a hard short. */
  leadResistance: positive('resistance'),
  electrolyte: closedObject({
    thickness: positive('length'),
    conductivity: positive('conductivity'),
    conductivityTemperature: quantity('temperature'),
    activationEnergy: quantity('energy'),
  }),
  /** Shares of phases, by name: what a diffractometer or a spectrometer sees. */
  phases: z
    .record(phaseName, phase)
    .refine((phases) => Object.keys(phases).length <= PHASES_MAX, `expected ${PHASES_MAX} at most`)
    .default({}),
  /** Of the phases that diffract, by name. */
  lattices: z
    .record(phaseName, lattice)
    .refine((all) => Object.keys(all).length <= PHASES_MAX, `expected ${PHASES_MAX} at most`)
    .default({}),
  /** To which photoelectrons charge the surface: their binding energies seem larger by it. */
  surfacePotential: following('voltage').default(0),
  stack: closedObject({
    pressure: quantity('pressure'),
    pressureTemperature: quantity('temperature'),
    /** Rise for each degree the stack is warmer than that. */
    pressurePerCelsius: quantity('pressure'),
    /** Rise when lithium has pushed through the electrolyte. */
    pressureRiseAtShort: quantity('pressure').default(0),
    /** Rise from the empty to the full cell, as its electrodes breathe. */
    pressureRiseAtFull: quantity('pressure').default(0),
  }),
} as const;
