import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import type { PlannedStep } from '../../src/run/plan.ts';
import { planRun } from '../../src/run/planner.ts';
import { recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';

const INSTRUMENTS: Instruments = { ...scriptedRig().instruments, freshCell: async () => {} };

const SCREEN = `
  - name: choose
    technique: screen
    candidates: ["1 mA", "2 mA"]
    reject: [slow]
    within: "30 min"
    steps:
      - name: try
        technique: constantCurrent
        current: $choose
        until: { any: [{ event: short }, { time: "1 h", as: slow }] }`;
const AFTER = `
  - name: plate
    technique: constantCurrent
    current: $choose
    until: { any: [{ time: "2 h" }] }`;

function plan(steps: string) {
  return planRun(recipeOf(steps), scriptedCell, INSTRUMENTS);
}

function problemsOf(steps: string): string[] {
  try {
    plan(steps);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

function stepAt(steps: readonly PlannedStep[], at: number): PlannedStep {
  const step = steps[at];
  if (!step) throw new Error(`no step ${at}`);
  return step;
}

describe('a screen', () => {
  it('tries each candidate on a fresh cell, and puts one in for what comes after', () => {
    const { steps, longestSecond, stepCount } = plan(SCREEN);
    expect(steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'screen choose',
      'freshCell choose-fresh-cell',
    ]);
    const screen = stepAt(steps, 0);
    if (screen.kind !== 'screen') throw new Error('no screen');
    expect(screen.candidates.map(({ label }) => label)).toEqual(['1 mA', '2 mA']);
    expect(screen.candidates.map((one) => one.steps.map(({ name }) => name))).toEqual([
      ['choose-cell-1', 'try'],
      ['choose-cell-2', 'try'],
    ]);
    const currents = screen.candidates.map(({ steps: [, tried] }) => tried);
    expect(currents).toMatchObject([{ currentAmpere: 0.001 }, { currentAmpere: 0.002 }]);
    expect(longestSecond).toBe(2 * (1800 + 3600) + 1800);
    expect(stepCount).toBe(5);
  });

  it('makes a branch of a step that uses the chosen value', () => {
    const branch = stepAt(plan(SCREEN + AFTER).steps, 2);
    if (branch.kind !== 'branch') throw new Error('no branch');
    expect(branch.on).toBe('choose');
    const cases = [...branch.cases].map(([label, [step]]) => [label, step]);
    expect(cases).toMatchObject([
      ['1 mA', { name: 'plate', currentAmpere: 0.001 }],
      ['2 mA', { name: 'plate', currentAmpere: 0.002 }],
    ]);
  });

  it('serves a step inside a loop, too', () => {
    const loop = `
  - name: cycle
    technique: loop
    repeat: 3
    steps:${AFTER.replace(/\n/g, '\n    ')}`;
    const cycle = stepAt(plan(SCREEN + loop).steps, 2);
    expect(cycle).toMatchObject({ kind: 'loop', steps: [{ kind: 'branch', on: 'choose' }] });
  });

  it('may choose a voltage, against any known reference', () => {
    const { steps } = plan(`
  - name: choose
    technique: screen
    candidates: ["0.5 V", "0.5 V vs Li-In"]
    reject: [current]
    steps:
      - name: hold
        technique: constantVoltage
        voltage: $choose
        until: { any: [{ current: "> 1 mA" }, { time: "1 h" }] }`);
    const screen = stepAt(steps, 0);
    if (screen.kind !== 'screen') throw new Error('no screen');
    const held = screen.candidates.map(({ steps: [, tried] }) => tried);
    expect(held).toMatchObject([{ voltageVolt: 0.5 }, { voltageVolt: 1.12 }]);
  });

  it('lets a branch ask which candidate was chosen', () => {
    const branch = `
  - name: if-slow
    technique: branch
    on: choose
    cases: { "1 mA": [{ name: look, technique: scan, views: 9, span: "180°", duration: "9 s" }] }`;
    expect(problemsOf(SCREEN + branch)).toEqual([]);
    expect(problemsOf(SCREEN + branch.replace('"1 mA":', '"3 mA":'))).toEqual([
      'steps[1].cases.3 mA: no step ends as "3 mA"; expected one of 1 mA, 2 mA',
    ]);
  });

  it('must stand before the steps that use its value', () => {
    expect(problemsOf(AFTER + SCREEN)).toEqual([
      'steps[0]: uses $choose, but no screen called so stands before it',
    ]);
  });

  it('says the same problem of all candidates once', () => {
    const far = SCREEN.replace('{ event: short }', '{ voltage: "> 9 V" }');
    expect(problemsOf(far)).toEqual([
      'steps[0].steps[0].until.any[0].voltage: > 9 V can never end the step: safety.voltage.max, 2 V, trips first',
    ]);
  });
});
