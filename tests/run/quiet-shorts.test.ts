import { describe, expect, it } from 'vitest';
import { eventsOf, recipeOf, runToEnd, stepsOf } from '../support/scripted-run.ts';

const SAFETY = `
  voltage: { min: "-5 V", max: "5 V" }
  current: { max: "5 mA" }`;

function rest(until: string, safety = SAFETY) {
  return recipeOf(
    `
  - name: night
    technique: openCircuit
    record: { every: "10 s" }
    until: { any: [${until}, { time: "6 h" }] }`,
    safety,
  );
}

const SOUND = () => 3.7;
const LEAKING = (second: number) => 3.7 - (30e-3 / 3600) * second;

describe('a rest of a cell that leaks', () => {
  it('raises an alarm and goes on', async () => {
    const run = await runToEnd(rest('{ voltage: "< 1 V" }'), {
      potentiostat: { openCircuitVolt: LEAKING },
    });
    expect(run.outcome.status).toBe('done');
    const [event, ...more] = eventsOf(run, 'softShort');
    expect(more).toEqual([]);
    expect(event).toMatchObject({ severity: 'warning', details: { sign: 'drift' } });
    expect(event?.message).toContain('drifts by -30 mV/h, which relaxation does not explain');
    expect(eventsOf(run, 'alarmEscalated').length).toBeGreaterThan(0);
  });

  it('ends by it, if the recipe says so', async () => {
    const run = await runToEnd(rest('{ event: softShort }'), {
      potentiostat: { openCircuitVolt: LEAKING },
    });
    expect(stepsOf(run).at(-1)).toBe('night event: softShort');
  });

  it('is allowed what the recipe allows', async () => {
    const safety = `${SAFETY}\n  softShort: { rate: "50 mV/h" }`;
    const run = await runToEnd(rest('{ event: softShort }', safety), {
      potentiostat: { openCircuitVolt: LEAKING },
    });
    expect(stepsOf(run).at(-1)).toBe('night time: 6 h');
  });

  it('says nothing of a sound cell', async () => {
    const run = await runToEnd(rest('{ event: softShort }'), {
      potentiostat: { openCircuitVolt: SOUND },
    });
    expect(eventsOf(run, 'softShort')).toEqual([]);
  });
});

describe('a rest of a cell that collapses', () => {
  const COLLAPSING = (second: number) => (second > 2000 ? 0.02 : 3.7);

  it('latches a hard short, which a rest that does not expect it does not survive', async () => {
    const run = await runToEnd(rest('{ voltage: "> 4.9 V" }'), {
      potentiostat: { openCircuitVolt: COLLAPSING },
    });
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    const [short] = eventsOf(run, 'cellShort');
    expect(short?.timeSecond).toBeLessThanOrEqual(2030);
    expect(run.writer.states.at(-1)?.state.shortLatched).toBe(true);
  });

  it('ends by it, if the recipe says so', async () => {
    const run = await runToEnd(rest('{ event: short }'), {
      potentiostat: { openCircuitVolt: COLLAPSING },
    });
    expect(run.outcome.status).toBe('done');
    expect(stepsOf(run).at(-1)).toBe('night event: short');
  });

  it('is not seen in the polarisation of two equal electrodes that goes away', async () => {
    const run = await runToEnd(rest('{ event: short }'), {
      potentiostat: { openCircuitVolt: (second) => (second > 2000 ? 0.001 : 0.2) },
    });
    expect(eventsOf(run, 'cellShort')).toEqual([]);
  });
});

describe('a held voltage of a cell that leaks', () => {
  it('raises an alarm when its current rises, and the step may end by it', async () => {
    const hold = recipeOf(
      `
  - name: hold
    technique: constantVoltage
    voltage: "4 V"
    record: { every: "10 s" }
    until: { any: [{ event: softShort }, { time: "10 h" }] }`,
      SAFETY,
    );
    // The cell fills up, and then a filament lies beside it.
    const resistanceOhm = (second: number) => {
      const cell = 3000 + 2 * second;
      return second > 18_000 ? 1 / (1 / cell + 1 / 8000) : cell;
    };
    const run = await runToEnd(hold, { potentiostat: { resistanceOhm } });
    expect(stepsOf(run).at(-1)).toBe('hold event: softShort');
    const [event] = eventsOf(run, 'softShort');
    expect(event?.details).toMatchObject({ sign: 'rising' });
    expect(event?.timeSecond).toBeGreaterThan(18_000);
    expect(event?.timeSecond).toBeLessThan(18_000 + 3600);
  });
});
