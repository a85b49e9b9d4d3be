import type { Link } from '../../firmware-bridge/link.ts';
import { PtyLink } from '../../firmware-bridge/pty-link.ts';
import { SerialLink } from '../../firmware-bridge/serial-link.ts';
import { TcpServerLink } from '../../firmware-bridge/tcp-server-link.ts';
import type { Cell } from '../../src/domain/cell.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed } from '../../src/domain/random.ts';
import { schemaProblems } from '../driver.ts';
import { cellSimulationSchema } from './cell-parameters.ts';
import { FaultSchedule } from './faults.ts';
import { FaultyTerminals } from './faults-terminals.ts';
import { INSTRUMENT_TWINS, type TwinKind } from './instrument-twins.ts';
import { ovenSchema } from './oven-plant.ts';
import { simulatedBench } from './simulated-bench.ts';
import type { InstrumentTwin } from './simulated-potentiostat.ts';
import { UnreliableLink, WIRE_FAULTS, type WireFaultName } from './unreliable-link.ts';

/** Where software finds the simulated instrument. */
export type SimulatedPlace =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'pty'; readonly path: string };

/** Faults of the instrument and its cell, beside those of the wire. */
export const INSTRUMENT_FAULTS = [
  /** More than the instrument can take: its current finds no way through the cell. */
  'overload',
  /** The cell is bridged. */
  'short',
  /** Another instrument answers than the one that was asked for. */
  'wrongDevice',
  /** Somebody else has it open. */
  'busyPort',
] as const;
export const SIMULATED_FAULTS = [...WIRE_FAULTS, ...INSTRUMENT_FAULTS] as const;
export type SimulatedFaultName = (typeof SIMULATED_FAULTS)[number];

export interface SimulatedFault {
  readonly name: SimulatedFaultName;
  /** On the clock: when it begins. */
  readonly atSecond: number;
}

export interface SimulatedInstrumentOptions {
  /** Its name in `INSTRUMENT_TWINS`. */
  readonly instrument: string;
  readonly cell: Cell;
  readonly place: SimulatedPlace;
  readonly clock: Clock;
  readonly seed: number;
  readonly faults: readonly SimulatedFault[];
}

/** A simulated instrument with a simulated cell, behind a port that any software can open. */
export class SimulatedInstrument {
  readonly #options: SimulatedInstrumentOptions;
  #twin: InstrumentTwin | undefined;
  #wire: Link | undefined;
  /** Holds the lock of a port that is to be busy. */
  #holder: SerialLink | undefined;

  constructor(options: SimulatedInstrumentOptions) {
    this.#options = options;
  }

  /** What answers: another one than was asked for when that is a fault to be played. */
  get kind(): TwinKind {
    const { instrument } = this.#options;
    const name = this.#has('wrongDevice') ? otherThan(instrument) : instrument;
    return twinKind(name);
  }

  /** Where it is reached: "tcp:127.0.0.1:5025" or the path of the pseudo-terminal. */
  get place(): string {
    return this.#wire?.name ?? '';
  }

  /** @throws Fault badInput, instrumentLost or instrumentMissing when the port cannot be made */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, faults, seed } = this.#options;
    const wire = this.#wireOf();
    const wireFaults = faults.flatMap(({ name, atSecond }) =>
      isWireFault(name) ? [{ name, atSecond, seed }] : [],
    );
    const link = new UnreliableLink(wire, { clock, faults: wireFaults });
    const terminals = this.#terminals();
    const twin = this.kind.build({ link, clock, terminals, seed: deriveSeed(seed, 'twin') });
    this.#wire = wire;
    // Opened here first, so that what is wrong with the port is told to whoever starts it.
    await wire.open(signal);
    this.#twin = twin;
    await twin.start();
    if (this.#has('busyPort')) await this.#occupy(signal);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#holder?.close();
    await this.#twin?.stop();
    await this.#wire?.close();
  }

  #has(name: SimulatedFaultName): boolean {
    return this.#options.faults.some((one) => one.name === name);
  }

  #wireOf(): PtyLink | TcpServerLink {
    const { clock, place } = this.#options;
    return place.kind === 'pty'
      ? new PtyLink({ path: place.path, clock })
      : new TcpServerLink({ ...place, clock, isBusy: this.#has('busyPort') });
  }

  async #occupy(signal: AbortSignal): Promise<void> {
    const { clock, place } = this.#options;
    if (place.kind !== 'pty') return;
    this.#holder = new SerialLink({ path: place.path, baudRate: 115_200, clock });
    await this.#holder.open(signal);
  }

  #terminals() {
    const { cell, clock, faults, seed } = this.#options;
    const where = `cell ${cell.cell}: simulation`;
    if (!cell.simulation) {
      throw new Fault('badInput', { where, message: 'the cell file needs this section' });
    }
    const parsed = cellSimulationSchema.safeParse(cell.simulation);
    if (!parsed.success) throw new Fault('badInput', schemaProblems(parsed.error, where));
    const bench = simulatedBench({
      clock,
      simulation: parsed.data,
      areaSquareMetre: cell.area,
      oven: ovenSchema.parse({}),
      seed,
    });
    const played = faults.flatMap(({ name, atSecond }): InjectedFault[] => {
      if (name === 'overload') return [{ name: 'openLead', at: atSecond, seed }];
      return name === 'short' ? [{ name, at: atSecond, seed }] : [];
    });
    return new FaultyTerminals(bench.cell, new FaultSchedule(played, clock));
  }
}

/** @throws Fault badInput naming those that there are */
export function twinKind(name: string): TwinKind {
  const kind = Object.hasOwn(INSTRUMENT_TWINS, name) ? INSTRUMENT_TWINS[name] : undefined;
  if (kind) return kind;
  throw new Fault('badInput', {
    where: name,
    message: `no simulated instrument is called so: expected ${Object.keys(INSTRUMENT_TWINS).join(', ')}`,
  });
}

/** The next in the table, of another model. */
function otherThan(name: string): string {
  const names = Object.keys(INSTRUMENT_TWINS);
  return names[(names.indexOf(name) + 1) % names.length] ?? name;
}

function isWireFault(name: SimulatedFaultName): name is WireFaultName {
  return (WIRE_FAULTS as readonly string[]).includes(name);
}
