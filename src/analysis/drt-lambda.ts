import type { LambdaRule } from '../domain/drt.ts';
import type { SmoothSolution } from '../kernels/relaxation-kernel.ts';
import { type DrtProblem, loadProblem, parametersOf, solveFor } from './drt-problem.ts';
import { absorbReactance, absorbResistance } from './kramers-kronig-chain.ts';

export interface ChosenLambda {
  readonly lambda: number;
  readonly solution: SmoothSolution;
}

/** Candidates in half decades, from stiff to flexible: each starts the next one's active set. */
const LAMBDA_MAX_LOG10 = -1;
const LAMBDA_COUNT = 19;
/** With an earlier lambda, so many candidates to either side of it. */
const NEIGHBOURS = 2;
/** Counts parameters this many times, since plain GCV smooths too little (Kim and Gu 2004). */
const PARAMETER_COST = 1.4;
const LAMBDAS = Array.from({ length: LAMBDA_COUNT }, (_, k) => 10 ** (LAMBDA_MAX_LOG10 - k / 2));

/**
 * The distribution with the lambda that a rule finds among half decades from 1e-1 to 1e-10, or
 * near an earlier one. All rules judge relative residuals; in absolute ohm they are flat for
 * milliohm cells.
 * @param problem loaded with both parts
 */
export function chooseLambda(
  problem: DrtProblem,
  rule: LambdaRule,
  earlier: { readonly lambda: number; readonly start: Int32Array | undefined } | undefined,
): ChosenLambda {
  const lambdas = earlier ? neighbours(earlier.lambda) : LAMBDAS;
  const candidates = solveAll(problem, lambdas, earlier?.start, rule === 'gcv');
  const chosen = candidates[pick(problem, rule, candidates)];
  if (chosen === undefined) throw new Error('unreachable: there is a candidate');
  return { lambda: chosen.lambda, solution: chosen.solution };
}

interface Candidate extends ChosenLambda {
  /** Generalised cross-validation; not a number when the rule does not ask for it. */
  readonly score: number;
}

function neighbours(lambda: number): readonly number[] {
  const nearest = Math.round(2 * (LAMBDA_MAX_LOG10 - Math.log10(lambda)));
  const first = Math.max(0, Math.min(nearest - NEIGHBOURS, LAMBDA_COUNT - 2 * NEIGHBOURS - 1));
  return LAMBDAS.slice(first, first + 2 * NEIGHBOURS + 1);
}

/** Index among the candidates, which go from stiff to flexible. */
function pick(problem: DrtProblem, rule: LambdaRule, candidates: readonly Candidate[]): number {
  switch (rule) {
    case 'gcv':
      return stiffestGood(
        problem,
        candidates.map(({ score }) => score),
      );
    case 'lCurve': {
      const solutions = candidates.map(({ solution }) => solution);
      return lowest(curvatures(solutions).map((curvature) => -curvature));
    }
    case 'reIm': {
      const lambdas = candidates.map(({ lambda }) => lambda);
      return stiffestGood(problem, crossPredictions(problem, lambdas));
    }
    default:
      return rule satisfies never;
  }
}

/**
 * Scores are flat where the data do not care, and chance then picks a rough curve. A mean of 2N
 * squares is known to one part in √N: the stiffest candidate within a quarter of that of the best.
 */
function stiffestGood({ pointCount }: DrtProblem, scores: readonly number[]): number {
  const best = scores[lowest(scores)] ?? Number.NaN;
  const index = scores.findIndex((score) => score <= best * (1 + 0.25 / Math.sqrt(pointCount)));
  return Math.max(index, 0);
}

function solveAll(
  problem: DrtProblem,
  lambdas: readonly number[],
  start: Int32Array | undefined,
  isScored: boolean,
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const lambda of lambdas) {
    const solution = solveFor(problem, lambda, candidates.at(-1)?.solution.passive ?? start);
    const score = isScored ? crossValidation(problem, lambda, solution) : Number.NaN;
    candidates.push({ lambda, solution, score });
  }
  return candidates;
}

/**
 * Generalised: mean square over the squared share of free residuals (Golub et al. 1979). Right
 * after the solution was found.
 */
function crossValidation(problem: DrtProblem, lambda: number, solution: SmoothSolution): number {
  const rows = 2 * problem.pointCount;
  const free = 1 - (PARAMETER_COST * parametersOf(problem, lambda)) / rows;
  if (!(free > 0)) return Number.POSITIVE_INFINITY;
  return solution.squaredResidual / rows / (free * free);
}

/**
 * Curvature of ln|roughness| over ln|misfit| (Hansen 1992) through neighbouring candidates; the
 * ends have none. Positive at the corner.
 */
function curvatures(solutions: readonly SmoothSolution[]): number[] {
  const points = solutions.map(({ squaredResidual, roughness }) => ({
    x: Math.log(Math.max(squaredResidual, Number.MIN_VALUE)) / 2,
    y: Math.log(Math.max(roughness, Number.MIN_VALUE)) / 2,
  }));
  return points.map((here, k) => {
    const [before, after] = [points[k - 1], points[k + 1]];
    if (!before || !after) return Number.NEGATIVE_INFINITY;
    const [ax, ay] = [here.x - before.x, here.y - before.y];
    const [bx, by] = [after.x - here.x, after.y - here.y];
    const lengths = Math.hypot(ax, ay) * Math.hypot(bx, by) * Math.hypot(ax + bx, ay + by);
    // From stiff to flexible the curve runs left, then turns upward: clockwise.
    return lengths > 0 ? (2 * (ay * bx - ax * by)) / lengths : Number.NEGATIVE_INFINITY;
  });
}

/**
 * How badly γ of the real parts foretells the imaginary parts, and the other way round (Saccoccio,
 * Wan, Chen and Ciucci 2014), with the terms that the part cannot know fitted to the rest.
 */
function crossPredictions(problem: DrtProblem, lambdas: readonly number[]): number[] {
  const { pointCount, data, model } = problem;
  loadProblem(problem, 'real');
  const fromReal = solveAll(problem, lambdas, undefined, false).map(({ solution }) => {
    const imag = solution.residuals.slice(pointCount);
    absorbReactance(imag, data, model);
    return sumOfSquares(imag);
  });
  loadProblem(problem, 'imaginary');
  const fromImag = solveAll(problem, lambdas, undefined, false).map(({ solution }) => {
    const real = solution.residuals.slice(0, pointCount);
    absorbResistance(real, data);
    return sumOfSquares(real);
  });
  return fromReal.map((value, k) => value + (fromImag[k] ?? 0));
}

function lowest(values: readonly number[]): number {
  return values.reduce((best, value, k) => (value < (values[best] ?? 0) ? k : best), 0);
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
