import type { CancelTimer, Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { Suspender } from '../domain/recipe.ts';
import type { Sample } from '../domain/sample.ts';
import type { Intake } from './intake.ts';
import type { Journal } from './journal.ts';
import { type SuspenderState, suspenderAfter, UNHEARD } from './suspender-rule.ts';
import { type ChildAbort, childAbort } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** A channel that says nothing for so long is not known to be inside. */
const SILENCE_SECOND_MAX = 30;

export interface SuspensionOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly suspenders: readonly Suspender[];
  /** Told when the run has been suspended longer than it may. */
  readonly onFault: (fault: Fault) => void;
}

interface Watch {
  readonly suspender: Suspender;
  state: SuspenderState;
  silence: CancelTimer | undefined;
}

/**
 * Keeps the current off while a channel is where nothing can be measured, and lets the run go on
 * by itself when it is back. The time of a step stands still meanwhile: `activeSecond` is the
 * clock without all suspensions.
 */
export class Suspension {
  readonly #options: SuspensionOptions;
  readonly #watches: Watch[];
  readonly #cuts = new Set<() => void>();
  readonly #clears = new Set<() => void>();
  #unlisten: (() => void)[] = [];
  #cancelOver: CancelTimer | undefined;
  #sinceSecond: number | undefined;
  #pastSecond = 0;
  #count = 0;

  constructor(options: SuspensionOptions) {
    this.#options = options;
    this.#watches = options.suspenders.map((suspender) => ({
      suspender,
      state: UNHEARD,
      silence: undefined,
    }));
  }

  /** Listens to the channels from now on; one that was not heard yet suspends once it matters. */
  start(intake: Intake): void {
    this.#unlisten = this.#watches.map((watch) =>
      intake.listen(watch.suspender.channel, (sample) => this.#look(watch, sample)),
    );
  }

  /** From now on steps run: what is outside, or was not heard yet, suspends. */
  begin(): void {
    for (const watch of this.#watches) this.#awaitSilence(watch);
    this.#update();
  }

  stop(): void {
    for (const unlisten of this.#unlisten) unlisten();
    for (const watch of this.#watches) watch.silence?.();
    this.#cancelOver?.();
    this.#cancelOver = undefined;
  }

  get isActive(): boolean {
    return this.#sinceSecond !== undefined;
  }

  /** How often the run was suspended. */
  get count(): number {
    return this.#count;
  }

  /** How long in all. */
  get suspendedSecond(): number {
    const nowSecond = this.#options.clock.nowSecond();
    return this.#pastSecond + (nowSecond - (this.#sinceSecond ?? nowSecond));
  }

  /** The clock without the time in which the run was suspended. */
  activeSecond(): number {
    return this.#options.clock.nowSecond() - this.suspendedSecond;
  }

  /** Calls back at the moment the run is suspended. Returns the way to stop. */
  onCut(listener: () => void): () => void {
    this.#cuts.add(listener);
    return () => this.#cuts.delete(listener);
  }

  /** Calls back when it goes on. Returns the way to stop. */
  onClear(listener: () => void): () => void {
    this.#clears.add(listener);
    return () => this.#clears.delete(listener);
  }

  /** Resolves when nothing suspends. Rejects with the signal's reason if it aborts first. */
  async cleared(signal: AbortSignal): Promise<void> {
    while (this.isActive) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const forget = (): void => {
          unlisten();
          signal.removeEventListener('abort', onAbort);
        };
        const unlisten = this.onClear(() => {
          forget();
          resolve();
        });
        const onAbort = (): void => {
          forget();
          reject(signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
      });
    }
  }

  /**
   * Does work that cannot be stopped half-way: cut off by a suspension it is done again, from its
   * beginning, when the run goes on.
   */
  async whole(signal: AbortSignal, work: (own: ChildAbort) => Promise<void>): Promise<void> {
    for (;;) {
      await this.cleared(signal);
      const own = childAbort(signal);
      const cut = new Error('the run is suspended');
      const unlisten = this.onCut(() => own.abort(cut));
      try {
        await work(own);
        if (own.signal.reason !== cut) return;
      } catch (error) {
        if (error !== cut) throw error;
      } finally {
        unlisten();
        own.end();
      }
    }
  }

  #look(watch: Watch, sample: Sample): void {
    watch.state = suspenderAfter(watch.suspender, watch.state, sample);
    this.#awaitSilence(watch);
    this.#update();
  }

  #awaitSilence(watch: Watch): void {
    watch.silence?.();
    watch.silence = this.#options.clock.after(SILENCE_SECOND_MAX, () => {
      const why = `has said nothing for ${SILENCE_SECOND_MAX} s`;
      watch.state = { kind: 'outside', why, insideSinceSecond: undefined };
      this.#update();
    });
  }

  #update(): void {
    const outside = this.#watches.find(({ state }) => state.kind === 'outside');
    if (outside && !this.isActive) this.#suspend(outside);
    else if (!outside && this.isActive) this.#goOn();
  }

  #suspend({ suspender, state }: Watch): void {
    const { clock, journal, onFault } = this.#options;
    this.#sinceSecond = clock.nowSecond();
    this.#count += 1;
    for (const cut of [...this.#cuts]) cut();
    const why = state.kind === 'outside' ? state.why : '';
    journal.event({
      code: 'suspended',
      severity: 'warning',
      message: `Suspended, with the current off: ${suspender.channel} ${why}.`,
      details: { channel: suspender.channel, count: this.#count },
    });
    this.#cancelOver = clock.after(suspender.atMost, () =>
      onFault(
        new Fault('timeout', {
          where: suspender.channel,
          message: `has kept the run suspended for ${spokenTime(suspender.atMost)}, as long as the recipe allows`,
        }),
      ),
    );
  }

  #goOn(): void {
    const { clock, journal } = this.#options;
    this.#cancelOver?.();
    const nowSecond = clock.nowSecond();
    const lengthSecond = nowSecond - (this.#sinceSecond ?? nowSecond);
    this.#pastSecond += lengthSecond;
    this.#sinceSecond = undefined;
    journal.event({
      code: 'suspensionEnded',
      severity: 'info',
      message: `The run goes on after ${spokenTime(Math.round(lengthSecond))} of suspension.`,
      details: {
        suspended_second: lengthSecond,
        suspended_second_in_all: this.#pastSecond,
        count: this.#count,
      },
    });
    for (const clear of [...this.#clears]) clear();
  }
}
