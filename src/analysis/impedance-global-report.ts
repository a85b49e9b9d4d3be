import type { CircuitFit, FitParameter, FitReason } from '../domain/circuit-fit.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import { FREQUENCIES_MAX } from '../kernels/impedance-kernel.ts';
import type { ArrowFactor, BlockArrow } from './block-arrow.ts';
import { describeArcs } from './impedance-arcs.ts';
import type { GlobalProblem } from './impedance-global-problem.ts';
import { scaledSpectrum } from './impedance-problem.ts';
import { isOfExponent, unscaleCovariance, unscaledTheta } from './impedance-scaling.ts';
import { studentQuantile } from './impedance-uncertainty.ts';

/** Determined: as for a single spectrum. */
const RELATIVE_ERROR_MAX = 1;
const EXPONENT_ERROR_MAX = 0.2;
/** Keeps a system without curvature in some direction solvable; its variance is then enormous. */
const RIDGE = 1e-13;
/** Variance over that of the parameter alone from which on the data do not determine it. */
const INFLATION_MAX = 1e11;

/** The fits of all spectra and what they share, from the thetas at the common minimum. */
export function describeTogether(
  problem: GlobalProblem,
  spectra: readonly Spectrum[],
  thetas: readonly Float64Array[],
  reason: FitReason,
): {
  readonly shared: readonly FitParameter[];
  readonly fits: readonly CircuitFit[];
  readonly chiSquare: number;
} {
  const chiSquares = thetas.map((theta, k) => problem.chiSquare(k, theta));
  const chiSquare = chiSquares.reduce((sum, value) => sum + value, 0);
  const unknowns = thetas.length * problem.localIndices.length + problem.sharedIndices.length;
  const freedom = 2 * problem.pointCount - unknowns;
  const system = problem.assemble(thetas);
  system.damp(RIDGE);
  const common: Common = {
    system,
    factor: system.factor(),
    freedom,
    variance: freedom > 0 ? chiSquare / freedom : Number.POSITIVE_INFINITY,
  };
  const fits = thetas.map((theta, k) => {
    const parameters = describeParameters(problem, common, k, theta);
    const points = problem.sites[k]?.points.length ?? 0;
    const misfit = chiSquares[k] ?? Number.NaN;
    const isDetermined = parameters.every(({ identifiable }) => identifiable);
    const settled = isDetermined ? ('converged' as const) : ('notIdentifiable' as const);
    return {
      circuit: problem.circuit.text,
      points,
      status: reason === 'converged' ? settled : ('failed' as const),
      reason,
      weighting: 'modulus' as const,
      chiSquare: misfit,
      rmsPercent: 100 * Math.sqrt(misfit / points),
      parameters,
      arcs: describeArcs(problem.circuit, parameters),
      diagnostics: null,
      validity: null,
      curve: curveOf(problem, spectra[k] ?? { points: [] }, theta),
      durationMs: 0,
    };
  });
  const [first] = fits;
  const shared = problem.sharedIndices.flatMap((p) => first?.parameters[p] ?? []);
  return { shared, fits, chiSquare };
}

interface Common {
  readonly system: BlockArrow;
  readonly factor: ArrowFactor | undefined;
  readonly freedom: number;
  /** Of one weighted residual, over all spectra. */
  readonly variance: number;
}

function describeParameters(
  problem: GlobalProblem,
  common: Common,
  site: number,
  theta: Float64Array,
): FitParameter[] {
  const { circuit } = problem;
  const held = circuit.parameters.map((_, p) => problem.isAtBound(site, p, theta[p] ?? 0));
  const deviations = deviationsOf(problem, common, site, held);
  const quantile = studentQuantile(common.freedom);
  const inUnits = unscaledTheta(circuit, problem.scaling, theta);
  return circuit.parameters.map(({ name, unit, scale, exponentMax }, p) => {
    const t = inUnits[p] ?? Number.NaN;
    const isLog = scale === 'log';
    const value = isLog ? Math.exp(t) : t;
    const isHeld = held[p] === true;
    const deviation = deviations[p] ?? Number.POSITIVE_INFINITY;
    const limit = isLog ? RELATIVE_ERROR_MAX : EXPONENT_ERROR_MAX;
    // An exponent at its largest value is a pure capacitor, which is a result.
    const isPure = isHeld && !isLog && value >= exponentMax;
    const identifiable = isPure || (!isHeld && deviation <= limit);
    const hasError = identifiable && !isHeld;
    const reach = quantile * deviation;
    return {
      name,
      value,
      unit,
      standardError: hasError ? (isLog ? value * deviation : deviation) : null,
      identifiable,
      interval: hasError
        ? isLog
          ? { lower: Math.exp(t - reach), upper: Math.exp(t + reach) }
          : { lower: Math.max(0, t - reach), upper: Math.min(exponentMax, t + reach) }
        : null,
      state: isHeld ? ('atBound' as const) : ('free' as const),
      priorDominated: false,
    };
  });
}

/** One standard deviation of each parameter of a spectrum, in theta of SI units. */
function deviationsOf(
  problem: GlobalProblem,
  common: Common,
  site: number,
  held: readonly boolean[],
): number[] {
  const { circuit, localIndices, sharedIndices } = problem;
  const { factor, system, variance } = common;
  const n = circuit.parameters.length;
  if (!factor) return circuit.parameters.map(() => Number.POSITIVE_INFINITY);
  const first = site * localIndices.length;
  const block = factor.inverseBlock(first, localIndices.length);
  const places = [
    ...localIndices.map((p, i) => ({ p, alone: system.localDiagonal(first + i) })),
    ...sharedIndices.map((p, s) => ({ p, alone: system.sharedDiagonal(s) })),
  ];
  const covariance = new Float64Array(n * n);
  const lost = new Set<number>();
  places.forEach(({ p, alone }, i) => {
    if ((block[i * (n + 1)] ?? 0) * alone > INFLATION_MAX) lost.add(p);
    places.forEach(({ p: q }, j) => {
      covariance[p * n + q] = held[p] || held[q] ? 0 : (block[i * n + j] ?? 0);
    });
  });
  unscaleCovariance(circuit, problem.scaling, covariance);
  return circuit.parameters.map(({ unit }, p) =>
    lost.has(p) || (isOfExponent(unit) && lost.has(p + 1))
      ? Number.POSITIVE_INFINITY
      : Math.sqrt(variance * (covariance[p * (n + 1)] ?? 0)),
  );
}

/** Z of the fit at every measured frequency, also those the fit has not seen. */
function curveOf(
  { kernel, circuit, scaling }: GlobalProblem,
  { points }: Spectrum,
  theta: Float64Array,
): CircuitFit['curve'] {
  const ohm = Math.exp(scaling.lnOhm);
  const curve: { zRealOhm: number; zImagOhm: number }[] = [];
  for (let from = 0; from < points.length; from += FREQUENCIES_MAX) {
    const part = points.slice(from, from + FREQUENCIES_MAX);
    const none = new Float64Array(part.length);
    kernel.load(circuit, scaledSpectrum(part, scaling, { realPerOhm: none, imagPerOhm: none }));
    const z = kernel.impedance(theta);
    part.forEach((_, k) => {
      curve.push({ zRealOhm: (z[k] ?? 0) * ohm, zImagOhm: (z[k + part.length] ?? 0) * ohm });
    });
  }
  return curve;
}
