import { describe, expect, it } from 'vitest';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { recipeOf } from '../support/scripted-run.ts';
import { openPotentiostat, runRecipe } from './recipe-run.ts';
import { readCell } from './simulated/support.ts';

const CELL = readCell('li-li3ps4-li-25c');
const DRIVERS = ['emstat4-simulated', 'keithley-2450-simulated', 'rodeostat-simulated'];

const SAFETY = `
  voltage: { min: "-1 V", max: "1 V" }
  current: { max: "5 mA" }`;

/** A linear sweep by a real runner, through a real driver, on a clock that only the test moves. */
async function sweep(driver: string, keys: string) {
  const clock = new CountingClock();
  const instruments = await openPotentiostat({ driver }, { clock, cell: CELL });
  const recipe = recipeOf(
    `
  - { name: polarise, technique: linearSweep, ${keys}, rate: "5 mV/s" }`,
    SAFETY,
  );
  const { outcome, writer, steps } = await runRecipe({
    recipe,
    cell: CELL,
    instruments,
    clock,
    ended: (work) => advanceUntil(clock, work),
  });
  const ended = steps.filter(({ state }) => state === 'ended');
  return { outcome, writer, endedBy: ended.map(({ endedBy }) => endedBy) };
}

describe.each(DRIVERS)('a linear sweep on %s', (driver) => {
  it('goes from its start to its end, and each sample tells its error', async () => {
    const { outcome, writer, endedBy } = await sweep(
      driver,
      'start: "-0.1 V", end: "0.3 V", step: "5 mV"',
    );
    expect(outcome.message).toContain('done');
    expect(endedBy).toEqual(['complete']);
    const volts = writer.samplesOf('voltage_volt');
    const amperes = writer.samplesOf('current_ampere');
    expect(Math.abs(volts.length - 81)).toBeLessThanOrEqual(1);
    expect(volts.at(0)?.value).toBeCloseTo(-0.1, 1.9);
    expect(volts.at(-1)?.value).toBeCloseTo(0.3, 1.9);
    const rising = volts.slice(1).filter(({ value }, at) => value > (volts[at]?.value ?? 0));
    expect(rising.length).toBeGreaterThan(0.95 * (volts.length - 1));
    for (const { value, standardError = Number.NaN } of volts) {
      expect(standardError).toBeGreaterThan(1e-6);
      expect(standardError).toBeLessThan(0.02 + 0.01 * Math.abs(value));
    }
    for (const { value, standardError = Number.NaN, range = Number.NaN } of amperes) {
      expect(standardError).toBeGreaterThan(0);
      expect(Math.abs(value)).toBeLessThanOrEqual(1.2 * range);
    }
    // What is worked out from them tells none.
    for (const sample of writer.samplesOf('net_capacity_ampere_hour')) {
      expect(sample).not.toHaveProperty('standardError');
      expect(sample).not.toHaveProperty('range');
    }
  });

  it('ends at the limit of the recipe, as that and not as a fault', async () => {
    const { outcome, writer, endedBy } = await sweep(
      driver,
      'start: "0 V", end: "0.9 V", limit: "1 mA"',
    );
    expect(outcome.status).toBe('done');
    expect(endedBy).toEqual(['limit: 1 mA']);
    const last = writer.samplesOf('current_ampere').at(-1);
    expect(Math.abs(last?.value ?? 0)).toBeGreaterThan(0.95e-3);
    expect(writer.samplesOf('voltage_volt').at(-1)?.value).toBeLessThan(0.85);
  });

  it('names the instrument that has answered in the records', async () => {
    const { writer } = await sweep(driver, 'start: "0 V", end: "0.02 V"');
    expect(writer.instruments).toEqual([
      { id: 'potentiostat', model: expect.stringContaining(' SIM'), provenance: 'simulated' },
    ]);
    const said = writer.of('event').find(({ message }) => message.includes('is connected'));
    expect(said?.message).toMatch(/ SIM.* \(simulated\)\.$/);
    expect(writer.of('event').filter(({ code }) => code === 'dropped')).toEqual([]);
  });
});
