import type { CancelTimer } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { AcquisitionSchedule } from './acquisition-schedule.ts';
import type { Bench } from './bench.ts';
import { takeDetectorSpectra } from './detector-spectrum-taking.ts';
import type { PartsDone } from './parts-done.ts';
import type { PlannedScan, PlannedSpectrum } from './plan.ts';
import { takeScans } from './scan-taking.ts';
import type { StepFacts } from './step-facts.ts';

export interface LaneOptions {
  readonly schedule: AcquisitionSchedule;
  readonly what: PlannedScan | PlannedSpectrum;
  readonly facts: () => StepFacts;
  /** In seconds of the step: none starts at or after this. */
  readonly endSecond: number;
}

/** Scans or detector spectra beside a step, one at a time, while the step's current flows on. */
export class DetectorLane {
  readonly #bench: Bench;
  readonly #options: LaneOptions;
  readonly #unlisten: readonly (() => void)[];
  #timer: { readonly atSecond: number; readonly cancel: CancelTimer } | undefined;
  #running: Promise<void> | undefined;
  /** Due, but something is in use beside which it may not be taken. */
  #isBlocked = false;
  #open = true;

  constructor(bench: Bench, options: LaneOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#unlisten = [
      bench.resources.onRelease(() => this.#isBlocked && this.look()),
      bench.suspension.onCut(() => this.#disarm()),
      bench.suspension.onClear(() => this.look()),
    ];
  }

  /** Looks now and whenever the schedule says; readings may make it look sooner. */
  look(facts = this.#options.facts()): void {
    const { signal, suspension } = this.#bench;
    if (!this.#open || signal.aborted || suspension.isActive) return;
    const { endSecond, schedule, what } = this.#options;
    if (facts.elapsedSecond >= endSecond) return;
    const isDue = schedule.isDue(facts);
    this.#isBlocked = isDue && !this.#running && !this.#bench.resources.isFree(what.kind);
    if (this.#isBlocked) {
      this.#disarm();
      return;
    }
    if (isDue) this.#start(facts);
    this.#arm(facts.elapsedSecond);
  }

  /**
   * No further one starts; one that is running goes on. One of a grid that never got its turn is
   * counted; one that an event wanted is still wanted when the step has ended.
   */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#disarm();
    for (const unlisten of this.#unlisten) unlisten();
    const { schedule, what } = this.#options;
    if (this.#isBlocked && !schedule.isWanted && !this.#bench.signal.aborted) {
      const { kind } = what;
      this.#drop(1, `A ${kind} was due but is left out: what excludes it was in use to the end.`);
    }
  }

  /** Resolves when none is running. Never rejects: a failure has gone to the bench. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #arm(elapsedSecond: number): void {
    const { endSecond, schedule } = this.#options;
    const next = schedule.nextSecond();
    if (next === this.#timer?.atSecond) return;
    this.#disarm();
    if (next === undefined || next >= endSecond) return;
    const cancel = this.#bench.clock.after(Math.max(0, next - elapsedSecond), () => {
      this.#timer = undefined;
      this.look();
    });
    this.#timer = { atSecond: next, cancel };
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #start(facts: StepFacts): void {
    const { schedule, what } = this.#options;
    const missed = schedule.done(facts) + (this.#running ? 1 : 0);
    if (missed > 0) {
      const message = `${missed} of a ${what.kind} series left out: there was no time for them.`;
      this.#drop(missed, message);
    }
    if (this.#running) return;
    const release = this.#bench.resources.take(what.kind);
    const done = schedule.begins();
    const work = this.#take(done)
      .then(() => schedule.ends())
      .catch((error: unknown) => {
        const { signal } = this.#bench;
        if (signal.aborted && error === signal.reason) return;
        this.#bench.fail(asFault(error, what.kind, 'instrumentReply'));
      })
      .finally(() => {
        this.#running = undefined;
        release();
      });
    this.#running = work;
    this.#bench.background(work);
  }

  #take(done: PartsDone): Promise<void> {
    const { what } = this.#options;
    const { signal } = this.#bench;
    return what.kind === 'scan'
      ? takeScans(this.#bench, what, { signal, done })
      : takeDetectorSpectra(this.#bench, what, { signal, done });
  }

  #drop(count: number, message: string): void {
    this.#bench.drops.add({ what: this.#options.what.kind, count, message });
  }
}
