import { describe, expect, it } from 'vitest';
import { advanceUntil } from '../support/counting-clock.ts';
import { eventsOf, recipeOf, runToEnd, scriptedRun, stepsOf } from '../support/scripted-run.ts';

const SAFETY = `
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "5 V" }
  current: { max: "5 mA" }`;

/** A cell that fills while charge flows into it: its resistance stands for its state. */
function filling(perSecond: number) {
  return (timeSecond: number) => 300 + perSecond * timeSecond;
}

describe('a held voltage', () => {
  const HOLD = `
  - name: hold
    technique: constantVoltage
    voltage: "1 V"
    record: { every: "10 s" }
    until: { any: [{ current: "< 1 mA" }, { time: "20 min" }] }`;

  it('ends when the current has fallen below its limit, and counts the charge it passed', async () => {
    // 0.99 V over 300 Ω + 1 Ω/s falls below 1 mA just after 690 s.
    const run = await runToEnd(recipeOf(HOLD), { potentiostat: { resistanceOhm: filling(1) } });
    expect(stepsOf(run).at(-1)).toBe('hold current: < 1 mA');
    expect(run.writer.samplesOf('current_ampere').at(-1)?.timeSecond).toBe(700);
    // ∫ 0.99/(300+t) dt, trapezoids of 10 s and the first stretch at its first reading.
    const exact = 0.99 * Math.log(1000 / 310) + (10 * 0.99) / 310;
    const charge = run.writer.of('step').at(-1)?.chargeCoulomb ?? 0;
    expect(charge).toBeCloseTo(exact, 3);
    expect(run.potentiostat.techniques).toMatchObject([
      { kind: 'constantVoltage', voltageVolt: 1, currentAmpereMax: 0.005, durationSecond: 1200 },
    ]);
  });

  it('ends by its time when the current stays above', async () => {
    const run = await runToEnd(recipeOf(HOLD));
    expect(stepsOf(run).at(-1)).toBe('hold time: 20 min');
  });

  it('is no reason to call a short, whatever the voltage does', async () => {
    const run = await runToEnd(recipeOf(HOLD), {
      potentiostat: {
        alter: (reading) =>
          reading.kind === 'electrical' && reading.timeSecond > 400
            ? { ...reading, voltageVolt: 0.01 }
            : reading,
      },
    });
    expect(eventsOf(run, 'cellShort')).toEqual([]);
  });
});

