import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { EmStat } from '../../../hardware/potentiostats/emstat.ts';
import { Keithley } from '../../../hardware/potentiostats/keithley.ts';
import type { KeithleyDialect } from '../../../hardware/potentiostats/keithley-models.ts';
import { HOLD_SECOND_MAX } from '../../../hardware/potentiostats/keithley-plan.ts';
import { DEVICES, type DeviceId } from '../../../hardware/potentiostats/methodscript-devices.ts';
import { Rodeostat } from '../../../hardware/potentiostats/rodeostat.ts';
import {
  type RodeostatVariant,
  rodeostatVariant,
} from '../../../hardware/potentiostats/rodeostat-variants.ts';
import type { CellTerminals } from '../../../hardware/simulated/cell-terminals.ts';
import { EmStatTwin } from '../../../hardware/simulated/emstat-twin.ts';
import { Keithley2400Twin } from '../../../hardware/simulated/keithley-2400-twin.ts';
import { Keithley2450Twin } from '../../../hardware/simulated/keithley-2450-twin.ts';
import { RodeostatTwin } from '../../../hardware/simulated/rodeostat-twin.ts';
import type { InstrumentTwin } from '../../../hardware/simulated/simulated-potentiostat.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Potentiostat } from '../../../src/domain/instrument.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import {
  type Circuit,
  ResistorCapacitorTerminals,
} from '../potentiostats/resistor-capacitor-terminals.ts';
import { WatchedClock, WatchedLink } from './watched.ts';

/** Any cell behind any instrument: 0.3 V behind 100 Ω, with an arc of 400 Ω and 0.4 s. */
export const CELL: Circuit = {
  openCircuitVolt: 0.3,
  seriesOhm: 100,
  parallelOhm: 400,
  capacitanceFarad: 1e-3,
};

/** What a twin is built of. */
export interface TwinParts {
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
}

export interface DriverParts {
  readonly link: Link;
  readonly clock: Clock;
}

/** A simulated instrument that can be made to report an error of its own. */
export interface FailingTwin extends InstrumentTwin {
  /** In the middle of a measurement. */
  fail(): void;
}

/** One driver as its contract sees it. */
export interface ContractDriver {
  /** What people call the instrument. */
  readonly title: string;
  /** The drivers of a rig file that are this one. */
  readonly entries: readonly string[];
  readonly newDriver: (parts: DriverParts) => Potentiostat;
  readonly newTwin: (parts: TwinParts) => FailingTwin;
  /**
   * Longest time for which the cell may stay closed after the host is lost for good, for a
   * measurement of that length, s.
   */
  readonly lostHostSecondMax: (durationSecond: number) => number;
  /** What is left on the cell when a measurement is over. */
  readonly leaves: 'open' | 'zero volt';
  /**
   * What it has on the cell from power-on until somebody speaks to it. A source-measure unit whose
   * output-off state is the normal one is a source of 0 V.
   */
  readonly begins: 'open' | 'zero volt';
}

/** For the last bit of a script, or of a test, and the reading under way. */
const ENDING_SECOND = 2;

function emStat(model: DeviceId, ...entries: readonly string[]): ContractDriver {
  return {
    title: DEVICES[model].name,
    entries: ['emstat', ...entries],
    newDriver: ({ link, clock }) =>
      new EmStat({ id: 'pot', link, clock, provenance: 'simulated', model }),
    newTwin: (parts) => {
      const twin = new EmStatTwin({ ...parts, device: model });
      return withFailure(twin, () => twin.injectError('0032'));
    },
    // A script is bounded by its own t_run: nobody need stop it.
    lostHostSecondMax: (durationSecond) => durationSecond + ENDING_SECOND,
    leaves: 'open',
    begins: 'open',
  };
}

