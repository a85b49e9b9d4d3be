import { describe, expect, it } from 'vitest';
import type { AnalysisService } from '../../src/domain/analysis-service.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { PlannedMeasurement, PlannedStep } from '../../src/run/plan.ts';
import { PlanWalk } from '../../src/run/plan-walk.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  eventsOf,
  recipeOf,
  runToEnd,
  type ScriptedRun,
  scriptedRun,
  stepsOf,
} from '../support/scripted-run.ts';

function step(name: string): PlannedMeasurement {
  return {
    kind: 'openCircuit',
    name,
    longestSecond: 1,
    sampleEverySecond: 1,
    until: [],
    during: [],
  };
}
const loop = (name: string, repeat: number, steps: readonly PlannedStep[]): PlannedStep => ({
  kind: 'loop',
  name,
  repeat,
  until: [],
  steps,
  longestSecond: 1,
});
const branch = (
  on: string,
  cases: Readonly<Record<string, readonly PlannedStep[]>>,
  otherwise: readonly PlannedStep[] = [],
): PlannedStep => ({
  kind: 'branch',
  name: `after-${on}`,
  on,
  cases: new Map(Object.entries(cases)),
  otherwise,
  longestSecond: 1,
});
const screen = (choose: 'first' | 'last', labels: readonly string[]): PlannedStep => ({
  kind: 'screen',
  name: 'which',
  candidates: labels.map((label) => ({ label, steps: [step('try'), step('rest')] })),
  reject: ['short'],
  choose,
  longestSecond: 1,
});

/** The ids of the steps, each ending as `ends` says for its id, else by time. */
function walked(
  steps: readonly PlannedStep[],
  ends: Readonly<Record<string, string>> = {},
  isLoopDone?: (name: string) => boolean,
) {
  let walk = new PlanWalk(steps, isLoopDone ? { isLoopDone } : {});
  const ids: string[] = [];
  for (let at = walk.current(); at && ids.length < 100; at = walk.current()) {
    expect(at.stepIndex).toBe(ids.length);
    ids.push(at.stepId);
    walk.advance(ends[at.stepId] ?? 'time');
    // Whatever the place, a walk taken up from its state goes on the same way.
    const state = JSON.parse(JSON.stringify(walk.state()));
    walk = new PlanWalk(steps, { state, ...(isLoopDone ? { isLoopDone } : {}) });
  }
  return { ids, walk };
}

describe('a walk over a plan', () => {
  it('unfolds loops in loops', () => {
    const { ids } = walked([step('a'), loop('o', 2, [loop('i', 2, [step('b')]), step('c')])]);
    expect(ids).toEqual([
      'a',
      'o/1/i/1/b',
      'o/1/i/2/b',
      'o/1/c',
      'o/2/i/1/b',
      'o/2/i/2/b',
      'o/2/c',
    ]);
  });

  it('asks a loop with conditions after each pass, and no other', () => {
    const asked: string[] = [];
    const watched = { ...loop('w', 5, [step('b')]), until: [{ time: 1 }] } as PlannedStep;
    const { ids } = walked([loop('p', 2, [step('a')]), watched], {}, (name) => {
      asked.push(name);
      return asked.length === 3;
    });
    expect(ids).toEqual(['p/1/a', 'p/2/a', 'w/1/b', 'w/2/b', 'w/3/b']);
    expect(asked).toEqual(['w', 'w', 'w']);
  });

  it('chooses a case by how the newest pass of a step has ended, else the other way', () => {
    const cases = [
      loop('l', 3, [step('a'), branch('a', { short: [step('x')], high: [] }, [step('y')])]),
    ];
    const { ids } = walked(cases, { 'l/1/a': 'short', 'l/2/a': 'high', 'l/3/a': 'time' });
    expect(ids).toEqual(['l/1/a', 'l/1/x', 'l/2/a', 'l/3/a', 'l/3/y']);
  });

  it('ends at once when there is nothing to do', () => {
    expect(walked([branch('none', {})]).ids).toEqual([]);
    expect(new PlanWalk([]).current()).toBeUndefined();
  });

  it('takes the first candidate of a screen that is not rejected', () => {
    const { ids, walk } = walked(
      [screen('first', ['1', '2', '3']), branch('which', { 2: [step('with-2')] })],
      {
        'which/1/try': 'short',
      },
    );
    expect(ids).toEqual(['which/1/try', 'which/2/try', 'which/2/rest', 'with-2']);
    expect(walk.failedScreen()).toBeUndefined();
  });

  it('takes the last accepted one when it tries them all', () => {
    const plan = [screen('last', ['1', '2', '3']), branch('which', { 2: [step('with-2')] })];
    const { ids } = walked(plan, { 'which/1/rest': 'short', 'which/3/try': 'short' });
    expect(ids).toEqual([
      'which/1/try',
      'which/1/rest',
      'which/2/try',
      'which/2/rest',
      'which/3/try',
      'with-2',
    ]);
  });

  it('stands still at a screen that has rejected all, and says so', () => {
    const { ids, walk } = walked([screen('first', ['1', '2']), step('after')], {
      'which/1/try': 'short',
      'which/2/rest': 'short',
    });
    expect(ids).toEqual(['which/1/try', 'which/2/try', 'which/2/rest']);
    expect(walk.failedScreen()).toBe('which');
    expect(walk.current()).toBeUndefined();
  });
});

