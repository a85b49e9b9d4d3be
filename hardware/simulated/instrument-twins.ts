import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { DEVICES, type DeviceId } from '../potentiostats/methodscript-devices.ts';
import { rodeostatVariant } from '../potentiostats/rodeostat-variants.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { EmStatTwin } from './emstat-twin.ts';
import { Keithley2400Twin } from './keithley-2400-twin.ts';
import { Keithley2450Twin } from './keithley-2450-twin.ts';
import { RodeostatTwin } from './rodeostat-twin.ts';
import type { InstrumentTwin } from './simulated-potentiostat.ts';

export interface TwinOptions {
  /** The instrument's end. */
  readonly link: Link;
  readonly clock: Clock;
  readonly terminals: CellTerminals;
  readonly seed: number;
}

/** A simulated instrument that can be put behind any link. */
export interface TwinKind {
  /** "EmStat4 HR". */
  readonly title: string;
  /** The driver of a rig file that speaks to it. */
  readonly driver: string;
  /** Options of that driver besides the link. */
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly build: (options: TwinOptions) => InstrumentTwin;
}

function methodScript(device: DeviceId): TwinKind {
  const title = DEVICES[device].name;
  return {
    title,
    driver: 'emstat',
    driverOptions: { model: title },
    build: (options) => new EmStatTwin({ ...options, device }),
  };
}

function rodeostat(name: string): TwinKind {
  const variant = rodeostatVariant(name);
  if (!variant) throw new Error(`no Rodeostat is called ${name}`);
  return {
    title: `Rodeostat ${name}`,
    driver: 'rodeostat',
    driverOptions: { variant: name },
    build: (options) => new RodeostatTwin({ ...options, variant }),
  };
}

/** Every simulated instrument that speaks over a wire, by the name people call it. */
export const INSTRUMENT_TWINS: Readonly<Record<string, TwinKind>> = {
  'emstat4-hr': methodScript('es4_hr'),
  'emstat4-lr': methodScript('es4_lr'),
  'emstat-pico': methodScript('espico'),
  nexus: methodScript('nexus1'),
  'keithley-2400': {
    title: 'Keithley 2400',
    driver: 'keithley-2400',
    driverOptions: {},
    build: (options) => new Keithley2400Twin(options),
  },
  'keithley-2450': {
    title: 'Keithley 2450',
    driver: 'keithley-2450',
    driverOptions: {},
    build: (options) => new Keithley2450Twin(options),
  },
  rodeostat: rodeostat('10V_10MilliAmpV0.2'),
};
