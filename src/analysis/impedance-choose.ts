import { type Circuit, hasElement, parseCircuit } from '../domain/circuit.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { Clock } from '../domain/clock.ts';
import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import { SystemClock } from '../domain/system-clock.ts';
import type { ImpedanceKernel } from '../kernels/impedance-kernel.ts';
import { type FitOptions, fitSpectrum } from './impedance-fit.ts';
import { canFit, capacitivePoints } from './impedance-points.ts';

/**
 * The circuits of solid-state battery cells, from one arc to three: an arc for each of bulk, grain
 * boundary, interphase and charge transfer that shows; a slope for diffusion or for blocking
 * electrodes; an inductor for the cables.
 */
export const USUAL_CIRCUITS: readonly string[] = [
  'R0-p(R1,CPE1)',
  'R0-p(R1,CPE1)-CPE2',
  'R0-p(R1,CPE1)-W2',
  'R0-p(R1-W1,CPE1)',
  'R0-p(R1,CPE1)-p(R2,CPE2)',
  'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3',
  'R0-p(R1,CPE1)-p(R2,CPE2)-W3',
  'R0-p(R1,CPE1)-p(R2-W2,CPE2)',
  'R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)',
  // Pellets between blocking electrodes: the first arc begins at the origin.
  'p(R1,CPE1)-CPE2',
  'p(R1,CPE1)-p(R2,CPE2)',
  'p(R1,CPE1)-p(R2,CPE2)-CPE3',
];

/** A criterion this much higher is strong evidence against a circuit (Kass and Raftery 1995). */
const STRONG_DIFFERENCE = 10;

/**
 * A further element has to be told from nothing at two standard errors. A fit on a given circuit
 * asks for less: there the question is the value, not whether the element is there.
 */
const TOLD_FROM_ZERO = 0.5;

/** More candidates than this are refused. */
export const CANDIDATES_MAX = 32;

/** One circuit in the ranking. */
export interface RankedCircuit {
  readonly circuit: string;
  /** `vetoed`: it fits, but has parameters that the spectrum does not determine. */
  readonly verdict: 'chosen' | 'candidate' | 'vetoed' | 'failed';
  /** Schwarz's criterion, smaller is better; null without a fit. */
  readonly bic: number | null;
  /** Above the smallest of all circuits that are neither vetoed nor failed. */
  readonly bicDifference: number | null;
  readonly rmsPercent: number | null;
  readonly parameterCount: number;
  /** Why it stands where it stands, as a sentence for people. */
  readonly reason: string;
  /** Null when the spectrum cannot be fitted with this circuit at all. */
  readonly fit: CircuitFit | null;
}

/** Circuits from the best to the worst; at most one is chosen, and then it is the first. */
export interface CircuitChoice {
  readonly chosen: CircuitFit | null;
  readonly ranking: readonly RankedCircuit[];
}

export type ChooseOptions = Omit<
  FitOptions,
  'starts' | 'reference' | 'priorValues' | 'localOnly' | 'fixed' | 'bounds'
>;

/**
 * Fits the candidates and ranks them by BIC. A circuit whose parameters are not all determined is
 * vetoed however well it fits: its error bars would say nothing.
 *
 * Criteria can be compared on the same points only. All circuits are ranked on the points below
 * the inductive end of the spectrum; the fit that is returned has seen all points its circuit can
 * follow. Where there is an inductive end, the usual circuits also come with an L in front.
 * @param candidates circuits in either notation; the usual ones when absent
 * @throws Fault circuitSyntax for a candidate that is none; badInput when no circuit can be fitted
 */
export function chooseCircuit(
  kernel: ImpedanceKernel,
  spectrum: Spectrum,
  candidates?: readonly string[],
  options: ChooseOptions = {},
  clock: Clock = new SystemClock(),
): CircuitChoice {
  const common = capacitivePoints(spectrum.points);
  const texts = candidates ?? usualFor(spectrum.points.length > common.length);
  if (texts.length === 0 || texts.length > CANDIDATES_MAX) {
    const message = `${texts.length} circuits; expected between 1 and ${CANDIDATES_MAX}`;
    throw new Fault('badInput', { where: 'candidates', message });
  }
  const circuits = texts.map(parseCircuit);
  const faults: Fault[] = [];
  const trials = circuits.map((circuit): Trial => {
    try {
      return tryCircuit(kernel, circuit, { spectrum, common, options, clock });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'badInput') throw error;
      faults.push(error);
      return { circuit, bic: null, fit: null, trouble: error.message };
    }
  });
  const [fault] = faults;
  if (fault && faults.length === trials.length) throw fault;
  return rank(trials);
}

