import { CHANNELS } from '../src/domain/channel.ts';
import { closedObject } from '../src/domain/closed-object.ts';
import { Fault, type Problem } from '../src/domain/fault.ts';
import type {
  Heater,
  Instruments,
  Potentiostat,
  Scanner,
  Sensor,
  Spectrometer,
} from '../src/domain/instrument.ts';
import { deriveSeed } from '../src/domain/random.ts';
import type { InstrumentEntry, Rig } from '../src/domain/rig.ts';
import { BOARD_HEATERS, BOARD_SENSORS } from './board/board-drivers.ts';
import { type PreparedBoard, prepareBoard, SIMULATED_BOARD } from './board/board-rig.ts';
import { BOARD_FAULTS } from './board/faulty-board.ts';
import { RelayedPotentiostat } from './board/relayed-potentiostat.ts';
import type { SharedBoard } from './board/shared-board.ts';
import {
  type Driver,
  driver,
  type Prepared,
  type RigContext,
  schemaProblems,
  type Workbench,
} from './driver.ts';
import { EMSTAT_DRIVERS } from './emstat-drivers.ts';
import { GPIO_SENSORS } from './gpio/gpio-drivers.ts';
import { wireGpio } from './gpio/gpio-wiring.ts';
import { PiHeater, piHeaterShape } from './heater/pi-heater.ts';
import { KEITHLEY_DRIVERS } from './keithley-drivers.ts';
import { ReplayPotentiostat, replayPotentiostatSchema } from './replay/replay-potentiostat.ts';
import { ReplayScanner, replayScannerSchema } from './replay/replay-scanner.ts';
import { RODEOSTAT_DRIVERS } from './rodeostat-drivers.ts';
import { type ReadingSource, TappedSensor } from './sensors/tapped-sensor.ts';
import { specimenOf } from './simulated/bench-state.ts';
import { cellSimulationSchema } from './simulated/cell-parameters.ts';
import { FaultSchedule } from './simulated/faults.ts';
import { faultyPowerStage } from './simulated/faults-heater.ts';
import { FaultySensor } from './simulated/faults-sensor.ts';
import { plantOf } from './simulated/faulty-plant.ts';
import { ovenSchema } from './simulated/oven-plant.ts';
import { ovenThermometer } from './simulated/oven-thermometer.ts';
import { scannedSample } from './simulated/scanned-sample.ts';
import { type SimulatedBench, simulatedBench } from './simulated/simulated-bench.ts';
import { SimulatedHeaterOutput } from './simulated/simulated-heater-output.ts';
import { pressureSchema, simulatedPressure } from './simulated/simulated-pressure.ts';
import {
  refuseNarrowDetector,
  SimulatedScanner,
  simulatedScannerSchema,
} from './simulated/simulated-scanner.ts';
import { SimulatedSpectrometer } from './simulated/simulated-spectrometer.ts';
import { simulatedThermometer, thermometerSchema } from './simulated/simulated-thermometer.ts';
import { specimenSignal } from './simulated/specimen-signal.ts';
import { simulatedSpectrometerSchema } from './simulated/spectrometer-regions.ts';

/** Every driver a rig file can name. A new instrument is one file and one line here. */

const POTENTIOSTATS: Drivers<Potentiostat> = {
  ...EMSTAT_DRIVERS,
  ...KEITHLEY_DRIVERS,
  ...RODEOSTAT_DRIVERS,
  'spectra-replay': driver(
    ['recordings'],
    replayPotentiostatSchema,
    async (id, options, workbench) => {
      const spectra = await workbench.recordings.readSpectra(options.spectra);
      const pointDurationSecond = options.pointDuration;
      return new ReplayPotentiostat({ id, spectra, clock: workbench.clock, pointDurationSecond });
    },
  ),
};

const SENSORS: Drivers<Sensor> = {
  'thermometer-simulated': driver(['simulation'], thermometerSchema, (id, settings, workbench) => {
    const { clock, bench } = workbench;
    const seed = deriveSeed(workbench.seed, `${id} noise`);
    return simulatedThermometer({ id, settings, oven: bench.oven, clock, seed });
  }),
  'oven-thermometer-simulated': driver(
    ['simulation'],
    thermometerSchema,
    (id, settings, workbench) => {
      const { clock, bench } = workbench;
      const seed = deriveSeed(workbench.seed, `${id} noise`);
      return ovenThermometer({ id, settings, oven: bench.oven, clock, seed });
    },
  ),
  'pressure-simulated': driver(['simulation'], pressureSchema, (id, settings, workbench) => {
    const { clock, pressure } = workbench;
    const seed = deriveSeed(workbench.seed, `${id} noise`);
    return simulatedPressure({ id, settings, cell: pressure, clock, seed });
  }),
  ...BOARD_SENSORS,
  ...GPIO_SENSORS,
};

const simulatedHeaterSchema = closedObject({
  ...piHeaterShape,
  oven: ovenSchema.prefault({}),
});

const SIMULATED_HEATER = 'heater-simulated';
/** A heater is built last: it obeys one of the rig's thermometers. */
const HEATERS: Drivers<(reading: ReadingSource) => Heater> = {
  [SIMULATED_HEATER]: driver(['simulation'], simulatedHeaterSchema, (id, options, workbench) => {
    const { oven: _, ...settings } = options;
    const { clock, bench } = workbench;
    const info = { id, model: 'simulated oven', provenance: 'simulated' } as const;
    if (workbench.faults) bench.oven.usePowerStage(faultyPowerStage(workbench.faults));
    const output = new SimulatedHeaterOutput(bench.oven);
    return (reading) => new PiHeater({ info, settings, reading, output, clock });
  }),
  ...BOARD_HEATERS,
};

