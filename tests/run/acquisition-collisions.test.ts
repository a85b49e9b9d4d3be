import { describe, expect, it } from 'vitest';
import { collisionsOf } from '../../src/run/acquisition-collisions.ts';
import { needsOf } from '../../src/run/plan-needs.ts';
import { planRun } from '../../src/run/planner.ts';
import { recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';

const SWEEP =
  'technique: impedance, mode: galvanostatic, from: "1 kHz", to: "1 Hz", amplitude: "1 µA"';
const SCAN = 'technique: scan, views: 9, span: "180°"';

function plan(during: readonly string[], time = '2 h') {
  const recipe = recipeOf(`
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    until: { any: [{ time: "${time}" }] }
    during: [${during.map((one) => `{ ${one} }`).join(', ')}]`);
  return planRun(recipe, scriptedCell, scriptedRig().instruments).steps;
}

const NEVER = (): boolean => false;

describe('acquisitions of a step that meet', () => {
  it('are named once, with when and how often', () => {
    const steps = plan([`${SWEEP}, every: "30 min"`, `${SCAN}, duration: "90 s", every: "1 h"`]);
    expect(collisionsOf(steps, NEVER)).toEqual([
      { step: 'plate', first: 0, second: 1, firstSecond: 0, times: 2, waits: false },
    ]);
  });

  it('meet after the start where one is still in progress when the other begins', () => {
    // The scan of 10 min that begins at 20 min is still going on when the one at 25 min begins.
    const steps = plan([
      `${SWEEP}, every: "25 min"`,
      `${SCAN}, duration: "10 min", every: "20 min"`,
    ]);
    const [met] = collisionsOf(steps, NEVER);
    expect(met).toMatchObject({ firstSecond: 0 });
    // 0, 25 in 20-30, 50 not in 40-50, 75 not in 60-70, 100 in 100-110.
    expect(met?.times).toBe(3);
  });

  it('wait for each other when they share an instrument or exclude each other', () => {
    const sweeps = plan([`${SWEEP}, every: "30 min"`, `${SWEEP}, every: "45 min"`]);
    expect(collisionsOf(sweeps, NEVER)).toMatchObject([{ times: 2, waits: true }]);
    const mixed = plan([`${SWEEP}, every: "30 min"`, `${SCAN}, duration: "90 s", every: "1 h"`]);
    expect(collisionsOf(mixed, () => true)).toMatchObject([{ waits: true }]);
  });

  it('are not invented for one alone, or for events and charges', () => {
    expect(collisionsOf(plan([`${SWEEP}, every: "30 min"`]), NEVER)).toEqual([]);
    const untimed = plan([`${SWEEP}, every: "30 min"`, `${SCAN}, duration: "9 s", on: [stepEnd]`]);
    expect(collisionsOf(untimed, NEVER)).toEqual([]);
  });

  it('are counted to a bound', () => {
    const steps = plan(
      [`${SWEEP}, every: "2 min"`, `${SCAN}, duration: "9 s", every: "1 min"`],
      '90 d',
    );
    expect(collisionsOf(steps, NEVER)).toMatchObject([{ times: 1000 }]);
  });
});

describe('what a plan needs', () => {
  it('is the most that any of its steps asks for', () => {
    const needs = needsOf(
      plan([`${SWEEP}, every: "30 min"`, `${SCAN}, duration: "90 s", every: "1 h"`]),
    );
    expect(needs).toEqual({
      techniques: ['constantCurrent', 'impedance'],
      currentAmpereMax: 0.001,
      sampleEverySecondMin: 10,
      voltageVolt: undefined,
      frequencyHertz: { min: 1, max: 1000 },
      temperatureCelsiusMax: undefined,
      viewsMax: 9,
      regions: [],
      freshCells: 0,
    });
  });
});
