import type { Spread } from './spread.ts';

/** How long and with what a bench measures. */
export interface BenchOptions {
  /** Rounds of the interleaved measurement; every figure is the median over the rounds. */
  readonly rounds: number;
  /** Each round repeats a contender's work for about this long. */
  readonly batchMs: number;
  /** Of starts and of synthetic data. */
  readonly seed: number;
  /** Whether to run the native and Python yardsticks. */
  readonly yardsticks: boolean;
  /** Size of the synthetic scan, where it is not the full one; with the phase filter or without. */
  readonly scan: {
    readonly rows?: number;
    readonly columns?: number;
    readonly views?: number;
    readonly phase: boolean;
  };
  /** Tells of progress, in a sentence. */
  readonly tell: (sentence: string) => void;
}

/** What a figure should be. It is reported as reached or missed, and gates nothing. */
export interface Target {
  readonly sense: 'atMost' | 'atLeast';
  readonly limit: number;
}

export interface MeasuredFigure {
  readonly kind: 'measured';
  readonly name: string;
  /** `ms`, `s`, `MB`, `px`, or `x` for a ratio; empty for a bare number. */
  readonly unit: string;
  /** Of wall time, or the figure itself when it is not a time. */
  readonly wall: Spread;
  /** The same by CPU time of the process, all threads. */
  readonly cpu: Spread | null;
  readonly target: Target | null;
  readonly note: string;
}

/** A figure that could not be measured here. */
export interface AbsentFigure {
  readonly kind: 'absent';
  readonly name: string;
  readonly reason: string;
}

export type Figure = MeasuredFigure | AbsentFigure;

/** One subject of `npm run bench -- NAME`. */
export interface Bench {
  readonly name: string;
  /** One sentence for the list of benches. */
  readonly about: string;
  /** True when everything is measured once, however many rounds are asked for. */
  readonly isOnce?: boolean;
  /** Added to the name of the report when options make it another measurement. */
  variant?(options: BenchOptions): string;
  run(options: BenchOptions): Promise<readonly Figure[]>;
}

/** Whether a figure is as its target wants it: by wall time, and by CPU time where it has one. */
export interface Verdict {
  readonly wall: boolean;
  readonly cpu: boolean | null;
}

/** Null when the figure has no target. */
export function verdictOf({ target, wall, cpu }: MeasuredFigure): Verdict | null {
  if (!target) return null;
  const isReached = ({ median }: Spread): boolean =>
    target.sense === 'atMost' ? median <= target.limit : median >= target.limit;
  return { wall: isReached(wall), cpu: cpu ? isReached(cpu) : null };
}
