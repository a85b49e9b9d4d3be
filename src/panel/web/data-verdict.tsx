import type { CircuitFit } from '../../domain/circuit-fit.ts';
import type { SpectrumValidity } from '../../domain/spectrum-validity.ts';
import type { SpectrumView } from './run-model.ts';

/** The verdict on the data of a fit when it is that they fail; undefined otherwise. */
export function dataFail(fit: CircuitFit | undefined): SpectrumValidity | undefined {
  return fit?.validity?.verdict === 'fail' ? fit.validity : undefined;
}

/** The sign of warnings in the event log, wherever such a spectrum is named. */
export function FailMark() {
  return (
    <span class="warn fail-mark" role="img" aria-label="data fail" title="data fail">
      ▲
    </span>
  );
}

/** Why the fit beside it is not to be trusted; nothing when the data pass. */
export function VerdictNote({ spectrum }: { readonly spectrum: SpectrumView }) {
  const failure = dataFail(spectrum.fit);
  if (!failure) return null;
  return (
    <p class="warn verdict" role="note">
      <span aria-hidden="true">▲</span> Data of #{spectrum.number} fail: {spoken(failure.reasons)}.
      Do not trust this fit.
    </p>
  );
}

/** One clause of the reasons, whether or not each ends with a full stop. */
function spoken(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'no reason was given';
  return reasons.map((reason) => reason.replace(/\.$/, '')).join('; ');
}
