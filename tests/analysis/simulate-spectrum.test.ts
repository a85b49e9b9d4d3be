import { describe, expect, it } from 'vitest';
import { simulateSpectrum } from '../../src/analysis/simulate-spectrum.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { twinImpedance } from '../../src/kernels/impedance-twin.ts';
import { caughtFault } from '../support/caught-fault.ts';

const CIRCUIT = parseCircuit('R0-p(R1,CPE1)-Wo1');
const VALUES = [10, 50, 1e-3, 0.8, 100, 30];
const SWEEP = {
  frequencyHertzMax: 1e5,
  frequencyHertzMin: 1e-2,
  pointsPerDecade: 10,
  noisePercent: 0,
  seed: 7,
};

/** Relative deviation of every point from the circuit, real and imaginary parts over |Z|. */
function deviations(simulation: Partial<typeof SWEEP> & { driftPercent?: number }): number[][] {
  return simulateSpectrum(CIRCUIT, VALUES, { ...SWEEP, ...simulation }).points.map((point) => {
    const { re, im } = twinImpedance(CIRCUIT, VALUES, point.frequencyHertz);
    const size = Math.hypot(re, im);
    return [(point.zRealOhm - re) / size, (point.zImagOhm - im) / size];
  });
}

describe('a simulated spectrum', () => {
  it('sweeps from the highest to the lowest frequency, evenly in the logarithm', () => {
    const { points } = simulateSpectrum(CIRCUIT, VALUES, SWEEP);
    expect(points).toHaveLength(71);
    expect(points[0]?.frequencyHertz).toBe(1e5);
    expect(points[35]?.frequencyHertz).toBeCloseTo(10 ** 1.5, 10);
    expect(points.at(-1)?.frequencyHertz).toBe(1e-2);
  });

  it('is the circuit itself without noise and drift', () => {
    expect(Math.max(...deviations({}).flat().map(Math.abs))).toBe(0);
  });

  it('has noise of the stated size in both parts', () => {
    const noise = deviations({ noisePercent: 0.5, pointsPerDecade: 140 });
    for (const part of [0, 1]) {
      const squares = noise.map((pair) => (pair[part] ?? NaN) ** 2);
      const deviation = Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
      expect(Math.abs(deviation / 0.005 - 1)).toBeLessThan(0.1);
    }
  });

  it('is the same for the same seed, and another for another', () => {
    const noisy = { ...SWEEP, noisePercent: 1 };
    const again = (seed: number) => simulateSpectrum(CIRCUIT, VALUES, { ...noisy, seed });
    expect(again(7)).toEqual(again(7));
    expect(again(8)).not.toEqual(again(7));
  });

  it('drifts with the time of the sweep: nothing at the start, all of it at the end', () => {
    const drift = simulateSpectrum(CIRCUIT, VALUES, { ...SWEEP, driftPercent: 5 }).points.map(
      (point) => point.zRealOhm / twinImpedance(CIRCUIT, VALUES, point.frequencyHertz).re - 1,
    );
    expect(drift[0]).toBe(0);
    // Down to 1 Hz less than a hundredth of the time has passed.
    expect(drift[50]).toBeGreaterThan(0);
    expect(drift[50]).toBeLessThan(0.0006);
    expect(drift.at(-1)).toBeCloseTo(0.05, 12);
    expect(drift).toEqual(drift.toSorted((a, b) => a - b));
  });

  it('may have a single frequency', () => {
    const one = { ...SWEEP, frequencyHertzMin: 1e5, driftPercent: 5 };
    expect(simulateSpectrum(CIRCUIT, VALUES, one).points).toHaveLength(1);
  });

  it('refuses every bad value of the circuit at once', async () => {
    const bad = [10, -50, 1e-3, 0.8, Number.NaN, 30];
    const fault = await caughtFault(() => simulateSpectrum(CIRCUIT, bad, SWEEP));
    expect(fault.code).toBe('badInput');
    expect(fault.problems.map(({ where }) => where)).toEqual(['R1', 'Wo1.R']);
  });

  it('refuses too few values and names those it wants', async () => {
    const fault = await caughtFault(() => simulateSpectrum(CIRCUIT, [1, 2], SWEEP));
    expect(fault.message).toContain('2 values; expected 6: R0, R1, CPE1.Q, CPE1.n, Wo1.R, Wo1.tau');
  });

  it.each([
    [{ frequencyHertzMin: 0 }, 'lowest frequency'],
    [{ frequencyHertzMin: 2e5 }, 'expected at least the lowest'],
    [{ frequencyHertzMax: Number.POSITIVE_INFINITY }, 'expected a finite number'],
    [{ pointsPerDecade: 0 }, 'points per decade'],
    [{ pointsPerDecade: 1e9 }, 'at most 1024'],
    [{ noisePercent: -1 }, 'noise: is -1 %'],
    [{ noisePercent: Number.NaN }, 'noise: is NaN %'],
    [{ driftPercent: -100 }, 'drift: is -100 %'],
    [{ seed: 0.5 }, 'seed: is 0.5'],
  ])('refuses %j', async (bad, message) => {
    const fault = await caughtFault(() => simulateSpectrum(CIRCUIT, VALUES, { ...SWEEP, ...bad }));
    expect(fault.code).toBe('badInput');
    expect(fault.message).toContain(message);
  });
});
