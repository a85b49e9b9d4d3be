import { describe, expect, it } from 'vitest';
import { EdgeRecording } from '../../src/run/edge-recording.ts';
import { engineState } from '../support/engine-state.ts';
import { eventsOf, recipeOf, runToEnd, stepsOf } from '../support/scripted-run.ts';

const SAFETY = `
  voltage: { min: "-2 V", max: "4 V" }
  current: { max: "5 mA" }`;
const GITT = `
  - name: titrate
    technique: gitt
    current: "1 mA"
    pulse: "100 s"
    rest: "200 s"
    record: { every: "10 s" }
    edges: { every: "0.5 s", for: "2 s" }
    pulsesMax: 20
    until: { any: [{ voltage: "> 1 V" }] }`;
const recipe = (steps = GITT) => recipeOf(steps, SAFETY);
/** Each pulse lifts the cell a little: the voltage passes 1 V in the third. */
const rising = { resistanceOhm: (now: number) => 300 + now };

describe('an intermittent titration', () => {
  it('pulses and rests until a pulse meets its condition, and rests once more', async () => {
    const run = await runToEnd(recipe(), { potentiostat: rising });
    expect(stepsOf(run)).toEqual(['titrate started', 'titrate voltage: > 1 V']);
    const phases = eventsOf(run, 'phase').map(({ details }) => details);
    expect(phases.map(({ phase, number, whole }) => `${phase} ${number} ${whole}`)).toEqual([
      'pulse 1 true',
      'rest 1 true',
      'pulse 2 true',
      'rest 2 true',
      'pulse 3 false',
      'rest 3 true',
    ]);
    expect(phases.map(({ start_second, stop_second }) => [start_second, stop_second])).toEqual([
      [0, 100],
      [100, 300],
      [300, 400],
      [400, 600],
      [600, 690.5],
      [690.5, 890.5],
    ]);
    expect(phases[2]).toMatchObject({
      current_ampere: 0.001,
      start_charge_coulomb: expect.closeTo(0.1, 9),
      stop_charge_coulomb: expect.closeTo(0.2, 9),
    });
    expect(phases[3]).toMatchObject({ current_ampere: 0 });
  });

  it('does not interrupt the current of a pulse to change its rhythm', async () => {
    const run = await runToEnd(recipe(), { potentiostat: rising });
    const kinds = run.potentiostat.techniques.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'constantCurrent')).toHaveLength(3);
    expect(run.potentiostat.techniques[0]).toMatchObject({
      kind: 'constantCurrent',
      sampleEverySecond: 0.5,
      durationSecond: 100,
    });
  });

  it('records the last voltage of the pulse and the first of the rest, and is slow between', async () => {
    const run = await runToEnd(recipe(), { potentiostat: rising });
    const times = run.writer
      .samplesOf('voltage_volt')
      .map(({ timeSecond }) => Math.round(timeSecond * 1e6) / 1e6)
      .filter((at) => at <= 300);
    const around = (from: number, to: number) => times.filter((at) => at >= from && at <= to);
    expect(around(0, 12)).toEqual([0.5, 1, 1.5, 2, 10]);
    expect(around(89, 102)).toEqual([90, 98, 98.5, 99, 99.5, 100, 100.5, 101, 101.5, 102]);
    expect(around(297, 300)).toEqual([298.5, 299, 299.5, 300]);
    expect(times).toHaveLength(4 + 9 + 4 + 4 + 19 + 4 + 1);
  });

  it('records the reading that ends it, between the slow ones', async () => {
    const run = await runToEnd(recipe(), { potentiostat: rising });
    const past = run.writer.samplesOf('voltage_volt').filter(({ value }) => value > 1);
    expect(past.map(({ timeSecond }) => timeSecond)).toEqual([690.5]);
  });

  it('ends when all its pulses are done', async () => {
    const run = await runToEnd(recipe(GITT.replace('pulsesMax: 20', 'pulsesMax: 2')));
    expect(stepsOf(run).at(-1)).toBe('titrate 2 pulses');
    expect(eventsOf(run, 'phase')).toHaveLength(4);
  });

  it('cuts the current of a cell that shorts in a pulse, and trips when it does not expect it', async () => {
    const shorted = { resistanceOhm: (now: number) => (now > 350 ? 1 : 300) };
    const run = await runToEnd(recipe(), { potentiostat: shorted });
    expect(run.outcome.status).toBe('tripped');
    expect(run.outcome.message).toContain('shorted in titrate');
    const expected = GITT.replace('[{ voltage', '[{ event: short }, { voltage');
    const answered = await runToEnd(recipe(expected), { potentiostat: shorted });
    expect(answered.outcome.status).toBe('done');
    expect(stepsOf(answered).at(-1)).toBe('titrate event: short');
    const calls = answered.log.calls;
    expect(calls.slice(calls.lastIndexOf('pstat constantCurrent'))).toEqual([
      'pstat constantCurrent',
      'pstat constantCurrent ended',
      'pstat cellOff',
      ...calls.slice(-7),
    ]);
  });

  it('taken up again does not repeat the pulse that was over, but rests whole', async () => {
    const run = await runToEnd(recipe(GITT.replace('pulsesMax: 20', 'pulsesMax: 3')), {
      resumeFrom: engineState({
        stepElapsedSecond: 340,
        stepChargeCoulomb: 0.14,
        chargeCoulomb: 0.14,
        titrationPulses: 2,
      }),
    });
    const phases = eventsOf(run, 'phase').map(
      ({ details }) => `${details.phase} ${details.number}`,
    );
    expect(phases).toEqual(['rest 2', 'pulse 3', 'rest 3']);
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo(0.24, 9);
  });

  it('saves how many pulses it has begun, and forgets it after the step', async () => {
    const gitt = recipe(GITT.replace('pulsesMax: 20', 'pulsesMax: 2'));
    const run = await runToEnd(gitt, { speed: 100 });
    const saved = run.writer.states.map(({ state }) => state.titrationPulses);
    expect(saved).toContain(1);
    expect(saved).toContain(2);
    expect(saved.at(-1)).toBeUndefined();
  });

  it('finishes a pulse that a suspension has cut off, rests whole, and says which was not whole', async () => {
    const suspend = `suspend: [{ channel: applied_pressure_pa, floor: 4.0e+6, settle: "10 s" }]`;
    const run = await runToEnd(
      recipeOf(GITT.replace('pulsesMax: 20', 'pulsesMax: 2'), SAFETY, suspend),
      { pressure: (now) => (now >= 40 && now < 60 ? 3e6 : 5e6) },
    );
    const phases = eventsOf(run, 'phase').map(({ details }) => [
      `${details.phase} ${details.number}`,
      details.start_second,
      details.stop_second,
      details.whole,
    ]);
    expect(phases).toEqual([
      ['pulse 1', 0, 40, false],
      ['pulse 1', 70, 130, false],
      ['rest 1', 130, 330, true],
      ['pulse 2', 330, 430, true],
      ['rest 2', 430, 630, true],
    ]);
  });
});

describe('recording around edges', () => {
  const wants = (times: readonly number[]) => {
    const recording = new EdgeRecording({
      startSecond: 100,
      durationSecond: 60,
      edgeSecond: 1,
      sampleEverySecond: 10,
    });
    return times.filter((at) => recording.wants(100 + at));
  };

  it('wants all near the ends and one for each period between', () => {
    expect(wants([0.5, 1, 1.5, 9.5, 10, 10.5, 20, 30, 40, 50, 58.5, 59, 60])).toEqual([
      0.5, 1, 10, 20, 30, 40, 50, 59, 60,
    ]);
  });

  it('wants the first one after a missed place on the grid, and not two for it', () => {
    expect(wants([12, 13, 20, 35, 36, 40])).toEqual([12, 20, 35, 40]);
  });
});
