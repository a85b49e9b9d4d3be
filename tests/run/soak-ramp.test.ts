import { describe, expect, it } from 'vitest';
import type { PlannedSoak } from '../../src/run/plan.ts';
import { rampTarget } from '../../src/run/soak.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { eventsOf, recipeOf, runToEnd, scriptedRun } from '../support/scripted-run.ts';

const RAMP = `
  - { name: warm, technique: soak, temperature: "50 °C", dwell: "60 s", ramp: "3 °C/min", within: "20 min" }`;
const PLAIN = RAMP.replace(' ramp: "3 °C/min",', '');

const targetsOf = (calls: readonly string[]) =>
  calls.flatMap((call) =>
    call.startsWith('heater setTarget') ? [Number(call.split(' ').at(-1))] : [],
  );

describe('a soak with a ramp', () => {
  it('moves the set-point from where the cell is, never faster than the ramp, to its end', async () => {
    const run = await runToEnd(recipeOf(RAMP));
    expect(run.outcome.status).toBe('done');
    const targets = targetsOf(run.log.calls);
    expect(targets[0]).toBeCloseTo(20, 9);
    expect(targets.at(-1)).toBe(50);
    const steps = targets.slice(1).map((target, at) => target - (targets[at] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.25 + 1e-9);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    // 30 K at 3 K/min, then the dwell; the band of 0.5 K is reached 10 s before its middle.
    expect(run.writer.of('step').at(-1)?.timeSecond).toBeGreaterThanOrEqual(600 + 50);
    expect(run.writer.of('step').at(-1)?.timeSecond).toBeLessThan(600 + 75);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('goes straight to its target without one', async () => {
    const run = await runToEnd(recipeOf(PLAIN));
    expect(targetsOf(run.log.calls)).toEqual([50]);
  });

  it('cools along it as well', () => {
    const soak = { temperatureCelsius: 20, rampKelvinPerSecond: 0.1 } as PlannedSoak;
    expect(rampTarget(soak, { startCelsius: 50, elapsedSecond: 0 })).toBe(50);
    expect(rampTarget(soak, { startCelsius: 50, elapsedSecond: 100 })).toBeCloseTo(40, 9);
    expect(rampTarget(soak, { startCelsius: 50, elapsedSecond: 301 })).toBe(20);
  });

  it('saves the set-point it is at, so that a resumed run does not jump', async () => {
    const run = scriptedRun(recipeOf(RAMP), { speed: 1 });
    const done = run.runner.run();
    await run.clock.advance(300);
    const saved = run.writer.states.at(-1)?.state.heaterTargetCelsius ?? 0;
    expect(saved).toBeGreaterThan(33);
    expect(saved).toBeLessThanOrEqual(35);
    await advanceUntil(run.clock, done);
  });

  it('ends with the run: stopped, or when the heater refuses half-way', async () => {
    const stopped = scriptedRun(recipeOf(RAMP));
    const done = stopped.runner.run();
    await stopped.clock.advance(100);
    await stopped.runner.stop('test');
    expect((await advanceUntil(stopped.clock, done)).status).toBe('stopped');
    expect(stopped.clock.armedTimers).toBe(0);

    const heater: { setTarget?: 'throws' } = {};
    const refused = scriptedRun(recipeOf(RAMP), { heater });
    const end = refused.runner.run();
    await refused.clock.advance(100);
    heater.setTarget = 'throws';
    const outcome = await advanceUntil(refused.clock, end);
    expect(outcome.status).toBe('faulted');
    expect(outcome.message).toContain('heater: scripted failure');
    expect(refused.clock.armedTimers).toBe(0);
  });

  it('is too late when the ramp and the dwell do not fit into its time', async () => {
    const run = await runToEnd(recipeOf(RAMP.replace('20 min', '8 min')));
    expect(run.outcome).toMatchObject({ status: 'faulted', endedBy: 'fault: timeout' });
    expect(run.clock.armedTimers).toBe(0);
  });

  it('says in its event how it gets there', async () => {
    const run = await runToEnd(recipeOf(RAMP));
    expect(eventsOf(run, 'setPoint')[0]?.message).toBe(
      'The heater holds 50 °C from now on, approached at 3 K/min.',
    );
  });
});