function usualFor(hasInductiveEnd: boolean): readonly string[] {
  if (!hasInductiveEnd) return USUAL_CIRCUITS;
  // Cables show in front of a resistance; in front of an arc from the origin they cannot.
  const afterCables = USUAL_CIRCUITS.filter((text) => text.startsWith('R0-'));
  return [...USUAL_CIRCUITS, ...afterCables.map((text) => `L0-${text}`)];
}

interface Trial {
  readonly circuit: Circuit;
  /** On the points that all circuits share. */
  readonly bic: number | null;
  readonly fit: CircuitFit | null;
  /** Why it cannot be chosen; empty when it can. */
  readonly trouble: string;
}

interface TrialInput {
  readonly spectrum: Spectrum;
  readonly common: readonly ImpedancePoint[];
  readonly options: ChooseOptions;
  readonly clock: Clock;
}

function tryCircuit(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  { spectrum, common, options, clock }: TrialInput,
): Trial {
  if (!canFit(circuit, common)) {
    const trouble = `has ${circuit.parameters.length} parameters, too many for ${common.length} points`;
    return { circuit, bic: null, fit: null, trouble };
  }
  const effort = { ...options, diagnostics: true };
  const { sigmaOhm } = options;
  const onCommon = sigmaOhm
    ? { ...effort, sigmaOhm: sigmasOf(common, spectrum, sigmaOhm) }
    : effort;
  const shared = fitSpectrum(kernel, circuit, { points: common }, onCommon, clock);
  const seesMore = hasElement(circuit.root, 'L') && spectrum.points.length > common.length;
  const fit = seesMore ? fitSpectrum(kernel, circuit, spectrum, effort, clock) : shared;
  const trouble = troubleOf(shared) || troubleOf(fit);
  return { circuit, bic: shared.diagnostics?.bic ?? null, fit, trouble };
}

/** The standard deviations of some of a spectrum's points; NaN where there is none. */
function sigmasOf(
  some: readonly ImpedancePoint[],
  { points }: Spectrum,
  sigmaOhm: readonly number[],
): readonly number[] {
  const sigmas = new Map(points.map((point, k) => [point, sigmaOhm[k] ?? Number.NaN]));
  return some.map((point) => sigmas.get(point) ?? Number.NaN);
}

function troubleOf(fit: CircuitFit): string {
  if (fit.status === 'failed') return `the fit ended at its best so far (${fit.reason})`;
  const unknown = fit.parameters.filter(
    ({ identifiable, standardError, value }) =>
      !identifiable || (standardError ?? 0) > TOLD_FROM_ZERO * value,
  );
  if (unknown.length === 0) return '';
  return `the spectrum does not determine ${unknown.map(({ name }) => name).join(', ')}`;
}

function rank(trials: readonly Trial[]): CircuitChoice {
  const usable = trials.filter(({ trouble }) => trouble === '');
  const best = Math.min(...usable.map(({ bic }) => bic ?? Number.POSITIVE_INFINITY));
  const ranking = trials
    .map((trial) => describeTrial(trial, best))
    .sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict] || (a.bic ?? 0) - (b.bic ?? 0));
  const [first] = ranking;
  return { chosen: first?.verdict === 'chosen' ? first.fit : null, ranking };
}

const ORDER = { chosen: 0, candidate: 1, vetoed: 2, failed: 3 } as const;

function describeTrial({ circuit, bic, fit, trouble }: Trial, best: number): RankedCircuit {
  const difference = bic !== null && Number.isFinite(best) ? bic - best : null;
  const verdict = verdictOf(fit, trouble, difference);
  return {
    circuit: circuit.text,
    verdict,
    bic,
    bicDifference: difference,
    rmsPercent: fit?.rmsPercent ?? null,
    parameterCount: circuit.parameters.length,
    reason: trouble || reasonFor(verdict, difference ?? 0),
    fit,
  };
}

function verdictOf(
  fit: CircuitFit | null,
  trouble: string,
  difference: number | null,
): RankedCircuit['verdict'] {
  if (!fit || fit.status === 'failed') return 'failed';
  if (trouble !== '') return 'vetoed';
  return difference === 0 ? 'chosen' : 'candidate';
}

function reasonFor(verdict: RankedCircuit['verdict'], difference: number): string {
  if (verdict === 'chosen') return 'lowest BIC of the circuits whose parameters are all determined';
  const higher = `BIC higher by ${difference.toFixed(1)}`;
  return difference < STRONG_DIFFERENCE
    ? `${higher}: describes the spectrum nearly as well`
    : `${higher}: describes the spectrum worse than its parameters are worth`;
}
