import { Fault } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { SpectrumValidity, WaveformFinding } from '../domain/spectrum-validity.ts';
import type { ImpedanceWaveform } from '../domain/waveform.ts';
import type { LockInKernel } from '../kernels/lock-in-kernel.ts';
import { SineLockIn } from './lock-in.ts';
import { waveformDistortionPercent } from './waveform-harmonics.ts';

/** A point with the samples it was made from. */
export interface PointWithWaveform {
  readonly point: ImpedancePoint;
  readonly waveform: ImpedanceWaveform;
}

/** Beyond this the cell did not answer linearly: an impedance says too little about it. */
export const DISTORTION_PERCENT_MAX = 5;
/** Own impedance against the instrument's, in percent of |Z|: its accuracy and our noise. */
export const DISAGREEMENT_PERCENT_MAX = 3;

/**
 * What each waveform says by itself: its impedance by the lock-in against the instrument's, and
 * its total harmonic distortion; null for what its samples do not show. In windows of one period
 * the lock-in is off by about as much as the harmonics amount to.
 */
export function checkWaveform(
  kernel: LockInKernel,
  { point, waveform }: PointWithWaveform,
): WaveformFinding {
  const { frequencyHertz } = point;
  const own = ownImpedance(kernel, frequencyHertz, waveform);
  const offOhm = own && Math.hypot(own.zRealOhm - point.zRealOhm, own.zImagOhm - point.zImagOhm);
  return {
    frequencyHertz,
    zRealOhm: own?.zRealOhm ?? null,
    zImagOhm: own?.zImagOhm ?? null,
    disagreementPercent:
      offOhm === undefined ? null : (100 * offOhm) / Math.hypot(point.zRealOhm, point.zImagOhm),
    distortionPercent: waveformDistortionPercent(waveform, frequencyHertz) ?? null,
  };
}

function ownImpedance(
  kernel: LockInKernel,
  frequencyHertz: number,
  { samplingHertz, potentialVolt, currentAmpere }: ImpedanceWaveform,
): ImpedancePoint | undefined {
  try {
    const lockIn = new SineLockIn(kernel, { frequencyHertz, sampleRateHertz: samplingHertz });
    lockIn.push(potentialVolt, currentAmpere);
    return lockIn.result();
  } catch (error) {
    // Too few periods, or a current below its noise: the finding says that there is none.
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** A share and the frequency it was found at. */
export interface Worst {
  readonly percent: number;
  readonly frequencyHertz: number;
}

/** The verdict on a spectrum with that of its waveforms: one that is not linear fails it. */
export function withWaveforms(
  validity: SpectrumValidity,
  findings: readonly WaveformFinding[],
): SpectrumValidity {
  if (findings.length === 0) return validity;
  const doubts = [distortionDoubt(findings)].flatMap((doubt) => doubt ?? []);
  const remarks = [disagreementRemark(findings)].flatMap((remark) => remark ?? []);
  return {
    ...validity,
    verdict: doubts.length > 0 ? 'fail' : validity.verdict,
    reasons: [...doubts, ...validity.reasons, ...remarks],
    waveforms: findings,
  };
}

/** The largest distortion and where it is; undefined where none is known. */
export function worstDistortion(findings: readonly WaveformFinding[]): Worst | undefined {
  return worstOf(findings, ({ distortionPercent }) => distortionPercent);
}

function distortionDoubt(findings: readonly WaveformFinding[]): string | undefined {
  const worst = worstDistortion(findings);
  if (!worst || !(worst.percent > DISTORTION_PERCENT_MAX)) return undefined;
  return `the response is not linear: harmonics of ${percent(worst.percent)} at ${hertz(worst.frequencyHertz)} (limit ${percent(DISTORTION_PERCENT_MAX)}); use a smaller amplitude`;
}

function disagreementRemark(findings: readonly WaveformFinding[]): string | undefined {
  const worst = worstOf(findings, ({ disagreementPercent }) => disagreementPercent);
  if (!worst || !(worst.percent > DISAGREEMENT_PERCENT_MAX)) return undefined;
  return `at ${hertz(worst.frequencyHertz)} the impedance of the waveform is ${percent(worst.percent)} off the instrument's`;
}

function worstOf(
  findings: readonly WaveformFinding[],
  percentOf: (finding: WaveformFinding) => number | null,
): Worst | undefined {
  let worst: Worst | undefined;
  for (const finding of findings) {
    const found = percentOf(finding);
    if (found === null || found <= (worst?.percent ?? Number.NEGATIVE_INFINITY)) continue;
    worst = { percent: found, frequencyHertz: finding.frequencyHertz };
  }
  return worst;
}

function percent(value: number): string {
  return `${Number(value.toPrecision(2))} %`;
}

function hertz(value: number): string {
  return `${Number(value.toPrecision(3))} Hz`;
}
