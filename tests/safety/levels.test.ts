import { describe, expect, it } from 'vitest';
import { judgeSample, limitsOf } from '../../src/run/interlocks.ts';
import { limitLevels } from '../../src/run/limit-levels.ts';
import type { PlannedMeasurement } from '../../src/run/plan.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { EVERY_PHASE, recipeOf, scriptedRun } from '../support/scripted-run.ts';

const SAFETY = {
  temperature: { min: 10, max: 75 },
  voltage: { min: -2, max: 2 },
  current: { max: 5e-3 },
  pressure: { max: 8e6 },
};
const LIMITS = limitsOf(SAFETY);

function judge(channel: string, value: number) {
  return judgeSample(LIMITS, { channel, timeSecond: 1, value, quality: 'good' })?.message;
}

describe('the limits of the host', () => {
  it('comes from a pressure above its limit and a temperature below its own', () => {
    expect(judge('applied_pressure_pa', 8e6)).toBeUndefined();
    expect(judge('applied_pressure_pa', 8.001e6)).toContain('is above the limit of 8000000 Pa');
    expect(judge('surface_temperature_celsius', 10)).toBeUndefined();
    expect(judge('surface_temperature_celsius', 9.9)).toContain('is below the limit of 10 °C');
  });

  it('know what a sensor can read at all, whatever the recipe allows', () => {
    const wide = limitsOf({ ...SAFETY, temperature: { max: 2000 } });
    const sample = { timeSecond: 1, quality: 'good' } as const;
    const read = (channel: string, value: number) =>
      judgeSample(wide, { ...sample, channel, value });
    expect(read('surface_temperature_celsius', 850)?.message).toContain(
      'more than its sensor can read',
    );
    expect(read('surface_temperature_celsius', -242)?.message).toContain('its lead is broken');
    expect(read('temperature_t1_celsius', 850)?.message).toContain('Oven temperature');
    expect(read('surface_temperature_celsius', 300)).toBeUndefined();
  });

  it('do not watch what the recipe sets no limit for', () => {
    const { temperature: _, pressure: __, ...few } = SAFETY;
    expect([...limitsOf(few).keys()]).toEqual(['voltage_volt', 'current_ampere']);
  });
});

describe('the three levels of a limit', () => {
  const plating: PlannedMeasurement = {
    kind: 'constantCurrent',
    name: 'plate',
    currentAmpere: 1e-3,
    sampleEverySecond: 10,
    longestSecond: 3600,
    during: [],
    until: [
      { voltage: { above: true, value: 1.5 } },
      {
        any: [
          { voltage: { above: true, value: 1.2 } },
          { temperature: { above: true, value: 65 } },
        ],
      },
      { all: [{ voltage: { above: false, value: -1 } }, { time: 60 }] },
    ],
  };

  it('show the tightest end of the recipe beside those of instrument and host', () => {
    expect(limitLevels(SAFETY, plating)[0]).toEqual({
      key: 'voltage_volt',
      instrument: { min: -2, max: 2 },
      host: { min: -2, max: 2 },
      recipe: { min: -1, max: 1.2 },
    });
  });

  it('give the instrument a current only where it could choose one', () => {
    const current = (step: PlannedMeasurement) =>
      limitLevels(SAFETY, step).find(({ key }) => key === 'current_ampere')?.instrument;
    expect(current(plating)).toEqual({ min: undefined, max: undefined });
    const holding = { ...plating, kind: 'constantVoltage', voltageVolt: 1, until: [] } as const;
    expect(current(holding)).toEqual({ min: -5e-3, max: 5e-3 });
  });

  it('are written down once for each step, also of a step that a loop repeats', async () => {
    const steps = `
  - name: twice
    technique: loop
    repeat: 2
    steps:
      - name: rest
        technique: openCircuit
        record: { every: "10 s" }
        until: { any: [{ time: "60 s" }] }`;
    const run = scriptedRun(recipeOf(steps));
    await advanceUntil(run.clock, run.runner.run());
    const limits = run.writer.of('event').filter(({ code }) => code === 'limits');
    expect(run.writer.of('step').filter(({ state }) => state === 'started')).toHaveLength(2);
    expect(limits).toHaveLength(1);
    expect(limits[0]?.details).toMatchObject({
      host_min_voltage_volt: -2,
      host_max_voltage_volt: 2,
    });
  });
});

describe('a person at a running experiment', () => {
  const ada = (reason: string) => ({ by: 'Ada', reason, via: 'panel' });

  it('acknowledges an alarm with a reason, and it is written down', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE), {
      sensor: { value: (now, oven) => (now >= 800 ? 99 : oven) },
      potentiostat: { cellOff: 'hangs' },
    });
    const done = run.runner.run();
    await run.clock.advance(801);
    expect(run.runner.alarms().find(({ code }) => code === 'interlock')).toMatchObject({
      severity: 'alarm',
      latched: true,
      cause: 'surface_temperature_celsius',
      firstSecond: 800,
    });
    await expect(run.runner.acknowledge('interlock', ada(' '))).rejects.toThrow('and why');
    await expect(run.runner.acknowledge('nothing', ada('Seen.'))).rejects.toThrow('no such alarm');
    await run.runner.acknowledge('interlock', ada('The thermometer was loose.'));
    const outcome = await advanceUntil(run.clock, done);
    expect(outcome.status).toBe('tripped');
    const told = run.writer.of('event').filter(({ code }) => code === 'alarmAcknowledged');
    expect(told.map(({ details }) => details)).toEqual([
      { alarm: 'interlock', by: 'Ada', reason: 'The thermometer was loose.', via: 'panel' },
    ]);
    expect(run.clock.armedTimers).toBe(0);
    await expect(run.runner.acknowledge('runEnded', ada('Seen.'))).rejects.toThrow(
      'the run has ended',
    );
    expect(run.writer.of('event').filter(({ code }) => code === 'alarmAcknowledged')).toEqual(told);
  });
});
