import { describe, expect, it } from 'vitest';
import type { Suspender } from '../../src/domain/recipe.ts';
import type { Sample } from '../../src/domain/sample.ts';
import type { Intake } from '../../src/run/intake.ts';
import { Journal } from '../../src/run/journal.ts';
import { type SuspenderState, suspenderAfter, UNHEARD } from '../../src/run/suspender-rule.ts';
import { Suspension } from '../../src/run/suspension.ts';
import { advanceUntil, CountingClock } from '../support/counting-clock.ts';
import { MemoryWriter } from '../support/memory-writer.ts';
import { eventsOf, recipeOf, runToEnd, scriptedRun, stepsOf } from '../support/scripted-run.ts';

const SUSPENDER: Suspender = {
  channel: 'applied_pressure_pa',
  floor: 10,
  ceiling: 20,
  margin: 2,
  settle: 30,
  atMost: 600,
};

function stateAfter(
  samples: readonly (readonly [number, number, ('good' | 'late')?])[],
  start: SuspenderState = { kind: 'clear' },
): SuspenderState {
  return samples.reduce<SuspenderState>(
    (state, [timeSecond, value, quality = 'good']) =>
      suspenderAfter(SUSPENDER, state, { timeSecond, value, quality }),
    start,
  );
}

describe('the rule of a suspender', () => {
  it('suspends just past floor and ceiling, and not at them', () => {
    expect(stateAfter([[0, 10]]).kind).toBe('clear');
    expect(stateAfter([[0, 20]]).kind).toBe('clear');
    expect(stateAfter([[0, 9.99]])).toMatchObject({
      kind: 'outside',
      why: 'is 9.99, below the floor of 10',
    });
    expect(stateAfter([[0, 20.01]])).toMatchObject({ kind: 'outside' });
  });

  it('suspends on what cannot be trusted or is no number', () => {
    expect(stateAfter([[0, 15, 'late']])).toMatchObject({ why: 'is 15, marked late' });
    expect(stateAfter([[0, Number.NaN]])).toMatchObject({ why: 'is not a number' });
  });

  it('lets go only after the settling time within the margins, without a break', () => {
    const out = stateAfter([[0, 5]]);
    expect(
      stateAfter(
        [
          [10, 12],
          [39.9, 12],
        ],
        out,
      ).kind,
    ).toBe('outside');
    expect(
      stateAfter(
        [
          [10, 12],
          [40, 12],
        ],
        out,
      ).kind,
    ).toBe('clear');
    expect(
      stateAfter(
        [
          [10, 12],
          [20, 11.9],
          [41, 12],
        ],
        out,
      ).kind,
    ).toBe('outside');
    expect(
      stateAfter(
        [
          [10, 11.9],
          [100, 11.9],
        ],
        out,
      ).kind,
    ).toBe('outside');
    expect(
      stateAfter(
        [
          [10, 18],
          [40, 18.1],
        ],
        out,
      ).kind,
    ).toBe('outside');
  });

  it('needs no settling for a channel that was inside when it was first heard', () => {
    expect(stateAfter([[0, 10]], UNHEARD).kind).toBe('clear');
    expect(
      stateAfter(
        [
          [0, 9],
          [1, 15],
        ],
        UNHEARD,
      ).kind,
    ).toBe('outside');
  });
});

const PLATE = `
  - name: plate
    technique: constantCurrent
    current: "1 mA"
    record: { every: "10 s" }
    until: { any: [{ time: "10 min" }] }`;
const SUSPEND = `suspend: [{ channel: applied_pressure_pa, floor: 4.0e+6, margin: 1.0e+5, settle: "30 s", atMost: "20 min" }]`;
const SAFETY = `
  temperature: { max: "75 °C" }
  voltage: { min: "-2 V", max: "2 V" }
  current: { max: "5 mA" }`;

const recipe = (steps = PLATE) => recipeOf(steps, SAFETY, SUSPEND);
/** Low between the two moments. */
const low =
  (from: number, to: number) =>
  (now: number): number =>
    now >= from && now < to ? 3e6 : 5e6;