const SCANNERS: Drivers<Scanner> = {
  'scanner-simulated': driver(['simulation'], simulatedScannerSchema, (id, settings, workbench) => {
    const { clock, bench } = workbench;
    const seed = deriveSeed(workbench.seed, id);
    const { cell } = bench;
    refuseNarrowDetector(settings, cell.widthMetre);
    const signal = specimenSignal(() => cell.interior());
    const sample = scannedSample({ cell: () => cell.solids(), signal });
    return new SimulatedScanner({ id, settings, sample, clock, seed });
  }),
  'scan-replay': driver(['recordings'], replayScannerSchema, async (id, options, workbench) => {
    const data = await workbench.recordings.readScan(options.scan);
    return new ReplayScanner({ id, source: options.scan, data, clock: workbench.clock });
  }),
};

const SPECTROMETERS: Drivers<Spectrometer> = {
  'spectrometer-simulated': driver(
    ['simulation'],
    simulatedSpectrometerSchema,
    (id, settings, workbench) => {
      const { clock, bench } = workbench;
      const seed = deriveSeed(workbench.seed, `${id} counts`);
      const signal = specimenSignal(() => bench.cell.interior());
      return new SimulatedSpectrometer({ id, settings, signal, clock, seed });
    },
  ),
};

type Drivers<T> = Readonly<Record<string, Driver<T>>>;

/** The drivers for each place of a rig. */
export const RIG_DRIVERS = {
  potentiostat: POTENTIOSTATS,
  sensor: SENSORS,
  heater: HEATERS,
  scanner: SCANNERS,
  spectrometer: SPECTROMETERS,
} as const;

/**
 * Makes the instruments of a rig; connects none of them. Recordings of a replay rig are read
 * here, so that what is wrong with them is known before anything starts.
 * @throws Fault instrumentMissing when a driver is unknown, badInput when options, the cell's
 *   simulation section or the data folder are wrong or missing: every problem at once
 */
export async function openRig(rig: Rig, context: RigContext): Promise<Instruments> {
  const preparedBoard = prepareBoard(rig);
  const check = new RigCheck(rig, context, preparedBoard);
  const { instruments } = rig;
  const potentiostat = check.entry(POTENTIOSTATS, 'potentiostat', instruments.potentiostat);
  const sensors = Object.entries(instruments.sensors).map(
    ([id, entry]) => [id, check.entry(SENSORS, `sensors.${id}`, entry)] as const,
  );
  const heater = instruments.heater && check.entry(HEATERS, 'heater', instruments.heater);
  const scanner = instruments.scanner && check.entry(SCANNERS, 'scanner', instruments.scanner);
  const spectrometer =
    instruments.spectrometer &&
    check.entry(SPECTROMETERS, 'spectrometer', instruments.spectrometer);
  const { workbench, board } = await check.finish();

  const built = new Map<string, TappedSensor>();
  const made: Sensor[] = [];
  for (const [id, sensor] of sensors) {
    const one = await sensor.build(id, workbench);
    const { faults } = workbench;
    made.push(one);
    built.set(id, new TappedSensor(faults ? new FaultySensor(one, id, faults) : one));
  }
  refuseSharedChannels(built);
  const measuring = await potentiostat.build('potentiostat', workbench);
  return {
    potentiostat:
      board && preparedBoard?.usesCellRelay ? new RelayedPotentiostat(measuring, board) : measuring,
    sensors: [...built.values()],
    ...(heater && {
      heater: (await heater.build('heater', workbench))(thermometerOf(rig, built)),
    }),
    ...wireGpio(made, {
      ...(board && { guard: board }),
      ...(scanner && { scanner: await scanner.build('scanner', workbench) }),
      ...(spectrometer && { spectrometer: await spectrometer.build('spectrometer', workbench) }),
    }),
    ...(rig.faults && { injectedFaults: rig.faults }),
    ...(rig.cellExchange === 'person' && {
      exchangedByPerson: true,
      freshCell: async (signal) => signal.throwIfAborted(),
    }),
    ...(check.isSimulated && {
      freshCell: exchangeCell(workbench.bench),
      specimen: specimenOf(workbench.bench),
    }),
  };
}

/** On a simulated rig a new cell is in at once. */
function exchangeCell({ cell }: SimulatedBench): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    signal.throwIfAborted();
    cell.exchange();
  };
}

/** Collects everything that is wrong with a rig before anything is built. */
class RigCheck {
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

/** The reading a heater obeys. @throws Fault badInput when its sensor measures no temperature */
function thermometerOf(rig: Rig, sensors: ReadonlyMap<string, TappedSensor>): ReadingSource {
  const id = String(rig.instruments.heater?.options.sensor);
  const sensor = sensors.get(id);
  const channel = CHANNELS.temperature.name;
  if (sensor?.channels.some(({ name }) => name === channel)) return sensor.source(channel);
  throw new Fault('badInput', {
    where: 'instruments.heater.options.sensor',
    message: `"${id}" does not measure ${channel}: expected a thermometer on the cell`,
  });
}

/** @throws Fault badInput when two sensors would write the same channel */
function refuseSharedChannels(sensors: ReadonlyMap<string, TappedSensor>): void {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [id, sensor] of sensors) {
    for (const { name } of sensor.channels) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        problems.push({
          where: `instruments.sensors.${id}`,
          message: `measures ${name}, which ${owner} measures already: expected one sensor for each channel`,
        });
      }
      owners.set(name, id);
    }
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}
