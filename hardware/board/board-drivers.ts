import { z } from 'zod';
import { FIRMWARE_BOUNDS } from '../../firmware-bridge/board-protocol.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import type { Heater, Sensor } from '../../src/domain/instrument.ts';
import { quantity } from '../../src/domain/units.ts';
import { DetectorTrigger, type PulseOutput } from '../detectors/detector-trigger.ts';
import { type Driver, driver, type Workbench } from '../driver.ts';
import { PiHeater, piHeaterSchema } from '../heater/pi-heater.ts';
import type { ReadingSource } from '../sensors/tapped-sensor.ts';
import {
  ambientChannels,
  contactChannels,
  forceChannels,
  pressureChannels,
  thermocoupleChannels,
  thermometerChannels,
} from './board-channels.ts';
import { BoardHeater, BoardHeaterOutput } from './board-heater.ts';
import { CONTACTS } from './board-options.ts';
import { BOARD_HEATER, calibrationOf } from './board-rig.ts';
import { type BoardChannel, BoardSensor } from './board-sensor.ts';
import type { SharedBoard } from './shared-board.ts';

/** Ten reports a second come from the board. */
const EVERY_SECOND_MIN = 0.1;
const MS = 1000;

const every = quantity('time')
  .refine((value) => value >= EVERY_SECOND_MIN, `expected ${EVERY_SECOND_MIN} s or more`)
  .default(1);

const calibrated = closedObject({
  every,
  /** Name of a file in the folder of calibrations. */
  calibration: z.string().min(1),
});

const uncalibrated = closedObject({ every });

const contacts = closedObject({
  every,
  contacts: z
    .array(z.enum(CONTACTS))
    .min(1)
    .default([...CONTACTS]),
});

const trigger = closedObject({
  /** Of the pulse. */
  width: quantity('time')
    .refine(
      (value) => value >= 1 / MS && value <= FIRMWARE_BOUNDS.triggerMsMax / MS,
      `expected 1 ms to ${FIRMWARE_BOUNDS.triggerMsMax} ms`,
    )
    .default(0.01),
  triggers: z.enum(['scanner', 'spectrometer']),
});

/** Sensors wired to the board. */
export const BOARD_SENSORS: Readonly<Record<string, Driver<Sensor>>> = {
  'board-thermometer': driver(['board'], calibrated, (id, options, workbench) => {
    const { calibrations } = workbench;
    const channels = thermometerChannels(
      calibrationOf(calibrations, options.calibration, 'platinum'),
    );
    return boardSensor({ id, model: 'platinum thermometer', channels, ...options }, workbench);
  }),
  'board-thermocouple': driver(['board'], calibrated, (id, options, workbench) => {
    const { calibrations } = workbench;
    const channels = thermocoupleChannels(
      calibrationOf(calibrations, options.calibration, 'thermocouple'),
    );
    return boardSensor({ id, model: 'thermocouple type K', channels, ...options }, workbench);
  }),
  'board-force': driver(['board'], calibrated, (id, options, workbench) => {
    const { calibrations, areaSquareMetre } = workbench;
    const cell = calibrationOf(calibrations, options.calibration, 'loadCell');
    const channels = forceChannels(cell, areaSquareMetre);
    return boardSensor({ id, model: 'load cell', channels, ...options }, workbench);
  }),
  'board-pressure': driver(['board'], calibrated, (id, options, workbench) => {
    const { calibrations } = workbench;
    const channels = pressureChannels(
      calibrationOf(calibrations, options.calibration, 'transducer'),
    );
    return boardSensor({ id, model: 'pressure transducer', channels, ...options }, workbench);
  }),
  'board-ambient': driver(['board'], uncalibrated, (id, options, workbench) =>
    boardSensor({ id, model: 'SHT31', channels: ambientChannels(), ...options }, workbench),
  ),
  'board-contacts': driver(['board'], contacts, (id, options, workbench) => {
    const channels = contactChannels(options.contacts);
    return boardSensor({ id, model: 'interlock contacts', channels, ...options }, workbench);
  }),
  'board-trigger': driver(['board'], trigger, (id, { width, triggers }, { board }) => {
    const { model, provenance } = board.info;
    return new DetectorTrigger({
      info: { id, model: `trigger of the ${model}`, provenance },
      widthSecond: width,
      triggers,
      openOutput: (signal) => boardPulses(board, signal),
    });
  }),
};

/** The heater output of the board. */
export const BOARD_HEATERS: Readonly<Record<string, Driver<(reading: ReadingSource) => Heater>>> = {
  [BOARD_HEATER]: driver(['board'], piHeaterSchema, (id, settings, workbench) => {
    const { board, clock } = workbench;
    const { provenance } = board.info;
    const info = { id, model: `heater of the ${board.info.model}`, provenance };
    const output = new BoardHeaterOutput(board);
    return (reading) =>
      new BoardHeater(new PiHeater({ info, settings, reading, output, clock }), board);
  }),
};

function boardSensor(
  of: {
    readonly id: string;
    readonly model: string;
    readonly channels: readonly BoardChannel[];
    readonly every: number;
  },
  { board, clock }: Workbench,
): BoardSensor {
  const { id, model, channels, every: everySecond } = of;
  const info = { id, model, provenance: board.info.provenance };
  return new BoardSensor({ info, channels, everySecond, board, clock });
}

async function boardPulses(board: SharedBoard, signal: AbortSignal): Promise<PulseOutput> {
  const holder = {};
  await board.acquire(holder, signal);
  return {
    async pulse(widthSecond) {
      const { timeSecond, uncertaintySecond } = await board.trigger(widthSecond);
      return {
        earliestSecond: timeSecond - uncertaintySecond,
        latestSecond: timeSecond + uncertaintySecond,
      };
    },
    close: () => board.release(holder),
  };
}
