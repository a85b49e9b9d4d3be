import type { Spectrum } from '../domain/spectrum.ts';
import type { SpectrumValidity } from '../domain/spectrum-validity.ts';
import type { RelaxationKernel } from '../kernels/relaxation-kernel.ts';
import {
  type KramersKronigOptions,
  type KramersKronigTest,
  testKramersKronig,
} from './kramers-kronig.ts';
import { testZHit, type ZHitTest } from './z-hit.ts';

/** What a spectrum is held to; percent of |Z| at each frequency. */
export interface ValidityLimits {
  /** Rms residual that noise does not explain. */
  readonly rmsPercent: number;
  /** Largest residual of a point, unless the noise of all points explains it. */
  readonly worstPercent: number;
  /** Disagreement of |Z| with its phase at the lowest frequencies (Z-HIT). */
  readonly driftPercent: number;
}

export const VALIDITY_LIMITS: ValidityLimits = {
  rmsPercent: 0.5,
  worstPercent: 1,
  driftPercent: 4,
};

/** Beyond this rms nothing can be told from noise. */
const NOISE_PERCENT_MAX = 5;
/** Noise from this share of the rms limit on is worth a remark. */
const NOISE_REMARK_SHARE = 0.5;
/** Largest of a few hundred Gaussian values, in standard deviations. */
const NOISE_PEAK_SIGMA = 4;
/** A point that stands alone may exceed the limit this many times before it fails the spectrum. */
const OUTLIER_FACTOR = 3;
/** Z-HIT foretells |Z| no better than it does in the band of its offset. */
const DRIFT_PER_BAND = 3;
/** Its integral of the phase gathers noise. */
const DRIFT_PER_NOISE = 4;
/** From this share of its limit on a drift counts when the residuals have a trend as well. */
const DRIFT_SUSPECT_SHARE = 0.5;
/** Residuals this large say that the data are no impedance at all: Z-HIT would tell nonsense. */
const MISFIT_RMS_PERCENT = 2;
/** A trend counts only when it is at least this share of the noise. */
const TREND_PER_NOISE = 0.5;

/**
 * One model of passive elements that follows the data is proof enough, so a spectrum that fails as
 * an impedance with time constants in the measured window gets more chances: inductive loops are
 * short chains as an admittance, or need time constants beyond the window as an impedance; a single
 * sharp arc needs a longer chain than mu allows.
 */
const ATTEMPTS: readonly KramersKronigOptions[] = [
  {},
  { representation: 'admittance' },
  { extensionDecades: 1 },
  { isCappedByMu: false },
];

/**
 * Whether a spectrum can be that of a linear, causal, unchanging cell: Lin-KK and Z-HIT together.
 * Noise alone does not fail a spectrum; a trend in the residuals does.
 * @throws Fault badInput for unusable points or fewer than 6 frequencies, capacity for too many
 */
export function assessSpectrum(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  limits: ValidityLimits = VALIDITY_LIMITS,
): SpectrumValidity {
  return examineSpectrum(kernel, spectrum, limits).validity;
}

/** The verdict together with the test it rests on, whose residuals a person may want to see. */
export interface SpectrumExamination {
  readonly validity: SpectrumValidity;
  readonly test: KramersKronigTest;
}

/** As `assessSpectrum`, with the residuals. */
export function examineSpectrum(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  limits: ValidityLimits = VALIDITY_LIMITS,
): SpectrumExamination {
  const zHit = testZHit(spectrum);
  const attempt = bestAttempt(kernel, spectrum, limits);
  const { test, failures } = attempt;
  const doubts = [...failures];
  const remarks = [...noiseRemarks(test, limits)];
  if (failures.length > 0 && test.rmsPercent > MISFIT_RMS_PERCENT) {
    doubts.unshift(...signAdvice(kernel, spectrum, limits));
  } else {
    const limit = driftLimit(attempt, zHit, limits);
    const isDrift = Math.abs(zHit.driftPercent) > limit;
    if (isDrift) doubts.push(driftSentence(zHit, limit));
    else remarks.push(...driftRemarks(zHit, limits));
  }
  const validity: SpectrumValidity = {
    verdict: doubts.length > 0 ? 'fail' : 'pass',
    reasons: [...doubts, ...remarks],
    elementCount: test.elementCount,
    mu: test.mu,
    rmsPercent: test.rmsPercent,
    worstPercent: test.worstPercent,
    worstFrequencyHertz: test.worstFrequencyHertz,
    driftPercent: zHit.driftPercent,
  };
  return { validity, test };
}

interface Attempt {
  readonly test: KramersKronigTest;
  readonly failures: readonly string[];
  /** True when the residuals of this or an earlier attempt had a trend of some size. */
  readonly isSuspect: boolean;
}

/** The first attempt without failures, or else the one with the smallest residuals. */
function bestAttempt(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  limits: ValidityLimits,
): Attempt {
  let best: Attempt | undefined;
  let isSuspect = false;
  for (const options of ATTEMPTS) {
    const test = testKramersKronig(kernel, spectrum, options);
    const failures = residualFailures(test, limits);
    isSuspect ||= test.structure.isStructured && test.rmsPercent > limits.rmsPercent / 2;
    if (failures.length === 0) return { test, failures, isSuspect };
    if (!best || test.rmsPercent < best.test.rmsPercent) best = { test, failures, isSuspect };
  }
  if (!best) throw new Error('unreachable: there is an attempt');
  return best;
}

