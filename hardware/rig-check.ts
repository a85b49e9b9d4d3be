import { Fault, type Problem } from '../src/domain/fault.ts';
import type { InstrumentEntry, Rig } from '../src/domain/rig.ts';
import { type PreparedBoard, SIMULATED_BOARD } from './board/board-rig.ts';
import { BOARD_FAULTS } from './board/faulty-board.ts';
import type { SharedBoard } from './board/shared-board.ts';
import {
  type Drivers,
  type Prepared,
  type RigContext,
  schemaProblems,
  type Workbench,
} from './driver.ts';
import { cellSimulationSchema } from './simulated/cell-parameters.ts';
import { FaultSchedule } from './simulated/faults.ts';
import { plantOf } from './simulated/faulty-plant.ts';
import { ovenSchema } from './simulated/oven-plant.ts';
import { type SimulatedBench, simulatedBench } from './simulated/simulated-bench.ts';
import { SIMULATED_HEATER } from './simulated/simulated-heater-output.ts';

/** Collects everything that is wrong with a rig before anything is built. */
export class RigCheck {
  readonly #rig: Rig;
  readonly #context: RigContext;
  readonly #board: PreparedBoard | undefined;
  readonly #problems: Problem[] = [];
  #driverMissing = false;
  #simulated: boolean;

  constructor(rig: Rig, context: RigContext, board: PreparedBoard | undefined) {
    this.#rig = rig;
    this.#context = context;
    this.#board = board;
    this.#simulated = board?.needsSimulation ?? false;
  }

  /** True when some instrument measures the simulated cell. */
  get isSimulated(): boolean {
    return this.#simulated;
  }

  entry<T>(drivers: Drivers<T>, key: string, entry: InstrumentEntry): Prepared<T> {
    const where = `instruments.${key}`;
    const found = Object.hasOwn(drivers, entry.driver) ? drivers[entry.driver] : undefined;
    if (!found) {
      this.#driverMissing = true;
      this.#problems.push({
        where: `${where}.driver`,
        message: `no driver is called "${entry.driver}": expected ${Object.keys(drivers).join(' or ')}`,
      });
      return NOTHING;
    }
    if (found.needs.includes('simulation')) this.#simulated = true;
    if (found.needs.includes('recordings') && !this.#context.recordings) {
      this.#problems.push({
        where: `${where}.driver`,
        message: `${entry.driver} plays recorded measurements: give their folder with --data`,
      });
    }
    if (found.needs.includes('board') && !this.#board) {
      this.#problems.push({
        where: `${where}.driver`,
        message: `${entry.driver} is wired to a board: expected one under instruments.board`,
      });
    }
    const prepared = found.prepare(entry.options, `${where}.options`);
    this.#problems.push(...prepared.problems);
    return prepared;
  }

  /** @throws Fault with every problem */
  async finish(): Promise<{ readonly workbench: Workbench; readonly board?: SharedBoard }> {
    this.#checkHeaterSensor();
    this.#checkFaults();
    this.#problems.push(...(this.#board?.problems ?? []));
    const bench = this.#simulated ? this.#simulatedBench() : undefined;
    if (this.#problems.length > 0) {
      throw new Fault(this.#driverMissing ? 'instrumentMissing' : 'badInput', this.#problems);
    }
    const { cell, clock, seed, recordings, witness } = this.#context;
    const { calibrations } = this.#rig;
    const faults = this.#rig.faults && new FaultSchedule(this.#rig.faults, clock);
    const hasRelay = this.#hasSimulatedBoard() && (this.#board?.usesCellRelay ?? false);
    const plant = bench && plantOf(bench, { faults, clock, hasRelay });
    if (plant) witness?.(plant.truth);
    const areaSquareMetre = cell.area;
    const board = await this.#board?.build({
      clock,
      seed,
      areaSquareMetre,
      bench,
      relay: plant?.relay,
      faults,
    });
    const workbench: Workbench = {
      clock,
      seed,
      calibrations,
      areaSquareMetre,
      faults,
      get bench() {
        return declared(bench, 'simulation');
      },
      get terminals() {
        return declared(plant, 'simulation').terminals;
      },
      get pressure() {
        return declared(plant, 'simulation').pressure;
      },
      get recordings() {
        return declared(recordings, 'recordings');
      },
      get board() {
        return declared(board, 'board');
      },
    };
    return { workbench, ...(board && { board }) };
  }

  #checkHeaterSensor(): void {
    const name = this.#rig.instruments.heater?.options.sensor;
    const sensors = this.#rig.instruments.sensors;
    if (typeof name !== 'string' || Object.hasOwn(sensors, name)) return;
    this.#problems.push({
      where: 'instruments.heater.options.sensor',
      message: `no sensor is called "${name}": expected ${Object.keys(sensors).join(' or ') || 'one under instruments.sensors'}`,
    });
  }

  #hasSimulatedBoard(): boolean {
    return this.#rig.instruments.board?.driver === SIMULATED_BOARD;
  }

  #checkFaults(): void {
    const { faults = [], instruments } = this.#rig;
    if (faults.length > 0 && !this.#simulated) {
      this.#problems.push({
        where: 'faults',
        message: 'faults are played by simulated instruments alone, and this rig has none',
      });
    }
    for (const [at, { name, sensor }] of faults.entries()) {
      if (BOARD_FAULTS.some((one) => one === name) && !this.#hasSimulatedBoard()) {
        this.#problems.push({
          where: `faults[${at}].name`,
          message: `${name} strikes a simulated board: expected ${SIMULATED_BOARD} under instruments.board`,
        });
      }
      if (sensor === undefined || Object.hasOwn(instruments.sensors, sensor)) continue;
      const known = Object.keys(instruments.sensors).join(' or ');
      this.#problems.push({
        where: `faults[${at}].sensor`,
        message: `no sensor is called "${sensor}": expected ${known || 'one under instruments.sensors'}`,
      });
    }
  }

  #simulatedBench(): SimulatedBench | undefined {
    const { cell, clock, seed } = this.#context;
    const where = `cell ${cell.cell}: simulation`;
    if (!cell.simulation) {
      this.#problems.push({
        where,
        message: `the rig ${this.#rig.rig} simulates the cell and needs this section of the cell file`,
      });
      return undefined;
    }
    const parsed = cellSimulationSchema.safeParse(cell.simulation);
    if (!parsed.success) this.#problems.push(...schemaProblems(parsed.error, where));
    const oven = this.#ovenOptions();
    if (!parsed.success || !oven.success) return undefined;
    const areaSquareMetre = cell.area;
    return simulatedBench({
      clock,
      simulation: parsed.data,
      areaSquareMetre,
      oven: oven.data,
      seed,
    });
  }

  /** Without a simulated heater the cell stands in a room: the oven's defaults, never heated. */
  #ovenOptions() {
    const { heater, board } = this.#rig.instruments;
    const simulated = [heater, board].find(
      (one) => one?.driver === SIMULATED_HEATER || one?.driver === SIMULATED_BOARD,
    );
    const given = simulated?.options.oven;
    return ovenSchema.safeParse(given ?? {});
  }
}

/** Stands for an instrument whose driver is unknown; `finish` throws before it could be built. */
const NOTHING: Prepared<never> = {
  problems: [],
  build: () => Promise.reject(new Error('built an instrument without a driver')),
};

function declared<T>(value: T | undefined, need: string): T {
  if (value === undefined) throw new Error(`a driver uses ${need} without declaring it`);
  return value;
}
