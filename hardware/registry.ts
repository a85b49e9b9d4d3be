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
import type { Rig } from '../src/domain/rig.ts';
import { BOARD_HEATERS, BOARD_SENSORS } from './board/board-drivers.ts';
import { prepareBoard } from './board/board-rig.ts';
import { RelayedPotentiostat } from './board/relayed-potentiostat.ts';
import { type Driver, type Drivers, driver, type RigContext } from './driver.ts';
import { EMSTAT_DRIVERS } from './emstat-drivers.ts';
import { GPIO_SENSORS } from './gpio/gpio-drivers.ts';
import { wireGpio } from './gpio/gpio-wiring.ts';
import { PiHeater, piHeaterShape } from './heater/pi-heater.ts';
import { KEITHLEY_DRIVERS } from './keithley-drivers.ts';
import { ReplayPotentiostat, replayPotentiostatSchema } from './replay/replay-potentiostat.ts';
import { ReplayScanner, replayScannerSchema } from './replay/replay-scanner.ts';
import { RigCheck } from './rig-check.ts';
import { RODEOSTAT_DRIVERS } from './rodeostat-drivers.ts';
import { type ReadingSource, TappedSensor } from './sensors/tapped-sensor.ts';
import { specimenOf } from './simulated/bench-state.ts';
import { faultyPowerStage } from './simulated/faults-heater.ts';
import { FaultySensor } from './simulated/faults-sensor.ts';
import { ovenSchema } from './simulated/oven-plant.ts';
import { ovenThermometer } from './simulated/oven-thermometer.ts';
import { scannedSample } from './simulated/scanned-sample.ts';
import type { SimulatedBench } from './simulated/simulated-bench.ts';
import { SIMULATED_HEATER, SimulatedHeaterOutput } from './simulated/simulated-heater-output.ts';
import { pressureSchema, simulatedPressure } from './simulated/simulated-pressure.ts';
import {
  refuseNarrowDetector,
  SimulatedScanner,
  simulatedScannerSchema,
} from './simulated/simulated-scanner.ts';
import { SimulatedSpectrometer } from './simulated/simulated-spectrometer.ts';
import {
  simulatedThermometer,
  type ThermometerOptions,
  thermometerSchema,
} from './simulated/simulated-thermometer.ts';
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

function thermometer(make: (options: ThermometerOptions) => Sensor): Driver<Sensor> {
  return driver(['simulation'], thermometerSchema, (id, settings, workbench) => {
    const { clock, bench } = workbench;
    const seed = deriveSeed(workbench.seed, `${id} noise`);
    return make({ id, settings, oven: bench.oven, clock, seed });
  });
}

const SENSORS: Drivers<Sensor> = {
  'thermometer-simulated': thermometer(simulatedThermometer),
  'oven-thermometer-simulated': thermometer(ovenThermometer),
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