function keithley(family: KeithleyDialect): ContractDriver {
  return {
    title: `Keithley ${family}`,
    entries: [`keithley-${family}`, `keithley-${family}-simulated`],
    newDriver: ({ link, clock }) =>
      new Keithley({ id: 'pot', link, clock, provenance: 'simulated', family }),
    newTwin: (parts) => {
      const twin = family === '2400' ? new Keithley2400Twin(parts) : new Keithley2450Twin(parts);
      // A key on its front is what an instrument reports without a fault of its own.
      return withFailure(twin, () => twin.pressOutputKey());
    },
    // Without a visit of the host its own program ends, however long the measurement is.
    lostHostSecondMax: () => HOLD_SECOND_MAX,
    leaves: 'open',
    begins: 'zero volt',
  };
}

function rodeostat(name: string, ...entries: readonly string[]): ContractDriver {
  const variant = variantOf(name);
  const rest = variant.hasSwitches ? 'open' : 'zero volt';
  return {
    title: `Rodeostat ${name}`,
    entries: ['rodeostat', ...entries],
    newDriver: ({ link, clock }) =>
      new Rodeostat({ id: 'pot', link, clock, provenance: 'simulated', variant }),
    newTwin: (parts) => {
      const twin = new RodeostatTwin({ ...parts, variant });
      return withFailure(twin, () => parts.link.write(new TextEncoder().encode('{"t":\r\n')));
    },
    // A test of the firmware has an end of its own.
    lostHostSecondMax: (durationSecond) => durationSecond + ENDING_SECOND,
    leaves: rest,
    begins: rest,
  };
}

function withFailure(twin: InstrumentTwin, fail: () => void): FailingTwin {
  return { start: () => twin.start(), stop: () => twin.stop(), fail };
}

function variantOf(name: string): RodeostatVariant {
  const variant = rodeostatVariant(name);
  if (!variant) throw new Error(`there is no Rodeostat ${name}`);
  return variant;
}

/** Every kind of instrument that this software drives. */
export const CONTRACT_DRIVERS: readonly ContractDriver[] = [
  emStat('es4_hr', 'emstat4-simulated'),
  emStat('es4_lr', 'emstat4-lr-simulated'),
  emStat('espico', 'emstat-pico-simulated'),
  emStat('nexus1', 'nexus-simulated'),
  keithley('2400'),
  keithley('2450'),
  rodeostat('10V_10MilliAmpV0.2', 'rodeostat-simulated'),
  rodeostat('10V_10MilliAmpV0.1'),
];

/** A driver, its twin, the cell between them, on a clock that only the test moves. */
export interface ContractBench {
  readonly clock: VirtualClock;
  /** What the driver has of it. */
  readonly hostClock: WatchedClock;
  readonly terminals: ResistorCapacitorTerminals;
  readonly wire: WatchedLink;
  readonly deviceEnd: Link;
  readonly twin: FailingTwin;
  readonly driver: Potentiostat;
}

export interface BenchChanges {
  /** Instead of the driver's own twin. */
  readonly newTwin?: ContractDriver['newTwin'];
  /** Put before the device's end of the wire. */
  readonly deviceWire?: (link: Link, clock: Clock) => Link;
  readonly terminals?: (cell: ResistorCapacitorTerminals, clock: Clock) => CellTerminals;
}

export function contractBench(row: ContractDriver, changes: BenchChanges = {}): ContractBench {
  const clock = new VirtualClock();
  const hostClock = new WatchedClock(clock);
  const terminals = new ResistorCapacitorTerminals(clock, CELL);
  const [near, far] = createLinkPair('contract');
  const { newTwin = row.newTwin, deviceWire, terminals: changed } = changes;
  const deviceEnd = deviceWire ? deviceWire(far, clock) : far;
  const cell = changed ? changed(terminals, clock) : terminals;
  const twin = newTwin({ link: deviceEnd, clock, terminals: cell, seed: 7 });
  const wire = new WatchedLink(near);
  const driver = row.newDriver({ link: wire, clock: hostClock });
  return { clock, hostClock, terminals, wire, deviceEnd, twin, driver };
}
