import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { PotentiostatCapability, Reading } from '../../src/domain/instrument.ts';
import { InstrumentClock } from './instrument-clock.ts';
import type { Dialect, SmuReading, Visit } from './keithley-dialect.ts';
import {
  HOLD_SECOND_MAX,
  type PlannedPoint,
  plannedPoints,
  type Rhythm,
  rhythmOf,
  type SmuPlan,
  type SmuTechnique,
  shortestPoint,
  smuPlan,
  visitsIn,
} from './keithley-plan.ts';
import { readingOf } from './keithley-reading.ts';
import type { KeithleySession } from './keithley-session.ts';

/** Visits in a row that may find no new reading before the instrument counts as stuck. */
const VISITS_WITHOUT_READING_MAX = 5;
/**
 * A host that comes no later than this for a reading of a steady technique is not late, however fine
 * the rhythm: it waited for its disk, and the instrument has stamped each reading.
 */
const PUNCTUAL_SECOND = 1;
/** Waited for a reading that is just being taken. */
const READING_SECOND = 0.25;

export interface KeithleyCourseOptions {
  readonly technique: SmuTechnique;
  readonly session: KeithleySession;
  readonly dialect: Dialect;
  readonly capability: PotentiostatCapability;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a visit has brought, judged. */
interface Found {
  readonly reading: Extract<Reading, { kind: 'electrical' }>;
  /** The technique has met a limit. */
  readonly isEnd: boolean;
}

/**
 * One technique under way: the instrument reads on and on by itself, and the host visits it for
 * its newest reading, at least so often that it does not switch its output off.
 */
export class KeithleyCourse {
  readonly #technique: SmuTechnique;
  readonly #session: KeithleySession;
  readonly #dialect: Dialect;
  readonly #capability: PotentiostatCapability;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #plan: SmuPlan;
  readonly #rhythm: Rhythm;
  /** None in a sweep: a potential that stands too long is another sweep. */
  readonly #punctualSecond: number;
  readonly #time = new InstrumentClock();
  #startSecond = 0;
  /** When the next visit is due. */
  #dueSecond = 0;
  /** When the instrument was last surely given something to do. */
  #visitedSecond = 0;
  /** The reply to the last visit did not come. */
  #isSilent = false;
  #isClockAligned = false;
  #lostReplies = 0;

  constructor(options: KeithleyCourseOptions) {
    const { technique, session, dialect, capability, clock, signal } = options;
    this.#technique = technique;
    this.#session = session;
    this.#dialect = dialect;
    this.#capability = capability;
    this.#clock = clock;
    this.#signal = signal;
    this.#plan = smuPlan(technique, capability);
    this.#punctualSecond = 'sampleEverySecond' in technique ? PUNCTUAL_SECOND : 0;
    this.#rhythm = rhythmOf(shortestPoint(technique), HOLD_SECOND_MAX);
  }

  /** Replies that never came. */
  get lostReplies(): number {
    return this.#lostReplies;
  }

  /**
   * Sets the instrument up, switches its output on and reads to the end of the technique or to a
   * limit. The output is still on then: whoever reads switches it off.
   * @throws Fault timeout, instrumentLost or instrumentReply
   */
  async *readings(): AsyncGenerator<Reading> {
    const setUp = this.#dialect.setUpCommands(this.#plan, this.#rhythm);
    await this.#session.command(setUp, this.#signal);
    this.#startSecond = this.#clock.nowSecond();
    this.#dueSecond = this.#startSecond;
    this.#visitedSecond = this.#startSecond;
    await this.#dialect.start(this.#session);
    let level = this.#plan.level;
    for (const point of plannedPoints(this.#technique)) {
      if (point.level !== undefined && point.level !== level) {
        level = point.level;
        await this.#dialect.step(this.#session, level);
      }
      const found = await this.#pass(point);
      if (found && (point.isSampled || found.isEnd)) yield found.reading;
      if (found?.isEnd) return;
    }
  }

  /** Visits through one point, to its end or to a limit. @returns what the last visit has found */
  async #pass(point: PlannedPoint): Promise<Found | undefined> {
    const visits = visitsIn(point);
    const stepSecond = point.durationSecond / visits;
    let found: Found | undefined;
    for (let visit = 0; visit < visits; visit += 1) {
      const isLate = await this.#waitUntilDue(stepSecond);
      found = await this.#visit(isLate);
      if (found.isEnd) return found;
    }
    return found;
  }

