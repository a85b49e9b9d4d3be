import { z } from 'zod';
import { FIRMWARE_BOUNDS, type INPUT_BITS } from '../../firmware-bridge/board-protocol.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { quantity } from '../../src/domain/units.ts';
import { ovenSchema } from '../simulated/oven-plant.ts';

export const CONTACTS = [
  'emergencyStop',
  'door',
  'gas',
] as const satisfies readonly (keyof typeof INPUT_BITS)[];
export type Contact = (typeof CONTACTS)[number];

const MS = 1000;

/** What the board itself holds to, whatever this software does. */
const limits = closedObject({
  /** Of the cell, by its platinum thermometer. */
  temperatureMin: quantity('temperature').optional(),
  temperatureMax: quantity('temperature').optional(),
  /** Of the oven, by the thermocouple. */
  ovenTemperatureMin: quantity('temperature').optional(),
  ovenTemperatureMax: quantity('temperature').optional(),
  /** On the electrode area, by the load cell. */
  pressureMax: quantity('pressure').optional(),
  gasPressureMax: quantity('pressure').optional(),
  /** This computer silent for longer: all off. */
  hostSilence: patience(
    FIRMWARE_BOUNDS.hostSilenceMsMin / MS,
    FIRMWARE_BOUNDS.hostSilenceMsMax / MS,
  ).default(0.9),
  /** A sensor silent for longer: all off. */
  sensorSilence: patience(
    FIRMWARE_BOUNDS.sensorSilenceMsMin / MS,
    FIRMWARE_BOUNDS.sensorSilenceMsMax / MS,
  ).default(0.5),
});
export type BoardLimitOptions = z.output<typeof limits>;

function patience(minSecond: number, maxSecond: number) {
  return quantity('time').refine(
    (value) => value >= minSecond && value <= maxSecond,
    `expected ${minSecond * MS} ms to ${maxSecond * MS} ms`,
  );
}

const commonShape = {
  limits: limits.prefault({}),
  /** Contacts that must be closed while anything is on. */
  guards: z.array(z.enum(CONTACTS)).default(['emergencyStop']),
  /** Whether the potentiostat's leads go through the board's relay. */
  cellRelay: z.boolean().default(true),
};

export const boardSchema = closedObject({
  ...commonShape,
  /** Path that names the board and not the order of plugging. */
  serial: z
    .string()
    .regex(
      /^\/dev\/serial\/by-(id|path)\/./,
      'expected a path that names the device, such as "/dev/serial/by-id/usb-Arduino_…"',
    ),
});

export const simulatedBoardSchema = closedObject({
  ...commonShape,
  oven: ovenSchema.prefault({}),
  /** In the chamber around the simulated cell. */
  gasPressure: quantity('pressure').default(1.05e5),
  humidity: quantity('ratio').default(0.4),
  /** Contacts that are open all the time. */
  open: z.array(z.enum(CONTACTS)).default([]),
  /** Standard deviation of the temperatures at the board's terminals. */
  noise: quantity('temperature').default(0.02),
});

/** What both kinds of board have in common. */
export type BoardOptions = Pick<z.output<typeof boardSchema>, 'limits' | 'guards' | 'cellRelay'>;
export type SimulatedBoardOptions = z.output<typeof simulatedBoardSchema>;