function residualFailures(test: KramersKronigTest, limits: ValidityLimits): readonly string[] {
  const { structure, rmsPercent } = test;
  const trendLimit = Math.max(limits.rmsPercent, TREND_PER_NOISE * structure.noisePercent);
  if (structure.isStructured && structure.structuredPercent > trendLimit) {
    return [
      `Kramers-Kronig residuals of ${percent(rmsPercent)} rms follow one another along the frequencies: a change of the cell or an artefact, not noise (limit ${percent(limits.rmsPercent)})`,
      ...slowEndSentence(test, limits),
    ];
  }
  if (rmsPercent > NOISE_PERCENT_MAX) {
    return [
      `Kramers-Kronig residuals of ${percent(rmsPercent)} rms: too much to tell noise from a change of the cell (limit ${percent(NOISE_PERCENT_MAX)})`,
    ];
  }
  return isWorstFailure(test, limits) ? [worstSentence(test, limits)] : [];
}

function worstSentence(test: KramersKronigTest, limits: ValidityLimits): string {
  const allowed = Math.max(limits.worstPercent, noisePeak(test));
  const count = test.residuals.filter(
    ({ realPercent, imagPercent }) =>
      Math.max(Math.abs(realPercent), Math.abs(imagPercent)) > allowed,
  ).length;
  const points = count === 1 ? 'one point is' : `${count} points are up to`;
  return `${points} ${percent(test.worstPercent)} off what the other frequencies allow, worst at ${hertz(test.worstFrequencyHertz)} (limit ${percent(allowed)})`;
}

/** Beyond the limit and beyond the noise; a trend fails at once, a point alone a little later. */
function isWorstFailure(test: KramersKronigTest, limits: ValidityLimits): boolean {
  if (test.worstPercent <= Math.max(limits.worstPercent, noisePeak(test))) return false;
  return test.structure.isStructured || test.worstPercent > OUTLIER_FACTOR * limits.worstPercent;
}

/** The largest residual that the noise of one part explains, in percent. */
function noisePeak({ structure }: KramersKronigTest): number {
  return (NOISE_PEAK_SIGMA * structure.noisePercent) / Math.SQRT2;
}

function slowEndSentence(test: KramersKronigTest, limits: ValidityLimits): readonly string[] {
  const { slowestDecadePercent } = test;
  if (Math.abs(slowestDecadePercent) < limits.rmsPercent) return [];
  const direction = slowestDecadePercent > 0 ? 'above' : 'below';
  return [
    `over the slowest decade the resistance lies ${percent(Math.abs(slowestDecadePercent))} ${direction} what the rest allows`,
  ];
}

/** Half the limit already fails when Kramers-Kronig residuals show a trend, too. */
function driftLimit({ test, isSuspect }: Attempt, zHit: ZHitTest, limits: ValidityLimits): number {
  const share = isSuspect ? DRIFT_SUSPECT_SHARE : 1;
  return Math.max(
    share * limits.driftPercent,
    DRIFT_PER_BAND * zHit.bandPercent,
    DRIFT_PER_NOISE * test.structure.noisePercent,
  );
}

function noiseRemarks(test: KramersKronigTest, limits: ValidityLimits): readonly string[] {
  const remarks: string[] = [];
  const { noisePercent } = test.structure;
  if (noisePercent > NOISE_REMARK_SHARE * limits.rmsPercent) {
    remarks.push(`noise of ${percent(noisePercent)} per point`);
  }
  const isOutlier =
    test.worstPercent > Math.max(limits.worstPercent, noisePeak(test)) &&
    !isWorstFailure(test, limits) &&
    !test.structure.isStructured;
  if (isOutlier) {
    remarks.push(
      `a point stands out: ${percent(test.worstPercent)} at ${hertz(test.worstFrequencyHertz)}`,
    );
  }
  return remarks;
}

function driftRemarks(zHit: ZHitTest, limits: ValidityLimits): readonly string[] {
  const isRemarkable = Math.abs(zHit.driftPercent) > DRIFT_SUSPECT_SHARE * limits.driftPercent;
  return isRemarkable ? [driftSentence(zHit)] : [];
}

function driftSentence({ driftPercent }: ZHitTest, limit?: number): string {
  const direction = driftPercent > 0 ? 'above' : 'below';
  const finding = `at the lowest frequencies |Z| lies ${percent(Math.abs(driftPercent))} ${direction} what its phase foretells (Z-HIT)`;
  return limit === undefined
    ? finding
    : `${finding}: the cell changed while it was measured (limit ${percent(limit)})`;
}

/** A spectrum that is valid once mirrored has its imaginary part upside down. */
function signAdvice(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  limits: ValidityLimits,
): readonly string[] {
  const mirrored = {
    points: spectrum.points.map((point) => ({ ...point, zImagOhm: -point.zImagOhm })),
  };
  const { failures } = bestAttempt(kernel, mirrored, limits);
  return failures.length === 0
    ? [
        'with the other sign of the imaginary part the spectrum passes: check the sign convention (capacitive is negative here)',
      ]
    : [];
}

function percent(value: number): string {
  return `${Number(value.toPrecision(2))} %`;
}

function hertz(value: number): string {
  return `${Number(value.toPrecision(3))} Hz`;
}
