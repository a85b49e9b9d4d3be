import { describe, expect, it } from 'vitest';
import { Bus } from '../../src/domain/bus.ts';
import type { Resume } from '../../src/domain/recipe.ts';
import type { EngineState } from '../../src/domain/run-store.ts';
import { planRun } from '../../src/run/planner.ts';
import { decideResume, type Interruption, type ResumeDecision } from '../../src/run/resume.ts';
import { Runner } from '../../src/run/runner.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { MemorySpools, MemoryWriter } from '../support/memory-writer.ts';
import { ScriptedOven } from '../support/scripted-oven.ts';
import { recipeOf, scriptedCell, scriptedRig, scriptedRun } from '../support/scripted-run.ts';

const RECIPE = recipeOf(`
  - { name: warm, technique: soak, temperature: "50 °C", dwell: "60 s", within: "20 min" }
  - name: cycle
    technique: loop
    repeat: 3
    steps:
      - { name: forth, technique: constantCurrent, current: "1 mA", record: { every: "2 s" }, until: { any: [{ time: "10 min" }] } }
      - { name: back, technique: constantCurrent, current: "-1 mA", record: { every: "2 s" }, until: { any: [{ charge: "100 µAh" }, { time: "1 h" }] } }`);

const INTERRUPTION: Interruption = {
  endedAs: 'running',
  fromSecond: 1000,
  toSecond: 1120,
  lengthSecond: 120,
  missingRecords: 0,
  damage: undefined,
  confirmedBy: undefined,
};
const OPERATOR = { by: 'operator', reason: 'the rig is sound', via: 'terminal' } as const;
const RESUME: Resume = { policy: 'resume', maxGap: 1800 };

/** What a run has saved by the time it is cut off: in the second pass of its loop. */
async function stateAt(second: number): Promise<EngineState> {
  const run = scriptedRun(RECIPE);
  void run.runner.run();
  await run.clock.advance(second);
  const state = run.writer.states.at(-1)?.state;
  if (!state) throw new Error('nothing was saved');
  return state;
}

function resumedRun(
  state: EngineState,
  decision: ResumeDecision,
  celsius = 50,
  interruption = INTERRUPTION,
) {
  const oven = new ScriptedOven();
  oven.temperatureCelsius = celsius;
  const rig = scriptedRig({ oven });
  const writer = new MemoryWriter(rig.clock);
  const runner = new Runner({
    plan: planRun(RECIPE, scriptedCell, rig.instruments),
    instruments: rig.instruments,
    clock: rig.clock,
    bus: new Bus(() => {}),
    writer,
    spools: new MemorySpools(),
    info: {
      runId: 'test',
      recipe: 'test',
      cell: 'resistor',
      rig: 'scripted',
      instruments: [],
      channels: [],
      startedUtcMs: 0,
      speed: null,
      seed: 1,
      softwareVersion: '0',
      sources: { recipe: '', cell: '', rig: '' },
    },
    analyses: [],
    resumeFrom: state,
    interruption: { interruption, decision, acknowledged: [] },
  });
  return { ...rig, writer, runner };
}

describe('whether a run goes on after an interruption', () => {
  const decide = (change: Partial<Interruption>, policy: Partial<Resume> = {}): string =>
    decideResume({ ...RESUME, ...policy }, { ...INTERRUPTION, ...change }).kind;

  it('follows the policy of the recipe', () => {
    expect(decide({})).toBe('goOn');
    expect(decide({}, { policy: 'hold' })).toBe('hold');
    expect(decide({}, { policy: 'abort' })).toBe('abort');
  });

  it('waits for a person past the longest gap, and not at it', () => {
    expect(decide({ lengthSecond: 1800 })).toBe('goOn');
    expect(decide({ lengthSecond: 1800.1 })).toBe('hold');
  });

  it.each([
    ['the wall clock runs behind the records', { lengthSecond: undefined }],
    ['records are lost', { missingRecords: 1 }],
    ['the database was damaged', { damage: 'it is missing' }],
    ['a person has stopped it', { endedAs: 'stopped' as const }],
    ['it has faulted', { endedAs: 'faulted' as const }],
    ['it has tripped', { endedAs: 'tripped' as const }],
  ])('waits for a person when %s, and goes on when one has confirmed', (_what, change) => {
    expect(decide(change)).toBe('hold');
    expect(decide({ ...change, confirmedBy: 'operator' })).toBe('goOn');
  });

  it('ends a run whose recipe says so, whoever confirms', () => {
    expect(decide({ confirmedBy: 'operator' }, { policy: 'abort' })).toBe('abort');
  });
});

