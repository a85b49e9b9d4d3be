import { describe, expect, test } from 'vitest';
import { Curve } from '../../../hardware/simulated/cell-curve.ts';
import { OpenCircuit } from '../../../hardware/simulated/cell-open-circuit.ts';
import { nmcSimulation } from './cell-support.ts';

const STEPPED: readonly (readonly [number, number])[] = [
  [0, 1],
  [0.2, 1.01],
  [0.5, 1.02],
  [0.55, 3],
  [1, 3.1],
];

describe('a monotone curve', () => {
  test('goes through every point', () => {
    const curve = new Curve(STEPPED);
    for (const [x, y] of STEPPED) expect(curve.value(x)).toBeCloseTo(y, 12);
  });

  test('never falls between points that rise, and never overshoots them', () => {
    const curve = new Curve(STEPPED);
    let before = curve.value(0);
    for (let x = 0; x <= 1; x += 1 / 4096) {
      const now = curve.value(x);
      expect(now).toBeGreaterThanOrEqual(before - 1e-12);
      before = now;
    }
    expect(before).toBeLessThanOrEqual(3.1);
  });

  test('is a straight line through points on one, whatever their distance', () => {
    const curve = new Curve([
      [0, 1],
      [0.1, 1.2],
      [0.9, 2.8],
      [2, 5],
    ]);
    for (const x of [0.03, 0.4, 1.7]) {
      expect(curve.value(x)).toBeCloseTo(1 + 2 * x, 12);
      expect(curve.slope(x)).toBeCloseTo(2, 12);
    }
  });

  test('has the slope of its own difference quotient', () => {
    const curve = new Curve(STEPPED);
    for (const x of [0.01, 0.3, 0.52, 0.7, 0.99]) {
      const quotient = (curve.value(x + 1e-6) - curve.value(x - 1e-6)) / 2e-6;
      expect(curve.slope(x)).toBeCloseTo(quotient, 5);
    }
  });

  test('is flat beyond its ends', () => {
    const curve = new Curve(STEPPED);
    expect(curve.value(-1)).toBe(1);
    expect(curve.value(7)).toBeCloseTo(3.1, 12);
  });
});

describe('the open-circuit voltage', () => {
  const { openCircuit } = nmcSimulation();

  test('made of reactions holds the share of charge that they say at each voltage', () => {
    const curve = new OpenCircuit(openCircuit);
    const filled = (volt: number) =>
      (openCircuit.reactions ?? []).reduce(
        (sum, { share, potential, width }) =>
          sum + share / (1 + Math.exp((potential - volt) / width)),
        0,
      );
    const empty = filled(2.8);
    for (const volt of [2.85, 3.0, 3.13, 3.3, 3.6, 3.85]) {
      const stateOfCharge = (filled(volt) - empty) / (filled(3.9) - empty);
      expect(curve.voltageVolt(stateOfCharge)).toBeCloseTo(volt, 4);
    }
  });

  test('runs away beyond empty and full instead of standing still', () => {
    const curve = new OpenCircuit(openCircuit);
    expect(curve.voltageVolt(1.01)).toBeCloseTo(3.9 + 0.3, 9);
    expect(curve.voltageVolt(-0.01)).toBeCloseTo(2.8 - 0.3, 9);
    expect(curve.slopeVolt(1.01)).toBe(30);
    expect(curve.slopeVolt(-0.01)).toBe(30);
  });
});
