import { Fault } from '../domain/fault.ts';
import { instantiateKernel } from './wasm-module.ts';

/** The most frequencies one spectrum may have. */
export const RELAXATION_FREQUENCIES_MAX = 1024;
/** The most time constants of one grid. */
export const RELAXATIONS_MAX = 128;

/** An impedance, or an admittance, with its weights; all arrays of the same length. */
export interface WeightedSpectrum {
  readonly frequencyHertz: Float64Array;
  readonly real: Float64Array;
  readonly imag: Float64Array;
  /** What each row is multiplied by: 1/|Z| for modulus weighting. */
  readonly weight: Float64Array;
}

/** What stands in series: R + jωL + 1/(jωC) + Σ R_k / (1 + jωτ_k). */
export interface RelaxationModel {
  readonly tauSecond: ArrayLike<number>;
  readonly resistance: boolean;
  readonly inductance: boolean;
  readonly capacitance: boolean;
}

/** Rows that take part: the real parts, the imaginary parts, or both. */
export type SpectrumPart = 'both' | 'real' | 'imaginary';

/** Solution in the unit of the spectrum's values (for an admittance read siemens for ohm). */
export interface RelaxationSolution {
  /** Zero for a term that is not in the model. */
  readonly resistance: number;
  readonly inductance: number;
  /** 1/C. */
  readonly inverseCapacitance: number;
  /** R_k, one per time constant. */
  readonly amplitudes: Float64Array;
  /** Weighted measured - fitted of all rows: real parts, then imaginary parts. */
  readonly residuals: Float64Array;
  /** Sum of squares of the rows that took part. */
  readonly squaredResidual: number;
}

export interface SmoothSolution extends RelaxationSolution {
  /** Σ (R_k-1 - 2 R_k + R_k+1)², without lambda. */
  readonly roughness: number;
  /** 1 per unknown that is not held at zero, to start the next solution from. */
  readonly passive: Int32Array;
  /** `limit`: cut off at the bound on iterations; the values are feasible, not optimal. */
  readonly status: 'solved' | 'limit';
}

export interface SmoothOptions {
  /** Weight of the squared second difference of the amplitudes. */
  readonly lambda: number;
  /** Amplitudes may be negative; the series terms stay non-negative. */
  readonly signed?: boolean;
  /** `passive` of a similar problem with the same model; default: everything. */
  readonly start?: Int32Array | undefined;
  /** Lawson and Hanson's active set from the beginning: slow, and what block pivoting falls back on. */
  readonly singly?: boolean;
}

interface RawKernel {
  readonly memory: WebAssembly.Memory;
  configure(frequencies: number, relaxations: number, terms: number): number;
  design(): void;
  leastSquares(part: number): number;
  squaredResidual(): number;
  formGram(part: number): void;
  nonNegative(lambda: number, singly: number): number;
  effectiveParameters(lambda: number): number;
  omegaAddress(): number;
  weightAddress(): number;
  measuredRealAddress(): number;
  measuredImagAddress(): number;
  tauAddress(): number;
  solutionAddress(): number;
  signedAddress(): number;
  passiveAddress(): number;
  residualAddress(): number;
  halfBytes(): number;
}

const PART_CODES = { real: 1, imaginary: 2, both: 3 } as const;
const STATUS_LIMIT = 2;

