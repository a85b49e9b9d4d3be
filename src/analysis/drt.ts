import type { Drt, LambdaRule } from '../domain/drt.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import type {
  RelaxationKernel,
  RelaxationModel,
  SmoothSolution,
} from '../kernels/relaxation-kernel.ts';
import { chooseLambda } from './drt-lambda.ts';
import { findPeaks } from './drt-peaks.ts';
import {
  type DrtProblem,
  drtProblem,
  loadProblem,
  solveFor,
  stepLn,
  TAU_MARGIN_LN,
} from './drt-problem.ts';
import { type OrderedSpectrum, orderedSpectrum } from './kramers-kronig-points.ts';

/** Fewest different frequencies a distribution is formed from. */
export const DRT_POINTS_MIN = 6;

export interface DrtOptions {
  /** A number, or the rule that finds it; default `gcv`. */
  readonly lambda?: LambdaRule | number;
  /** Allows negative γ, for inductive loops; default false. */
  readonly signed?: boolean;
  /** A series inductance; default true. */
  readonly inductance?: boolean;
  /** A series capacitance, for spectra that end in a blocking branch; default true. */
  readonly capacitance?: boolean;
  /** Distribution of a similar spectrum: its lambda and its zeros are where the search starts. */
  readonly previous?: Drt | undefined;
}

/**
 * Distribution of relaxation times by Tikhonov regularisation with γ ≥ 0, on residuals weighted
 * with 1/|Z|. Z is divided by its median modulus first, so that lambda means the same for milliohm
 * and megohm cells.
 * @throws Fault badInput for unusable points, lambda, or fewer than 6 frequencies; capacity
 */
export function distributionOfRelaxationTimes(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  options: DrtOptions = {},
): Drt {
  const ordered = orderedSpectrum(spectrum.points, DRT_POINTS_MIN);
  const problem = drtProblem(kernel, ordered, {
    inductance: options.inductance ?? true,
    capacitance: options.capacitance ?? true,
    signed: options.signed ?? false,
  });
  loadProblem(problem, 'both');
  const { previous, lambda: wanted = 'gcv' } = options;
  const start = startOf(problem.model, previous);
  const { lambda, solution } =
    typeof wanted === 'number'
      ? { lambda: wanted, solution: solveFor(problem, wanted, start) }
      : chooseLambda(problem, wanted, previous && { lambda: previous.lambda, start });
  const lambdaRule = typeof wanted === 'number' ? 'given' : wanted;
  return { ...describe(problem, ordered, solution), lambda, lambdaRule };
}

function describe(
  problem: DrtProblem,
  { typicalOhm }: OrderedSpectrum,
  solution: SmoothSolution,
): Omit<Drt, 'lambda' | 'lambdaRule'> {
  const step = stepLn(problem.model.tauSecond);
  const tauSecond = Array.from(problem.model.tauSecond);
  const areasOhm = Array.from(solution.amplitudes, (amplitude) => amplitude * typicalOhm);
  const gammaOhm = areasOhm.map((area) => area / step);
  const seriesResistanceOhm = solution.resistance * typicalOhm;
  const polarisationOhm = areasOhm.reduce((sum, area) => sum + area, 0);
  const inverseCapacitance = solution.inverseCapacitance * typicalOhm;
  const squared = solution.residuals.reduce((sum, residual) => sum + residual * residual, 0);
  return {
    tauSecond,
    gammaOhm,
    seriesResistanceOhm,
    inductanceHenry: solution.inductance * typicalOhm,
    capacitanceFarad: inverseCapacitance > 0 ? 1 / inverseCapacitance : null,
    peaks: findPeaks(tauSecond, gammaOhm, TAU_MARGIN_LN),
    polarisationOhm,
    lowFrequencyOhm: seriesResistanceOhm + polarisationOhm,
    rmsPercent: 100 * Math.sqrt(squared / problem.pointCount),
    status: solution.status,
  };
}

/** Where an earlier distribution is not zero, unless it has another shape. */
function startOf(model: RelaxationModel, previous: Drt | undefined): Int32Array | undefined {
  if (!previous || previous.gammaOhm.length !== model.tauSecond.length) return undefined;
  const terms = [
    ...(model.resistance ? [previous.seriesResistanceOhm] : []),
    ...(model.inductance ? [previous.inductanceHenry] : []),
    ...(model.capacitance ? [previous.capacitanceFarad ?? 0] : []),
  ];
  return Int32Array.from([...terms, ...previous.gammaOhm], (value) => (value > 0 ? 1 : 0));
}
