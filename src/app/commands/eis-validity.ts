import { KRAMERS_KRONIG_POINTS_MIN } from '../../analysis/kramers-kronig.ts';
import { assessSpectrum } from '../../analysis/spectrum-validity.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import type { Spectrum } from '../../domain/spectrum.ts';
import type { SpectrumValidity } from '../../domain/spectrum-validity.ts';
import type { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { significant } from '../format-values.ts';

/** The verdict on a spectrum; null when it has too few points for one. */
export function validityOf(kernel: RelaxationKernel, spectrum: Spectrum): SpectrumValidity | null {
  if (spectrum.points.length < KRAMERS_KRONIG_POINTS_MIN) return null;
  return assessSpectrum(kernel, spectrum);
}

/** The circuit misses what a test without a circuit can follow. */
const MISFIT_FACTOR = 3;
const MISFIT_RMS_PERCENT_MIN = 1;

/** A sentence when the data are good and the circuit still does not describe them. */
export function misfitSentence({ rmsPercent, validity }: CircuitFit): string | undefined {
  if (validity?.verdict !== 'pass') return undefined;
  const limit = Math.max(MISFIT_FACTOR * validity.rmsPercent, MISFIT_RMS_PERCENT_MIN);
  if (rmsPercent <= limit) return undefined;
  return (
    `the circuit does not follow these data: rms ${significant(rmsPercent)} %, ` +
    `where Kramers-Kronig reaches ${significant(validity.rmsPercent)} %`
  );
}

/** One sentence for people, as it stands beside every fit of the spectrum. */
export function validitySentence(validity: SpectrumValidity | null): string {
  if (!validity) {
    return `data not tested: Kramers-Kronig needs ${KRAMERS_KRONIG_POINTS_MIN} frequencies`;
  }
  const reasons = validity.reasons.join('; ');
  if (validity.verdict === 'fail') return `data fail Kramers-Kronig: ${reasons}`;
  const remarks = reasons === '' ? '' : `; ${reasons}`;
  return `data pass Kramers-Kronig, rms ${significant(validity.rmsPercent)} %${remarks}`;
}
