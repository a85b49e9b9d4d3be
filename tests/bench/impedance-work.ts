import type { ImpedanceKernel, Minimum } from '../../src/kernels/impedance-kernel.ts';
import type { Target } from './bench.ts';
import type { ImpedanceProblem } from './impedance-problem.ts';
import type { NativeEffort, NativeTask } from './native-yardstick.ts';

// The efforts of `src/analysis/impedance-search.ts`; tests/bench/native/search.c has the same.
const SHORT_RUN = { iterationsMax: 12, tolerance: 1e-4 } as const;
const MEDIUM_RUN = { iterationsMax: 60, tolerance: 1e-6 } as const;
const POLISH = { iterationsMax: 300, tolerance: 1e-8 } as const;
const POLISHED = 3;

/** Milliseconds of a fit from a factor 2 off, from 5 % off, and from 12 starts. */
export const COLD = { sense: 'atMost', limit: 0.5 } as const satisfies Target;
export const WARM = { sense: 'atMost', limit: 0.25 } as const satisfies Target;
export const GLOBAL = { sense: 'atMost', limit: 5 } as const satisfies Target;

/** What a piece of work comes to. */
export interface WorkResult {
  readonly chiSquare: number;
  readonly iterations: number;
}

/** Work that the kernel and the native yardstick both do, on a loaded problem. */
export interface KernelWork {
  readonly name: string;
  readonly task: NativeTask;
  /** In theta. */
  readonly starts: readonly Float64Array[];
  readonly effort: NativeEffort;
  readonly target?: Target;
  /** What is timed. */
  run(kernel: ImpedanceKernel): unknown;
  /** The same once, with its result. */
  result(kernel: ImpedanceKernel): WorkResult;
}

/** A pass over residuals, Jacobian and J'J; fits from two starts; a search from twelve. */
export function kernelWork(
  problem: ImpedanceProblem,
  theta: Readonly<Record<'optimum' | 'near' | 'warm', Float64Array>>,
): readonly KernelWork[] {
  return [
    {
      name: 'one pass',
      task: 'pass',
      starts: [theta.optimum],
      effort: POLISH,
      run: (kernel) => kernel.normalMatrix(theta.optimum),
      result: (kernel) => ({ chiSquare: sumOfSquares(kernel, theta.optimum), iterations: 0 }),
    },
    fitWork('fit, near start', theta.near, COLD),
    fitWork('fit, warm (5 % off)', theta.warm, WARM),
    {
      name: 'fit, 12 starts',
      task: 'search',
      starts: problem.starts,
      effort: POLISH,
      target: GLOBAL,
      run: (kernel) => search(kernel, problem.starts),
      result: (kernel) => search(kernel, problem.starts),
    },
  ];
}

/** One local fit, polished. */
export function fitWork(name: string, start: Float64Array, target: Target): KernelWork {
  const fit = (kernel: ImpedanceKernel): Minimum => kernel.minimise(start, POLISH);
  return {
    name,
    task: 'fit',
    starts: [start],
    effort: POLISH,
    target,
    run: fit,
    result: fit,
  };
}

/** One round of the global search: short runs from projected starts, the best polished. */
function search(kernel: ImpedanceKernel, starts: readonly Float64Array[]): Minimum {
  const short = starts
    .map((start) => kernel.minimise(kernel.project(start), SHORT_RUN))
    .sort(byCost);
  const [best] = short
    .slice(0, POLISHED)
    .map(({ theta }) => kernel.minimise(theta, MEDIUM_RUN))
    .sort(byCost);
  if (!best) throw new RangeError('no starts');
  return kernel.minimise(best.theta, POLISH);
}

function byCost(a: Minimum, b: Minimum): number {
  return a.cost - b.cost;
}

function sumOfSquares(kernel: ImpedanceKernel, theta: Float64Array): number {
  return kernel.residuals(theta).reduce((sum, residual) => sum + residual * residual, 0);
}
