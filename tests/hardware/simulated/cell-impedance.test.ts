import { describe, expect, test } from 'vitest';
import type { CellModel } from '../../../hardware/simulated/cell-model.ts';
import { nmcCell, nmcPart, STRAIGHT } from './cell-support.ts';
import { HandClock } from './support.ts';

/** With n = 1 a constant-phase element is a capacitor: both domains then see the same arcs. */
const CAPACITORS = {
  ...STRAIGHT,
  ...nmcPart('interphase', { exponent: 1 }),
  ...nmcPart('chargeTransfer', { exponent: 1 }),
};

interface Complex {
  readonly real: number;
  readonly imag: number;
}

/**
 * Impedance by the discrete Fourier transform of current and voltage while the cell is driven by
 * a small staircase sine. Both are averaged within each stair, so the staircase is no error.
 */
function lockIn(cell: CellModel, clock: HandClock, frequencyHertz: number): Complex {
  const stairs = 64;
  const samplesPerStair = 16;
  const cycles = 12;
  const sampleSecond = 1 / (frequencyHertz * stairs * samplesPerStair);
  let current = { real: 0, imag: 0 };
  let voltage = { real: 0, imag: 0 };
  const restVolt = cell.voltageVolt();
  const startSecond = clock.second;
  for (let at = 0; at < cycles * stairs * samplesPerStair; at += 1) {
    const phase = (2 * Math.PI * at) / (stairs * samplesPerStair);
    if (at % samplesPerStair === 0) cell.setCurrent(1e-6 * Math.sin(phase));
    const ampere = cell.currentAmpere();
    // In the middle of the sample, which is its mean but for the curvature.
    clock.second = startSecond + (at + 0.5) * sampleSecond;
    const volt = cell.voltageVolt() - restVolt;
    clock.second = startSecond + (at + 1) * sampleSecond;
    // The first cycles let transients die.
    if (at < (cycles - 4) * stairs * samplesPerStair) continue;
    current = addTurned(current, ampere, phase);
    voltage = addTurned(voltage, volt, phase);
  }
  const square = current.real ** 2 + current.imag ** 2;
  return {
    real: (voltage.real * current.real + voltage.imag * current.imag) / square,
    imag: (voltage.imag * current.real - voltage.real * current.imag) / square,
  };
}

function addTurned(sum: Complex, value: number, phase: number): Complex {
  return {
    real: sum.real + value * Math.cos(phase),
    imag: sum.imag - value * Math.sin(phase),
  };
}

describe('the impedance of a battery', () => {
  test.each([
    // Within the charge-transfer arc, where its R and C are of equal weight,
    50,
    // between it and the interphase arc,
    1e3,
    // within the interphase arc,
    13e3,
    // and where only diffusion moves, down to a tenth of D/L².
    0.1, 1e-3, 1e-4,
  ])('is the small-signal limit of the time domain at %s Hz', (frequencyHertz) => {
    const clock = new HandClock();
    const cell = nmcCell(clock, CAPACITORS);
    const measured = lockIn(cell, clock, frequencyHertz);
    const clockAtRest = new HandClock();
    const { zRealOhm, zImagOhm } = nmcCell(clockAtRest, CAPACITORS).impedance(frequencyHertz);
    const error = Math.hypot(measured.real - zRealOhm, measured.imag - zImagOhm);
    expect(error / Math.hypot(zRealOhm, zImagOhm)).toBeLessThan(0.01);
  });

  test('is a Warburg line at 45 degrees between the arcs and the thickness of the material', () => {
    const diffusion = nmcPart('diffusion', { diffusivity: '1e-12 cm²/s' });
    const cell = nmcCell(new HandClock(), { ...STRAIGHT, ...diffusion });
    const arcsOhm = cell.circuit().arcs.reduce((sum, arc) => sum + arc.resistanceOhm, 0);
    const restOhm = cell.circuit().seriesOhm + arcsOhm;
    for (const frequencyHertz of [1e-3, 1e-2]) {
      const { zRealOhm, zImagOhm } = cell.impedance(frequencyHertz);
      expect(-zImagOhm / (zRealOhm - restOhm)).toBeCloseTo(1, 1);
    }
    const decade = cell.impedance(1e-4).zImagOhm / cell.impedance(1e-2).zImagOhm;
    expect(decade).toBeCloseTo(10, 0);
  });

  test('ends as the capacitor that stores the charge: dU/dx / Q over the frequency', () => {
    const cell = nmcCell(new HandClock(), STRAIGHT);
    const frequencyHertz = 1e-7;
    const expected = -0.8 / (1.046 * 3.6) / (2 * Math.PI * frequencyHertz);
    expect(cell.impedance(frequencyHertz).zImagOhm / expected).toBeCloseTo(1, 4);
  });

  test('is that of its circuit alone at high frequency, constant-phase elements and all', () => {
    const cell = nmcCell(new HandClock());
    const { seriesOhm } = cell.circuit();
    const { zRealOhm, zImagOhm } = cell.impedance(50e6);
    expect(zRealOhm / seriesOhm).toBeCloseTo(1, 2);
    expect(zImagOhm).toBeLessThan(0);
    // The depressed arc of n = 0.85: less than R/2 high.
    let highest = 0;
    for (let decade = 3; decade < 6; decade += 0.05) {
      highest = Math.max(highest, -cell.impedance(10 ** decade).zImagOhm);
    }
    expect(highest).toBeLessThan(0.5 * 124);
    expect(highest).toBeGreaterThan(0.35 * 124);
  });

  test('does not change while it is looked at', () => {
    const cell = nmcCell(new HandClock());
    const before = cell.impedance(10);
    for (const frequencyHertz of [1e5, 1, 1e-4]) cell.impedance(frequencyHertz);
    expect(cell.impedance(10)).toEqual(before);
  });
});
