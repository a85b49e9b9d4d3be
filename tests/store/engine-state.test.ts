import { describe, expect, it } from 'vitest';
import type { EngineState } from '../../src/domain/run-store.ts';
import { decodeState, encodeState } from '../../src/store/engine-state.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { engineState } from '../support/engine-state.ts';

const EVERYTHING: EngineState = engineState({
  timeSecond: 1234.5,
  isInStep: true,
  derived: { 'fit.R1': 120 },
  titrationPulses: 2,
  step: {
    conditions: { '0': 12.5, '3': 40 },
    metIndex: 1,
    derived: { 'fit.R2': 3 },
    events: ['short', 'softShort'],
    holdsVoltage: true,
    acquisitions: [
      {
        index: 3,
        isFirst: false,
        isWanted: true,
        isTaking: true,
        partsDone: 1,
        answeredParts: 2,
        takenSecond: 600,
        takenVolt: 0.12,
        faster: { '0': 590 },
      },
    ],
    partsDone: 1,
    pulseSecond: 33,
    dwelledSecond: 17,
  },
  suspension: {
    count: 3,
    pastSecond: 70,
    now: { channel: 'applied_pressure_pa', lengthSecond: 12 },
  },
  openMeasurements: [
    {
      kind: 'spectrum',
      spectrumId: 'spectrum-004',
      pointCount: 7,
      startSecond: 1200,
      startChargeCoulomb: 0.4,
    },
    {
      kind: 'scan',
      scanId: 'scan-002',
      views: 5,
      framesFile: 'scan-002.frames',
      startSecond: 1190,
      startChargeCoulomb: 0.39,
    },
    {
      kind: 'detectorSpectrum',
      spectrumId: 'detector-001',
      region: 'edxrd',
      startSecond: 1230,
      startChargeCoulomb: 0.4,
    },
    {
      kind: 'phase',
      step: 'titrate',
      phase: 'pulse',
      number: 2,
      currentAmpere: 1e-3,
      startSecond: 1200,
      startChargeCoulomb: 0.4,
    },
  ],
});

const textOf = (change: object): string =>
  JSON.stringify({ ...(JSON.parse(encodeState(EVERYTHING)) as object), ...change });

describe('the saved state of the run engine', () => {
  it('comes back with everything that was in it', () => {
    expect(decodeState(encodeState(EVERYTHING))).toEqual(EVERYTHING);
    expect(decodeState(encodeState(engineState()))).toEqual(engineState());
  });

  it('is read as it was written before it had a version', () => {
    expect(decodeState(JSON.stringify(engineState({ chargeCoulomb: 2 })))).toEqual(
      engineState({ chargeCoulomb: 2 }),
    );
  });

  it('is refused, with what to do, when newer software has written it', async () => {
    const fault = await caughtFault(() => decodeState(textOf({ version: 3 })));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain('has version 3, and this software reads up to 2');
  });

  it.each([
    ['no JSON', '{'],
    ['no place', textOf({ walk: undefined })],
    ['a time that is none', textOf({ timeSecond: 'late' })],
    ['an event that no cell has', textOf({ step: { events: ['explosion'] } })],
    ['a measurement of an unknown kind', textOf({ openMeasurements: [{ kind: 'guess' }] })],
    ['a count below zero', textOf({ suspension: { count: -1, pastSecond: 0 } })],
    ['a version that is no number', textOf({ version: 'two' })],
  ])('is refused when it has %s', async (_what, text) => {
    const fault = await caughtFault(() => decodeState(text));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain('cannot be read');
  });
});