/** One spectrum on one grid of time constants at a time, in the kernel's static memory. */
export class RelaxationKernel {
  readonly #raw: RawKernel;
  #model: RelaxationModel = {
    tauSecond: [],
    resistance: false,
    inductance: false,
    capacitance: false,
  };
  #frequencyCount = 0;
  #omegaMin = 1;
  #omegaMax = 1;

  /** @param module `loadKernelModule('relaxation')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
  }

  /**
   * Loads a spectrum and a model and forms the weighted design.
   * @throws Fault capacity when it does not fit, badInput when a value is not usable
   */
  load(spectrum: WeightedSpectrum, model: RelaxationModel): void {
    checkValues(spectrum, model);
    const raw = this.#raw;
    const count = spectrum.frequencyHertz.length;
    const refused = raw.configure(count, model.tauSecond.length, termsOf(model));
    if (refused !== 0) {
      const limits = `${RELAXATION_FREQUENCIES_MAX} frequencies and ${RELAXATIONS_MAX} time constants`;
      const message = `${count} frequencies with ${model.tauSecond.length} time constants; expected 1 or more, at most ${limits}`;
      throw new Fault('capacity', { where: 'relaxation problem', message });
    }
    this.#model = model;
    this.#frequencyCount = count;
    this.#omegaMin = 2 * Math.PI * spectrum.frequencyHertz.reduce((a, b) => Math.min(a, b));
    this.#omegaMax = 2 * Math.PI * spectrum.frequencyHertz.reduce((a, b) => Math.max(a, b));
    const omega = spectrum.frequencyHertz.map((frequency) => 2 * Math.PI * frequency);
    this.#floats(raw.omegaAddress(), count).set(omega);
    this.#floats(raw.measuredRealAddress(), count).set(spectrum.real);
    this.#floats(raw.measuredImagAddress(), count).set(spectrum.imag);
    this.#floats(raw.weightAddress(), count).set(spectrum.weight);
    this.#floats(raw.tauAddress(), model.tauSecond.length).set(model.tauSecond);
    raw.design();
  }

  /**
   * Least squares with amplitudes of either sign, by QR.
   * @throws Fault badInput when there are more unknowns than rows
   */
  leastSquares(part: SpectrumPart = 'both'): RelaxationSolution {
    if (this.#raw.leastSquares(PART_CODES[part]) !== 0) {
      const message = `${this.#unknownCount} unknowns for ${this.#frequencyCount} frequencies (${part}); give fewer time constants`;
      throw new Fault('badInput', { where: 'relaxation problem', message });
    }
    return this.#solution();
  }

  /** Forms the normal equations of the loaded problem for any number of `nonNegative`. */
  formNormalEquations(part: SpectrumPart = 'both'): void {
    this.#raw.formGram(PART_CODES[part]);
  }

  /**
   * Trace of the matrix that takes measured to fitted values, at the active set of the last
   * `nonNegative`; with the same lambda.
   */
  effectiveParameters(lambda: number): number {
    return this.#raw.effectiveParameters(lambda);
  }

  /** Non-negative least squares with a smoothness penalty; after `formNormalEquations`. */
  nonNegative(options: SmoothOptions): SmoothSolution {
    const raw = this.#raw;
    const count = this.#unknownCount;
    if (!(options.lambda >= 0 && Number.isFinite(options.lambda))) {
      const message = `${options.lambda}; expected a number of at least 0`;
      throw new Fault('badInput', { where: 'lambda', message });
    }
    const passive = new Int32Array(raw.memory.buffer, raw.passiveAddress(), count);
    if (options.start?.length === count) passive.set(options.start);
    else passive.fill(1);
    const signed = new Int32Array(raw.memory.buffer, raw.signedAddress(), count);
    signed.fill(0);
    if (options.signed) signed.fill(1, count - this.#model.tauSecond.length);
    const status = raw.nonNegative(options.lambda, Number(options.singly ?? false));
    const solution = this.#solution();
    return {
      ...solution,
      roughness: roughnessOf(solution.amplitudes),
      passive: Int32Array.from(passive),
      status: status === STATUS_LIMIT ? 'limit' : 'solved',
    };
  }

  get #unknownCount(): number {
    const { resistance, inductance, capacitance, tauSecond } = this.#model;
    return Number(resistance) + Number(inductance) + Number(capacitance) + tauSecond.length;
  }

  #solution(): RelaxationSolution {
    const raw = this.#raw;
    const model = this.#model;
    const values = this.#floats(raw.solutionAddress(), this.#unknownCount);
    let next = 0;
    const term = (isThere: boolean): number => (isThere ? (values[next++] ?? 0) : 0);
    const resistance = term(model.resistance);
    const inductance = term(model.inductance) / this.#omegaMax;
    const inverseCapacitance = term(model.capacitance) * this.#omegaMin;
    const count = this.#frequencyCount;
    const residuals = new Float64Array(2 * count);
    residuals.set(this.#floats(raw.residualAddress(), count));
    residuals.set(this.#floats(raw.residualAddress() + raw.halfBytes(), count), count);
    return {
      resistance,
      inductance,
      inverseCapacitance,
      amplitudes: values.slice(next),
      residuals,
      squaredResidual: raw.squaredResidual(),
    };
  }

  #floats(address: number, count: number): Float64Array {
    return new Float64Array(this.#raw.memory.buffer, address, count);
  }
}

function termsOf(model: RelaxationModel): number {
  return Number(model.resistance) + 2 * Number(model.inductance) + 4 * Number(model.capacitance);
}

function roughnessOf(amplitudes: Float64Array): number {
  let sum = 0;
  for (let k = 1; k < amplitudes.length - 1; k++) {
    const [before = 0, here = 0, after = 0] = amplitudes.subarray(k - 1, k + 2);
    sum += (before - 2 * here + after) ** 2;
  }
  return sum;
}

function checkValues(spectrum: WeightedSpectrum, model: RelaxationModel): void {
  const count = spectrum.frequencyHertz.length;
  for (const [where, values] of Object.entries(spectrum) as [string, Float64Array][]) {
    if (values.length !== count) {
      const message = `${values.length} values; there are ${count} frequencies`;
      throw new Fault('badInput', { where, message });
    }
    const isWrong = where === 'frequencyHertz' ? isNotPositive : isNotFinite;
    const bad = values.findIndex(isWrong);
    if (bad >= 0) {
      const message = `value ${bad + 1} is ${values[bad]}; expected a finite${where === 'frequencyHertz' ? ', positive' : ''} number`;
      throw new Fault('badInput', { where, message });
    }
  }
  const bad = Array.from(model.tauSecond).findIndex(isNotPositive);
  if (bad >= 0) {
    const message = `value ${bad + 1} is ${model.tauSecond[bad]}; expected a finite, positive number`;
    throw new Fault('badInput', { where: 'tauSecond', message });
  }
}

function isNotFinite(value: number): boolean {
  return !Number.isFinite(value);
}

function isNotPositive(value: number): boolean {
  return !(value > 0 && Number.isFinite(value));
}
