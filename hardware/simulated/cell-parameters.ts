import { z } from 'zod';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';

/**
 * The `simulation:` section of a cell file: what the simulated symmetric cell is made of.
 * Unknown keys are errors; every number carries its unit.
 */

const positive = (dimension: Parameters<typeof quantity>[0]) =>
  quantity(dimension).refine((value) => value > 0, 'expected a value above zero');
const fraction = z.number().min(0).max(1);

/** An arc of the impedance: a resistance beside a constant-phase element. */
const arc = {
  /** At the reference temperature, before any plating. */
  resistance: positive('resistance'),
  /** C = (R^(1-n) Q)^(1/n), the effective capacitance the arc is assigned by (Park 2023). */
  capacitance: positive('capacitance'),
  /** Exponent n of the constant-phase element. */
  exponent: z.number().min(0.5).max(1),
  /** Of the arc's conductance: R(T) = R exp(Ea/Rgas (1/T - 1/Tref)). */
  activationEnergy: quantity('energy'),
};

export const cellSimulationSchema = closedObject({
  /** What the interphase and charge-transfer resistances below are given at. */
  referenceTemperature: quantity('temperature'),
  openCircuitVoltage: quantity('voltage'),
  /** Leads and current collectors; all that is left of the cell after a hard short. */
  leadResistance: positive('resistance'),
  electrolyte: closedObject({
    thickness: positive('length'),
    conductivity: positive('conductivity'),
    conductivityTemperature: quantity('temperature'),
    activationEnergy: quantity('energy'),
  }),
  interphase: closedObject({
    ...arc,
    /** Relative growth of the resistance when as much charge has passed as shorts the cell. */
    growthAtShort: z.number().min(0).max(20),
  }),
  chargeTransfer: closedObject({
    ...arc,
    /** Relative fall, linear in charge, until lithium roots form. */
    fallUntilRoots: fraction,
    /** After that the resistance falls by e with each such charge, */
    decayCharge: positive('chargeDensity'),
    /** down to this share of what it was when the roots formed. */
    floorFraction: fraction,
  }),
  lithium: closedObject({
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
  }),
  stack: closedObject({
    pressure: quantity('pressure'),
    pressureTemperature: quantity('temperature'),
    /** Rise for each degree the stack is warmer than that. */
    pressurePerCelsius: quantity('pressure'),
    /** Rise when lithium has pushed through the electrolyte. */
    pressureRiseAtShort: quantity('pressure'),
  }),
}).superRefine((cell, context) => {
  const { rootCharge, electrolyteCharge, instabilityCharge, shortCharge } = cell.lithium;
  const shortest = shortCharge * (1 - cell.lithium.shortSpreadFraction);
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
});

/** Lengths in m, charges per area in C/m², energies in J/mol, temperatures in °C. */
export type CellSimulation = z.output<typeof cellSimulationSchema>;
