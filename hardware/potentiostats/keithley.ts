import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Provenance,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import { createDialect2400 } from './keithley-2400-dialect.ts';
import { createDialect2450 } from './keithley-2450-dialect.ts';
import { KeithleyCourse } from './keithley-course.ts';
import type { Dialect, TriggerOut } from './keithley-dialect.ts';
import { identifyKeithley, type KeithleyIdentity } from './keithley-identity.ts';
import { capabilityIn, type KeithleyDialect, keithleyCapability } from './keithley-models.ts';
import type { SmuTechnique } from './keithley-plan.ts';
import { KeithleySession } from './keithley-session.ts';
import { traceLosses } from './line-losses.ts';
import { type Measurement, OneMeasurement } from './one-measurement.ts';
import { provenanceAfter } from './simulated-mark.ts';
import { techniqueProblems } from './technique-limits.ts';
import { unableFault } from './unable-fault.ts';

export interface KeithleyOptions {
  /** The instrument's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly provenance: Provenance;
  /** The family the rig file asks for. */
  readonly family: KeithleyDialect;
  /** A line that is pulsed at each reading of the instrument. */
  readonly triggerOut?: TriggerOut | undefined;
}

/**
 * Driver of the Keithley source-measure units 2400, 2401 and 2450 over SCPI. The instrument
 * reads on and on by itself, and the host visits it for its newest reading; without a visit it
 * switches its output off within `HOLD_SECOND_MAX`. A technique that meets a limit ends with the
 * reading that met it. The output-off state is high impedance always: in the normal one a cell
 * is discharged through 0 V.
 */
export class Keithley implements Potentiostat {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #given: Provenance;
  readonly #family: KeithleyDialect;
  readonly #triggerOut: TriggerOut | undefined;
  readonly #session: KeithleySession;
  readonly #measurement: OneMeasurement;
  #model: string;
  #capability: PotentiostatCapability;
  #dialect: Dialect;
  #provenance: Provenance;
  #lostReplies = 0;

  constructor({ id, link, clock, provenance, family, triggerOut }: KeithleyOptions) {
    this.#id = id;
    this.#clock = clock;
    this.#link = link;
    this.#given = provenance;
    this.#provenance = provenance;
    this.#family = family;
    this.#triggerOut = triggerOut;
    this.#model = `Keithley ${family}`;
    this.#capability = keithleyCapability(family);
    this.#session = new KeithleySession({ link, clock, place: `potentiostat ${id}` });
    this.#dialect = dialectOf(family, triggerOut);
    this.#measurement = new OneMeasurement(this.#session);
  }

  get info(): InstrumentInfo {
    return { id: this.#id, model: this.#model, provenance: this.#provenance };
  }

  get capability(): PotentiostatCapability {
    return this.#capability;
  }

  /** What the line lost since `connect`: bytes that are part of no line, replies that never came. */
  get losses() {
    const { discardedBytes, lostReplies } = this.#session.conversation;
    const total = this.#lostReplies + lostReplies;
    return { discardedBytes, lostReplies: total, ...traceLosses(this.#link) };
  }

  /**
   * Opens the link, ends whatever the instrument was doing, identifies it, and leaves it reset,
   * with the output off and its relay open. Aborted half-way it leaves the link open, so that
   * `cellOff` still reaches the instrument.
   * @throws Fault instrumentMissing, instrumentLost, timeout, instrumentReply, or instrumentUnable
   *   when what answers is another instrument
   */
  async connect(signal: AbortSignal): Promise<void> {
    const expected = () => `a Keithley ${this.#family}`;
    await this.#session.conversation.connect({ signal, expected }, async () => {
      this.#lostReplies = 0;
      const reply = await this.#session.synchronise(signal);
      this.#adopt(await identifyKeithley(this.#session, reply, signal));
      // In one message: reset alone puts 0 V across the cell until the relay is told to open.
      await this.#session.command(['*RST;:OUTP:SMOD HIMP'], signal);
      await this.#session.command(this.#dialect.resetCommands, signal);
      await this.#session.confirmOff();
    });
  }

  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    const own = this.#refuseUnable(technique);
    yield* this.#measurement.run(signal, (measurement) => this.#readings(own, measurement));
  }

  cellOff(): Promise<void> {
    return this.#measurement.cellOff();
  }

  /** Stops a measurement that runs, then closes the link. */
  disconnect(): Promise<void> {
    return this.#measurement.endAndClose(this.#session.conversation);
  }

  #adopt({ model, dialect, serialNumber }: KeithleyIdentity): void {
    const family: KeithleyDialect = model.name === '2450' ? '2450' : '2400';
    if (family !== this.#family) {
      throw new Fault('instrumentUnable', {
        where: this.#session.place,
        message: `expected a Keithley ${this.#family}, found a ${model.name}: its driver is keithley-${family}`,
      });
    }
    this.#model = `Keithley ${model.name} ${serialNumber}`;
    this.#provenance = provenanceAfter(serialNumber, this.#given);
    this.#capability = capabilityIn(model, dialect);
    this.#dialect = dialectOf(dialect, this.#triggerOut);
  }

  #refuseUnable(technique: ElectrochemicalTechnique): SmuTechnique {
    const problems = techniqueProblems(technique, this.#capability);
    if (problems.length === 0 && technique.kind !== 'impedance') return technique;
    throw unableFault(this.#session.place, problems);
  }

  /** Whoever reads these leaves the output off: `OneMeasurement` sees to that. */
  async *#readings(technique: SmuTechnique, { signal }: Measurement): AsyncGenerator<Reading> {
    const course = new KeithleyCourse({
      technique,
      session: this.#session,
      dialect: this.#dialect,
      capability: this.#capability,
      clock: this.#clock,
      signal,
    });
    try {
      yield* course.readings();
    } finally {
      this.#lostReplies += course.lostReplies;
    }
  }
}

function dialectOf(dialect: KeithleyDialect, triggerOut: TriggerOut | undefined): Dialect {
  return dialect === '2400' ? createDialect2400(triggerOut) : createDialect2450(triggerOut);
}
