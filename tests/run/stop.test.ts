import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  EVERY_PHASE,
  recipeOf,
  type ScriptedRun,
  type Scripts,
  scriptedRun,
} from '../support/scripted-run.ts';
import { seededNoise } from '../support/seeded-noise.ts';

/** Lets the run come to a moment, then stops it as a person would. */
async function stopAt(second: number, scripts: Scripts = {}) {
  const run = scriptedRun(recipeOf(EVERY_PHASE), scripts);
  const done = run.runner.run();
  await run.clock.advance(second);
  const callsBefore = run.log.calls;
  const askedSecond = run.clock.nowSecond();
  await advanceUntil(run.clock, run.runner.stop('panel'));
  const confirmedSecond = run.clock.nowSecond();
  const outcome = await advanceUntil(run.clock, done);
  return { ...run, outcome, callsBefore, waitedSecond: confirmedSecond - askedSecond };
}

function indexOf({ log }: Pick<ScriptedRun, 'log'>, call: string): number {
  return log.calls.indexOf(call);
}

describe('stop', () => {
  const phases: readonly (readonly [string, number, string])[] = [
    ['in the soak', 100, 'heater setTarget 50'],
    ['in the rest', 380, 'pstat openCircuit'],
    ['in the middle of a sweep inside plating', 430, 'pstat impedance'],
    ['in the middle of a scan inside plating', 500, 'pstat constantCurrent'],
    ['in plating alone', 800, 'ct scan scan-001 ended'],
    ['in the middle of a sweep of its own', 4025, 'pstat impedance'],
    ['in the middle of a scan of its own', 4060, 'ct scan scan-003'],
  ];
  it.each(phases)('%s takes the rig to its safe state at once', async (_, second, last) => {
    const run = await stopAt(second);
    expect(run.callsBefore.at(-1)).toBe(last);
    expect(run.outcome).toEqual({
      status: 'stopped',
      endedBy: 'stop: panel',
      message: 'The run was stopped by panel.',
      exitCode: 0,
    });
    expect(run.waitedSecond).toBe(0);
    expect(run.writer.finished).toBe('stopped');
    expect(indexOf(run, 'heater off')).toBeGreaterThan(indexOf(run, 'pstat cellOff'));
    expect(indexOf(run, 'ct stop')).toBeGreaterThan(indexOf(run, 'heater off'));
    expect(run.log.calls.slice(-4)).toEqual([
      'ct disconnect',
      'pstat disconnect',
      'heater disconnect',
      'thermo disconnect',
    ]);
    expect(run.writer.of('step').at(-1)).toMatchObject({ state: 'ended', endedBy: 'stop: panel' });
    expect(run.clock.armedTimers).toBe(0);
  });

  it('marks a spectrum and a scan that it interrupts as incomplete', async () => {
    const { writer } = await stopAt(430);
    expect(writer.of('spectrum')).toMatchObject([{ complete: false }]);
    expect(writer.of('scan')).toMatchObject([{ complete: false, framesFile: 'scan-001.frames' }]);
  });

  it('lets the current that has flowed until then count, and no more', async () => {
    const { writer } = await stopAt(800);
    const states = writer.states.map(({ state }) => state.chargeCoulomb);
    const plate = writer.of('step').find(({ stepId }) => stepId === 'plate')?.timeSecond ?? 0;
    expect(states.at(-1)).toBeCloseTo(0.8e-3 * 0.785 * (800 - plate), 12);
  });

  it('needs no second asking and does not mind one', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    const done = run.runner.run();
    await run.clock.advance(100);
    await Promise.all([run.runner.stop('panel'), run.runner.stop('terminal')]);
    const outcome = await advanceUntil(run.clock, done);
    await run.runner.stop('mqtt');
    expect(outcome.endedBy).toBe('stop: panel');
    expect(run.log.calls.filter((call) => call === 'pstat cellOff')).toHaveLength(1);
    const asked = run.writer.of('event').filter(({ code }) => code === 'stopRequested');
    expect(asked.map(({ details }) => details.requested_by)).toEqual(['panel', 'terminal']);
  });

  it('ends a run whose instrument never finishes connecting', async () => {
    const run = await stopAt(5, { potentiostat: { connect: 'hangs' } });
    expect(run.outcome.status).toBe('stopped');
    expect(run.waitedSecond).toBe(0);
    expect(run.log.calls).toEqual([
      'thermo connect',
      'heater connect',
      'pstat connect',
      'pstat cellOff',
      'heater off',
      'pstat disconnect',
      'heater disconnect',
      'thermo disconnect',
    ]);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('before the start keeps the run from touching anything', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    await run.runner.stop('terminal');
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('stopped');
    expect(run.log.calls).toEqual([]);
  });

  it('ends in the safe state at any of 60 random moments, also when asked for in a callback', async () => {
    const noise = seededNoise(20_261_121);
    for (let at = 0; at < 60; at += 1) {
      const second = Math.abs(noise()) * 4300;
      const run = scriptedRun(recipeOf(EVERY_PHASE));
      const stopped: Promise<void>[] = [];
      run.clock.after(second, () => stopped.push(run.runner.stop('panel')));
      const outcome = await advanceUntil(run.clock, run.runner.run());
      await Promise.all(stopped);
      const what = `seed 20261121, draw ${at}, second ${second}`;
      const { calls } = run.log;
      const isOver = calls.includes('ct scan scan-003 ended') && outcome.status === 'done';
      expect(outcome.status === 'stopped' || isOver, what).toBe(true);
      const off = calls.indexOf('pstat cellOff');
      expect(off, what).toBeGreaterThan(0);
      const begun =
        /^(pstat (openCircuit|constantCurrent|impedance)|ct scan scan-\d+|heater setTarget.*)$/;
      expect(
        calls.slice(off).filter((call) => begun.test(call)),
        what,
      ).toEqual([]);
      await run.clock.advance(100);
      expect(run.clock.armedTimers, what).toBe(0);
      expect(run.oven.targetCelsius, what).toBeUndefined();
    }
  });

  it('after the end changes nothing', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE));
    await advanceUntil(run.clock, run.runner.run());
    await run.runner.stop('terminal');
    expect(run.runner.status()).toBe('done');
    expect(run.writer.finished).toBe('done');
  });

  it('does not wait for an instrument that goes on measuring', async () => {
    const run = await stopAt(800, { potentiostat: { ignoresAbort: true } });
    expect(run.waitedSecond).toBe(0);
    expect(run.outcome.status).toBe('stopped');
    expect(run.clock.armedTimers).toBe(0);
  });

  it('does not say that all is well when the cell cannot be confirmed off', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE), { potentiostat: { cellOff: 'hangs' } });
    const done = run.runner.run();
    await run.clock.advance(800);
    const refused = advanceUntil(run.clock, run.runner.stop('panel'));
    await expect(refused).rejects.toThrow('pstat: not confirmed that the cell is off');
    await expect(refused).rejects.toBeInstanceOf(Fault);
    const outcome = await advanceUntil(run.clock, done);
    expect(outcome).toMatchObject({ status: 'faulted', endedBy: 'stop: panel', exitCode: 3 });
    expect(run.log.calls).toContain('heater off');
    expect(run.log.calls).toContain('ct stop');
  });
});
