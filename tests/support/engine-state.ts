import type { EngineState } from '../../src/domain/run-store.ts';

/** A run engine that has just begun, with what a test wants to be different. */
export function engineState(change: Partial<EngineState> = {}): EngineState {
  return {
    timeSecond: 0,
    walk: { frames: [{ at: 0, pass: 0 }], stepIndex: 0, ends: {} },
    isInStep: false,
    stepElapsedSecond: 0,
    stepChargeCoulomb: 0,
    chargeCoulomb: 0,
    idCounts: {},
    shortLatched: false,
    heaterTargetCelsius: null,
    ...change,
  };
}
