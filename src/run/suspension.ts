import type { CancelTimer, Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { Suspender } from '../domain/recipe.ts';
import type { SuspensionMemory } from '../domain/run-store.ts';
import type { Sample } from '../domain/sample.ts';
import type { Intake } from './intake.ts';
import type { Journal } from './journal.ts';
import { type SuspenderState, suspenderAfter, UNHEARD } from './suspender-rule.ts';
import { type ChildAbort, childAbort } from './waiting.ts';
import { spokenTime } from './wording.ts';

/** A channel that says nothing for so long is not known to be inside. */
const SILENCE_SECOND_MAX = 30;

/** Of a channel that kept the run suspended when the software ended: it has to settle. */
const STILL_OUTSIDE = {
  kind: 'outside',
  why: 'has suspended it before the interruption and has not settled yet',
  insideSinceSecond: undefined,
} as const satisfies SuspenderState;

export interface SuspensionOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly suspenders: readonly Suspender[];
  /** Of an earlier start of the software. */
  readonly earlier?: SuspensionMemory | undefined;
  /** Told when the run has been suspended longer than it may. */
  readonly onFault: (fault: Fault) => void;
}

/** Why the run is suspended by something else than a channel of the recipe. */
export interface HoldReason {
  /** The instrument it is about. */
  readonly instrument: string;
  /** "does not answer", after the name of the instrument. */
  readonly why: string;
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
  readonly #holds = new Set<HoldReason>();
  #unlisten: (() => void)[] = [];
  #cancelOver: CancelTimer | undefined;
  /** What an earlier start has left, until steps run again. */
  #earlier: SuspensionMemory['now'];
  #isBegun = false;
  #sinceSecond: number | undefined;
  /** What of this suspension an earlier start has seen. */
  #carriedSecond = 0;
  #pastSecond: number;
  #count: number;

  constructor(options: SuspensionOptions) {
    this.#options = options;
    const { earlier } = options;
    this.#earlier = earlier?.now;
    this.#pastSecond = earlier?.pastSecond ?? 0;
    this.#count = earlier?.count ?? 0;
    this.#watches = options.suspenders.map((suspender) => ({
      suspender,
      state: suspender.channel === earlier?.now?.channel ? STILL_OUTSIDE : UNHEARD,
      silence: undefined,
    }));
  }

  /** Listens to the channels from now on; what it hears matters once steps run. */
  start(intake: Intake): void {
    this.#unlisten = this.#watches.map((watch) =>
      intake.listen(watch.suspender.channel, (sample) => this.#look(watch, sample)),
    );
  }

  /**
   * From now on steps run: what is outside, or was not heard yet, suspends. A run that was
   * suspended when the software ended still is, until its channel has settled, and the time goes
   * on from where it was.
   */
  begin(): void {
    this.#isBegun = true;
    for (const watch of this.#watches) this.#awaitSilence(watch);
    const earlier = this.#earlier;
    this.#earlier = undefined;
    const watch = this.#watches.find(({ suspender }) => suspender.channel === earlier?.channel);
    if (earlier && watch) this.#suspend(watch, undefined, earlier.lengthSecond);
    this.#update();
  }

  /** For a resumed run; undefined while there is nothing to remember. */
  memory(): SuspensionMemory | undefined {
    if (this.#count === 0) return undefined;
    return { count: this.#count, pastSecond: this.#pastSecond, now: this.#nowMemory() };
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

  /** Which channel or instrument keeps the run suspended, why, and since when. */
  get standstill():
    | { readonly channel: string; readonly why: string; readonly sinceSecond: number }
    | undefined {
    const sinceSecond = this.#sinceSecond;
    if (sinceSecond === undefined) return undefined;
    const [held] = this.#holds;
    if (held) return { channel: held.instrument, why: held.why, sinceSecond };
    const outside = this.#watches.find(({ state }) => state.kind === 'outside');
    if (outside?.state.kind !== 'outside') return undefined;
    return { channel: outside.suspender.channel, why: outside.state.why, sinceSecond };
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

  /**
   * Suspends the run until released, beside what the recipe suspends on; nothing ends it by time.
   * @returns releases it; idempotent
   */
  hold(reason: HoldReason): () => void {
    this.#holds.add(reason);
    this.#update();
    return () => {
      if (this.#holds.delete(reason)) this.#update();
    };
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

  #nowMemory(): SuspensionMemory['now'] {
    const { standstill } = this;
    if (!standstill) return this.#earlier;
    const lengthSecond = this.#options.clock.nowSecond() - standstill.sinceSecond;
    return { channel: standstill.channel, lengthSecond };
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
    if (!this.#isBegun) return;
    const [held] = this.#holds;
    const outside = this.#watches.find(({ state }) => state.kind === 'outside');
    if (outside || held) {
      if (!this.isActive) this.#suspend(outside, held);
      // A hold ends by itself; what the recipe suspends on is bounded from when it alone is left.
      if (outside && !held) this.#boundBy(outside);
    } else if (this.isActive) {
      this.#goOn();
    }
  }

  /** @param pastSecond how long this one has lasted already, in an earlier start */
  #suspend(outside: Watch | undefined, held: HoldReason | undefined, pastSecond?: number): void {
    const { clock, journal } = this.#options;
    this.#carriedSecond = pastSecond ?? 0;
    this.#sinceSecond = clock.nowSecond() - this.#carriedSecond;
    if (pastSecond === undefined) this.#count += 1;
    for (const cut of [...this.#cuts]) cut();
    const [who, why] = held ? [held.instrument, held.why] : whyOutside(outside);
    journal.event({
      code: 'suspended',
      severity: 'warning',
      message: `${pastSecond === undefined ? 'Suspended' : 'Still suspended'}, with the current off: ${who} ${why}.`,
      details: {
        [held ? 'instrument' : 'channel']: who,
        count: this.#count,
        suspended_second: this.#carriedSecond,
      },
    });
  }

  #boundBy({ suspender }: Watch): void {
    const { clock, onFault } = this.#options;
    const leftSecond = Math.max(0, suspender.atMost - this.#carriedSecond);
    this.#cancelOver ??= clock.after(leftSecond, () =>
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
    this.#cancelOver = undefined;
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

function whyOutside(outside: Watch | undefined): readonly [channel: string, why: string] {
  if (outside?.state.kind !== 'outside') return ['', ''];
  return [outside.suspender.channel, outside.state.why];
}
