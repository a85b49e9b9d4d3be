import type { Circuit } from '../domain/circuit.ts';
import { Fault } from '../domain/fault.ts';
import { compileTape, type Tape } from './impedance-tape.ts';
import { instantiateKernel } from './wasm-module.ts';

/** The most frequencies one spectrum may have. */
export const FREQUENCIES_MAX = 1024;

/** A measured spectrum as the kernel holds it; all arrays of the same length. */
export interface KernelSpectrum {
  readonly frequencyHertz: Float64Array;
  readonly zRealOhm: Float64Array;
  readonly zImagOhm: Float64Array;
  /** What each residual is multiplied by, 1/ohm: 1/|Z| for modulus weighting. */
  readonly weightPerOhm: Float64Array;
  /** The same for the imaginary parts, where theirs are others. */
  readonly weightImagPerOhm?: Float64Array;
}

/** Limits and prior of a search, each with one value per parameter, in theta. */
export interface SearchLimits {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly stepMax: Float64Array;
}

/** Adds weight * (theta - mean)^2 per parameter to the cost. */
export interface Prior {
  readonly mean: Float64Array;
  readonly weight: Float64Array;
}

export interface Minimum {
  readonly theta: Float64Array;
  /** Sum of squared weighted residuals plus the prior's part. */
  readonly cost: number;
  readonly chiSquare: number;
  readonly iterations: number;
  /** `stalled`: the gradient says that a step should help, but none of any length does. */
  readonly status: 'converged' | 'iterationLimit' | 'notFinite' | 'stalled';
}

interface RawKernel {
  readonly memory: WebAssembly.Memory;
  configure(frequencies: number, nodes: number, parameters: number): number;
  prepare(): void;
  evaluate(): void;
  differentiate(): void;
  residuals(): number;
  linearise(): number;
  project(): void;
  minimise(iterationsMax: number, tolerance: number): number;
  refine(steps: number): void;
  cost(): number;
  chiSquare(): number;
  iterations(): number;
  bufferBytes(): number;
  tapeAddress(): number;
  childrenAddress(): number;
  thetaAddress(): number;
  lowerAddress(): number;
  upperAddress(): number;
  stepMaxAddress(): number;
  isLogAddress(): number;
  impedancePowerAddress(): number;
  priorMeanAddress(): number;
  priorWeightAddress(): number;
  normalAddress(): number;
  omegaAddress(): number;
  weightAddress(): number;
  measuredRealAddress(): number;
  measuredImagAddress(): number;
  residualAddress(): number;
  impedanceAddress(): number;
  jacobianAddress(parameter: number): number;
}

const STATUSES = ['converged', 'iterationLimit', 'notFinite', 'stalled'] as const;

/**
 * One circuit with one spectrum at a time, in the kernel's static memory: `load` first. Theta
 * holds ln p for every parameter but exponents, which it holds as they are.
 */
export class ImpedanceKernel {
  readonly #raw: RawKernel;
  #frequencyCount = 0;
  #parameterCount = 0;
  /** What the kernel's tape and tables of parameters were written from. */
  #written: { readonly circuit: Circuit; readonly tape: Tape } | undefined;

  /** @param module `loadKernelModule('impedance')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
  }

  /**
   * Loads a circuit and a spectrum, without limits or prior.
   * @throws Fault capacity when it does not fit, badInput when a value is not finite
   */
  load(circuit: Circuit, spectrum: KernelSpectrum): void {
    const raw = this.#raw;
    const written = this.#written?.circuit === circuit ? this.#written : undefined;
    const tape = written?.tape ?? compileTape(circuit);
    const count = spectrum.frequencyHertz.length;
    checkSpectrum(spectrum);
    const refused = raw.configure(count, tape.nodeCount, circuit.parameters.length);
    if (refused !== 0) {
      const what = ['frequencies', 'nodes', 'parameters'][-refused - 1] ?? 'values';
      const message = `more ${what} than the kernel holds (${FREQUENCIES_MAX} frequencies)`;
      throw new Fault('capacity', { where: circuit.text, message });
    }
    this.#frequencyCount = count;
    this.#parameterCount = circuit.parameters.length;
    if (!written) this.#writeCircuit(circuit, tape);
    this.#buffer(raw.omegaAddress()).set(spectrum.frequencyHertz.map((f) => 2 * Math.PI * f));
    this.#buffer(raw.measuredRealAddress()).set(spectrum.zRealOhm);
    this.#buffer(raw.measuredImagAddress()).set(spectrum.zImagOhm);
    raw.prepare();
    this.setWeights(spectrum.weightPerOhm, spectrum.weightImagPerOhm);
    this.#table(raw.lowerAddress()).fill(-Infinity);
    this.#table(raw.upperAddress()).fill(Infinity);
    this.#table(raw.stepMaxAddress()).fill(Infinity);
    this.setPrior(undefined);
  }

  /** Other weights for the loaded spectrum: of the real parts, and of the imaginary ones. */
  setWeights(real: Float64Array, imag: Float64Array = real): void {
    const address = this.#raw.weightAddress();
    this.#buffer(address).set(real);
    this.#buffer(address + this.#raw.bufferBytes()).set(imag);
  }

  /** Bounds and step limits of `minimise`; a parameter whose bounds are equal is fixed. */
  setLimits(limits: SearchLimits): void {
    this.#write(this.#raw.lowerAddress(), limits.lower, 'lower bounds');
    this.#write(this.#raw.upperAddress(), limits.upper, 'upper bounds');
    this.#write(this.#raw.stepMaxAddress(), limits.stepMax, 'step limits');
  }

