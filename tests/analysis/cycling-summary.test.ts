import { describe, expect, it } from 'vitest';
import { cyclesOf, findHalfCycles } from '../../src/analysis/cycling-summary.ts';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import { WrittenRun } from './cycling-run.ts';

const HOUR = 3600;
const charge = (run: WrittenRun, name: string, hours: number, volt = 3.8): WrittenRun =>
  run.step(name, { ampere: 1e-3, second: hours * HOUR, volt: () => volt });
const discharge = (run: WrittenRun, name: string, hours: number, volt = 3.6): WrittenRun =>
  run.step(name, { ampere: -1e-3, second: hours * HOUR, volt: () => volt });
const rest = (run: WrittenRun, name: string): WrittenRun =>
  run.step(name, { ampere: 0, second: HOUR, volt: () => 3.7 });

describe('half cycles', () => {
  it('join steps in one direction across rests, and count their charge step by step', () => {
    const run = new WrittenRun();
    charge(run, 'charge-a', 3);
    rest(run, 'rest');
    charge(run, 'charge-b', 2);
    discharge(run, 'discharge', 4);
    const halves = findHalfCycles(readTrace(run.finish()));
    expect(halves.map(({ direction, steps }) => [direction, steps])).toEqual([
      ['charge', ['charge-a', 'charge-b']],
      ['discharge', ['discharge']],
    ]);
    expect(halves[0]?.chargeCoulomb).toBeCloseTo(5 * 3.6, 9);
    expect(halves[1]?.chargeCoulomb).toBeCloseTo(4 * 3.6, 9);
  });

  it('weigh the mean voltage by charge, not by time', () => {
    const run = new WrittenRun();
    run.step('slow', { ampere: 1e-3, second: HOUR, volt: () => 3 });
    run.step('fast', { ampere: 3e-3, second: HOUR, volt: () => 4 });
    const [half] = findHalfCycles(readTrace(run.finish()));
    expect(half?.meanVolt).toBeCloseTo(3.75, 2);
  });

  it('leave out voltammograms, and leakage after the real current', () => {
    const run = new WrittenRun();
    charge(run, 'charge', 5);
    run.step('leak', { ampere: -1e-7, second: HOUR, volt: () => 3.7 });
    run.step('voltammogram', {
      ampere: -1e-3,
      second: HOUR,
      volt: () => 3,
      technique: 'cyclicVoltammetry',
    });
    const halves = findHalfCycles(readTrace(run.finish()));
    expect(halves.map(({ direction }) => direction)).toEqual(['charge']);
  });

  it('are none in a run at rest', () => {
    expect(findHalfCycles(readTrace(rest(new WrittenRun(), 'rest').finish()))).toEqual([]);
  });
});

describe('cycles', () => {
  function twoCycles() {
    const run = new WrittenRun();
    charge(run, 'c1', 10);
    discharge(run, 'd1', 9);
    charge(run, 'c2', 9);
    discharge(run, 'd2', 8);
    return findHalfCycles(readTrace(run.finish()));
  }

  it('of a cathode give discharge over the charge before it', () => {
    const cycles = cyclesOf(twoCycles(), { convention: 'dischargeOverCharge' });
    expect(cycles.map(({ coulombicEfficiency }) => coulombicEfficiency)).toEqual([
      expect.closeTo(0.9, 9),
      expect.closeTo(8 / 9, 9),
    ]);
  });

  it('of an anode give charge over the discharge before it, and begin with a discharge', () => {
    const cycles = cyclesOf(twoCycles(), { convention: 'chargeOverDischarge' });
    expect(cycles).toHaveLength(1);
    expect(cycles[0]?.coulombicEfficiency).toBeCloseTo(1, 9);
    expect(cycles[0]?.discharge.steps).toEqual(['d1']);
  });

  it('say hysteresis and retention against the named reference cycle', () => {
    const cycles = cyclesOf(twoCycles(), { convention: 'dischargeOverCharge' });
    expect(cycles[1]?.retention).toBeCloseTo(8 / 9, 9);
    expect(cycles[0]?.hysteresisVolt).toBeCloseTo(0.2, 9);
    const [, second] = cyclesOf(twoCycles(), {
      convention: 'dischargeOverCharge',
      referenceCycle: 2,
    });
    expect(second?.retention).toBe(1);
  });

  it('do not count a half cycle that has no partner', () => {
    const run = charge(new WrittenRun(), 'c1', 10);
    const halves = findHalfCycles(readTrace(run.finish()));
    expect(cyclesOf(halves, { convention: 'dischargeOverCharge' })).toEqual([]);
  });
});
