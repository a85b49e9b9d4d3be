import type { Circuit, CircuitNode, ElementKind } from '../domain/circuit.ts';
import type { KernelSpectrum, SearchLimits } from '../kernels/impedance-kernel.ts';

/** What the data say about where parameters can lie. */
export interface SpectrumScale {
  /** Largest |Z|. */
  readonly impedanceOhmMax: number;
  /** Smallest Re Z, at least 1e-4 of the largest |Z|. */
  readonly resistanceOhmMin: number;
  readonly omegaMin: number;
  readonly omegaMax: number;
}

/** CPE exponents: below 0.2 an element is a resistor in disguise, above 1 it is not passive. */
export const EXPONENT_MIN = 0.2;

/** One step of the search moves a parameter by at most a factor e², an exponent by 0.2. */
const LOG_STEP_MAX = 2;
const EXPONENT_STEP_MAX = 0.2;
/** How far beyond the data's own scale a parameter may go, in ln: six decades. */
const LOG_MARGIN = 6 * Math.LN10;
/** Resistances start within this many decades below the largest |Z|. */
const RESISTANCE_DECADES = 2.5;

export function scaleOf(spectrum: KernelSpectrum): SpectrumScale {
  const sizes = spectrum.zRealOhm.map((re, k) => Math.hypot(re, spectrum.zImagOhm[k] ?? 0));
  const omega = spectrum.frequencyHertz.map((frequency) => 2 * Math.PI * frequency);
  const impedanceOhmMax = Math.max(...sizes);
  return {
    impedanceOhmMax,
    resistanceOhmMin: Math.max(Math.min(...spectrum.zRealOhm), impedanceOhmMax * 1e-4),
    omegaMin: Math.min(...omega),
    omegaMax: Math.max(...omega),
  };
}

/** Bounds far outside anything the data could show, and limits of one step. */
export function searchLimits(circuit: Circuit, scale: SpectrumScale): SearchLimits {
  const lnZ = Math.log(scale.impedanceOhmMax);
  const [fast, slow] = [-Math.log(scale.omegaMax), -Math.log(scale.omegaMin)];
  const bounds = circuit.parameters.map((parameter): readonly [number, number] => {
    const { unit, scale: kind, exponentMax } = parameter;
    if (kind === 'exponent') return [EXPONENT_MIN, exponentMax];
    const [low, high] = logRange(unit, lnZ, fast, slow);
    return [low - LOG_MARGIN, high + LOG_MARGIN];
  });
  const steps = circuit.parameters.map(({ scale: kind }) =>
    kind === 'exponent' ? EXPONENT_STEP_MAX : LOG_STEP_MAX,
  );
  return {
    lower: Float64Array.from(bounds, ([low]) => low),
    upper: Float64Array.from(bounds, ([, high]) => high),
    stepMax: Float64Array.from(steps),
  };
}

/** Range of ln p that gives the measured size of |Z| at a measured frequency. */
function logRange(unit: string, lnZ: number, fast: number, slow: number): [number, number] {
  switch (unit) {
    case 's':
      return [fast, slow];
    case 'F':
      return [fast - lnZ, slow - lnZ];
    case 'H':
      return [fast + lnZ, slow + lnZ];
    case 'H s^(n-1)':
      return [Math.min(fast, 0) + lnZ, Math.max(slow, 0) + lnZ];
    case 'S s^n':
      // Q = tau^n / R with n between 0 and 1.
      return [Math.min(fast, 0) - lnZ, Math.max(slow, 0) - lnZ];
    case 'ohm s^-1/2':
      return [lnZ - slow / 2, lnZ - fast / 2];
    default:
      return [lnZ, lnZ];
  }
}

/** Share of the arcs that start slower than the window, by up to so many decades. */
const OPEN_ARC_SHARE = 0.35;
const OPEN_ARC_DECADES = 2;

/**
 * The `index`-th of a sequence of starts that fill the plausible region evenly: the additive
 * recurrence of M. Roberts (a Kronecker sequence on the generalised golden ratio), shifted by the
 * seed. Equal arguments give equal starts.
 */
export function startTheta(
  circuit: Circuit,
  scale: SpectrumScale,
  at: { readonly index: number; readonly seed: number },
): Float64Array {
  const theta = new Float64Array(circuit.parameters.length);
  const draw = quasiRandom(2 * circuit.parameters.length, at.index, at.seed);
  new StartWriter(theta, scale, draw).visit(circuit.root, undefined);
  return theta;
}

/** A peak of a distribution of relaxation times: where an arc may start from. */
export interface RelaxationPeak {
  readonly timeConstantSecond: number;
  /** Its area. */
  readonly resistanceOhm: number;
}

type FurtherElement = Exclude<ElementKind, 'R' | 'C' | 'L' | 'CPE' | 'W' | 'Wo' | 'Ws'>;

/** A parallel block's resistance and time constant, as logarithms. */
interface Arc {
  readonly lnR: number;
  readonly lnTau: number;
}

class StartWriter {
  readonly #theta: Float64Array;
  readonly #scale: SpectrumScale;
  readonly #draw: () => number;

  constructor(theta: Float64Array, scale: SpectrumScale, draw: () => number) {
    this.#theta = theta;
    this.#scale = scale;
    this.#draw = draw;
  }

