import type { Circuit } from '../domain/circuit.ts';
import type { CircuitFit, FitParameter } from '../domain/circuit-fit.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import type { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { type FitOptions, fitSpectrum } from './impedance-fit.ts';

/** The most spectra of one sequence; all their fits are held at once. */
export const SEQUENCE_SPECTRA_MAX = 10_000;

/** What is the same for every spectrum of a sequence; where to start is the sequence's business. */
export interface SequenceOptions {
  readonly fit?: Omit<
    FitOptions,
    'starts' | 'reference' | 'priorValues' | 'localOnly' | 'peaks' | 'sigmaOhm'
  >;
  /** Goes through the sequence a second time, from its end. Yes unless said otherwise. */
  readonly backward?: boolean;
}

/**
 * How the fit that stands was found: `global` by a search without earlier values, `forward` from
 * the spectrum before, `backward` from the one after.
 */
export type ReachedBy = 'global' | 'forward' | 'backward';

/** Why the result from the spectrum before was not believed at once (`doubtsAbout`). */
export type Doubt = 'noPredecessor' | 'notConverged' | 'poor' | 'worse' | 'moved' | 'cameToBound';

/** One spectrum of a sequence: its fit, or why there is none. */
export type SequenceResult =
  | { readonly fit: CircuitFit; readonly reachedBy: ReachedBy; readonly doubts: readonly Doubt[] }
  | { readonly fit: undefined; readonly fault: Fault };

/**
 * Fits one circuit to successive spectra of one cell. Each starts from the one before; where that
 * result is doubtful a global search runs as well and the better of the two stands. A second pass
 * starts each from the one after and keeps what is better. A spectrum that cannot be fitted has a
 * fault in its place, and the next goes on from the last that could be.
 * @returns one result per spectrum, in their order
 * @throws Fault capacity when there are more than SEQUENCE_SPECTRA_MAX spectra
 */
export function fitSequence(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  spectra: readonly Spectrum[],
  options: SequenceOptions = {},
): readonly SequenceResult[] {
  if (spectra.length > SEQUENCE_SPECTRA_MAX) {
    const message = `${spectra.length} spectra; at most ${SEQUENCE_SPECTRA_MAX} are fitted at once: split them`;
    throw new Fault('capacity', { where: 'sequence', message });
  }
  const chain = new Chain(kernel, circuit, options.fit ?? {});
  const results = forwardPass(chain, spectra);
  if (options.backward ?? true) backwardPass(chain, spectra, results);
  return results;
}

/** Of two equal results the one that is there already stands, so that passes do not flicker. */
const BETTER = 1 - 1e-4;

/** The lower misfit counts; where they are equal, a search that came to its end. */
function betters(candidate: CircuitFit, standing: CircuitFit): boolean {
  const isSettled = standing.status === 'failed' && candidate.status !== 'failed';
  return candidate.chiSquare < standing.chiSquare * (isSettled ? 1 / BETTER : BETTER);
}

function forwardPass(chain: Chain, spectra: readonly Spectrum[]): SequenceResult[] {
  let before: CircuitFit | undefined;
  return spectra.map((spectrum) => {
    try {
      const result = chain.next(spectrum, before);
      before = result.fit;
      return result;
    } catch (error) {
      return { fit: undefined, fault: asFault(error, chain.circuit.text) };
    }
  });
}

/** Replaces what a start from the following spectrum betters. */
function backwardPass(chain: Chain, spectra: readonly Spectrum[], results: SequenceResult[]): void {
  let after: CircuitFit | undefined;
  for (const [index, spectrum] of [...spectra.entries()].reverse()) {
    const result = results[index];
    if (result?.fit === undefined) continue;
    const { fit, doubts } = result;
    const again = after && chain.from(spectrum, after);
    const isBetter = again && betters(again, fit);
    if (isBetter) results[index] = { fit: again, reachedBy: 'backward', doubts };
    after = isBetter ? again : fit;
  }
}

class Chain {
  readonly circuit: Circuit;
  readonly #kernel: ImpedanceKernel;
  readonly #options: FitOptions;

  constructor(kernel: ImpedanceKernel, circuit: Circuit, options: FitOptions) {
    this.#kernel = kernel;
    this.circuit = circuit;
    this.#options = options;
  }

  next(spectrum: Spectrum, before: CircuitFit | undefined): SequenceResult & { fit: CircuitFit } {
    const warm = before && this.from(spectrum, before);
    const doubts = before ? doubtsAbout(warm, before) : (['noPredecessor'] as const);
    if (warm && doubts.length === 0) return { fit: warm, reachedBy: 'forward', doubts };
    const cold = fitSpectrum(this.#kernel, this.circuit, spectrum, this.#options);
    return warm && !betters(cold, warm)
      ? { fit: warm, reachedBy: 'forward', doubts }
      : { fit: cold, reachedBy: 'global', doubts };
  }

  /** The local search from a neighbour's values; undefined where they give no finite residual. */
  from(spectrum: Spectrum, neighbour: CircuitFit): CircuitFit | undefined {
    const starts = [neighbour.parameters.map(({ value }) => value)];
    const options = { ...this.#options, starts, localOnly: true };
    try {
      return fitSpectrum(this.#kernel, this.circuit, spectrum, options);
    } catch (error) {
      if (error instanceof Fault && error.code === 'analysis') return undefined;
      throw error;
    }
  }
}

/** By what factor the mean squared misfit may be larger than in the spectrum before. */
const WORSE_RATIO = 2;
/** Residuals of 0.1 % are as good as any: growth below that is no reason for doubt. */
const GOOD_RMS_PERCENT = 0.1;
/** A circuit that misses the data by more than 1 % rms has side minima that a chain can settle in. */
const POOR_RMS_PERCENT = 1;
/** A parameter may move by so much in ln, an exponent as it is. */
const MOVE_MAX = 1;

/** Reasons not to believe a result that was started from the spectrum before; none: it stands. */
export function doubtsAbout(fit: CircuitFit | undefined, before: CircuitFit): readonly Doubt[] {
  if (!fit) return ['notConverged'];
  // The relative misfit, which has the same size whatever the weights.
  const expected = Math.max(before.rmsPercent, GOOD_RMS_PERCENT);
  const pairs = fit.parameters.map((now, p) => ({ now, was: before.parameters[p] }));
  const doubts: Doubt[] = [];
  if (fit.status === 'failed') doubts.push('notConverged');
  if (fit.rmsPercent > POOR_RMS_PERCENT) doubts.push('poor');
  if (fit.rmsPercent ** 2 > WORSE_RATIO * expected ** 2) doubts.push('worse');
  if (pairs.some(({ now, was }) => was && distance(now, was) > MOVE_MAX)) doubts.push('moved');
  if (pairs.some(({ now, was }) => now.state === 'atBound' && was?.state !== 'atBound')) {
    doubts.push('cameToBound');
  }
  return doubts;
}

/** |Δ ln p|, and |Δ n| of exponents. */
function distance(now: FitParameter, was: FitParameter): number {
  return now.unit === '1'
    ? Math.abs(now.value - was.value)
    : Math.abs(Math.log(now.value / was.value));
}
