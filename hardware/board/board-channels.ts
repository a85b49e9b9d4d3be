import {
  INPUT_BITS,
  type SENSOR_BITS,
  THERMOMETER_CODES,
} from '../../firmware-bridge/board-protocol.ts';
import type { BoardReport } from '../../firmware-bridge/operando-board.ts';
import type { CalibrationOf } from '../../src/domain/calibration.ts';
import { CHANNELS, type Channel } from '../../src/domain/channel.ts';
import type { BoardChannel } from './board-sensor.ts';
import {
  ambientHumidityOf,
  ambientTemperatureOf,
  coldJunctionOf,
  forceOf,
  type Measured,
  pressureOf,
  temperatureOf,
  thermocoupleOf,
} from './conversions.ts';
import { isFresh } from './shared-board.ts';

/** What the board measures beside the quantities that every rig knows. */
export const BOARD_CHANNELS = {
  coldJunction: {
    name: 'cold_junction_temperature_celsius',
    label: 'Cold junction of the thermocouple',
    unit: '°C',
  },
  gasPressure: { name: 'gas_pressure_pa', label: 'Gas pressure', unit: 'Pa' },
  ambientTemperature: {
    name: 'ambient_temperature_celsius',
    label: 'Ambient temperature',
    unit: '°C',
  },
  ambientHumidity: { name: 'ambient_humidity_percent', label: 'Ambient humidity', unit: '%' },
  emergencyStop: { name: 'emergency_stop_open', label: 'Emergency stop open', unit: '1' },
  door: { name: 'door_open', label: 'Door open', unit: '1' },
  gas: { name: 'gas_alarm_open', label: 'Gas alarm open', unit: '1' },
} as const satisfies Record<string, Channel>;

/** Platinum resistor on the cell. */
export function thermometerChannels(platinum: CalibrationOf<'platinum'>): BoardChannel[] {
  return [
    {
      channel: CHANNELS.temperature,
      codeOf: ({ thermometer }) => thermometer,
      stateOf: (report) =>
        stateOf(
          report,
          'thermometer',
          report.thermometerFault > 0 || isOffScale(report.thermometer),
        ),
      measured: (code) => temperatureOf(platinum, code),
    },
  ];
}

/** Where no platinum resistor can be. */
function isOffScale(code: number): boolean {
  return code < THERMOMETER_CODES.shortBelow || code > THERMOMETER_CODES.openAbove;
}

/** Thermocouple on the oven, and the terminals it is connected to. */
export function thermocoupleChannels(couple: CalibrationOf<'thermocouple'>): BoardChannel[] {
  const state = (report: BoardReport) =>
    stateOf(report, 'thermocouple', report.thermocoupleFault > 0);
  return [
    {
      channel: CHANNELS.ovenTemperature,
      codeOf: ({ thermocouple }) => thermocouple,
      stateOf: state,
      measured: (code) => thermocoupleOf(couple, code),
    },
    {
      channel: BOARD_CHANNELS.coldJunction,
      codeOf: ({ coldJunction }) => coldJunction,
      stateOf: state,
      measured: coldJunctionOf,
    },
  ];
}

/** Load cell under the stack, as pressure on the electrode area. */
export function forceChannels(
  cell: CalibrationOf<'loadCell'>,
  areaSquareMetre: number,
): BoardChannel[] {
  return [
    {
      channel: CHANNELS.pressure,
      codeOf: ({ force }) => force,
      stateOf: (report) => stateOf(report, 'force', false),
      measured: (code) => {
        const { value, standardError } = forceOf(cell, code);
        return { value: value / areaSquareMetre, standardError: standardError / areaSquareMetre };
      },
    },
  ];
}

/** Transducer of the gas in the chamber. */
export function pressureChannels(transducer: CalibrationOf<'transducer'>): BoardChannel[] {
  return [
    {
      channel: BOARD_CHANNELS.gasPressure,
      codeOf: ({ pressure }) => pressure,
      // It is read for each report: a value that is not sound is one that is broken.
      stateOf: (report) => stateOf(report, 'pressure', true),
      measured: (code) => pressureOf(transducer, code),
    },
  ];
}

/** Air around the board. */
export function ambientChannels(): BoardChannel[] {
  const state = (report: BoardReport) => stateOf(report, 'ambient', false);
  return [
    {
      channel: BOARD_CHANNELS.ambientTemperature,
      codeOf: ({ ambientTemperature }) => ambientTemperature,
      stateOf: state,
      measured: ambientTemperatureOf,
    },
    {
      channel: BOARD_CHANNELS.ambientHumidity,
      codeOf: ({ ambientHumidity }) => ambientHumidity,
      stateOf: state,
      measured: ambientHumidityOf,
    },
  ];
}

/** Contacts of the interlocks: 1 for an open one. */
export function contactChannels(contacts: readonly (keyof typeof INPUT_BITS)[]): BoardChannel[] {
  return contacts.map((contact) => ({
    channel: BOARD_CHANNELS[contact],
    codeOf: ({ inputs }) => (inputs >> INPUT_BITS[contact]) & 1,
    stateOf: () => 'sound',
    // Open at any moment since the last sample is open.
    measured: (code): Measured => ({ value: code > 0 ? 1 : 0, standardError: 0 }),
  }));
}

function stateOf(
  report: BoardReport,
  sensor: keyof typeof SENSOR_BITS,
  saysBroken: boolean,
): ReturnType<BoardChannel['stateOf']> {
  if (isFresh(report, sensor)) return 'sound';
  return saysBroken ? 'broken' : 'absent';
}
