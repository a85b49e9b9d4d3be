import type { CancelTimer } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { Bench } from './bench.ts';
import { type Cadence, dueSecond, nextIndex } from './cadence.ts';
import type { PlannedScan } from './plan.ts';
import { takeScan } from './scan-taking.ts';

/** Scans beside a step, one at a time, while the step's current flows on. */
export class ScanLane {
  readonly #bench: Bench;
  readonly #timers = new Set<CancelTimer>();
  #running: Promise<void> | undefined;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** Takes a scan at each time of the cadence before `endSecond`; the first at once if due. */
  every(cadence: Cadence, what: { readonly scan: PlannedScan; readonly endSecond: number }): void {
    this.#arm(cadence, 0, what);
  }

  /** No further scan starts; one that is running goes on. */
  endCadences(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Resolves when no scan is running. Never rejects: a failure has gone to the bench. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #arm(
    cadence: Cadence,
    index: number,
    what: { readonly scan: PlannedScan; readonly endSecond: number },
  ): void {
    const { clock } = this.#bench;
    const due = dueSecond(cadence, index);
    if (due >= what.endSecond) return;
    const start = (): void => {
      this.#start(what.scan);
      this.#arm(cadence, nextIndex(cadence, index, clock.nowSecond()).index, what);
    };
    const delaySecond = due - clock.nowSecond();
    if (delaySecond <= 0) {
      start();
      return;
    }
    const cancel = clock.after(delaySecond, () => {
      this.#timers.delete(cancel);
      start();
    });
    this.#timers.add(cancel);
  }

  #start(scan: PlannedScan): void {
    const { journal, signal } = this.#bench;
    if (signal.aborted) return;
    if (this.#running) {
      journal.event({
        code: 'dropped',
        severity: 'warning',
        message: 'A scan was left out: the one before it is still being taken.',
        details: { missed: 1 },
      });
      return;
    }
    const work = takeScan(this.#bench, scan, signal)
      .catch((error: unknown) => this.#bench.fail(asFault(error, 'scan', 'instrumentReply')))
      .finally(() => {
        this.#running = undefined;
      });
    this.#running = work;
    this.#bench.background(work);
  }
}