describe('a run that is taken up', () => {
  it('turns everything off before it turns anything on, and goes on in the middle of its step', async () => {
    const state = await stateAt(1500);
    expect(state.walk.frames[0]).toMatchObject({ at: 1 });
    const { clock, log, runner, writer } = resumedRun(state, { kind: 'goOn' });
    const outcome = await advanceUntil(clock, runner.run());
    expect(outcome.status).toBe('done');
    const energising = log.calls.filter((call) =>
      /cellOff|heater off|setTarget|constantCurrent$/.test(call),
    );
    expect(energising.slice(0, 4)).toEqual([
      'pstat cellOff',
      'heater off',
      'heater setTarget 50',
      'pstat constantCurrent',
    ]);
    const codes = writer.of('event').map(({ code }) => code);
    expect(codes.slice(0, 2)).toEqual(['gap', 'runResumed']);
    expect(codes).not.toContain('runStarted');
  });

  it.each([
    700, 1310, 1500, 2222, 3000,
  ])('has after an interruption at %i s the steps, charges and loop counters of one without', async (second) => {
    const whole = scriptedRun(RECIPE);
    await advanceUntil(whole.clock, whole.runner.run());
    const cut = scriptedRun(RECIPE);
    void cut.runner.run();
    await cut.clock.advance(second);
    cut.writer.commit();
    const saved = cut.writer.states.at(-1)?.state;
    if (!saved) throw new Error('nothing was saved');
    const { clock, runner, writer } = resumedRun(saved, { kind: 'goOn' });
    await advanceUntil(clock, runner.run());
    const steps = [...cut.writer.of('step'), ...writer.of('step')];
    const ids = steps.map(({ stepId, state, endedBy }) => `${stepId} ${state} ${endedBy}`);
    expect(ids).toEqual(
      whole.writer.of('step').map(({ stepId, state, endedBy }) => `${stepId} ${state} ${endedBy}`),
    );
    for (const [at, { chargeCoulomb }] of whole.writer.of('step').entries()) {
      // One sample at 1 mA.
      expect(Math.abs((steps[at]?.chargeCoulomb ?? 0) - chargeCoulomb)).toBeLessThan(2.1e-3);
    }
  });

  it('dwells again where the cell has cooled, and not where it is still warm', async () => {
    const state = await stateAt(1500);
    const startOf = async (celsius: number): Promise<number> => {
      const { clock, log, runner } = resumedRun(state, { kind: 'goOn' }, celsius);
      await advanceUntil(clock, runner.run());
      const line = log.lines.find((one) => one.endsWith('pstat constantCurrent'));
      return Number(line?.split(' ')[0]);
    };
    expect(await startOf(50)).toBeLessThan(20);
    // 10 K at 0.1 K/s until the band of the soak, and its dwell of a minute.
    expect(await startOf(40)).toBeGreaterThan(140);
  });

  it('waits in the safe state for a person, energises nothing meanwhile, and keeps its place', async () => {
    const state = await stateAt(1500);
    const { clock, log, runner, writer } = resumedRun(state, { kind: 'hold', reason: 'a person' });
    const end = runner.run();
    await clock.advance(3600);
    const isEnergising = (call: string): boolean => /setTarget|constantCurrent/.test(call);
    expect(log.calls.filter(isEnergising)).toEqual([]);
    expect(writer.of('event').filter(({ code }) => code === 'held')).toHaveLength(1);
    const { timeSecond: _now, ...kept } = writer.states.at(-1)?.state ?? state;
    const { timeSecond: _then, ...before } = state;
    expect(kept).toEqual(before);
    await runner.goOn(OPERATOR);
    expect((await advanceUntil(clock, end)).status).toBe('done');
    expect(log.calls.filter(isEnergising)[0]).toBe('heater setTarget 50');
    expect(JSON.stringify(writer.of('event'))).toContain('operator lets the held run go on');
  });

  it('can be stopped while it waits, and lets nobody go on then', async () => {
    const state = await stateAt(1500);
    const { clock, log, runner } = resumedRun(state, { kind: 'hold', reason: 'a person' });
    const end = runner.run();
    await clock.advance(10);
    await runner.stop('operator');
    expect((await advanceUntil(clock, end)).status).toBe('stopped');
    await expect(
      runner.goOn({ by: 'Lee', reason: 'The rig is sound', via: 'panel' }),
    ).rejects.toThrow('waits for nobody');
    expect(log.calls.filter((call) => /setTarget|constantCurrent/.test(call))).toEqual([]);
  });

  it('refuses to go on a run that does not wait', async () => {
    const run = scriptedRun(RECIPE);
    const end = run.runner.run();
    await run.clock.advance(10);
    await expect(run.runner.goOn(OPERATOR)).rejects.toMatchObject({ code: 'badInput' });
    await run.runner.stop('the test');
    await advanceUntil(run.clock, end);
  });

  it('ends in the safe state when its recipe does not want to be resumed', async () => {
    const state = await stateAt(1500);
    const { clock, log, runner } = resumedRun(state, { kind: 'abort', reason: 'it ends' });
    const outcome = await advanceUntil(clock, runner.run());
    expect(outcome).toMatchObject({ status: 'faulted', exitCode: 3 });
    expect(log.calls.filter((call) => /setTarget|constantCurrent/.test(call))).toEqual([]);
    expect(log.calls).toContain('pstat cellOff');
  });

  it('gives no more current to a cell that had shorted', async () => {
    const state = { ...(await stateAt(1500)), shortLatched: true };
    const { clock, log, runner } = resumedRun(state, { kind: 'goOn' });
    await advanceUntil(clock, runner.run());
    expect(log.calls).not.toContain('pstat constantCurrent');
  });

  it('writes the gap down with its ends, its length and a charge that nobody knows', async () => {
    const state = await stateAt(1500);
    const { clock, runner, writer } = resumedRun(state, { kind: 'goOn' }, 50, {
      ...INTERRUPTION,
      lengthSecond: undefined,
      missingRecords: 7,
      damage: 'it was set aside',
    });
    await advanceUntil(clock, runner.run());
    const [storage, gap] = writer.of('event');
    expect(storage).toMatchObject({ code: 'storage', details: { lost_records: 7 } });
    expect(gap).toMatchObject({
      code: 'gap',
      details: { start_second: 1000, end_second: 1120, length_second: null, charge_coulomb: null },
    });
  });
});