describe('a run that is suspended', () => {
  it('has its current off and its time standing still, and goes on by itself', async () => {
    const run = await runToEnd(recipe(), { pressure: low(100, 200) });
    expect(run.outcome.status).toBe('done');
    // Back from 200 s on, settled at 230 s: 130 s in which nothing counts.
    const ended = run.writer.of('step').at(-1);
    expect(ended?.timeSecond).toBe(730);
    expect(ended?.chargeCoulomb).toBeCloseTo(0.6, 9);
    const volts = run.writer.samplesOf('voltage_volt').map(({ timeSecond }) => timeSecond);
    expect(volts.filter((at) => at > 100 && at <= 230)).toEqual([]);
    expect(run.potentiostat.techniques).toMatchObject([
      { durationSecond: 600 },
      { durationSecond: 500 },
    ]);
  });

  it('says so once, with what it was and how long it lasted', async () => {
    const run = await runToEnd(recipe(), { pressure: low(100, 200) });
    expect(eventsOf(run, 'suspended').map(({ message }) => message)).toEqual([
      'Suspended, with the current off: applied_pressure_pa is 3000000, below the floor of 4000000.',
    ]);
    expect(eventsOf(run, 'suspensionEnded').map(({ details }) => details)).toEqual([
      { suspended_second: 130, suspended_second_in_all: 130, count: 1 },
    ]);
  });

  it('does not begin before the channel was heard, and no step passes meanwhile', async () => {
    const run = await runToEnd(recipe(), { pressure: (now) => (now < 20 ? undefined : 5e6) });
    const [suspended] = eventsOf(run, 'suspended');
    expect(suspended?.message).toContain('has not been heard yet');
    expect(run.writer.of('step').at(-1)?.timeSecond).toBe(620);
  });

  it('is suspended by a channel that falls silent, and by one that cannot be trusted', async () => {
    const silent = await runToEnd(recipe(), {
      pressure: (now) => (now > 100 && now < 200 ? undefined : 5e6),
    });
    expect(eventsOf(silent, 'suspended')[0]).toMatchObject({
      timeSecond: 130,
      message: expect.stringContaining('has said nothing for 30 s'),
    });
    const bad = await runToEnd(recipe(), {
      pressure: (now) => (now === 100 ? Number.NaN : 5e6),
    });
    expect(eventsOf(bad, 'suspended')).toHaveLength(1);
  });

  it('faults when it has lasted as long as the recipe allows', async () => {
    const run = await runToEnd(recipe(), { pressure: low(100, 1e9) });
    expect(run.outcome).toMatchObject({ status: 'faulted', endedBy: 'fault: timeout' });
    expect(run.outcome.message).toContain('has kept the run suspended for 20 min');
    expect(run.clock.nowSecond()).toBeCloseTo(1300, 0);
    expect(run.clock.armedTimers).toBe(0);
  });

  it('can be stopped meanwhile', async () => {
    const run = scriptedRun(recipe(), { pressure: low(100, 1e9) });
    const done = run.runner.run();
    await run.clock.advance(150);
    await run.runner.stop('test');
    const outcome = await advanceUntil(run.clock, done);
    expect(outcome.status).toBe('stopped');
    expect(run.clock.armedTimers).toBe(0);
  });

  it('saves a state whose step has not grown older in the suspension', async () => {
    const run = scriptedRun(recipe(), { pressure: low(100, 1000) });
    const done = run.runner.run();
    await run.clock.advance(900);
    await run.runner.stop('test');
    await advanceUntil(run.clock, done);
    const last = run.writer.states.filter(({ timeSecond }) => timeSecond < 899).at(-1);
    expect(last?.state.stepElapsedSecond).toBe(100);
    expect(last?.state.stepChargeCoulomb).toBeCloseTo(0.1, 9);
  });

  it('takes again, whole, the scan and the sweep that it was cut off in', async () => {
    const steps = `
  - { name: ct, technique: scan, views: 10, span: "180°", duration: "100 s" }
  - { name: eis, technique: impedance, from: "1 kHz", to: "1 Hz", pointsPerDecade: 5, amplitude: "10 mV" }`;
    const run = await runToEnd(recipe(steps), {
      // In the scan, at 50 s; the scan is whole at 190 s; in the sweep, at 200 s.
      pressure: (now) => ((now >= 50 && now < 60) || (now >= 200 && now < 210) ? 3e6 : 5e6),
    });
    expect(run.writer.of('scan')).toMatchObject([
      { scanId: 'scan-001', complete: false },
      { scanId: 'scan-002', complete: true },
    ]);
    expect(run.writer.of('spectrum')).toMatchObject([
      { spectrumId: 'spectrum-001', complete: false },
      { spectrumId: 'spectrum-002', complete: true, pointCount: 16 },
    ]);
    expect(stepsOf(run)).toEqual(['ct started', 'ct complete', 'eis started', 'eis complete']);
  });

  it('takes again a scan beside the current, and keeps the grid of the step’s own time', async () => {
    const steps = `${PLATE}
    during:
      - { technique: scan, views: 10, span: "180°", duration: "50 s", every: "200 s" }`;
    const run = await runToEnd(recipe(steps), { pressure: low(220, 300) });
    // Back at 300 s, settled at 330 s: 110 s are missing from the time of the step.
    expect(run.writer.of('scan').map((one) => [one.startSecond, one.complete])).toEqual([
      [0, true],
      [200, false],
      [330, true],
      [510, true],
    ]);
    expect(eventsOf(run, 'dropped')).toEqual([]);
  });

  it('does not hold up a soak, which passes no current', async () => {
    const warm = `
  - { name: warm, technique: soak, temperature: "50 °C", dwell: "60 s", within: "20 min" }`;
    const run = await runToEnd(recipe(warm + PLATE), { pressure: low(10, 100) });
    const plain = await runToEnd(recipe(warm + PLATE), { pressure: () => 5e6 });
    expect(run.writer.of('step').at(1)?.timeSecond).toBe(plain.writer.of('step').at(1)?.timeSecond);
    expect(run.outcome.status).toBe('done');
  });
});

