import type {
  RelaxationKernel,
  RelaxationModel,
  SmoothSolution,
  SpectrumPart,
  WeightedSpectrum,
} from '../kernels/relaxation-kernel.ts';
import { type OrderedSpectrum, tauGrid } from './kramers-kronig-points.ts';

/** Time constants of the grid. */
const TAU_COUNT = 110;
/** The grid reaches this far beyond 1/ω of the data on either side, in ln τ. */
export const TAU_MARGIN_LN = 1;

/** The weighted problem in units of the typical |Z|. */
export interface DrtProblem {
  readonly kernel: RelaxationKernel;
  readonly data: WeightedSpectrum;
  readonly model: RelaxationModel;
  readonly signed: boolean;
  /** Kernel weight of the squared second difference per unit of lambda. */
  readonly lambdaScale: number;
  readonly pointCount: number;
}

export function drtProblem(
  kernel: RelaxationKernel,
  ordered: OrderedSpectrum,
  options: {
    readonly inductance: boolean;
    readonly capacitance: boolean;
    readonly signed: boolean;
  },
): DrtProblem {
  const { frequencyHertz, typicalOhm } = ordered;
  const { inductance, capacitance, signed } = options;
  const tauSecond = tauGrid(ordered, TAU_COUNT, TAU_MARGIN_LN);
  const pointCount = frequencyHertz.length;
  return {
    kernel,
    data: {
      frequencyHertz,
      real: ordered.zRealOhm.map((value) => value / typicalOhm),
      imag: ordered.zImagOhm.map((value) => value / typicalOhm),
      weight: ordered.modulusOhm.map((modulus) => typicalOhm / modulus),
    },
    model: { tauSecond, resistance: true, inductance, capacitance },
    signed,
    // Amplitudes are γ h, so ∫ γ''² d ln τ = Σ (second difference of amplitudes)² / h⁵.
    lambdaScale: (2 * pointCount) / stepLn(tauSecond) ** 5,
    pointCount,
  };
}

/** Puts the problem, or one part of it, into the kernel for any number of `solveFor`. */
export function loadProblem({ kernel, data, model }: DrtProblem, part: SpectrumPart): void {
  kernel.load(data, {
    tauSecond: model.tauSecond,
    resistance: part !== 'imaginary' && model.resistance,
    inductance: part !== 'real' && model.inductance,
    capacitance: part !== 'real' && model.capacitance,
  });
  kernel.formNormalEquations(part);
}

/** The distribution for one lambda; after `loadProblem`. */
export function solveFor(
  problem: DrtProblem,
  lambda: number,
  start: Int32Array | undefined,
): SmoothSolution {
  return problem.kernel.nonNegative({
    lambda: lambda * problem.lambdaScale,
    signed: problem.signed,
    start,
  });
}

/** Effective number of parameters of the last `solveFor`, which had the same lambda. */
export function parametersOf({ kernel, lambdaScale }: DrtProblem, lambda: number): number {
  return kernel.effectiveParameters(lambda * lambdaScale);
}

/** The grid's step in ln τ. */
export function stepLn(tauSecond: ArrayLike<number>): number {
  return Math.log((tauSecond[1] ?? Number.NaN) / (tauSecond[0] ?? Number.NaN));
}
