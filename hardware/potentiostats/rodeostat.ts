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
import type { ElectrochemicalTechnique, OpenCircuit } from '../../src/domain/technique.ts';
import { InstrumentClock } from './instrument-clock.ts';
import { traceLosses } from './line-losses.ts';
import { type Measurement, OneMeasurement } from './one-measurement.ts';
import { leaveAtRest } from './rodeostat-electrodes.ts';
import { identifyRodeostat } from './rodeostat-identity.ts';
import {
  type RodeostatPlan,
  readingNumbers,
  rodeostatPlan,
  type TestTechnique,
} from './rodeostat-plan.ts';
import { endProblem, readingOf, sampleProblem } from './rodeostat-reading.ts';
import { restReadings } from './rodeostat-rest.ts';
import { RodeostatSession } from './rodeostat-session.ts';
import type { RodeostatVariant } from './rodeostat-variants.ts';
import { provenanceAfter } from './simulated-mark.ts';
import { techniqueProblems } from './technique-limits.ts';
import { unableFault } from './unable-fault.ts';

export interface RodeostatOptions {
  /** The instrument's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly provenance: Provenance;
  /** The build that the rig file expects. */
  readonly variant: RodeostatVariant;
}

/** Replies show parameters with six decimals. */
const ECHO_TOLERANCE = 1e-5;

type RodeostatTechnique = TestTechnique | OpenCircuit;

/**
 * Driver of the Rodeostat, a potentiostat: it sweeps and holds potentials and reads the potential at
 * rest; it has neither constant current nor impedance. Tests run on the instrument for a bounded
 * time, and it disconnects the electrodes at their end by itself (hardware 0.2), also without a
 * host. Only the host keeps the limit of the current, at each sample. Hardware 0.1 cannot
 * disconnect: after each technique 0 V stay on the cell, and only a relay opens it.
 */
export class Rodeostat implements Potentiostat {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #given: Provenance;
  readonly #variant: RodeostatVariant;
  readonly #session: RodeostatSession;
  readonly #measurement: OneMeasurement;
  #model: string;
  #provenance: Provenance;

