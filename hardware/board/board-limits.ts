import type { BoardLimits } from '../../firmware-bridge/board-orders.ts';
import { FIRMWARE_BOUNDS, INPUT_BITS, SENSOR_BITS } from '../../firmware-bridge/board-protocol.ts';
import type { CalibrationOf } from '../../src/domain/calibration.ts';
import type { BoardOptions } from './board-options.ts';
import { forceCode, pressureCode, thermocoupleCode, thermometerCode } from './conversions.ts';

/** The sensors that are wired to a board, with what turns their codes into quantities. */
export interface FittedSensors {
  readonly thermometer?: CalibrationOf<'platinum'>;
  readonly thermocouple?: CalibrationOf<'thermocouple'>;
  readonly force?: CalibrationOf<'loadCell'>;
  readonly pressure?: CalibrationOf<'transducer'>;
}

/** Codes at the ends of the fields, for what has no limit. */
const CODE_16_MAX = 0xffff;
const CODE_28_MAX = 2 ** 27 - 1;
const CODE_28_MIN = -(2 ** 27);
const CODE_14_MAX = 2 ** 14 - 1;
const MS = 1000;

/**
 * What the board is told to hold to: limits in codes of its converters, each rounded to the safe
 * side. A sensor that is not fitted is not asked for.
 * @param options.dutyMax share of full power that the heater may ever ask for
 */
export function boardLimits(options: {
  readonly board: BoardOptions;
  readonly sensors: FittedSensors;
  readonly areaSquareMetre: number;
  readonly dutyMax: number;
}): BoardLimits {
  const { board, sensors, areaSquareMetre, dutyMax } = options;
  const { limits } = board;
  const { thermometer, thermocouple, force, pressure } = sensors;
  const low = (code: number | undefined, least: number): number =>
    code === undefined ? least : Math.max(least, Math.ceil(code));
  const high = (code: number | undefined, most: number): number =>
    code === undefined ? most : Math.min(most, Math.floor(code));
  const of = <C>(
    calibration: C | undefined,
    limit: number | undefined,
    code: (calibration: C, value: number) => number,
  ): number | undefined =>
    calibration === undefined || limit === undefined ? undefined : code(calibration, limit);
  return {
    hostSilenceMs: Math.floor(limits.hostSilence * MS),
    sensorSilenceMs: Math.floor(limits.sensorSilence * MS),
    thermometerMin: low(of(thermometer, limits.temperatureMin, thermometerCode), 0),
    thermometerMax: high(of(thermometer, limits.temperatureMax, thermometerCode), CODE_16_MAX),
    thermocoupleMin: low(
      of(thermocouple, limits.ovenTemperatureMin, thermocoupleCode),
      CODE_28_MIN,
    ),
    thermocoupleMax: high(
      of(thermocouple, limits.ovenTemperatureMax, thermocoupleCode),
      CODE_28_MAX,
    ),
    forceMax: high(
      of(force, limits.pressureMax, (cell, pascal) => forceCode(cell, pascal * areaSquareMetre)),
      CODE_28_MAX,
    ),
    pressureMax: high(of(pressure, limits.gasPressureMax, pressureCode), CODE_14_MAX),
    dutyMax: Math.floor(dutyMax * FIRMWARE_BOUNDS.dutyFull),
    fitted: bits(
      (Object.keys(sensors) as (keyof FittedSensors)[]).map((sensor) => SENSOR_BITS[sensor]),
    ),
    guarded: bits(board.guards.map((contact) => INPUT_BITS[contact])),
  };
}

function bits(positions: readonly number[]): number {
  return positions.reduce((all, position) => all | (1 << position), 0);
}
