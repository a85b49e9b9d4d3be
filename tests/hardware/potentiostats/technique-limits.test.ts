import { describe, expect, it } from 'vitest';
import { fullCapability } from '../../../hardware/potentiostats/emstat-identity.ts';
import { DEVICES } from '../../../hardware/potentiostats/methodscript-devices.ts';
import { techniqueProblems } from '../../../hardware/potentiostats/technique-limits.ts';
import type { ElectrochemicalTechnique, LinearSweep } from '../../../src/domain/technique.ts';

const CAPABILITY = fullCapability(DEVICES.es4_hr);
const SWEEP: LinearSweep = {
  kind: 'linearSweep',
  startVolt: 0,
  endVolt: 1,
  stepVolt: 0.01,
  rateVoltPerSecond: 0.1,
  currentAmpereMax: 1e-3,
};

function problems(technique: ElectrochemicalTechnique, changes = {}): string[] {
  return techniqueProblems(technique, { ...CAPABILITY, ...changes });
}

describe('what keeps an instrument from a linear sweep', () => {
  it('is nothing for one that it can run, up or down', () => {
    expect(problems(SWEEP)).toEqual([]);
    expect(problems({ ...SWEEP, startVolt: 1, endVolt: 0 })).toEqual([]);
  });

  it.each([
    [{ endVolt: 7 }, '7 V is outside its -6 V to 6 V'],
    [{ startVolt: Number.NaN }, 'NaN V is outside'],
    [{ stepVolt: 0 }, 'the potential step must be above 0 V'],
    [{ stepVolt: 2 }, 'a potential step of 2 V is above the 1 V of the sweep'],
    [{ rateVoltPerSecond: -1 }, 'the scan rate must be above 0 V/s'],
    [{ rateVoltPerSecond: 100 }, 'a sample every 0.0001 s is faster than its 0.001 s'],
    [{ currentAmpereMax: 0 }, 'the current limit must be above 0 A'],
  ])('%j', (changes, expected) => {
    expect(problems({ ...SWEEP, ...changes }).join()).toContain(expected);
  });
});

describe('what an instrument does not offer', () => {
  const sweep = {
    kind: 'impedance',
    frequencyHertzMax: 1e3,
    frequencyHertzMin: 1,
    pointCount: 5,
    excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 1e-5, biasAmpere: 0 },
  } as const;

  it('a way to excite impedance, where it says which it has', () => {
    expect(problems(sweep)).toEqual([]);
    expect(problems(sweep, { excitations: ['potentiostatic'] })).toEqual([
      'it cannot measure galvanostatic impedance',
    ]);
  });

  it('a rhythm faster than it keeps up with', () => {
    const rest = { kind: 'openCircuit', sampleEverySecond: 0.1, durationSecond: 1 } as const;
    expect(problems(rest)).toEqual([]);
    expect(problems(rest, { sampleEverySecondMin: 0.2 })).toEqual([
      'a sample every 0.1 s is faster than its 0.2 s',
    ]);
  });
});
