import type { CircuitFit, FitParameter } from '../../src/domain/circuit-fit.ts';
import type { SpectrumValidity } from '../../src/domain/spectrum-validity.ts';

/** A well determined parameter, but for what the test says of it. */
export function fitParameter(
  given: Partial<FitParameter> & Pick<FitParameter, 'name' | 'value'>,
): FitParameter {
  const standardError = given.standardError === undefined ? 0.1 : given.standardError;
  return {
    unit: 'ohm',
    standardError,
    identifiable: standardError !== null,
    interval: null,
    state: 'free',
    priorDominated: false,
    ...given,
  };
}

/** A converged fit without parameters, but for what the test says of it. */
export function circuitFit(given: Partial<CircuitFit> = {}): CircuitFit {
  return {
    circuit: 'R0',
    points: 1,
    status: 'converged',
    reason: 'converged',
    weighting: 'modulus',
    chiSquare: 0,
    rmsPercent: 0,
    parameters: [],
    arcs: [],
    diagnostics: null,
    validity: null,
    curve: [],
    durationMs: 0.2,
    ...given,
  };
}

/** A spectrum that passes without remark, but for what the test says of it. */
export function spectrumValidity(given: Partial<SpectrumValidity> = {}): SpectrumValidity {
  return {
    verdict: 'pass',
    reasons: [],
    elementCount: 12,
    mu: 0.7,
    rmsPercent: 0.1,
    worstPercent: 0.3,
    worstFrequencyHertz: 1000,
    driftPercent: 0.1,
    ...given,
  };
}

/** A spectrum whose cell changed by 5 % while its lowest frequencies were measured. */
export function driftingSpectrum(): SpectrumValidity {
  return spectrumValidity({
    verdict: 'fail',
    reasons: [
      '|Z| lies 5 % above what its phase foretells: the cell changed while it was measured',
    ],
    worstPercent: 3.1,
    worstFrequencyHertz: 0.2,
    driftPercent: 5,
  });
}
