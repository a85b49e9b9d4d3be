import type { FitReason } from '../domain/circuit-fit.ts';
import type { Clock } from '../domain/clock.ts';

/**
 * What a fit may still spend. The iteration cap gives the same result on every machine; the time
 * cap is the last resort against a problem that is far larger than anyone meant.
 */
export class SearchBudget {
  readonly #clock: Clock;
  readonly #endSecond: number;
  #iterationsLeft: number;

  constructor(
    clock: Clock,
    limits: { readonly iterationsMax: number; readonly timeLimitMs: number },
  ) {
    this.#clock = clock;
    this.#endSecond = clock.nowSecond() + limits.timeLimitMs / 1000;
    this.#iterationsLeft = limits.iterationsMax;
  }

  get iterationsLeft(): number {
    return this.#iterationsLeft;
  }

  spend(iterations: number): void {
    this.#iterationsLeft = Math.max(0, this.#iterationsLeft - iterations);
  }

  /** Which cap is reached; undefined while none is. */
  spent(): Extract<FitReason, 'iterationCap' | 'timeCap'> | undefined {
    if (this.#iterationsLeft <= 0) return 'iterationCap';
    return this.#clock.nowSecond() >= this.#endSecond ? 'timeCap' : undefined;
  }
}