describe('constant current, then constant voltage', () => {
  const CHARGE = `
  - name: charge
    technique: constantCurrentConstantVoltage
    current: "2 mA"
    voltage: "1 V"
    record: { every: "10 s" }
    until: { any: [{ current: "< 1 mA" }, { time: "1 h" }] }`;

  it('is one step of two parts, and only the second looks at the current', async () => {
    // 2 mA reach 1 V at 495 Ω, after 195 s; then the current falls to 1 mA at 990 Ω.
    const run = await runToEnd(recipeOf(CHARGE), { potentiostat: { resistanceOhm: filling(1) } });
    expect(run.potentiostat.techniques.map(({ kind }) => kind)).toEqual([
      'constantCurrent',
      'constantVoltage',
    ]);
    expect(run.potentiostat.techniques[1]).toMatchObject({ durationSecond: 3600 - 200 });
    expect(stepsOf(run)).toEqual(['charge started', 'charge current: < 1 mA']);
    expect(run.writer.of('step').at(-1)?.timeSecond).toBe(700);
  });

  it('does not end in its first part on a current that is small from the start', async () => {
    const small = CHARGE.replace('2 mA', '0.5 mA');
    const run = await runToEnd(recipeOf(small), { potentiostat: { resistanceOhm: filling(1) } });
    expect(stepsOf(run).at(-1)).toBe('charge current: < 1 mA');
    // 0.5 mA reach 1 V at 1980 Ω: the first reading of the second part ends it.
    expect(run.writer.of('step').at(-1)?.timeSecond).toBe(1690);
  });

  it('does not turn on a reading that cannot be trusted', async () => {
    const run = scriptedRun(recipeOf(CHARGE), {
      potentiostat: {
        alter: (reading) =>
          reading.kind === 'electrical' && reading.timeSecond === 50
            ? { ...reading, voltageVolt: 1.2, quality: 'late' }
            : reading,
      },
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    // A watched value that is not good trips; it certainly does not switch the step over.
    expect(outcome.status).toBe('tripped');
    expect(run.potentiostat.techniques.map(({ kind }) => kind)).toEqual(['constantCurrent']);
  });

  it('discharges to a voltage below as well', async () => {
    const down = CHARGE.replace('"2 mA"', '"-2 mA"').replace('"1 V"', '"-1 V"');
    const run = await runToEnd(recipeOf(down), { potentiostat: { resistanceOhm: filling(1) } });
    expect(run.potentiostat.techniques.map(({ kind }) => kind)).toEqual([
      'constantCurrent',
      'constantVoltage',
    ]);
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeLessThan(0);
  });
});

describe('a step that only its charge bounds', () => {
  const PLATE = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "10 s" }
    until: { any: [{ charge: "0.6 C" }] }`;

  it('goes on a little when the current is a little smaller than asked for', async () => {
    const run = await runToEnd(recipeOf(PLATE), { potentiostat: { currentShare: 0.98 } });
    expect(run.outcome.status).toBe('done');
    const ended = run.writer.of('step').at(-1);
    expect(ended?.endedBy).toBe('charge: 600 mC');
    expect(ended?.timeSecond).toBeGreaterThan(600);
    expect(Math.abs((ended?.chargeCoulomb ?? 0) - 0.6)).toBeLessThan(0.011);
  });

  it('faults, instead of going on for ever, when the current is far too small', async () => {
    const run = await runToEnd(recipeOf(PLATE), { potentiostat: { currentShare: 0.5 } });
    expect(run.outcome).toMatchObject({ status: 'faulted', endedBy: 'fault: timeout' });
    expect(run.outcome.message).toContain('plate: should have ended after 10 min at the latest');
    expect(run.clock.nowSecond()).toBeLessThan(800);
  });
});

describe('readings that stay away', () => {
  const PLATE = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "2 s" }
    until: { any: [{ time: "100 s" }] }`;

  it('for longer than three periods are a gap on record, with the charge that is assumed', async () => {
    const run = await runToEnd(recipeOf(PLATE), { potentiostat: { pauses: [[20, 40]] } });
    expect(run.outcome.status).toBe('done');
    expect(eventsOf(run, 'gap').map(({ details }) => details)).toEqual([
      {
        start_second: 20,
        end_second: 40,
        length_second: 20,
        charge_coulomb: expect.closeTo(0.02, 12),
        cause: 'readings',
      },
    ]);
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo(0.1, 12);
  });

  it('for three periods or less are none', async () => {
    const run = await runToEnd(recipeOf(PLATE), { potentiostat: { pauses: [[20, 26]] } });
    expect(eventsOf(run, 'gap')).toEqual([]);
  });

  it('again and again are told ten times and then counted', async () => {
    const pauses = Array.from({ length: 13 }, (_, at) => [at * 8, at * 8 + 8] as const);
    const long = PLATE.replace('100 s', '120 s');
    const run = await runToEnd(recipeOf(long), { potentiostat: { pauses } });
    const gaps = eventsOf(run, 'gap');
    expect(gaps).toHaveLength(11);
    expect(gaps.at(-1)?.details).toEqual({ count: 3 });
  });
});

describe('a voltammogram', () => {
  const SWEEP = `
  - name: cv
    technique: cyclicVoltammetry
    start: "0 V"
    vertices: ["0.3 V", "-0.3 V"]
    rate: "1 mV/s"
    cycles: 2`;

  it('goes through its cycles and leaves no charge behind that was not measured', async () => {
    const run = await runToEnd(recipeOf(SWEEP));
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run).at(-1)).toBe('cv 2 cycles');
    const volts = run.writer.samplesOf('voltage_volt').map(({ value }) => value);
    expect(Math.max(...volts)).toBeCloseTo(0.3, 9);
    expect(Math.min(...volts)).toBeCloseTo(-0.3, 9);
    expect(volts.at(-1)).toBe(0);
    // The offset of 10 mV over 300 Ω for the 2400 s it took.
    expect(run.writer.of('step').at(-1)?.chargeCoulomb).toBeCloseTo((-0.01 / 300) * 2400, 3);
  });

  it('begins at the open-circuit potential when no start is given', async () => {
    const run = await runToEnd(recipeOf(SWEEP.replace('start: "0 V"\n    ', '')));
    expect(run.potentiostat.techniques).toMatchObject([
      { kind: 'openCircuit' },
      { kind: 'cyclicVoltammetry', startVolt: 0.01 },
    ]);
  });

  it('that the instrument cuts short at its current limit is a fault, not a result', async () => {
    const run = scriptedRun(recipeOf(SWEEP));
    const inner = run.potentiostat.measure.bind(run.potentiostat);
    run.potentiostat.measure = async function* (technique, signal) {
      for await (const reading of inner(technique, signal)) {
        yield reading;
        if (reading.timeSecond > 700) return;
      }
    };
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('faulted');
    expect(outcome.message).toContain('ended the voltammogram by itself after');
  });
});

