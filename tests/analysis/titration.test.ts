import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import {
  findPulses,
  type TitrationGeometry,
  titrationLengthMetre,
} from '../../src/analysis/titration.ts';
import { WrittenRun } from './cycling-run.ts';

const GEOMETRY: TitrationGeometry = {
  activeMassKilogram: 6.378e-6,
  molarVolumeCubicMetre: 20.73e-6,
  molarMassKilogram: 91.66e-3,
  areaSquareMetre: 0.785e-4,
};
const LENGTH = titrationLengthMetre(GEOMETRY);
const AMPERE = -1.02e-4;
const OHM = 311;
const PULSE = 300;
const REST = 7200;
/** Change of the open-circuit voltage for each second of the pulse, V/s. */
const STEADY_RATE = -3.5e-5;

/** Exact voltage of a planar sheet under a constant flux: Crank, The Mathematics of Diffusion. */
function transientVolt(elapsed: number, diffusivity: number): number {
  const mean = STEADY_RATE * elapsed;
  const gradient = (STEADY_RATE * LENGTH ** 2) / diffusivity;
  let series = 0;
  for (let n = 1; n <= 200; n += 1) {
    const decay = Math.exp(-((n * Math.PI) ** 2) * ((diffusivity * elapsed) / LENGTH ** 2));
    series += (1 - decay) / n ** 2;
  }
  return mean + ((2 * gradient) / Math.PI ** 2) * series;
}

interface Given {
  readonly diffusivity: number;
  readonly pulses?: number;
  readonly noise?: (at: number) => number;
}

/** A titration as the potentiostat would see it: fast at the edges, slow in between. */
function titration({ diffusivity, pulses = 3, noise = () => 0 }: Given) {
  const run = new WrittenRun();
  let at = 0;
  const read = (volt: number, ampere: number): void => {
    at += 1;
    run.reading(volt + noise(at), ampere);
  };
  run.start('gitt', 'gitt');
  let restVolt = 3.6;
  for (let i = 0; i < 5; i += 1) {
    run.wait(20);
    read(restVolt, 0);
  }
  for (let pulse = 0; pulse < pulses; pulse += 1) {
    let elapsed = 0;
    for (const step of steps(PULSE)) {
      run.wait(step);
      elapsed += step;
      read(restVolt + AMPERE * OHM + transientVolt(elapsed, diffusivity), AMPERE);
    }
    const top = transientVolt(PULSE, diffusivity) - STEADY_RATE * PULSE;
    elapsed = 0;
    restVolt += STEADY_RATE * PULSE;
    for (const step of steps(REST)) {
      run.wait(step);
      elapsed += step;
      // What is left of the transient decays: only its end is looked at here.
      read(restVolt + top * Math.exp(-elapsed / 400), 0);
    }
  }
  run.end('gitt', 'gitt');
  return readTrace(run.finish()).electrical;
}

function steps(total: number): readonly number[] {
  const edge = Array.from({ length: 20 }, () => 0.1);
  const middle = Array.from({ length: Math.floor((total - 4) / 10) }, () => 10);
  const rest = total - 4 - 10 * middle.length;
  return [...edge, ...middle, ...(rest > 0 ? [rest] : []), ...edge];
}

describe('a titration', () => {
  it('has m V / (M S) for its length', () => {
    expect(LENGTH).toBeCloseTo(18.376e-6, 8);
  });

  it.each([
    2.664e-14, 1.092e-13, 3.264e-13,
  ])('gives back a diffusivity of %s m²/s within 1 %', (diffusivity) => {
    const pulses = findPulses(titration({ diffusivity }), GEOMETRY);
    expect(pulses).toHaveLength(3);
    for (const pulse of pulses) {
      const found = pulse.diffusivity?.fromSlope ?? Number.NaN;
      expect(Math.abs(found / diffusivity - 1)).toBeLessThan(0.01);
    }
  });

  it('labels both conventions of τ, which differ by rest over pulse: 24', () => {
    const [pulse] = findPulses(titration({ diffusivity: 2.664e-14 }), GEOMETRY);
    const { tauPulse = 0, tauRest = 0 } = pulse?.diffusivity ?? {};
    expect(tauPulse / tauRest).toBeCloseTo(REST / PULSE, 6);
    expect(Math.abs(tauPulse / 2.664e-14 - 1)).toBeLessThan(0.05);
  });

  it('is too small by eq. 1 when the pulse is no longer short against L²/D', () => {
    const diffusivity = 3.264e-12;
    const [pulse] = findPulses(titration({ diffusivity }), GEOMETRY);
    expect(pulse?.diffusivity?.tauPulse ?? 0).toBeLessThan(0.7 * diffusivity);
  });

  it('keeps its error below 3 % with the noise of a potentiostat', () => {
    // 20 µV, of alternating sign and changing size: no chance involved.
    const noise = (at: number): number => 20e-6 * Math.sin(12.9898 * at) * Math.SQRT2;
    const pulses = findPulses(titration({ diffusivity: 3.264e-13, noise, pulses: 5 }), GEOMETRY);
    for (const { diffusivity } of pulses) {
      expect(Math.abs((diffusivity?.fromSlope ?? 0) / 3.264e-13 - 1)).toBeLessThan(0.03);
    }
  });

  it('measures the pulse, the rest, the steady voltage and the ohmic drop', () => {
    const [pulse] = findPulses(titration({ diffusivity: 3.264e-13 }), GEOMETRY);
    expect(pulse?.pulseSecond).toBeCloseTo(PULSE, 6);
    expect(pulse?.restSecond).toBeCloseTo(REST, 6);
    expect(pulse?.currentAmpere).toBeCloseTo(AMPERE, 12);
    expect(pulse?.chargeCoulomb).toBeCloseTo(AMPERE * PULSE, 9);
    expect(pulse?.steadyVolt).toBeCloseTo(STEADY_RATE * PULSE, 6);
    expect(pulse?.interruption.resistanceOhm ?? 0).toBeGreaterThan(0.98 * OHM);
    expect(pulse?.interruption.resistanceOhm ?? 0).toBeLessThan(1.02 * OHM);
  });

  it('gives voltages but no diffusivity without the geometry of the cell', () => {
    const [pulse] = findPulses(titration({ diffusivity: 3.264e-13 }));
    expect(pulse?.steadyVolt).toBeDefined();
    expect(pulse?.diffusivity).toBeUndefined();
  });

  it('leaves out a pulse that no rest follows', () => {
    const run = new WrittenRun();
    for (let i = 0; i < 5; i += 1) run.wait(20).reading(3.6, 0);
    for (const step of steps(PULSE)) run.wait(step).reading(3.5, AMPERE);
    expect(findPulses(readTrace(run.finish()).electrical, GEOMETRY)).toEqual([]);
  });

  it('finds nothing in a constant current, a rest or an empty record', () => {
    const current = new WrittenRun();
    for (let at = 0; at < 50; at += 1) current.wait(10).reading(3.5, AMPERE);
    expect(findPulses(readTrace(current.finish()).electrical, GEOMETRY)).toEqual([]);
    const rest = new WrittenRun();
    for (let at = 0; at < 50; at += 1) rest.wait(10).reading(3.5, 0);
    expect(findPulses(readTrace(rest.finish()).electrical, GEOMETRY)).toEqual([]);
    expect(findPulses(readTrace(new WrittenRun().finish()).electrical, GEOMETRY)).toEqual([]);
  });
});
