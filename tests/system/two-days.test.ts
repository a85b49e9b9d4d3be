import { expect, it } from 'vitest';
import { run } from '../campaign/thirty-days.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { recipeOf, scriptedRun } from '../support/scripted-run.ts';

it('takes as much of the disk as check says, and a bounded memory', {
  timeout: 240_000,
}, async () => {
  const figures = await run({ days: 2, tell: () => {} });
  expect(Math.abs(figures.databaseBytes / figures.predictedBytes - 1)).toBeLessThan(0.1);
  expect(figures.records).toBeGreaterThan(100_000);
  expect(figures.residentMegabytesMax).toBeLessThan(400);
});

it('keeps no more timers, and saves no larger state, after days than after hours', async () => {
  const recipe = recipeOf(`
  - name: cycle
    technique: loop
    repeat: 24
    steps:
      - { name: forth, technique: constantCurrent, current: "1 mA", record: { every: "60 s" }, until: { any: [{ time: "1 h" }] } }
      - { name: back, technique: constantCurrent, current: "-1 mA", record: { every: "60 s" }, until: { any: [{ time: "50 min" }] } }
      - { name: look, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 2, amplitude: "10 mV" }`);
  const { clock, runner, writer } = scriptedRun(recipe, { sensor: { everySecond: 60 } });
  const end = runner.run();
  const timers: number[] = [];
  const stateLengths: number[] = [];
  for (let hour = 0; hour < 45; hour += 1) {
    await clock.advance(3600);
    writer.commit();
    timers.push(clock.armedTimers);
    stateLengths.push(JSON.stringify(writer.states.at(-1)?.state).length);
  }
  await runner.stop('the test');
  await advanceUntil(clock, end);
  const earlyTimers = Math.max(...timers.slice(0, 6));
  expect(Math.max(...timers.slice(6))).toBeLessThanOrEqual(earlyTimers);
  // Digits of counters and charges grow, nothing else.
  expect(Math.max(...stateLengths)).toBeLessThan((stateLengths[3] ?? 0) + 60);
  expect(clock.armedTimers).toBe(0);
});