  setPrior(prior: Prior | undefined): void {
    if (prior) {
      this.#write(this.#raw.priorMeanAddress(), prior.mean, 'prior means');
      this.#write(this.#raw.priorWeightAddress(), prior.weight, 'prior weights');
    } else {
      this.#table(this.#raw.priorMeanAddress()).fill(0);
      this.#table(this.#raw.priorWeightAddress()).fill(0);
    }
  }

  /** Z at theta: real parts, then imaginary parts, in ohm. */
  impedance(theta: ArrayLike<number>): Float64Array {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    this.#raw.evaluate();
    return this.#pair(this.#raw.impedanceAddress());
  }

  /** Weighted residuals (measured - fitted): real parts, then imaginary parts. */
  residuals(theta: ArrayLike<number>): Float64Array {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    this.#raw.residuals();
    return this.#pair(this.#raw.residualAddress());
  }

  /** dZ/dtheta in ohm, one array per parameter: real parts, then imaginary parts. */
  jacobian(theta: ArrayLike<number>): readonly Float64Array[] {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    this.#raw.differentiate();
    return Array.from({ length: this.#parameterCount }, (_, p) =>
      this.#pair(this.#raw.jacobianAddress(p)),
    );
  }

  /** What `impedance` gives, and the sum of the squared weighted residuals, without prior. */
  evaluate(theta: ArrayLike<number>): {
    readonly impedance: Float64Array;
    readonly chiSquare: number;
  } {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    const chiSquare = this.#raw.residuals();
    return { impedance: this.#pair(this.#raw.impedanceAddress()), chiSquare };
  }

  /** J'J of the weighted problem without prior, as full rows [parameter, parameter]. */
  normalMatrix(theta: ArrayLike<number>): Float64Array {
    return this.linearise(theta).normal;
  }

  /** The normal matrix together with the sum of squares that `evaluate` gives. */
  linearise(theta: ArrayLike<number>): {
    readonly normal: Float64Array;
    readonly chiSquare: number;
  } {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    const chiSquare = this.#raw.linearise();
    const n = this.#parameterCount;
    const matrix = new Float64Array(this.#raw.memory.buffer, this.#raw.normalAddress(), n * n);
    const full = Float64Array.from(matrix);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) full[i * n + j] = matrix[j * n + i] ?? 0;
    }
    return { normal: full, chiSquare };
  }

  /** Theta with the outermost series blocks scaled to the data, shapes kept. */
  project(theta: ArrayLike<number>): Float64Array {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    this.#raw.project();
    return Float64Array.from(this.#table(this.#raw.thetaAddress()));
  }

  /** Levenberg-Marquardt from theta until two relative gains in a row are below `tolerance`. */
  minimise(
    theta: ArrayLike<number>,
    options: {
      readonly iterationsMax: number;
      readonly tolerance: number;
      /** Steps beyond what the cost can resolve, once it has converged. */
      readonly refinements?: number;
    },
  ): Minimum {
    this.#write(this.#raw.thetaAddress(), theta, 'theta');
    const status = STATUSES[this.#raw.minimise(options.iterationsMax, options.tolerance)];
    if (status === 'converged') this.#raw.refine(options.refinements ?? 0);
    return {
      theta: Float64Array.from(this.#table(this.#raw.thetaAddress())),
      cost: this.#raw.cost(),
      chiSquare: this.#raw.chiSquare(),
      iterations: this.#raw.iterations(),
      status: status ?? 'notFinite',
    };
  }

  #writeCircuit(circuit: Circuit, tape: Tape): void {
    const raw = this.#raw;
    new Int32Array(raw.memory.buffer, raw.tapeAddress(), tape.words.length).set(tape.words);
    const children = raw.childrenAddress();
    new Int32Array(raw.memory.buffer, children, tape.children.length).set(tape.children);
    this.#table(raw.isLogAddress()).set(
      circuit.parameters.map((parameter) => (parameter.scale === 'log' ? 1 : 0)),
    );
    this.#table(raw.impedancePowerAddress()).set(
      circuit.parameters.map((parameter) => parameter.impedancePower),
    );
    this.#written = { circuit, tape };
  }

  #table(address: number): Float64Array {
    return new Float64Array(this.#raw.memory.buffer, address, this.#parameterCount);
  }

  #buffer(address: number): Float64Array {
    return new Float64Array(this.#raw.memory.buffer, address, this.#frequencyCount);
  }

  /** A copy of both halves of a pair of buffers, without padding. */
  #pair(address: number): Float64Array {
    const result = new Float64Array(2 * this.#frequencyCount);
    result.set(this.#buffer(address));
    result.set(this.#buffer(address + this.#raw.bufferBytes()), this.#frequencyCount);
    return result;
  }

  #write(address: number, values: ArrayLike<number>, what: string): void {
    if (values.length !== this.#parameterCount) {
      const message = `${values.length} values; the loaded circuit has ${this.#parameterCount} parameters`;
      throw new Fault('badInput', { where: what, message });
    }
    const table = this.#table(address);
    for (let p = 0; p < values.length; p++) {
      const value = values[p] ?? Number.NaN;
      if (Number.isNaN(value)) {
        const message = `value ${p + 1} is not a number`;
        throw new Fault('badInput', { where: what, message });
      }
      table[p] = value;
    }
  }
}

function checkSpectrum(spectrum: KernelSpectrum): void {
  const count = spectrum.frequencyHertz.length;
  for (const [where, values] of Object.entries(spectrum) as [string, Float64Array][]) {
    if (values.length !== count) {
      const message = `${values.length} values; there are ${count} frequencies`;
      throw new Fault('badInput', { where, message });
    }
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const message = `value ${bad + 1} is ${values[bad]}; expected a finite number`;
      throw new Fault('badInput', { where, message });
    }
  }
}
