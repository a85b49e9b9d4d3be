import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import {
  EVERY_PHASE,
  eventsOf,
  recipeOf,
  runToEnd,
  type Scripts,
  scriptedRun,
  stepsOf,
} from '../support/scripted-run.ts';

const PLATING = `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ time: "30 min" }] }`;
const SWEEP = `
  - { name: sweep, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "10 mV" }`;
const GOES_ON = 'resume: { policy: resume, maxGap: "10 min" }';
const HOLDS = 'resume: { policy: hold, maxGap: "10 min" }';
const ENDS = 'resume: { policy: abort }';

function recipeWith(policy: string, steps = PLATING) {
  return recipeOf(steps, undefined, policy);
}

function lost(...losses: readonly (readonly [number, number])[]): Scripts {
  return { potentiostat: { losses } };
}

/** A run that waits for a person, and how it goes on. */
async function heldRun(policy: string, scripts: Scripts) {
  const run = scriptedRun(recipeWith(policy), scripts);
  const running = run.runner.run();
  while (eventsOf(run, 'held').length === 0 && run.clock.nowSecond() < 5000) {
    await run.clock.advance(1);
  }
  return { ...run, running };
}

describe('a potentiostat that is lost in a step', () => {
  it('is connected again, its cell is off, and the step goes on where it was', async () => {
    const run = await runToEnd(recipeWith(GOES_ON), lost([600, 660]));
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run)).toEqual(['plate started', 'plate time: 30 min']);
    const calls = run.log.calls;
    const again = calls.lastIndexOf('pstat connect');
    expect(calls.slice(again, again + 3)).toEqual([
      'pstat connect',
      'pstat cellOff',
      'pstat constantCurrent',
    ]);
    const [gap] = eventsOf(run, 'gap');
    expect(gap?.details).toMatchObject({ cause: 'instrumentLost', charge_coulomb: null });
    expect(Number(gap?.details.length_second)).toBeGreaterThanOrEqual(60);
    expect(Number(gap?.details.length_second)).toBeLessThan(70);
    expect(eventsOf(run, 'instrumentFault').map(({ severity }) => severity)).toEqual(['alarm']);
    expect(eventsOf(run, 'suspended')).toHaveLength(1);
    expect(eventsOf(run, 'suspensionEnded')).toHaveLength(1);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('stops the time and the charge of the step', async () => {
    const whole = await runToEnd(recipeWith(GOES_ON));
    const cut = await runToEnd(recipeWith(GOES_ON), lost([600, 660]));
    const [gap] = eventsOf(cut, 'gap');
    const ended = (run: typeof cut) => run.writer.of('step').at(-1);
    const laterSecond = Number(ended(cut)?.timeSecond) - Number(ended(whole)?.timeSecond);
    expect(laterSecond).toBeCloseTo(Number(gap?.details.length_second), 0);
    const ratio = Number(ended(cut)?.chargeCoulomb) / Number(ended(whole)?.chargeCoulomb);
    // One period of ten seconds in half an hour may fall on either side.
    expect(Math.abs(ratio - 1)).toBeLessThan(10 / 1800);
  });

  it('leaves the heater as it is, and everything else watched', async () => {
    const run = await runToEnd(recipeWith(GOES_ON, EVERY_PHASE), lost([900, 1000]));
    expect(run.outcome.status).toBe('done');
    const off = run.log.lines.filter((line) => line.endsWith(' heater off'));
    expect(off).toHaveLength(1);
    const during = run.writer
      .samplesOf('surface_temperature_celsius')
      .filter(({ timeSecond }) => timeSecond > 900 && timeSecond < 1000);
    expect(during.length).toBeGreaterThan(10);
  });

  it('in a sweep makes it begin again from its beginning', async () => {
    const run = await runToEnd(recipeWith(GOES_ON, SWEEP), lost([20, 50]));
    expect(run.outcome.status).toBe('done');
    expect(run.writer.of('spectrum').map(({ complete }) => complete)).toEqual([false, true]);
  });

  it('waits for a person where the recipe says so, with the cell off', async () => {
    const { running, runner, clock, ...run } = await heldRun(HOLDS, lost([600, 660]));
    const [held] = eventsOf(run, 'held');
    expect(held?.message).toContain('a person decides');
    await clock.advance(2000);
    expect(runner.status()).toBe('running');
    expect(run.log.calls.at(-1)).toBe('pstat cellOff');
    await runner.goOn({ by: 'Ada', reason: 'the cable is in again', via: 'panel' });
    const outcome = await advanceUntil(clock, running);
    expect(outcome.status).toBe('done');
    expect(stepsOf(run)).toEqual(['plate started', 'plate time: 30 min']);
  });

  it('waits for a person after a longer outage than the recipe goes on from', async () => {
    const policy = 'resume: { policy: resume, maxGap: "30 s" }';
    const { running, runner, clock, ...run } = await heldRun(policy, lost([600, 660]));
    expect(eventsOf(run, 'held')[0]?.message).toContain('longer than');
    await runner.stop('Ada');
    expect((await advanceUntil(clock, running)).status).toBe('stopped');
    expect(run.log.calls.filter((call) => call === 'pstat constantCurrent')).toHaveLength(1);
  });

  it('ends a run whose recipe says so, after the cell was confirmed off if it is back', async () => {
    const run = await runToEnd(recipeWith(ENDS), lost([600, 602]));
    expect(run.outcome).toMatchObject({ status: 'faulted', exitCode: 3 });
    expect(run.log.calls.filter((call) => call === 'pstat constantCurrent')).toHaveLength(1);
    expect(eventsOf(run, 'suspended')).toEqual([]);
    expect(run.outcome.message).not.toContain('NOT confirmed');
    expect(run.log.calls.slice(-6)).toContain('pstat cellOff');
  });

  it('that does not come back ends the run in its time, and says that nobody knows of the cell', async () => {
    const run = await runToEnd(recipeWith(GOES_ON), lost([600, 1e9]));
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toMatch(/was lost and has not come back for 10(\.\d)? min/);
    expect(run.outcome.message).toContain('NOT confirmed: the cell is off');
    expect(run.clock.nowSecond()).toBeLessThan(600 + 600 + 30);
    const attempts = run.log.calls.filter((call) => call === 'pstat connect').length;
    expect(attempts).toBeGreaterThan(100);
    expect(attempts).toBeLessThan(200);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('is not taken for another one that answers in its place', async () => {
    const potentiostat = { losses: [[600, 660]] as const, exchangedAtSecond: 650 };
    const run = await runToEnd(recipeWith(GOES_ON), { potentiostat });
    expect(run.outcome.status).toBe('faulted');
    expect(run.outcome.message).toContain('expected Resistor One, found Resistor Two');
    expect(run.log.calls.filter((call) => call === 'pstat constantCurrent')).toHaveLength(1);
  });

  it('ends the run when it is lost again and again', async () => {
    const losses = Array.from({ length: 8 }, (_, at) => [300 + 60 * at, 315 + 60 * at] as const);
    const run = await runToEnd(recipeWith(GOES_ON), lost(...losses));
    expect(run.outcome.status).toBe('faulted');
    expect(eventsOf(run, 'suspended')).toHaveLength(5);
  });

  it('can be stopped while it is away, and says that nobody knows of the cell', async () => {
    const run = scriptedRun(recipeWith(GOES_ON), lost([600, 1e9]));
    const running = run.runner.run();
    await run.clock.advance(700);
    const stopping = expect(run.runner.stop('Ada')).rejects.toMatchObject({
      code: 'instrumentLost',
    });
    const outcome = await advanceUntil(run.clock, running);
    await stopping;
    expect(outcome.message).toContain('The run was stopped by Ada');
    expect(outcome.message).toContain('NOT confirmed');
    expect(run.clock.armedTimers).toBe(0);
  });

  it('at any moment of any technique is outlived', async () => {
    const random = new Random(17);
    for (let turn = 0; turn < 40; turn += 1) {
      // Until the last time that it is used.
      const from = 100 + 3600 * random.uniform();
      const run = await runToEnd(
        recipeWith(GOES_ON, EVERY_PHASE),
        lost([from, from + 1 + 200 * random.uniform()]),
      );
      expect([run.outcome.status, run.outcome.message, from]).toEqual([
        'done',
        expect.any(String),
        from,
      ]);
      expect(run.clock.armedTimers).toBe(0);
    }
  });
});
