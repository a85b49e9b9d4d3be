import { describe, expect, it } from 'vitest';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { recipeOf } from '../support/scripted-run.ts';
import { openPotentiostat, runRecipe } from './recipe-run.ts';
import { readCell } from './simulated/support.ts';

const CELL = readCell('nmc-lgps-lnto350');

const SAFETY = `
  voltage: { min: "1.5 V", max: "4.2 V" }
  current: { max: "2 mA" }`;

const HELD_VOLT = 3.7;
const CURRENT_AMPERE = 0.8e-3;

/** A whole charge: constant current to a voltage, which is then held until little flows. */
const chargeTo = (heldVolt: number) =>
  recipeOf(
    `
  - name: charge
    technique: constantCurrentConstantVoltage
    current: "0.8 mA"
    voltage: "${heldVolt} V"
    record: { every: "10 s" }
    until: { any: [{ current: "< 150 µA" }, { time: "6 h" }] }
  - name: rest
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [{ time: "2 min" }] }`,
    SAFETY,
  );

/** The same charge by a real runner, with one of the simulated instruments. */
async function charge(driver: string, heldVolt = HELD_VOLT) {
  const clock = new CountingClock();
  const instruments = await openPotentiostat({ driver }, { clock, cell: CELL });
  const { outcome, samples, endings, alarms } = await runRecipe({
    recipe: chargeTo(heldVolt),
    cell: CELL,
    instruments,
    clock,
    ended: (work) => advanceUntil(clock, work),
  });
  const of = (channel: string) => samples.filter((sample) => sample.channel === channel);
  return {
    status: outcome.status,
    endings,
    alarms,
    qualities: new Set(samples.map(({ quality }) => quality)),
    voltages: of('voltage_volt').map(({ value }) => value),
    currents: of('current_ampere').map(({ value }) => value),
    chargeAmpereHour: of('net_capacity_ah').at(-1)?.value ?? Number.NaN,
    durationHour: clock.nowSecond() / 3600,
    accuracy: instruments.potentiostat.capability.accuracy,
  };
}

type Charge = Awaited<ReturnType<typeof charge>>;

/** Of the charge, by the limits of error of the current: all of it flows in the 1 mA range. */
function currentPart({ accuracy, chargeAmpereHour, durationHour }: Charge): number {
  const range = accuracy.currentAmpere.find(({ fullScale }) => fullScale === 1e-3);
  if (!range) throw new Error('no range of 1 mA');
  return range.gainRelative * chargeAmpereHour + range.offset * durationHour;
}

/**
 * Limits of error of the held voltage. Of the Keithleys those of the source, 20 V range: ± 0.02 %
 * ± 2.4 mV (2400) and ± 0.015 % ± 2.4 mV (2450); of the EmStat4 what its driver declares.
 */
function heldLimitVolt(driver: string, { accuracy }: Charge): number {
  if (driver === 'keithley-2400-simulated') return 0.02e-2 * HELD_VOLT + 2.4e-3;
  if (driver === 'keithley-2450-simulated') return 0.015e-2 * HELD_VOLT + 2.4e-3;
  const range = accuracy.voltageVolt.at(-1);
  return (range?.gainRelative ?? 0) * HELD_VOLT + (range?.offset ?? 0);
}

const EMSTAT = 'emstat4-simulated';
const KEITHLEY_2400 = 'keithley-2400-simulated';
const KEITHLEY_2450 = 'keithley-2450-simulated';

describe('a whole charge through the runner', () => {
  it('is the same with both Keithleys and with an EmStat4, within what their makers state', async () => {
    const runs = new Map<string, Charge>();
    for (const driver of [EMSTAT, KEITHLEY_2400, KEITHLEY_2450]) {
      const run = await charge(driver);
      runs.set(driver, run);
      expect(run.status).toBe('done');
      expect(run.endings).toEqual(['charge current: < 150 µA', 'rest time: 2 min']);
      expect(run.alarms).toEqual([]);
      expect([...run.qualities]).toEqual(['good']);
      expect(run.voltages.length).toBeGreaterThan(300);
      expect(Math.max(...run.currents)).toBeCloseTo(CURRENT_AMPERE, 5);
    }
    const runOf = (driver: string): Charge => {
      const run = runs.get(driver);
      if (!run) throw new Error(`no run with ${driver}`);
      return run;
    };
    // How much more goes in when the held voltage is higher: a wrong voltage is a wrong charge.
    const higher = await charge(EMSTAT, HELD_VOLT + 0.01);
    const slope = (higher.chargeAmpereHour - runOf(EMSTAT).chargeAmpereHour) / 0.01;
    expect(slope).toBeGreaterThan(0);
    for (const [one, other, most] of [
      [KEITHLEY_2400, KEITHLEY_2450, 0.01],
      [KEITHLEY_2400, EMSTAT, 0.03],
      [KEITHLEY_2450, EMSTAT, 0.03],
    ] as const) {
      const [first, second] = [runOf(one), runOf(other)];
      const allowed =
        currentPart(first) +
        currentPart(second) +
        slope * (heldLimitVolt(one, first) + heldLimitVolt(other, second));
      const difference = Math.abs(first.chargeAmpereHour - second.chargeAmpereHour);
      expect(difference).toBeLessThan(allowed);
      // What is allowed is little itself.
      expect(allowed).toBeLessThan(most * second.chargeAmpereHour);
    }
  }, 120_000);
});
