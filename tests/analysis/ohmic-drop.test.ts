import { describe, expect, it } from 'vitest';
import { readTrace } from '../../src/analysis/cycling-trace.ts';
import { findCurrentSwitches, findInterruptions } from '../../src/analysis/ohmic-drop.ts';
import { WrittenRun } from './cycling-run.ts';

const OHM = 300;
const AMPERE = 1e-4;
/** Diffusion after the switch, V/√s. */
const SLOPE = 1.2e-3;

/** A cell that relaxes as √t after its current was switched off. */
function interrupted(everySecond: number) {
  const run = new WrittenRun();
  run.step('charge', { ampere: AMPERE, second: 60, volt: () => 3.5, everySecond: 1 });
  run.step('rest', {
    ampere: 0,
    second: 2,
    everySecond,
    volt: (elapsed) => 3.5 - OHM * AMPERE - SLOPE * Math.sqrt(elapsed),
  });
  return readTrace(run.finish()).electrical;
}

describe('the ohmic drop at an interruption', () => {
  it('is the last voltage before minus the first after, with the delay between them', () => {
    const [drop, ...more] = findInterruptions(interrupted(0.1));
    expect(more).toEqual([]);
    expect(drop?.sampleDelaySecond).toBeCloseTo(0.1, 9);
    expect(drop?.dropVolt).toBeCloseTo(OHM * AMPERE + SLOPE * Math.sqrt(0.1), 9);
    expect(drop?.timeSecond).toBeCloseTo(60, 9);
  });

  it('is freed from what diffusion did until the first reading', () => {
    const [drop] = findInterruptions(interrupted(0.1));
    expect(drop?.instantDropVolt).toBeCloseTo(OHM * AMPERE, 9);
    expect(drop?.resistanceOhm).toBeCloseTo(OHM, 5);
  });

  it('says that it cannot be freed when the readings are too far apart', () => {
    const [drop] = findInterruptions(interrupted(1));
    expect(drop?.instantDropVolt).toBeNull();
    expect(drop?.resistanceOhm).toBeGreaterThan(OHM);
  });

  it('has the sign of the resistance for charge and discharge', () => {
    const run = new WrittenRun();
    run.step('discharge', { ampere: -AMPERE, second: 60, volt: () => 3.2, everySecond: 1 });
    run.step('rest', { ampere: 0, second: 2, volt: () => 3.2 + OHM * AMPERE, everySecond: 0.1 });
    const [drop] = findInterruptions(readTrace(run.finish()).electrical);
    expect(drop?.instantDropVolt).toBeCloseTo(-OHM * AMPERE, 9);
    expect(drop?.resistanceOhm).toBeCloseTo(OHM, 5);
  });

  it('finds a change between two currents as a switch, not as an interruption', () => {
    const run = new WrittenRun();
    run.step('slow', { ampere: AMPERE, second: 10, volt: () => 3.5, everySecond: 1 });
    run.step('fast', { ampere: 3 * AMPERE, second: 10, volt: () => 3.6, everySecond: 1 });
    const { electrical } = readTrace(run.finish());
    expect(findCurrentSwitches(electrical)).toHaveLength(1);
    expect(findInterruptions(electrical)).toEqual([]);
  });

  it('takes noise of the current for noise, and nothing from a cell at rest', () => {
    const run = new WrittenRun();
    for (let at = 0; at < 20; at += 1) run.reading(3.5, AMPERE * (1 + 0.01 * (at % 2))).wait(1);
    expect(findCurrentSwitches(readTrace(run.finish()).electrical)).toEqual([]);
    const rest = new WrittenRun().reading(3, 0).wait(1).reading(3, 0).finish();
    expect(findCurrentSwitches(readTrace(rest).electrical)).toEqual([]);
  });

  it('says nothing about a switch in a gap of the record', () => {
    const run = new WrittenRun().reading(3.5, AMPERE).wait(3600).reading(3.4, 0).finish();
    expect(findInterruptions(readTrace(run).electrical)).toEqual([]);
  });
});
