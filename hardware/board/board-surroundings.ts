import type { BoardSurroundings } from '../../firmware-bridge/sim/simulated-board.ts';
import type { Random } from '../../src/domain/random.ts';
import type { SimulatedBench } from '../simulated/simulated-bench.ts';
import type { FittedSensors } from './board-limits.ts';
import type { SimulatedBoardOptions } from './board-options.ts';
import { forceCode, thermocoupleCode, transducerVolt } from './conversions.ts';
import { resistanceOf } from './platinum.ts';

const PERCENT = 100;
/** A load cell's amplifier at its ten values a second (HX711 data sheet), in codes. */
const FORCE_NOISE_CODES = 40;
/** Volt of a transducer whose lead hangs on its pull-down. */
const NO_VOLT = 0;
const THERMOCOUPLE_PER_CELSIUS = 128;

/**
 * The simulated cell in its oven as the board's terminals see it: physical sensors whose
 * characteristics are those of the rig's calibrations.
 */
export function benchSurroundings(options: {
  readonly bench: SimulatedBench;
  readonly board: SimulatedBoardOptions;
  readonly sensors: FittedSensors;
  readonly areaSquareMetre: number;
  readonly random: Random;
}): BoardSurroundings {
  const { bench, board, sensors, areaSquareMetre, random } = options;
  const { thermometer, thermocouple, force, pressure } = sensors;
  const noisy = (celsius: number): number => celsius + board.noise * random.normal();
  return {
    resistanceOhm: () =>
      thermometer
        ? resistanceOf(thermometer, noisy(bench.oven.cellCelsius()))
        : Number.POSITIVE_INFINITY,
    thermocoupleCelsius: () =>
      thermocouple
        ? thermocoupleCode(thermocouple, noisy(bench.oven.blockCelsius())) /
          THERMOCOUPLE_PER_CELSIUS
        : Number.NaN,
    boardCelsius: () => noisy(board.oven.ambient),
    humidityPercent: () => board.humidity * PERCENT,
    forceCode: () =>
      force
        ? forceCode(force, bench.cell.pressurePascal() * areaSquareMetre) +
          FORCE_NOISE_CODES * random.normal()
        : 0,
    pressureVolt: () => (pressure ? transducerVolt(pressure, board.gasPressure) : NO_VOLT),
    isOpen: (input) => board.open.includes(input),
  };
}
