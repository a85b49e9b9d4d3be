import { BackOff } from '../domain/back-off.ts';
import { type Clock, sleep } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { Potentiostat } from '../domain/instrument.ts';
import { deriveSeed } from '../domain/random.ts';
import type { Resume } from '../domain/recipe.ts';
import { EnduringPotentiostat, lossOf } from './enduring-potentiostat.ts';
import type { Journal } from './journal.ts';
import type { Question } from './people.ts';
import { decideResume } from './resume.ts';
import type { Suspension } from './suspension.ts';
import { spokenTime } from './wording.ts';

/** lab-network-and-safety.md §3: 0.25 to 5 s between attempts. */
const FIRST_WAIT_SECOND = 0.25;
const LONGEST_WAIT_SECOND = 5;
/** A plug that is pulled and put back, a reboot of an instrument: also where the recipe has less. */
const OUTAGE_SECOND_MIN = 120;
/** So many losses within the time are no accident but a bad cable: the run ends. */
const LOSSES_MAX = 5;
const LOSSES_SECOND = 600;

export interface ReconnectionOptions {
  readonly potentiostat: Potentiostat;
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'event'>;
  readonly suspension: Pick<Suspension, 'hold'>;
  readonly policy: Resume;
  readonly seed: number;
  /** Aborts when the run ends. */
  readonly signal: AbortSignal;
  /** Resolves when a person lets a held run go on; rejects when the run ends. */
  readonly ask: (question: Question) => Promise<void>;
  /** Work that must have ended before the run does; it does not reject. */
  readonly background: (work: Promise<void>) => void;
  /** Ends the run. */
  readonly onFault: (fault: Fault) => void;
}

/**
 * What a run does when its potentiostat is lost in a step: it is suspended, the instrument is
 * connected again until the same one answers with its cell off, and then the recipe's policy for
 * interruptions decides whether it goes on by itself, waits for a person or ends. The step's time
 * stands still meanwhile; what cannot be cut in two (a sweep) begins again.
 */
export class Reconnection {
  /** What the run measures with. */
  readonly potentiostat: EnduringPotentiostat;
  readonly #options: ReconnectionOptions;
  readonly #backOff: BackOff;
  #lossSeconds: readonly number[] = [];
  #attempts = 0;

  constructor(options: ReconnectionOptions) {
    const { clock, potentiostat, seed } = options;
    this.#options = options;
    this.#backOff = new BackOff({
      firstSecond: FIRST_WAIT_SECOND,
      longestSecond: LONGEST_WAIT_SECOND,
      seed: deriveSeed(seed, 'reconnection'),
    });
    this.potentiostat = new EnduringPotentiostat(potentiostat, {
      clock,
      onLost: (fault) => this.#lost(fault),
    });
  }

  /** Attempts to connect again since the run began. */
  get attempts(): number {
    return this.#attempts;
  }

  /** @returns whether the loss is waited out */
  #lost(fault: Fault): boolean {
    const { clock, journal, policy, signal, suspension, background } = this.#options;
    const { id } = this.potentiostat.info;
    if (signal.aborted || policy.policy === 'abort' || this.#isStorm()) return false;
    const why = lossOf(fault, id);
    const lostSecond = clock.nowSecond();
    journal.event({
      code: 'instrumentFault',
      severity: 'alarm',
      message: `${id} is lost: ${why}. It may go on by itself within its own limits until it is connected again.`,
      details: { instrument: id, fault: fault.code },
    });
    const release = suspension.hold({ instrument: id, why: 'is lost' });
    background(this.#waitOut(fault, lostSecond, release));
    return true;
  }

  #isStorm(): boolean {
    const nowSecond = this.#options.clock.nowSecond();
    const recent = this.#lossSeconds.filter((second) => nowSecond - second < LOSSES_SECOND);
    this.#lossSeconds = [...recent, nowSecond];
    return this.#lossSeconds.length > LOSSES_MAX;
  }

  async #waitOut(fault: Fault, lostSecond: number, release: () => void): Promise<void> {
    const { signal, onFault } = this.#options;
    try {
      await this.#untilBack(fault, lostSecond);
      await this.#decide(lostSecond);
      release();
    } catch (error) {
      if (signal.aborted) return;
      onFault(asFault(error, this.potentiostat.info.id, 'instrumentLost'));
    }
  }

  /** @throws Fault when it is not back in time; the signal's reason */
  async #untilBack(fault: Fault, lostSecond: number): Promise<void> {
    const { clock, policy, signal } = this.#options;
    const longestSecond = Math.max(policy.maxGap, OUTAGE_SECOND_MIN);
    this.#backOff.reset();
    for (;;) {
      await sleep(clock, this.#backOff.nextSecond(), signal);
      this.#attempts += 1;
      try {
        await this.potentiostat.reconnect(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        const outageSecond = clock.nowSecond() - lostSecond;
        if (outageSecond >= longestSecond) throw this.#givenUp(fault, error, outageSecond);
      }
    }
  }

  #givenUp(fault: Fault, last: unknown, outageSecond: number): Fault {
    const { id } = this.potentiostat.info;
    const message = `was lost and has not come back for ${spokenTime(Math.round(outageSecond))}, in ${this.#backOff.attempts} attempts; the last one: ${lossOf(last, id)}`;
    return new Fault(fault.code, [...fault.problems, { where: id, message }], last);
  }

  async #decide(lostSecond: number): Promise<void> {
    const { clock, journal, policy, ask } = this.#options;
    const { potentiostat } = this;
    const { id, model } = potentiostat.info;
    const nowSecond = clock.nowSecond();
    const lengthSecond = nowSecond - lostSecond;
    journal.event({
      code: 'gap',
      severity: 'warning',
      message: `${id} is back after ${spokenTime(Math.round(lengthSecond))} and ${this.#backOff.attempts} attempts: it is the same ${model}, and ${potentiostat.capability.cellOffLeaves ?? 'its cell is off'}. The charge that passed meanwhile is not known and counts as none.`,
      details: {
        start_second: lostSecond,
        end_second: nowSecond,
        length_second: lengthSecond,
        charge_coulomb: null,
        cause: 'instrumentLost',
        instrument: id,
      },
    });
    const decision = decideResume(policy, {
      endedAs: 'running',
      fromSecond: lostSecond,
      toSecond: nowSecond,
      lengthSecond,
      missingRecords: 0,
      damage: undefined,
      confirmedBy: undefined,
    });
    if (decision.kind !== 'hold') return;
    await ask({
      kind: 'held',
      message: `The run waits for a person: ${decision.reason}. The current is off meanwhile.`,
      details: { reason: decision.reason, instrument: id },
    });
  }
}