  visit(node: CircuitNode, arc: Arc | undefined): void {
    if (node.kind === 'element') {
      this.#element(node.element, node.parameterFirst, arc);
      return;
    }
    const inner = node.kind === 'parallel' ? this.#arc() : arc;
    for (const child of node.children) this.visit(child, inner);
  }

  #element(element: ElementKind, p: number, arc: Arc | undefined): void {
    const { impedanceOhmMax, resistanceOhmMin, omegaMin } = this.#scale;
    const theta = this.#theta;
    switch (element) {
      case 'R':
        theta[p] = arc ? arc.lnR : Math.log(resistanceOhmMin) - 0.3 * this.#draw();
        return;
      case 'C':
        theta[p] = arc ? arc.lnTau - arc.lnR : this.#lnTau() - this.#lnR();
        return;
      case 'L':
        theta[p] = arc
          ? arc.lnTau + arc.lnR
          : Math.log(resistanceOhmMin / this.#scale.omegaMax) - 2 * this.#draw();
        return;
      case 'CPE': {
        const n = 0.4 + 0.6 * this.#draw();
        theta[p] = arc
          ? n * arc.lnTau - arc.lnR
          : -Math.log(impedanceOhmMax) - n * Math.log(omegaMin) + this.#draw() - 0.5;
        theta[p + 1] = n;
        return;
      }
      case 'W':
        theta[p] = Math.log(impedanceOhmMax * Math.sqrt(omegaMin)) + 2 * (this.#draw() - 0.8);
        return;
      case 'Wo':
      case 'Ws':
        theta[p] = this.#lnR();
        theta[p + 1] = this.#lnTauSlow();
        return;
      default:
        this.#furtherElement(element, p);
    }
  }

  #furtherElement(element: FurtherElement, p: number): void {
    const theta = this.#theta;
    switch (element) {
      case 'La': {
        const n = 0.6 + 0.4 * this.#draw();
        const { resistanceOhmMin, omegaMax } = this.#scale;
        theta[p] = Math.log(resistanceOhmMin) - n * Math.log(omegaMax) - 2 * this.#draw();
        theta[p + 1] = n;
        return;
      }
      case 'WoN':
      case 'WsN':
        theta[p] = this.#lnR();
        theta[p + 1] = this.#lnTauSlow();
        theta[p + 2] = 0.3 + 0.2 * this.#draw();
        return;
      case 'G':
      case 'Zarc':
      case 'HN': {
        const { lnR, lnTau } = this.#arc();
        theta[p] = lnR;
        theta[p + 1] = lnTau;
        if (element === 'G') return;
        theta[p + 2] = 0.5 + 0.5 * this.#draw();
        if (element === 'HN') theta[p + 3] = 0.5 + 0.5 * this.#draw();
        return;
      }
      case 'TLMb':
      case 'TLMf': {
        const lnR = this.#lnR();
        const n = 0.5 + 0.5 * this.#draw();
        const last = element === 'TLMf' ? p + 3 : p + 2;
        theta[p] = lnR;
        if (element === 'TLMf') theta[p + 1] = this.#lnR();
        theta[last - 1] = n * this.#lnTauSlow() - lnR;
        theta[last] = n;
        return;
      }
      default:
        element satisfies never;
    }
  }

  /** Of diffusion: around the slow end of the window. */
  #lnTauSlow(): number {
    return -Math.log(this.#scale.omegaMin) + 2 * Math.LN10 * (this.#draw() - 0.7);
  }

  /** Most arcs lie within the measured window; some are still open at its slow end. */
  #arc(): Arc {
    const place = this.#draw() / (1 - OPEN_ARC_SHARE);
    const lnR = this.#lnR();
    const { omegaMin, omegaMax } = this.#scale;
    if (place < 1) {
      return { lnR, lnTau: -Math.log(omegaMax) + place * Math.log(omegaMax / omegaMin) };
    }
    // An open arc shows only its storage branch: its resistance grows with its time constant.
    const beyond = ((place - 1) / OPEN_ARC_SHARE) * (1 - OPEN_ARC_SHARE);
    const lnShift = beyond * OPEN_ARC_DECADES * Math.LN10;
    return { lnR: lnR + lnShift, lnTau: -Math.log(omegaMin) + lnShift };
  }

  #lnR(): number {
    return Math.log(this.#scale.impedanceOhmMax) - RESISTANCE_DECADES * Math.LN10 * this.#draw();
  }

  #lnTau(): number {
    const { omegaMin, omegaMax } = this.#scale;
    return -Math.log(omegaMax) + this.#draw() * Math.log(omegaMax / omegaMin);
  }
}

/** Coordinates of one point of the sequence, one per call, each in [0, 1). */
function quasiRandom(dimensions: number, index: number, seed: number): () => number {
  // The positive root of x^(d+1) = x + 1 by fixed-point iteration.
  let root = 2;
  for (let i = 0; i < 60; i++) root = (1 + root) ** (1 / (dimensions + 1));
  let dimension = 0;
  return () => {
    dimension += 1;
    const shift = hashUnit(seed * 65_537 + dimension);
    return (shift + (index + 1) * root ** -dimension) % 1;
  };
}

/** A well mixed fraction in [0, 1) of an integer (the finaliser of MurmurHash3). */
function hashUnit(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
