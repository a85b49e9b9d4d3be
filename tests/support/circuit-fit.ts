import type { CircuitFit, FitParameter } from '../../src/domain/circuit-fit.ts';

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