  /** @returns whether the visit comes a whole visit late; the next ones do not make up for it */
  async #waitUntilDue(stepSecond: number): Promise<boolean> {
    this.#dueSecond += stepSecond;
    const leftSecond = this.#dueSecond - this.#clock.nowSecond();
    if (leftSecond > 0) {
      await sleep(this.#clock, leftSecond, this.#signal);
      return false;
    }
    this.#signal.throwIfAborted();
    if (-leftSecond < Math.max(stepSecond, this.#punctualSecond)) return false;
    this.#dueSecond -= leftSecond;
    return true;
  }

  /** A reading newer than that of the visit before. */
  async #visit(isLate: boolean): Promise<Found> {
    for (let visit = 0; visit < VISITS_WITHOUT_READING_MAX; visit += 1) {
      const found = await this.#ask();
      if (!found) continue;
      const { reading } = found;
      if (reading && !this.#time.isHeard(reading.stampSecond)) {
        await this.#align();
        return this.#judge(found, { reading, isLate });
      }
      // Also without a reading: the reply that brought it may have been the one that was lost.
      if (found.hasRestartedClock) this.#time.align(0, this.#clock.nowSecond());
      this.#checkOutput(found, false);
      await sleep(this.#clock, this.#rhythm.pauseSecond + READING_SECOND, this.#signal);
    }
    throw new Fault('timeout', {
      where: this.#session.place,
      message: `no new reading of it came although it was asked for one ${VISITS_WITHOUT_READING_MAX} times`,
    });
  }

  /** @returns undefined when the reply was lost on the way, and may be asked for again */
  async #ask(): Promise<Visit | undefined> {
    this.#checkHold();
    const begunSecond = this.#clock.nowSecond();
    const found = await this.#unlessLost(() =>
      this.#dialect.visit(this.#session, this.#plan, this.#signal),
    );
    if (found) this.#visitedSecond = begunSecond;
    this.#isSilent = found === undefined;
    return found;
  }

  async #unlessLost<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'timeout') throw error;
      this.#lostReplies += 1;
      return undefined;
    }
  }

  /** At the first reading: when the instrument's clock showed what at the start. */
  async #align(): Promise<void> {
    if (this.#isClockAligned) return;
    // Tried once: without it the arrivals alone bound the offset.
    this.#isClockAligned = true;
    const stampSecond = await this.#unlessLost(() =>
      this.#dialect.startStamp(this.#session, this.#plan, this.#signal),
    );
    if (stampSecond !== undefined) this.#time.align(stampSecond, this.#startSecond);
  }

  /** The visit of a 2400 switches its output on again: it must not when that went off meanwhile. */
  #checkHold(): void {
    const awaySecond = this.#clock.nowSecond() - this.#visitedSecond;
    const { holdSecondMin } = this.#rhythm;
    if (awaySecond <= holdSecondMin) return;
    const why = this.#isSilent ? 'it did not answer' : 'the host was away from it';
    throw new Fault(this.#isSilent ? 'timeout' : 'instrumentReply', {
      where: this.#session.place,
      message: `${why} for ${awaySecond.toFixed(1)} s, and it holds its output on without its host for ${holdSecondMin.toFixed(1)} s for sure: the current may have been interrupted`,
    });
  }

  #judge(
    found: Visit,
    { reading, isLate }: { readonly reading: SmuReading; readonly isLate: boolean },
  ): Found {
    const plan = this.#plan;
    const timeSecond = this.#time.hostSecond(reading.stampSecond, this.#clock.nowSecond());
    if (found.hasRestartedClock) this.#time.align(0, this.#clock.nowSecond());
    const isOutside = isOutsideWindow(plan, reading);
    const isEnd = this.#technique.kind !== 'openCircuit' && (isOutside || reading.isLimited);
    this.#checkOutput(found, isEnd);
    const { currentRangeAmpere } = found;
    const { accuracy } = this.#capability;
    const context = { plan, accuracy, currentRangeAmpere, timeSecond, isLate };
    return { reading: readingOf(reading, context), isEnd };
  }

  /** @param isEnd at a limit a 2450 has switched off by itself, as it was told to */
  #checkOutput({ isOutputOn }: Visit, isEnd: boolean): void {
    if (isOutputOn || isEnd) return;
    throw new Fault('instrumentReply', {
      where: this.#session.place,
      message:
        'its output went off: a key on its front, its interlock or output-enable line, or heat has done it',
    });
  }
}

/** The host's own look at the voltage: a symmetric compliance keeps only one of two limits. */
function isOutsideWindow(plan: SmuPlan, { voltageVolt }: SmuReading): boolean {
  if (plan.source === 'voltage') return false;
  const { voltageVoltMin, voltageVoltMax } = plan.window;
  return voltageVolt <= voltageVoltMin || voltageVolt >= voltageVoltMax;
}
