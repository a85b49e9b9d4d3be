import { describe, expect, it } from 'vitest';
import type { ElectricalSeries } from '../../src/analysis/cycling-trace.ts';
import { findCurrentSwitches } from '../../src/analysis/ohmic-drop.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Instruments } from '../../src/domain/instrument.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { planRun } from '../../src/run/planner.ts';
import { runWithFaults } from '../safety/faulty-run.ts';
import type { MemoryWriter } from '../support/memory-writer.ts';
import { recipeOf, scriptedCell, scriptedRig } from '../support/scripted-run.ts';

function rest(record: string, until = '{ time: "1 h" }', more = ''): Recipe {
  return recipeOf(`
  - name: rest
    technique: openCircuit
    record: ${record}
    until: { any: [${until}] }
    ${more}`);
}

function planned(recipe: Recipe, instruments: Instruments = scriptedRig().instruments) {
  return planRun(recipe, scriptedCell, instruments);
}

function problemsOf(recipe: Recipe, instruments?: Instruments): string[] {
  try {
    planned(recipe, instruments);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

function seriesOf(writer: MemoryWriter): ElectricalSeries {
  const voltage = writer.samplesOf('voltage_volt');
  const current = writer.samplesOf('current_ampere');
  return {
    timeSecond: Float64Array.from(voltage, ({ timeSecond }) => timeSecond),
    voltageVolt: Float64Array.from(voltage, ({ value }) => value),
    currentAmpere: Float64Array.from(current, ({ value }) => value),
  };
}

describe('the plan of an edge', () => {
  it('counts what it writes down: 10 + 9 + 1 readings more than the even rhythm', () => {
    const even = planned(rest('{ every: "10 s" }')).estimates.samples;
    const edges = planned(rest('{ every: "10 s", edges: { every: "10 ms", for: "2 s" } }'));
    // The hour is 2 s of edge, 359 even readings, and a last one at its end.
    expect(even).toBe(3 * 360);
    expect(edges.estimates.samples).toBe(3 * (20 + 359 + 1));
  });

  it('counts an edge after each sweep, which the step begins anew after', () => {
    const sweeps = `during:
      - { technique: impedance, from: "1 kHz", to: "1 Hz", amplitude: "10 mV", every: "20 min" }`;
    const record = '{ every: "10 s", edges: { every: "10 ms", for: "2 s" } }';
    const without = planned(rest(record)).estimates.samples;
    const withSweeps = planned(rest(record, '{ time: "1 h" }', sweeps)).estimates.samples;
    expect(withSweeps - without).toBe(3 * 3 * 21);
  });

  it('is refused when the instrument is not so fast, naming both', () => {
    expect(problemsOf(rest('{ every: "10 s", edges: { every: "0.2 ms", for: "2 s" } }'))).toEqual([
      'steps[0].record.edges.every: a reading every 200 µs is more than Resistor One can do: every 1 ms at the most often',
    ]);
    expect(problemsOf(rest('{ every: "0.1 ms" }'))).toEqual([
      'steps[0].record.every: a reading every 100 µs is more than Resistor One can do: every 1 ms at the most often',
    ]);
  });

  it('is refused at rest where the instrument is slower there, and only there', () => {
    const { instruments } = scriptedRig();
    const { capability } = instruments.potentiostat;
    Object.defineProperty(instruments.potentiostat, 'capability', {
      value: { ...capability, restEverySecondMin: 0.02 },
    });
    const problems = (recipe: Recipe) => problemsOf(recipe, instruments);
    expect(problems(rest('{ every: "10 s", edges: { every: "5 ms", for: "2 s" } }'))).toEqual([
      'steps[0].record.edges.every: a reading every 5 ms at rest is more than Resistor One can do: every 20 ms at the most often',
    ]);
    expect(problems(rest('{ every: "5 ms" }'))).toEqual([
      'steps[0].record.every: a reading every 5 ms at rest is more than Resistor One can do: every 20 ms at the most often',
    ]);
    expect(problems(rest('{ every: "20 ms" }'))).toEqual([]);
    const charge = recipeOf(`
  - name: charge
    technique: constantCurrent
    current: "1 µA"
    record: { every: "5 ms" }
    until: { any: [{ time: "1 h" }] }`);
    expect(problems(charge)).toEqual([]);
  });

  it('is refused when it is no finer than the rest, or too short for a reading', () => {
    expect(problemsOf(rest('{ every: "1 s", edges: { every: "1 s", for: "5 s" } }'))).toEqual([
      'steps[0].record.edges.every: 1 s is not shorter than record.every, 1 s',
    ]);
    expect(problemsOf(rest('{ every: "5 s", edges: { every: "1 s", for: "0.5 s" } }'))).toEqual([
      'steps[0].record.edges.for: 0.5 s is shorter than record.edges.every, 1 s: nothing would be recorded',
    ]);
  });

  it('is refused for a titration that asks more than the instrument can do', () => {
    const gitt = recipeOf(`
  - { name: gitt, technique: gitt, current: "1 mA", pulse: "5 min", rest: "1 h", edges: { every: "0.01 ms", for: "1 s" }, until: { any: [{ voltage: "> 1 V" }] } }`);
    expect(problemsOf(gitt)[0]).toContain('steps[0].edges.every: a reading every 10 µs is more');
  });
});

describe('an edge on the simulated rig', () => {
  const PULSES = `
recipe: pulses
title: A current that is switched on, over and off
safety:
  voltage: { min: "1.5 V", max: "4.3 V" }
  current: { max: "2 mA" }
steps:
  - name: charge
    technique: constantCurrent
    current: "C/10"
    record: { every: "30 s" }
    until: { any: [{ time: "1 h" }] }
  - name: faster
    technique: constantCurrent
    current: "C/5"
    RECORD
    until: { any: [{ time: "10 min 10 s" }] }
  - name: rest
    technique: openCircuit
    RECORD
    until: { any: [{ time: "10 min" }] }
  - name: hold
    technique: constantCurrentConstantVoltage
    current: "C/10"
    voltage: "3.2 V"
    RECORD
    until: { any: [{ time: "10 min" }] }`.replace('10 min 10 s', '610 s');

  function run(record: string) {
    return runWithFaults([], PULSES.replaceAll('RECORD', record), 'nmc-lgps-lnto350');
  }

  it('makes the ohmic drop measurable within 1 % where even readings miss it', async () => {
    const fine = await run('record: { every: "30 s", edges: { every: "10 ms", for: "5 s" } }');
    const coarse = await run('record: { every: "30 s" }');
    expect(fine.outcome.status).toBe('done');
    // At 25 °C: electrolyte, interphase, charge transfer and leads, as the cell file has them.
    const electrolyteOhm = 0.06 / 2.8e-3 / 0.785;
    const ohm = 2 + electrolyteOhm + 369 + 499.3;
    const [over, off] = findCurrentSwitches(seriesOf(fine.writer)).slice(-3);
    const [, coarseOff] = findCurrentSwitches(seriesOf(coarse.writer)).slice(-3);
    expect(off?.afterAmpere).toBe(0);
    expect(off?.sampleDelaySecond).toBeLessThan(0.1);
    expect(over?.sampleDelaySecond).toBeLessThan(0.1);
    for (const found of [over, off]) {
      expect(Math.abs((found?.resistanceOhm ?? 0) / ohm - 1)).toBeLessThan(0.01);
    }
    expect(Math.abs((coarseOff?.resistanceOhm ?? 0) / ohm - 1)).toBeGreaterThan(0.02);
  });

  it('writes no more than the plan says, and the charge is that of the even rhythm', async () => {
    const fine = await run('record: { every: "30 s", edges: { every: "10 ms", for: "5 s" } }');
    const coarse = await run('record: { every: "30 s" }');
    const charge = ({ writer }: typeof fine, step: string): number =>
      writer.of('step').find(({ name, state }) => name === step && state === 'ended')
        ?.chargeCoulomb ?? Number.NaN;
    expect(charge(fine, 'rest')).toBeCloseTo(charge(coarse, 'rest'), 4);
    const gaps = fine.events.filter(({ code }) => code === 'gap');
    expect(gaps).toEqual([]);
  });
});
