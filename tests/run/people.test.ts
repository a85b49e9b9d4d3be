import { describe, expect, it } from 'vitest';
import { alarmsOf, latchedAlarms } from '../../src/domain/alarm.ts';
import { ESCALATION_SECOND } from '../../src/run/alarms.ts';
import type { Interruption } from '../../src/run/resume.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  eventsOf,
  recipeOf,
  runToEnd,
  type ScriptedRun,
  type Scripts,
  scriptedRun,
  stepsOf,
} from '../support/scripted-run.ts';

const SAFETY = `
  temperature: { max: "75 °C" }
  pressure: { max: "8 MPa" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;

/** The short is not what the first step expects: the run trips. */
const RECIPE = recipeOf(
  `
  - { name: warm, technique: soak, temperature: "50 °C", dwell: "60 s", within: "20 min" }
  - { name: plate, technique: constantCurrent, current: "1 mA", record: { every: "10 s" }, until: { any: [{ time: "1 h" }] } }
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "60 s" }] } }`,
  SAFETY,
);
const SHORTS: Scripts = {
  potentiostat: { resistanceOhm: (now) => (now >= 800 ? 1 : 300) },
  pressure: () => 5e6,
};
const ADA = { by: 'Ada', reason: 'The cell was looked at', via: 'mqtt:one' };
const BEN = { by: 'Ben', reason: 'The rig is sound', via: 'panel' };

const INTERRUPTION: Interruption = {
  endedAs: 'tripped',
  fromSecond: 900,
  toSecond: 1000,
  lengthSecond: 100,
  missingRecords: 0,
  damage: undefined,
  confirmedBy: undefined,
};

const isEnergising = (call: string): boolean => /setTarget|constantCurrent/.test(call);

/** A run whose cell has shorted, taken up again. */
async function takenUp(
  kind: 'hold' | 'goOn' = 'hold',
  scripts: Scripts = SHORTS,
): Promise<ScriptedRun> {
  const first = await runToEnd(RECIPE, SHORTS);
  expect(first.outcome.status).toBe('tripped');
  const earlierAlarms = alarmsOf(first.writer.records);
  expect(latchedAlarms(earlierAlarms).map(({ code }) => code)).toEqual(['cellShort', 'interlock']);
  const resumeFrom = first.writer.states.at(-1)?.state;
  if (!resumeFrom) throw new Error('nothing was saved');
  return scriptedRun(RECIPE, {
    ...scripts,
    resumeFrom,
    earlierAlarms,
    startSecond: 1000,
    interruption: {
      interruption: INTERRUPTION,
      decision: kind === 'hold' ? { kind, reason: 'a trip' } : { kind },
      acknowledged: [],
    },
  });
}

describe('a run that has tripped and was taken up', () => {
  it('goes on only after every latched alarm was acknowledged and a person said so', async () => {
    const run = await takenUp();
    const end = run.runner.run();
    await run.clock.advance(100);
    expect(run.runner.waiting()).toMatchObject({ kind: 'held', sinceSecond: 1000 });
    await expect(run.runner.goOn(BEN)).rejects.toThrow(
      'cellShort and interlock must be acknowledged first',
    );
    await run.runner.acknowledge('cellShort', ADA);
    expect(run.runner.waiting()?.obstacle).toContain('interlock must be acknowledged first');
    await expect(run.runner.goOn(BEN)).rejects.toThrow('interlock must be acknowledged first');
    await run.runner.acknowledge('interlock', BEN);
    // To acknowledge is not to let go on: nothing happens by itself.
    await run.clock.advance(3600);
    expect(run.log.calls.filter(isEnergising)).toEqual([]);
    expect(run.runner.waiting()?.obstacle).toBeNull();
    await run.runner.goOn(BEN);
    expect(run.runner.waiting()).toBeUndefined();
    const outcome = await advanceUntil(run.clock, end);
    expect(outcome.status).toBe('done');
    expect(run.log.calls.filter(isEnergising)[0]).toBe('heater setTarget 50');
    // A short that was acknowledged is still a short: no current for this cell.
    expect(run.log.calls).not.toContain('pstat constantCurrent');
    expect(stepsOf(run)).toContain('plate event: short');
    expect(eventsOf(run, 'alarmAcknowledged').map(({ details }) => details)).toEqual([
      { alarm: 'cellShort', ...ADA },
      { alarm: 'interlock', ...BEN },
      { alarm: 'held', ...BEN },
    ]);
    expect(eventsOf(run, 'alarmEnded').map(({ message }) => message)).toEqual([
      'The alarm runEnded has ended: the run was taken up again.',
      'The alarm held has ended: the run goes on.',
    ]);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('wants a name and a reason, of who lets it go on too', async () => {
    const run = await takenUp();
    const end = run.runner.run();
    await run.clock.advance(100);
    await run.runner.acknowledge('cellShort', ADA);
    await run.runner.acknowledge('interlock', ADA);
    for (const wrong of [{ by: ' ' }, { reason: '' }, { reason: 'a\nb' }]) {
      await expect(run.runner.goOn({ ...BEN, ...wrong })).rejects.toThrow('expected who says so');
    }
    expect(run.runner.waiting()?.kind).toBe('held');
    await run.runner.stop('the test');
    await advanceUntil(run.clock, end);
    expect(run.log.calls.filter(isEnergising)).toEqual([]);
  });

  it('becomes more urgent while nobody comes', async () => {
    const run = await takenUp();
    const end = run.runner.run();
    await run.clock.advance(2 * ESCALATION_SECOND + 1);
    const severities = run.runner.alarms().map(({ code, severity }) => [code, severity]);
    expect(Object.fromEntries(severities)).toMatchObject({
      cellShort: 'critical',
      interlock: 'critical',
      held: 'critical',
    });
    await run.runner.stop('the test');
    await advanceUntil(run.clock, end);
  });

  it('trips again when what has tripped it is still there, and lets nobody go on then', async () => {
    const run = await takenUp('hold', { ...SHORTS, sensor: { value: () => 99 } });
    const end = run.runner.run();
    const outcome = await advanceUntil(run.clock, end);
    expect(outcome.status).toBe('tripped');
    await expect(run.runner.goOn(BEN)).rejects.toThrow('waits for nobody');
    await expect(run.runner.acknowledge('interlock', BEN)).rejects.toThrow('the run has ended');
    expect(run.log.calls.filter(isEnergising)).toEqual([]);
  });

  it('energises nothing when nobody has acknowledged and the recipe would not wait', async () => {
    const run = await takenUp('goOn');
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('tripped');
    expect(outcome.message).toContain('is latched and must be acknowledged by a person');
    expect(run.log.calls.filter(isEnergising)).toEqual([]);
  });
});

describe('a run that was cut off while it waited', () => {
  it('waits no longer, and neither does its alarm, once it goes on by itself', async () => {
    const recipe = recipeOf(
      `
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }`,
      SAFETY,
    );
    const first = scriptedRun(recipe, { pressure: () => 5e6 });
    void first.runner.run();
    await first.clock.advance(60);
    first.writer.commit();
    const resumeFrom = first.writer.states.at(-1)?.state;
    if (!resumeFrom) throw new Error('nothing was saved');
    const held = {
      timeSecond: 61,
      body: {
        kind: 'event',
        code: 'held',
        severity: 'alarm',
        message: 'The run waits for a person.',
        details: {},
      },
    } as const;
    const run = scriptedRun(recipe, {
      pressure: () => 5e6,
      resumeFrom,
      startSecond: 100,
      earlierAlarms: alarmsOf([held]),
      interruption: {
        interruption: { ...INTERRUPTION, endedAs: 'running', confirmedBy: 'the terminal' },
        decision: { kind: 'goOn' },
        acknowledged: [],
      },
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('done');
    expect(eventsOf(run, 'alarmEnded').map(({ details }) => details.alarm)).toEqual(['held']);
    expect(run.clock.armedTimers).toBe(0);
  });
});

describe('a run that a sensor has tripped', () => {
  const HOT = recipeOf(
    `
  - { name: rest, technique: openCircuit, record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }`,
    SAFETY,
  );

  it('does not go on before that sensor was heard again, whoever has acknowledged it', async () => {
    const first = await runToEnd(HOT, { pressure: (now) => (now >= 60 ? 9e6 : 5e6) });
    expect(first.outcome.status).toBe('tripped');
    const resumeFrom = first.writer.states.at(-1)?.state;
    if (!resumeFrom) throw new Error('nothing was saved');
    const run = scriptedRun(HOT, {
      // Silent for a while after the start.
      pressure: (now) => (now >= 1020 ? 5e6 : undefined),
      resumeFrom,
      startSecond: 1000,
      earlierAlarms: alarmsOf(first.writer.records),
      interruption: {
        interruption: INTERRUPTION,
        decision: { kind: 'hold', reason: 'a trip' },
        acknowledged: [],
      },
    });
    const end = run.runner.run();
    await run.clock.advance(2);
    await run.runner.acknowledge('interlock', ADA);
    await expect(run.runner.goOn(BEN)).rejects.toThrow(
      'applied_pressure_pa has not been heard since the run was taken up',
    );
    await run.clock.advance(28);
    await run.runner.goOn(BEN);
    expect((await advanceUntil(run.clock, end)).status).toBe('done');
  });
});

describe('a run that is suspended', () => {
  const recipe = recipeOf(
    `
  - { name: plate, technique: constantCurrent, current: "1 mA", record: { every: "10 s" }, until: { any: [{ time: "10 min" }] } }`,
    SAFETY,
    'suspend: [{ channel: applied_pressure_pa, floor: 4.0e+6, margin: 1.0e+5, settle: "30 s", atMost: "20 min" }]',
  );

  it('says what it waits for, and that no person can let it go on', async () => {
    const run = scriptedRun(recipe, {
      pressure: (now) => (now >= 100 && now < 300 ? 3e6 : 5e6),
    });
    const end = run.runner.run();
    await run.clock.advance(90);
    expect(run.runner.waiting()).toBeUndefined();
    await run.clock.advance(110);
    expect(run.runner.waiting()).toMatchObject({
      kind: 'suspended',
      message: 'The current is off: applied_pressure_pa is 3000000, below the floor of 4000000.',
    });
    await expect(run.runner.goOn(BEN)).rejects.toThrow('goes on by itself');
    expect((await advanceUntil(run.clock, end)).status).toBe('done');
    expect(run.runner.waiting()).toBeUndefined();
    expect(eventsOf(run, 'alarmAcknowledged')).toEqual([]);
  });
});

describe('a fresh cell', () => {
  const recipe = recipeOf(
    `
  - { name: plate, technique: constantCurrent, current: "1 mA", record: { every: "10 s" }, until: { any: [{ event: short }, { time: "10 min" }] } }
  - { name: change, technique: freshCell, within: "2 h" }
  - { name: again, technique: constantCurrent, current: "1 mA", record: { every: "10 s" }, until: { any: [{ time: "5 min" }] } }`,
    SAFETY,
  );
  let isFresh = false;
  const scripts: Scripts = {
    pressure: () => 5e6,
    potentiostat: { resistanceOhm: (now) => (now >= 200 && !isFresh ? 1 : 300) },
    freshCell: async () => {
      isFresh = true;
    },
  };

  it('ends the alarms of the one before: nothing is left to acknowledge, and the records say why', async () => {
    isFresh = false;
    const run = await runToEnd(recipe, scripts);
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run).at(-1)).toMatch(/^again time/);
    const alarms = alarmsOf(run.writer.records);
    expect(alarms.get('cellShort')).toMatchObject({
      acknowledged: undefined,
      ended: { reason: 'the specimen that it belonged to was replaced' },
    });
    expect(latchedAlarms(alarms)).toEqual([]);
    expect(eventsOf(run, 'alarmEnded').map(({ message }) => message)).toEqual([
      'The alarm cellShort has ended: the specimen that it belonged to was replaced.',
    ]);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('that a person puts in is waited for, with the current off, until that person says so', async () => {
    isFresh = false;
    const run = scriptedRun(recipe, { ...scripts, exchangedByPerson: true });
    const end = run.runner.run();
    await run.clock.advance(1800);
    expect(isFresh).toBe(false);
    expect(run.runner.waiting()).toMatchObject({
      kind: 'freshCell',
      message: expect.stringContaining('change: take the cell out and put a fresh one in'),
      // The short is of the cell that is being taken out.
      obstacle: null,
    });
    expect(run.log.calls.filter((call) => call === 'pstat constantCurrent')).toHaveLength(1);
    await run.runner.goOn(BEN);
    const outcome = await advanceUntil(run.clock, end);
    expect(outcome.status).toBe('done');
    expect(isFresh).toBe(true);
    expect(run.log.calls.filter((call) => call === 'pstat constantCurrent')).toHaveLength(2);
    expect(eventsOf(run, 'alarmEnded').map(({ details }) => details.alarm)).toEqual([
      'held',
      'cellShort',
    ]);
  });

  it('that no person puts in ends the run in time, and is waited for no longer', async () => {
    isFresh = false;
    const run = scriptedRun(recipe, { ...scripts, exchangedByPerson: true });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('faulted');
    expect(outcome.message).toContain('the new cell was not in within 2 h');
    expect(isFresh).toBe(false);
    expect(run.runner.waiting()).toBeUndefined();
    await expect(run.runner.goOn(BEN)).rejects.toThrow('waits for nobody');
    expect(run.clock.armedTimers).toBe(0);
  });

  it('that is waited for does not keep anybody from stopping the run', async () => {
    isFresh = false;
    const run = scriptedRun(recipe, { ...scripts, exchangedByPerson: true });
    const end = run.runner.run();
    await run.clock.advance(1800);
    await run.runner.stop('the test');
    expect((await advanceUntil(run.clock, end)).status).toBe('stopped');
    expect(run.runner.waiting()).toBeUndefined();
    expect(isFresh).toBe(false);
  });
});

describe('what a person says when the disk takes no more', () => {
  it('is refused: nobody shall believe that it stands in the records', async () => {
    const run = await takenUp();
    const end = run.runner.run();
    await run.clock.advance(10);
    run.writer.failsAtRecord = run.writer.records.length;
    await expect(run.runner.acknowledge('cellShort', ADA)).rejects.toMatchObject({
      code: 'storage',
    });
    expect((await advanceUntil(run.clock, end)).status).toBe('faulted');
    expect(run.log.calls.filter(isEnergising)).toEqual([]);
  });
});