const SAFETY = `
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;
const SCREEN = `
  - name: which
    technique: screen
    candidates: ["4 mA", "2 mA", "1 mA"]
    reject: [short]
    steps:
      - name: try
        technique: constantCurrent
        current: $which
        record: { every: "10 s" }
        until: { any: [{ event: short }, { time: "5 min" }] }
  - name: use
    technique: constantCurrent
    current: $which
    record: { every: "10 s" }
    until: { any: [{ time: "100 s" }] }`;

describe('a screen over fresh cells', () => {
  /** Shorts two minutes after a current above the given one was switched on. */
  const shortsAbove = (ampere: number, run: { freshAtSecond: number }) => ({
    alter: <R extends { kind: string }>(reading: R): R =>
      'currentAmpere' in reading &&
      Number(reading.currentAmpere) > ampere &&
      'timeSecond' in reading &&
      Number(reading.timeSecond) > run.freshAtSecond + 120
        ? { ...reading, voltageVolt: 0.001 }
        : reading,
  });

  it('goes on with the first current that a cell survives, on yet another cell', async () => {
    const state = { freshAtSecond: 0 };
    const fresh: number[] = [];
    const run = await runToEnd(recipeOf(SCREEN, SAFETY), {
      potentiostat: shortsAbove(1.5e-3, state) as never,
      freshCell: async () => {
        state.freshAtSecond = fresh.length * 140;
        fresh.push(fresh.length);
      },
    });
    expect(run.outcome.status).toBe('done');
    const currents = run.potentiostat.techniques.flatMap((one) =>
      one.kind === 'constantCurrent' ? [one.currentAmpere] : [],
    );
    expect(currents).toEqual([0.004, 0.002, 0.001, 0.001]);
    expect(fresh.length).toBeGreaterThanOrEqual(3);
    // Each new cell begins with no charge and no short.
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo(0.1, 9);
  });

  it('faults when no candidate is left', async () => {
    const run = await runToEnd(recipeOf(SCREEN, SAFETY), {
      potentiostat: { resistanceOhm: (now) => (now % 300 > 150 ? 1 : 300) },
      freshCell: async () => {},
    });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain('which: every candidate was rejected');
  });

  it('faults when nobody brings the new cell in time', async () => {
    const run = await runToEnd(recipeOf(SCREEN, SAFETY), {
      freshCell: () => new Promise(() => {}),
    });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain('the new cell was not in within 1 h');
    expect(run.potentiostat.techniques).toEqual([]);
    expect(run.log.calls).toContain('pstat cellOff');
  });

  it('is refused where nobody can exchange the cell', async () => {
    await expect(async () => runToEnd(recipeOf(SCREEN, SAFETY))).rejects.toThrow(Fault);
  });
});

describe('a loop that ends on what analysis finds', () => {
  const LOOP = `
  - name: cycle
    technique: loop
    repeat: 10
    until: { any: [{ derived: "fit.R1 > 100 Ω" }] }
    steps:
      - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "60 s" }] } }`;

  it('ends after the pass in which it was found', async () => {
    const recipe = recipeOf(LOOP, SAFETY);
    const run = scriptedRun(recipe);
    run.clock.after(150, () =>
      run.bus.publish('derived', { value: { name: 'fit.R1', value: 120, source: 'test' } }),
    );
    await advanceUntil(run.clock, run.runner.run());
    expect(stepsOf(run).filter((one) => one.endsWith('started'))).toEqual([
      'cycle/1/rest started',
      'cycle/2/rest started',
      'cycle/3/rest started',
    ]);
    expect(eventsOf(run, 'runEnded')).toHaveLength(1);
  });

  /** A service that has its result so long after a pass has ended. */
  const service = (
    run: () => Pick<ScriptedRun, 'bus' | 'clock'>,
    lateSecond: number,
  ): AnalysisService => ({
    start: async () => {},
    stop: async () => {},
    drain: () =>
      new Promise((resolve) => {
        const { bus, clock } = run();
        clock.after(lateSecond, () => {
          bus.publish('derived', { value: { name: 'fit.R1', value: 120, source: 'late' } });
          resolve();
        });
      }),
  });

  it('waits for the result of its last measurement before it decides', async () => {
    const run: ScriptedRun = scriptedRun(recipeOf(LOOP, SAFETY), {
      analyses: [service(() => run, 30)],
    });
    await advanceUntil(run.clock, run.runner.run());
    expect(stepsOf(run)).toEqual(['cycle/1/rest started', 'cycle/1/rest time: 60 s']);
  });

  it('does not wait for ever, and says what it decides by', async () => {
    const run: ScriptedRun = scriptedRun(
      recipeOf(LOOP.replace('repeat: 10', 'repeat: 3'), SAFETY),
      {
        analyses: [service(() => run, 1e5)],
      },
    );
    await advanceUntil(run.clock, run.runner.run());
    expect(stepsOf(run)).toHaveLength(6);
    const [late, ...others] = eventsOf(run, 'analysisFault').map(({ message }) => message);
    expect(late).toContain('the loop decides by what is known');
    // After the last pass there is nothing to decide: the third wait is that of the run's end.
    expect(others).toHaveLength(2);
  });

  it('remembers over a restart of the software what was found before it', async () => {
    const before = scriptedRun(recipeOf(LOOP, SAFETY), { speed: 1 });
    before.clock.after(30, () =>
      before.bus.publish('derived', { value: { name: 'fit.R1', value: 120, source: 'test' } }),
    );
    const done = before.runner.run();
    await before.clock.advance(45);
    const saved = before.writer.states.at(-1)?.state;
    await before.runner.stop('test');
    await advanceUntil(before.clock, done);
    expect(saved?.derived).toEqual({ 'fit.R1': 120 });
    const after = await runToEnd(recipeOf(LOOP, SAFETY), saved ? { resumeFrom: saved } : {});
    expect(after.outcome.status).toBe('done');
    expect(stepsOf(after)).toEqual(['cycle/1/rest time: 60 s']);
  });

  it('can be stopped while it waits', async () => {
    const run: ScriptedRun = scriptedRun(recipeOf(LOOP, SAFETY), {
      analyses: [service(() => run, 1e5)],
    });
    const done = run.runner.run();
    await run.clock.advance(100);
    await run.runner.stop('test');
    const outcome = await advanceUntil(run.clock, done);
    expect(outcome.status).toBe('stopped');
  });
});
