import type { TripName } from '../../firmware-bridge/board-protocol.ts';
import {
  boardSensorWayOf,
  lineWayOf,
  openContactOf,
  resetOf,
} from '../../hardware/board/faulty-board.ts';
import type { FaultName, InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';

/** The rows of the table of docs/safety.md that the operando board answers for by itself. */

export interface BoardHazardCase {
  readonly seed: number;
  readonly fault: InjectedFault;
  /** What the heater is on its way to, °C: the nearer, the less of its power. */
  readonly targetCelsius: number;
  readonly hostSilenceSecond: number;
  readonly sensorSilenceSecond: number;
  readonly wanted: BoardHazardWanted;
}

export interface BoardHazardWanted {
  /** From the fault until heater and relay are off at the pins. */
  readonly statedSecond: number;
  /** What the run is told. */
  readonly message: RegExp;
  /** What the board must be found tripped by. */
  readonly trip: TripName;
  /** Nobody can ask a board that hears nothing whether it is off. */
  readonly canConfirm: boolean;
}

/** Connected, soaked for its second, the heater on and the cell driven by then. */
const FROM_SECOND = 6;
const WITHIN_SECOND = 3;
/** So long it stays; nothing may be on again when it is over. */
const FOR_SECOND = 3;
const OFF_SECOND = 1;
/** The watchdog's 250 ms, and the tolerance of its own oscillator. */
const WATCHDOG_SECOND = 0.3;

function boardCase(
  seed: number,
  name: FaultName,
  wanted: (fault: InjectedFault) => BoardHazardWanted,
): BoardHazardCase {
  const random = new Random(deriveSeed(seed, `${name} moment`));
  const fault: InjectedFault = {
    name,
    at: FROM_SECOND + WITHIN_SECOND * random.uniform(),
    for: FOR_SECOND,
    seed: deriveSeed(seed, name) >>> 1,
  };
  return {
    seed,
    fault,
    targetCelsius: 28 + 15 * random.uniform(),
    hostSilenceSecond: 0.5 + 0.45 * random.uniform(),
    sensorSilenceSecond: 0.3 + 0.65 * random.uniform(),
    wanted: wanted(fault),
  };
}

/** Either end may notice first where nobody hears anybody; an open lead shows in the voltage. */
const LINE = { statedSecond: OFF_SECOND, trip: 'hostSilent', canConfirm: false } as const;
const TOLD_BY_BOARD = /fell silent/;
const TOLD_BY_SILENCE = /nothing was received|fell silent|Voltage|not followed/;

function sensorTrip(fault: InjectedFault): TripName {
  switch (boardSensorWayOf(fault)) {
    case 'thermometerOpen':
    case 'thermometerShort':
      return 'thermometerFailed';
    case 'thermometerHigh':
      return 'temperatureHigh';
    case 'thermocoupleOpen':
      return 'thermocoupleFailed';
    case 'thermocoupleHigh':
      return 'thermocoupleHigh';
    case 'forceEnd':
      return 'forceFailed';
    case 'forceHigh':
      return 'forceHigh';
    case 'pressureOpen':
    case 'pressureShort':
      return 'pressureFailed';
    case 'pressureHigh':
      return 'pressureHigh';
  }
}

const RESET_TRIPS = {
  brownOut: 'brownOut',
  external: 'externalReset',
  powerOn: 'powerOn',
  watchdog: 'watchdog',
} as const;

/** The rows, by their ids. */
export const BOARD_HAZARD_ROWS: Readonly<Record<string, (seed: number) => BoardHazardCase>> = {
  H21: (seed) =>
    boardCase(seed, 'hostSilent', (fault) => ({
      ...LINE,
      message: lineWayOf(fault) === 'deaf' ? TOLD_BY_BOARD : TOLD_BY_SILENCE,
    })),
  H22: (seed) =>
    boardCase(seed, 'boardSensor', (fault) => ({
      statedSecond: OFF_SECOND,
      message: /above|below|open, short or silent|not a number|silent|sensor|trusted/i,
      trip: sensorTrip(fault),
      canConfirm: true,
    })),
  H23: (seed) =>
    boardCase(seed, 'openContact', (fault) => ({
      statedSecond: OFF_SECOND,
      message: /emergency stop|door|gas alarm/,
      trip: openContactOf(fault),
      canConfirm: true,
    })),
  H24: (seed) =>
    boardCase(seed, 'boardFrozen', () => ({
      statedSecond: WATCHDOG_SECOND,
      message: /restarted by its watchdog/,
      trip: 'watchdog',
      canConfirm: true,
    })),
  H25: (seed) => boardCase(seed, 'lineNoise', () => ({ ...LINE, message: TOLD_BY_SILENCE })),
  H26: (seed) =>
    boardCase(seed, 'boardReset', (fault) => ({
      statedSecond: OFF_SECOND,
      message: /its supply sagged|reset from outside|its power came on/,
      trip: RESET_TRIPS[resetOf(fault)],
      canConfirm: true,
    })),
};
