import { describe, expect, it } from 'vitest';
import { advanceUntil } from '../support/counting-clock.ts';
import { recipeOf, scriptedRun } from '../support/scripted-run.ts';

const PLATE = (until: string): string => `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "5 s" }
    until: { any: [${until}] }
  - name: after
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "60 s" }] }`;

/** Contacts that take a fifth of the resistance away for 15 s, once in two minutes. */
const dipping = (timeSecond: number): number =>
  timeSecond > 600 && timeSecond % 120 < 15 ? 240 : 300;

async function plate(until: string, resistanceOhm: (timeSecond: number) => number) {
  const run = scriptedRun(recipeOf(PLATE(until)), { potentiostat: { resistanceOhm } });
  const outcome = await advanceUntil(run.clock, run.runner.run());
  const soft = run.writer.of('event').filter(({ code }) => code === 'softShort');
  return { ...run, outcome, soft };
}

describe('soft shorts in a run', () => {
  it('are told of and raise an alarm, but do not trip by themselves', async () => {
    const { outcome, runner, soft } = await plate('{ time: "1 h" }', dipping);
    expect(outcome.status).toBe('done');
    expect(soft.length).toBeGreaterThan(0);
    // Told every ten minutes at most, however often the contacts come.
    expect(soft.length).toBeLessThanOrEqual(6);
    expect(soft[0]?.message).toContain('The cell shorts softly in plate: its voltage has dipped');
    expect(soft[0]).toMatchObject({ severity: 'warning', details: { dips: 3 } });
    expect(runner.alarms().find(({ code }) => code === 'softShort')?.latched).toBe(false);
  });

  it('are only suspected where the voltage falls: the surface may have grown as well', async () => {
    const rising = (now: number): number => (now < 1500 ? 300 + now / 50 : 330 - (now - 1500) / 20);
    const { soft } = await plate('{ time: "1 h" }', rising);
    expect(soft).toHaveLength(1);
    expect(soft[0]).toMatchObject({ severity: 'warning', details: { dips: 0 } });
    expect(soft[0]?.message).toMatch(
      /^The cell may short softly in plate: its voltage has fallen from [\d.]+ mV to [\d.]+ mV while it should rise\. Either a filament .* or the electrode's surface has grown/,
    );
  });

  it('end a step whose recipe says so, and what follows still runs', async () => {
    const { outcome, writer } = await plate('{ event: softShort }, { time: "1 h" }', dipping);
    expect(outcome.status).toBe('done');
    const ended = writer.of('step').filter(({ state }) => state === 'ended');
    expect(ended.map(({ endedBy }) => endedBy)).toEqual(['event: softShort', 'time: 60 s']);
  });

  it('escalate while the run goes on and nobody acknowledges them', async () => {
    const { runner, writer } = await plate('{ time: "1 h" }', dipping);
    const escalated = writer.of('event').filter(({ code }) => code === 'alarmEscalated');
    expect(escalated).toHaveLength(2);
    expect(runner.alarms().find(({ code }) => code === 'softShort')?.severity).toBe('critical');
  });

  it('are not seen in a sound cell', async () => {
    const { soft, outcome } = await plate('{ time: "1 h" }', (now) => 300 + now / 100);
    expect(soft).toEqual([]);
    expect(outcome.status).toBe('done');
  });
});