describe('a linear sweep', () => {
  const step = (keys: string) =>
    recipeOf(`
  - { name: polarise, technique: linearSweep, ${keys}, rate: "1 mV/s" }`);

  it('goes once from its start to its end, in the steps it is given', async () => {
    const run = await runToEnd(step('start: "0.1 V", end: "-0.3 V", step: "4 mV"'));
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run).at(-1)).toBe('polarise complete');
    const volts = run.writer.samplesOf('voltage_volt').map(({ value }) => value);
    expect(volts).toHaveLength(100);
    expect(volts.at(0)).toBeCloseTo(0.096, 9);
    expect(volts.at(-1)).toBe(-0.3);
    const [{ details } = { details: {} }] = run.writer
      .of('event')
      .filter(({ code }) => code === 'phase');
    expect(details).toMatchObject({ phase: 'sweep', number: 1, whole: true });
  });

  it('begins at rest, in a 500th of its way, within the limit of the recipe', async () => {
    const run = await runToEnd(step('end: "0.51 V"'));
    expect(run.potentiostat.techniques).toMatchObject([
      { kind: 'openCircuit' },
      { kind: 'linearSweep', startVolt: 0.01, endVolt: 0.51, stepVolt: 1e-3 },
    ]);
    expect(run.potentiostat.techniques.at(1)).toHaveProperty(
      'currentAmpereMax',
      step('end: "0.51 V"').safety.current.max,
    );
  });

  it.each([
    {
      at: 'its own limit',
      keys: 'limit: "0.5 mA", ',
      status: 'done',
      ends: 'polarise limit: 500 µA',
    },
    { at: 'that of the recipe', keys: '', status: 'faulted', ends: undefined },
    { at: 'neither', keys: 'limit: "0.9 mA", ', status: 'faulted', ends: undefined },
  ])('ended by the instrument at $at is $status', async ({ keys, status, ends }) => {
    const run = scriptedRun(step(`start: "0 V", ${keys}end: "0.4 V"`));
    const inner = run.potentiostat.measure.bind(run.potentiostat);
    run.potentiostat.measure = async function* (technique, signal) {
      for await (const reading of inner(technique, signal)) {
        yield reading;
        if (reading.kind === 'electrical' && reading.currentAmpere >= 0.5e-3) return;
      }
    };
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe(status);
    if (ends) expect(stepsOf(run).at(-1)).toBe(ends);
    else expect(outcome.message).toContain('ended the sweep by itself after');
  });
});

describe('a cell that has shorted', () => {
  it('gets no voltage, no pulse and no sweep any more, but may rest', async () => {
    const run = await runToEnd(
      recipeOf(
        `
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ event: short }, { time: "10 min" }] }
  - { name: hold, technique: constantVoltage, voltage: "1 V", until: { any: [{ time: "60 s" }] } }
  - { name: titrate, technique: gitt, current: "1 mA", pulse: "60 s", rest: "60 s", until: { any: [{ voltage: "> 3 V" }] } }
  - { name: cv, technique: cyclicVoltammetry, start: "0 V", vertices: ["0.3 V", "-0.3 V"], rate: "1 mV/s" }
  - { name: polarise, technique: linearSweep, start: "0 V", end: "0.3 V", rate: "1 mV/s" }
  - { name: rest, technique: openCircuit, until: { any: [{ time: "60 s" }] } }`,
        SAFETY,
      ),
      { potentiostat: { resistanceOhm: (now) => (now >= 200 ? 1 : 300) } },
    );
    expect(run.potentiostat.techniques.map(({ kind }) => kind)).toEqual([
      'constantCurrent',
      'openCircuit',
    ]);
    expect(stepsOf(run).filter((one) => one.endsWith('event: short'))).toHaveLength(5);
  });
});
