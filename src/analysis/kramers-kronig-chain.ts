import type {
  RelaxationKernel,
  RelaxationSolution,
  WeightedSpectrum,
} from '../kernels/relaxation-kernel.ts';
import { type OrderedSpectrum, tauGrid } from './kramers-kronig-points.ts';

export interface ChainOptions {
  /** Rows that are fitted; residuals are of both parts either way. */
  readonly fit: 'complex' | 'real' | 'imaginary';
  /** `admittance` suits spectra that pass through zero resistance or rise steeply. */
  readonly representation: 'impedance' | 'admittance';
  /** A series inductance (of an admittance: a parallel capacitance). */
  readonly inductance: boolean;
  /** A series capacitance (of an admittance: a parallel inductance). */
  readonly capacitance: boolean;
  /** How far time constants reach beyond 1/ω of the data on either side. */
  readonly extensionDecades: number;
}

/** A chain of M resistors with capacitors (Voigt elements), fitted to a spectrum. */
export interface ChainFit {
  readonly elementCount: number;
  /** 1 - Σ|R_k < 0| / Σ|R_k ≥ 0| (Schönleber 2014). */
  readonly mu: number;
  /** (measured - fitted) / |measured| of the real parts, from the highest frequency down. */
  readonly realResiduals: Float64Array;
  readonly imagResiduals: Float64Array;
  /** Σ of the squares of both. */
  readonly squaredResidual: number;
  /** Unknowns that were fitted. */
  readonly unknownCount: number;
}

/** The spectrum that is fitted: Z with weights 1/|Z|, or Y = 1/Z with weights 1/|Y|. */
export function representedSpectrum(
  spectrum: OrderedSpectrum,
  representation: ChainOptions['representation'],
): WeightedSpectrum {
  const { frequencyHertz, zRealOhm, zImagOhm, modulusOhm } = spectrum;
  if (representation === 'impedance') {
    const weight = modulusOhm.map((modulus) => 1 / modulus);
    return { frequencyHertz, real: zRealOhm, imag: zImagOhm, weight };
  }
  return {
    frequencyHertz,
    real: zRealOhm.map((value, k) => value / modulusAt(modulusOhm, k) ** 2),
    imag: zImagOhm.map((value, k) => -value / modulusAt(modulusOhm, k) ** 2),
    weight: modulusOhm,
  };
}

/**
 * Fits M elements with time constants in even logarithmic steps (Lin-KK, Schönleber 2014; Boukamp
 * 1995). An admittance needs no other columns: jωτ/(1 + jωτ) = 1 - 1/(1 + jωτ), so only the sign
 * of the amplitudes turns.
 */
export function fitChain(
  kernel: RelaxationKernel,
  spectrum: OrderedSpectrum,
  elementCount: number,
  options: ChainOptions,
): ChainFit {
  const data = representedSpectrum(spectrum, options.representation);
  const marginLn = options.extensionDecades * Math.LN10;
  kernel.load(data, {
    tauSecond: tauGrid(spectrum, elementCount, marginLn),
    resistance: options.fit !== 'imaginary',
    inductance: options.fit !== 'real' && options.inductance,
    capacitance: options.fit !== 'real' && options.capacitance,
  });
  const solution = kernel.leastSquares(options.fit === 'complex' ? 'both' : options.fit);
  const count = spectrum.frequencyHertz.length;
  const realResiduals = solution.residuals.slice(0, count);
  const imagResiduals = solution.residuals.slice(count);
  if (options.fit === 'real') absorbReactance(imagResiduals, data, options);
  if (options.fit === 'imaginary') absorbResistance(realResiduals, data);
  return {
    elementCount,
    mu: muOf(solution, options.representation === 'admittance' ? -1 : 1),
    realResiduals,
    imagResiduals,
    squaredResidual: sumOfSquares(realResiduals) + sumOfSquares(imagResiduals),
    unknownCount: elementCount + 1 + Number(options.inductance) + Number(options.capacitance),
  };
}

/** mu of a chain of negative elements alone, and the lowest that is told. */
const MU_LOWEST = -1000;

/** The fewest time constants a chain has, and the most for so many frequencies. */
export function elementCountLimits(frequencyCount: number): { min: number; max: number } {
  return { min: 2, max: Math.max(2, Math.min(60, frequencyCount - 4)) };
}

function muOf(solution: RelaxationSolution, sign: number): number {
  let negative = 0;
  let positive = 0;
  for (const amplitude of solution.amplitudes) {
    if (sign * amplitude < 0) negative += Math.abs(amplitude);
    else positive += Math.abs(amplitude);
  }
  if (negative === 0) return 1;
  return Math.max(MU_LOWEST, 1 - negative / positive);
}

/** A fit of the real parts leaves L and C open: the imaginary residuals decide them. */
export function absorbReactance(
  residuals: Float64Array,
  { frequencyHertz, weight }: WeightedSpectrum,
  options: { readonly inductance: boolean; readonly capacitance: boolean },
): void {
  const fastest = frequencyHertz[0] ?? 1;
  const slowest = frequencyHertz.at(-1) ?? 1;
  const rising = frequencyHertz.map((f, k) => ((weight[k] ?? 0) * f) / fastest);
  const falling = frequencyHertz.map((f, k) => (-(weight[k] ?? 0) * slowest) / f);
  const columns = [options.inductance ? [rising] : [], options.capacitance ? [falling] : []].flat();
  const [first, second] = columns;
  if (first === undefined) return;
  const a = dot(first, first);
  const p = dot(first, residuals);
  if (second === undefined) {
    subtract(residuals, first, p / a);
    return;
  }
  const [b, c, q] = [dot(first, second), dot(second, second), dot(second, residuals)];
  const determinant = a * c - b * b;
  if (!(determinant > 1e-14 * a * c)) return;
  subtract(residuals, first, (p * c - q * b) / determinant);
  subtract(residuals, second, (q * a - p * b) / determinant);
}

/** A fit of the imaginary parts leaves R0 open: the weighted mean of the real residuals is it. */
export function absorbResistance(residuals: Float64Array, { weight }: WeightedSpectrum): void {
  subtract(residuals, weight, dot(weight, residuals) / dot(weight, weight));
}

function subtract(target: Float64Array, source: Float64Array, factor: number): void {
  for (let k = 0; k < target.length; k++) {
    target[k] = (target[k] ?? 0) - factor * (source[k] ?? 0);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
}

function sumOfSquares(values: Float64Array): number {
  return dot(values, values);
}

function modulusAt(modulusOhm: Float64Array, k: number): number {
  return modulusOhm[k] ?? Number.NaN;
}
