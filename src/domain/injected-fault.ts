import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { quantity } from './units.ts';

/** Faults that a simulated rig plays on purpose, by name and seed, so that safety can be tried. */
export const FAULT_NAMES = [
  /** Lithium bridges the cell: only the leads are left. */
  'short',
  /** A filament leaks: a resistance across the cell, whatever is done to it. */
  'leak',
  /** Contacts inside the cell come and heal while current flows. */
  'dips',
  /** The potentiostat passes several times the current it was told. */
  'overCurrent',
  /** The cell gives off gas while current flows. */
  'gas',
  /** A lead to the cell is broken: no current flows, the voltage runs to its limit. */
  'openLead',
  /** A sensor drifts away from the truth. */
  'drift',
  /** A sensor repeats its last value. */
  'stuckSensor',
  /** A sensor breaks: not a number, out of range, or fallen off, as the seed decides. */
  'failingSensor',
  /** The power stage conducts whatever it is told, and says that it does not. */
  'heaterStuckOn',
  /** The power stage is dead, and says that it is not. */
  'heaterStuckOff',
  /** The power stage conducts a part of its power, told or not. */
  'heaterLeak',
  /** The room becomes hot, or cold: a fire, a thermostat that leaks. */
  'hotRoom',
  'coldRoom',
  /** An instrument says nothing more. */
  'stall',
  /** The supply of everything but this computer fails. */
  'brownOut',
  /** The wall clock steps. */
  'clockJump',
  /** The potentiostat's port is gone. */
  'portLoss',
  /** Nothing of this computer comes to the operando board; by the seed it hears the board or not. */
  'hostSilent',
  /** Every message to the operando board is damaged; by the seed those from it too. */
  'lineNoise',
  /** A sensor of the operando board is open, short or out of its window, as the seed decides. */
  'boardSensor',
  /** Emergency stop, door or gas contact opens, as the seed decides. */
  'openContact',
  /** The operando board's program or its whole processor stops, as the seed decides. */
  'boardFrozen',
  /** Its supply sags, it is reset from outside, or it was without power, as the seed decides. */
  'boardReset',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** One fault as a rig file writes it. */
export const injectedFaultSchema = closedObject({
  name: z.enum(FAULT_NAMES),
  /** After the start of the experiment's clock. */
  at: quantity('time'),
  /** Without it the fault stays. */
  for: quantity('time').optional(),
  /** Which sensor, by its name in the rig file; every one of the rig without it. */
  sensor: z.string().min(1).max(32).optional(),
  seed: z.int().min(0).default(1),
});
export type InjectedFault = z.output<typeof injectedFaultSchema>;
