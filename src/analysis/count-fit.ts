import { cholesky, invertSymmetric, solveCholesky } from './symmetric-system.ts';

/**
 * Fits a model to counts by maximum likelihood: scoring with the weights of the model, so that
 * channels with few counts pull neither up nor down as weights of the counts themselves do.
 */

export interface CountModel {
  /** Expected counts of each channel, written into `expected`. */
  evaluate(parameters: Float64Array, expected: Float64Array): void;
  /** A small change of each parameter, for central differences; 0 for one that is fixed. */
  steps(parameters: Float64Array): Float64Array;
  /** Between which each parameter means something. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface CountFit {
  readonly parameters: Float64Array;
  readonly expected: Float64Array;
  /** 2 Σ (m - n + n ln(n / m)), the deviance of Poisson counts. */
  readonly deviance: number;
  readonly converged: boolean;
}

const ITERATIONS_MAX = 80;
const DAMPING_START = 1e-3;
const DAMPING_MAX = 1e10;
/** A further change of the deviance by this is far below what any count can say. */
const DEVIANCE_SETTLED = 1e-5;
/** Expected counts are never taken as less: the logarithm of an empty channel is not the cell's. */
const EXPECTED_MIN = 0.02;

/** @param counts of each channel, 0 or more; need not be whole numbers */
export function fitCounts(model: CountModel, counts: Float64Array, start: Float64Array): CountFit {
  let parameters = confined(model, start);
  let current = stateAt(model, counts, parameters);
  let damping = DAMPING_START;
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration += 1) {
    const system = scoring(model, counts, parameters, current.expected);
    holdAtBounds(model, parameters, system);
    let settled = false;
    for (;;) {
      const step = stepOf(system, damping);
      if (step) {
        const next = confined(
          model,
          parameters.map((value, at) => value + (step[at] ?? 0)),
        );
        const tried = stateAt(model, counts, next);
        if (tried.deviance <= current.deviance) {
          settled = current.deviance - tried.deviance < DEVIANCE_SETTLED;
          parameters = next;
          current = tried;
          damping = Math.max(damping / 10, 1e-12);
          break;
        }
      }
      damping *= 10;
      // No step of any size makes it better: this is the best there is.
      if (damping > DAMPING_MAX) return { parameters, ...current, converged: true };
    }
    if (settled) return { parameters, ...current, converged: true };
  }
  return { parameters, ...current, converged: false };
}

/**
 * Covariance of the parameters from the counting alone: the inverse of the Fisher information.
 * What is fixed or at a bound has no variance. Undefined where the counts do not determine the rest.
 */
export function covarianceOf(model: CountModel, fit: CountFit): Float64Array | undefined {
  const n = fit.parameters.length;
  const { information } = scoring(model, fit.expected, fit.parameters, fit.expected);
  const steps = model.steps(fit.parameters);
  const free = Array.from(fit.parameters.keys()).filter(
    (at) => steps[at] !== 0 && boundAt(model, fit.parameters, at) === 0,
  );
  const reduced = Float64Array.from(
    free.flatMap((row) => free.map((column) => information[row * n + column] ?? 0)),
  );
  const inverse = invertSymmetric(reduced, free.length);
  if (!inverse) return undefined;
  const covariance = new Float64Array(n * n);
  for (const [i, row] of free.entries()) {
    for (const [j, column] of free.entries()) {
      covariance[row * n + column] = inverse[i * free.length + j] ?? 0;
    }
  }
  return covariance;
}

function stateAt(model: CountModel, counts: Float64Array, parameters: Float64Array) {
  const expected = new Float64Array(counts.length);
  model.evaluate(parameters, expected);
  let half = 0;
  for (let at = 0; at < counts.length; at += 1) {
    const mean = Math.max(EXPECTED_MIN, expected[at] ?? 0);
    const count = counts[at] ?? 0;
    expected[at] = mean;
    half += mean - count + (count > 0 ? count * Math.log(count / mean) : 0);
  }
  return { expected, deviance: 2 * half };
}

function scoring(
  model: CountModel,
  counts: Float64Array,
  parameters: Float64Array,
  expected: Float64Array,
) {
  const n = parameters.length;
  const slopes = slopesOf(model, parameters, counts.length);
  const information = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  for (let row = 0; row < n; row += 1) {
    const one = slopes[row] ?? new Float64Array(0);
    for (let at = 0; at < counts.length; at += 1) {
      const weighted = (one[at] ?? 0) / (expected[at] ?? 1);
      gradient[row] = (gradient[row] ?? 0) + weighted * ((counts[at] ?? 0) - (expected[at] ?? 0));
      for (let column = 0; column <= row; column += 1) {
        const place = row * n + column;
        information[place] = (information[place] ?? 0) + weighted * (slopes[column]?.[at] ?? 0);
      }
    }
    for (let column = 0; column < row; column += 1) {
      information[column * n + row] = information[row * n + column] ?? 0;
    }
  }
  return { information, gradient };
}

function slopesOf(model: CountModel, parameters: Float64Array, channels: number): Float64Array[] {
  const steps = model.steps(parameters);
  return Array.from(parameters, (value, at) => {
    const step = steps[at] ?? 0;
    const above = new Float64Array(channels);
    if (step === 0) return above;
    const below = new Float64Array(channels);
    const shifted = Float64Array.from(parameters);
    shifted[at] = value + step;
    model.evaluate(shifted, above);
    shifted[at] = value - step;
    model.evaluate(shifted, below);
    return above.map((one, channel) => (one - (below[channel] ?? 0)) / (2 * step));
  });
}

interface System {
  readonly information: Float64Array;
  readonly gradient: Float64Array;
}

/** A parameter at a bound that the counts pull beyond it stays there. */
function holdAtBounds(model: CountModel, parameters: Float64Array, system: System): void {
  const { information, gradient } = system;
  const n = parameters.length;
  for (let at = 0; at < n; at += 1) {
    if (boundAt(model, parameters, at) * (gradient[at] ?? 0) <= 0) continue;
    gradient[at] = 0;
    for (let other = 0; other < n; other += 1) {
      information[at * n + other] = 0;
      information[other * n + at] = 0;
    }
  }
}

/** 1 at its upper bound, -1 at its lower, 0 between. */
function boundAt({ low, high }: CountModel, parameters: Float64Array, at: number): number {
  const value = parameters[at] ?? 0;
  if (value >= (high[at] ?? Number.POSITIVE_INFINITY)) return 1;
  return value <= (low[at] ?? Number.NEGATIVE_INFINITY) ? -1 : 0;
}

function confined({ low, high }: CountModel, parameters: Float64Array): Float64Array {
  return parameters.map((value, at) =>
    Math.min(high[at] ?? value, Math.max(low[at] ?? value, value)),
  );
}

/** One step of Levenberg and Marquardt; undefined when this damping leaves it undetermined. */
function stepOf({ information, gradient }: System, damping: number): Float64Array | undefined {
  const n = gradient.length;
  const damped = Float64Array.from(information);
  for (let at = 0; at < n; at += 1) {
    const own = information[at * (n + 1)] ?? 0;
    // A parameter that nothing depends on stays where it is.
    damped[at * (n + 1)] = own > 0 ? own * (1 + damping) : 1;
  }
  const lower = cholesky(damped, n);
  return lower && solveCholesky(lower, gradient);
}