  constructor({ id, link, clock, provenance, variant }: RodeostatOptions) {
    this.#id = id;
    this.#clock = clock;
    this.#link = link;
    this.#given = provenance;
    this.#provenance = provenance;
    this.#variant = variant;
    this.#model = modelOf(variant);
    this.#session = new RodeostatSession({ link, clock, place: `potentiostat ${id}` });
    this.#measurement = new OneMeasurement({
      place: this.#session.place,
      stopAndOpenCell: () => this.#stopAndOpenCell(),
    });
  }

  get info(): InstrumentInfo {
    return { id: this.#id, model: this.#model, provenance: this.#provenance };
  }

  get capability(): PotentiostatCapability {
    return this.#variant.capability;
  }

  /** What the line lost since `connect`: bytes that are part of no line, replies that never came. */
  get losses() {
    const { discardedBytes, lostReplies } = this.#session.conversation;
    return { discardedBytes, lostReplies, ...traceLosses(this.#link) };
  }

  /**
   * Opens the link, ends whatever test runs, identifies the instrument and leaves the cell at rest.
   * Aborted half-way it leaves the link open, so that `cellOff` still reaches the instrument.
   * @throws Fault instrumentMissing, instrumentLost, timeout, instrumentReply, or instrumentUnable
   *   when another variant answers
   */
  async connect(signal: AbortSignal): Promise<void> {
    const expected = () => `a Rodeostat ${this.#variant.name}`;
    await this.#session.conversation.connect({ signal, expected }, async () => {
      await this.#session.stopTest(signal);
      const { variant, firmware } = await identifyRodeostat(this.#session, signal);
      this.#refuseOther(variant);
      this.#model = modelOf(variant, firmware);
      this.#provenance = provenanceAfter(firmware, this.#given);
      await leaveAtRest(this.#session, variant, signal);
      if (variant.hasSwitches) await this.#connectOnlyInTests(signal);
    });
  }

  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    const own = this.#refuseUnable(technique);
    yield* this.#measurement.run(signal, (measurement) =>
      own.plan
        ? this.#testReadings(own.technique, own.plan, measurement)
        : restReadings(own.technique, {
            session: this.#session,
            variant: this.#variant,
            clock: this.#clock,
            signal: measurement.signal,
          }),
    );
  }

  cellOff(): Promise<void> {
    return this.#measurement.cellOff();
  }

  /** Stops a measurement that runs, then closes the link. */
  disconnect(): Promise<void> {
    return this.#measurement.endAndClose(this.#session.conversation);
  }

  #refuseOther({ name }: RodeostatVariant): void {
    if (name === this.#variant.name) return;
    throw new Fault('instrumentUnable', {
      where: this.#session.place,
      message: `expected a Rodeostat ${this.#variant.name}, found a ${name}: write variant: ${name} into the rig file, or check the port`,
    });
  }

  /** The instrument itself disconnects at the end of a test, also when the host is gone then. */
  async #connectOnlyInTests(signal: AbortSignal): Promise<void> {
    const request = { command: 'setElectAutoConnect', autoConnect: true };
    const { autoConnect } = await this.#session.question(request, signal);
    if (autoConnect !== true) throw this.#session.misunderstanding(request, 'true', autoConnect);
  }

  /** @throws Fault instrumentUnable with every reason */
  #refuseUnable(
    technique: ElectrochemicalTechnique,
  ):
    | { readonly technique: TestTechnique; readonly plan: RodeostatPlan }
    | { readonly technique: OpenCircuit; readonly plan?: never } {
    const problems = techniqueProblems(technique, this.#variant.capability);
    if (problems.length > 0 || !isOwn(technique)) throw this.#unable(problems);
    if (technique.kind === 'openCircuit') return { technique };
    const plan = rodeostatPlan(technique, this.#variant);
    if ('test' in plan) return { technique, plan };
    throw this.#unable(plan);
  }

  #unable(problems: readonly string[]): Fault {
    return unableFault(this.#session.place, problems);
  }

  /** Whoever reads these leaves the cell at rest: `OneMeasurement` sees to that. */
  async *#testReadings(
    technique: TestTechnique,
    plan: RodeostatPlan,
    { signal }: Measurement,
  ): AsyncGenerator<Reading> {
    await this.#setUp(plan, signal);
    const time = new InstrumentClock();
    time.align(0, this.#clock.nowSecond());
    const { test, samplePeriodMs } = plan;
    const numbers = readingNumbers(technique, plan);
    let wanted = numbers.next().value;
    await this.#session.command({ command: 'runTest', test: test.name }, signal);
    let lastMs = 0;
    for (let count = 1; ; count += 1) {
      const sample = await this.#session.nextSample(samplePeriodMs, signal);
      const problem = sample ? sampleProblem(sample, plan, lastMs) : endProblem(plan, lastMs);
      if (problem !== undefined) throw this.#nonsense(problem);
      if (!sample) return;
      lastMs = sample.timeMs;
      const timeSecond = time.hostSecond(lastMs / 1000, this.#clock.nowSecond());
      const reading = readingOf(sample, plan, { accuracy: this.capability.accuracy, timeSecond });
      const isEnd =
        reading.quality === 'overload' ||
        Math.abs(reading.currentAmpere) >= technique.currentAmpereMax;
      if (isEnd || count === wanted) yield reading;
      if (isEnd) return;
      if (count === wanted) wanted = numbers.next().value;
    }
  }

  /** Everything that a test needs; each setting is compared with what the instrument answers. */
  async #setUp(plan: RodeostatPlan, signal: AbortSignal): Promise<void> {
    const { test, durationMs, samplePeriodMs, currentRange } = plan;
    await this.#set({ command: 'setCurrRange', currRange: currentRange.name }, signal);
    await this.#set({ command: 'setSamplePeriod', samplePeriod: samplePeriodMs }, signal);
    const request = { command: 'setParam', test: test.name, param: test.param };
    const { param } = await this.#session.question(request, signal);
    const echo: object = typeof param === 'object' && param !== null ? param : {};
    for (const [key, wanted] of Object.entries(test.param)) {
      const found: unknown = new Map<string, unknown>(Object.entries(echo)).get(key);
      if (isEcho(found, wanted)) continue;
      throw this.#session.misunderstanding(request, `${key} ${wanted}`, found);
    }
    const question = { command: 'getTestDoneTime', test: test.name };
    const { testDoneTime } = await this.#session.question(question, signal);
    if (testDoneTime === durationMs) return;
    throw this.#session.misunderstanding(question, `${durationMs} ms`, testDoneTime);
  }

  async #set(
    request: { readonly command: string } & Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<void> {
    const response = await this.#session.question(request, signal);
    for (const [key, wanted] of Object.entries(request)) {
      if (response[key] === wanted) continue;
      throw this.#session.misunderstanding(request, `${key} ${wanted}`, response[key]);
    }
  }

  #nonsense(message: string): Fault {
    return new Fault('instrumentReply', { where: this.#session.place, message });
  }

  async #stopAndOpenCell(): Promise<void> {
    await this.#session.stopTest();
    await leaveAtRest(this.#session, this.#variant);
  }
}

/** Shown wherever the instrument is: what it cannot do about the cell belongs to its name. */
function modelOf({ name, hasSwitches }: RodeostatVariant, firmware = ''): string {
  const words = ['Rodeostat', name, firmware, hasSwitches ? '' : '(cannot open the cell)'];
  return words.filter((word) => word !== '').join(' ');
}

function isOwn(technique: ElectrochemicalTechnique): technique is RodeostatTechnique {
  return technique.kind !== 'impedance' && technique.kind !== 'constantCurrent';
}

function isEcho(found: unknown, wanted: number): boolean {
  if (typeof found !== 'number') return false;
  return Math.abs(found - wanted) <= ECHO_TOLERANCE * Math.max(1, Math.abs(wanted));
}