describe('a run that is held beside what its recipe suspends on', () => {
  function heldSuspension(samples: { readonly floor: number }) {
    const clock = new CountingClock();
    const writer = new MemoryWriter(clock);
    const journal = new Journal({
      writer,
      clock,
      commitSecondMax: 1,
      state: () => {
        throw new Error('nobody asks for the state here');
      },
      onFault: () => {},
      onEvent: () => {},
    });
    const faults: string[] = [];
    const suspender = { ...SUSPENDER, floor: samples.floor, settle: 0, margin: 0, atMost: 100 };
    const suspension = new Suspension({
      clock,
      journal,
      suspenders: [suspender],
      onFault: ({ message }) => faults.push(message),
    });
    let told = (_value: number): void => {};
    const intake = {
      listen: (_channel: string, listener: (sample: Sample) => void) => {
        told = (value) =>
          listener({ channel: 'p', timeSecond: clock.nowSecond(), value, quality: 'good' });
        return () => {};
      },
    };
    suspension.start(intake as unknown as Intake);
    told(15);
    suspension.begin();
    return { clock, faults, suspension, told: (value: number) => told(value) };
  }

  it('goes on when it is released, once, however often that is said', () => {
    const { suspension } = heldSuspension({ floor: 10 });
    let cuts = 0;
    let clears = 0;
    suspension.onCut(() => {
      cuts += 1;
    });
    suspension.onClear(() => {
      clears += 1;
    });
    const release = suspension.hold({ instrument: 'pot', why: 'is lost' });
    expect(suspension.isActive).toBe(true);
    release();
    release();
    expect([cuts, clears, suspension.isActive]).toEqual([1, 1, false]);
    suspension.stop();
  });

  it('waits for both, whichever ends first', async () => {
    const { clock, suspension, told } = heldSuspension({ floor: 10 });
    const release = suspension.hold({ instrument: 'pot', why: 'is lost' });
    told(5);
    release();
    expect(suspension.isActive).toBe(true);
    await clock.advance(1);
    told(15);
    expect(suspension.isActive).toBe(false);
    told(5);
    const again = suspension.hold({ instrument: 'pot', why: 'is lost' });
    await clock.advance(1);
    told(15);
    expect(suspension.isActive).toBe(true);
    again();
    expect(suspension.isActive).toBe(false);
    suspension.stop();
  });

  it('is bounded by the recipe only for what the recipe suspends on', async () => {
    const { clock, faults, suspension, told } = heldSuspension({ floor: 10 });
    const release = suspension.hold({ instrument: 'pot', why: 'is lost' });
    for (let second = 0; second < 500; second += 10) {
      await clock.advance(10);
      told(15);
    }
    expect(faults).toEqual([]);
    release();
    told(5);
    for (let second = 0; second < 110; second += 10) {
      await clock.advance(10);
      told(5);
    }
    expect(faults).toHaveLength(1);
    suspension.stop();
  });
});
