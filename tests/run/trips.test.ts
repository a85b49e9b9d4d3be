import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/domain/instrument.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import type { MemoryWriter } from '../support/memory-writer.ts';
import { EVERY_PHASE, recipeOf, type Scripts, scriptedRun } from '../support/scripted-run.ts';

async function runToEnd(scripts: Scripts) {
  const run = scriptedRun(recipeOf(EVERY_PHASE), scripts);
  const outcome = await advanceUntil(run.clock, run.runner.run());
  expect(run.clock.armedTimers).toBe(0);
  return { ...run, outcome, trips: tripsOf(run.writer) };
}

function tripsOf(writer: MemoryWriter) {
  return writer.of('event').filter(({ code }) => code === 'interlock');
}

function altered(change: (reading: Extract<Reading, { kind: 'electrical' }>) => Partial<Reading>) {
  return (reading: Reading): Reading =>
    reading.kind === 'electrical' ? ({ ...reading, ...change(reading) } as Reading) : reading;
}

describe('a trip', () => {
  it('comes before the record of the sample that caused it, and turns the cell off first', async () => {
    const run = await runToEnd({
      sensor: { value: (now, oven) => (now >= 800 ? 75.1 : oven) },
    });
    expect(run.outcome).toEqual({
      status: 'tripped',
      endedBy: 'interlock: surface_temperature_celsius',
      message:
        'A safety limit ended the run: Cell temperature 75.1 °C is above the limit of 75 °C.',
      exitCode: 4,
    });
    const bodies = run.writer.records.map(({ body }) => body);
    const trip = bodies.findIndex((body) => body.kind === 'event' && body.code === 'interlock');
    const sample = bodies.findIndex((body) => body.kind === 'sample' && body.value === 75.1);
    expect(sample).toBeGreaterThan(trip);
    expect(trip).toBeGreaterThan(0);
    const off = run.log.lines.filter((line) => / (pstat cellOff|heater off|ct stop)$/.test(line));
    expect(off).toEqual(['800 pstat cellOff', '800 heater off', '800 ct stop']);
    expect(run.writer.finished).toBe('tripped');
  });

  it('acts on the instruments before the writer hears of it', async () => {
    const seen: boolean[] = [];
    const run = scriptedRun(recipeOf(EVERY_PHASE), {
      sensor: { value: (now, oven) => (now >= 800 ? 99 : oven) },
    });
    const append = run.writer.append.bind(run.writer);
    run.writer.append = (timeSecond, body) => {
      if (body.kind === 'event' && body.code === 'interlock') {
        seen.push(run.log.calls.includes('pstat cellOff'));
      }
      return append(timeSecond, body);
    };
    await advanceUntil(run.clock, run.runner.run());
    expect(seen[0]).toBe(true);
  });

  it('is called on the current before the voltage of the same reading is written', async () => {
    const run = await runToEnd({
      potentiostat: {
        alter: altered(({ timeSecond }) => (timeSecond >= 600 ? { currentAmpere: 0.02 } : {})),
      },
    });
    expect(run.outcome.endedBy).toBe('interlock: current_ampere');
    const bodies = run.writer.records.map(({ body }) => body);
    const trip = bodies.findIndex((body) => body.kind === 'event' && body.code === 'interlock');
    const current = bodies.findIndex((body) => body.kind === 'sample' && body.value === 0.02);
    const voltage = bodies.findLastIndex(
      (body, at) => at < current && body.kind === 'sample' && body.channel === 'voltage_volt',
    );
    expect(trip).toBeGreaterThan(0);
    expect(voltage).toBeGreaterThan(trip);
  });

  it('does not come from a value exactly at its limit', async () => {
    const run = await runToEnd({ sensor: { value: (now, oven) => (now === 800 ? 75 : oven) } });
    expect(run.outcome.status).toBe('done');
  });

  it('latches: no measurement starts again, though the value comes back', async () => {
    const run = await runToEnd({
      potentiostat: {
        alter: altered(({ timeSecond }) =>
          timeSecond >= 600 && timeSecond < 610 ? { voltageVolt: 3 } : {},
        ),
      },
    });
    expect(run.outcome.status).toBe('tripped');
    const after = run.log.calls.slice(run.log.calls.indexOf('pstat cellOff') + 1);
    expect(
      after.filter((call) => /^pstat (constantCurrent|impedance|openCircuit)$/.test(call)),
    ).toEqual([]);
  });

  const untrusted: readonly (readonly [string, Partial<Reading>, string])[] = [
    ['is not a number', { voltageVolt: Number.NaN }, 'Voltage is not a number'],
    ['is infinite', { currentAmpere: Number.NEGATIVE_INFINITY }, 'Current is not a number'],
    ['is marked as overload', { quality: 'overload' }, 'is marked overload'],
    ['is a current above its limit', { currentAmpere: 0.006 }, 'Current 0.006 A is above'],
  ];
  it.each(untrusted)('comes from a reading that %s', async (_, change, message) => {
    const run = await runToEnd({
      potentiostat: { alter: altered(({ timeSecond }) => (timeSecond >= 600 ? change : {})) },
    });
    expect(run.outcome.status).toBe('tripped');
    expect(run.outcome.message).toContain(message);
    expect(run.writer.of('sample').every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  it('comes from a temperature sensor that falls silent, within the named bound', async () => {
    const run = await runToEnd({ sensor: { silentAfterSecond: 600 } });
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    expect(run.trips[0]?.timeSecond).toBe(595 + 30);
    expect(run.trips[0]?.message).toContain('Cell temperature has been silent');
  });

  it('comes from a temperature sensor that never spoke', async () => {
    const run = await runToEnd({ sensor: { silentAfterSecond: 0 } });
    expect(run.trips[0]?.timeSecond).toBe(30);
    expect(run.log.calls).not.toContain('pstat constantCurrent');
  });

  it('comes from a potentiostat that falls silent while current flows', async () => {
    const run = await runToEnd({ potentiostat: { silentAfterSecond: 600 } });
    expect(run.outcome).toMatchObject({ status: 'tripped', endedBy: 'interlock: voltage_volt' });
    expect(run.trips[0]?.message).toContain('has sent no voltage for 30 s');
    expect(run.log.calls).toContain('pstat constantCurrent ended');
  });

  it('stays a trip when the safe state is not confirmed, and says so', async () => {
    const run = await runToEnd({
      sensor: { value: (now, oven) => (now >= 800 ? 99 : oven) },
      potentiostat: { cellOff: 'throws' },
      heater: { off: 'hangs' },
    });
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    expect(run.outcome.message).toContain(
      'The safe state is NOT confirmed: the cell is off, the heater is off.',
    );
    const safe = run.writer.of('event').filter(({ code }) => code === 'safeState');
    expect(safe.map(({ details }) => [details.instrument, details.confirmed])).toEqual([
      ['pstat', false],
      ['heater', false],
      ['ct', true],
    ]);
    expect(run.log.lines.filter((line) => line.endsWith('ct stop'))).toEqual(['800 ct stop']);
  });

  it('is not overruled by a stop that comes after it', async () => {
    const run = scriptedRun(recipeOf(EVERY_PHASE), {
      sensor: { value: (now, oven) => (now >= 800 ? 99 : oven) },
      potentiostat: { cellOff: 'hangs' },
    });
    const done = run.runner.run();
    await run.clock.advance(801);
    await advanceUntil(run.clock, run.runner.stop('panel')).catch(() => {});
    const outcome = await advanceUntil(run.clock, done);
    expect(outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    expect(run.writer.of('event').some(({ code }) => code === 'stopRequested')).toBe(true);
  });

  it('is heard while the rig is half connected', async () => {
    const run = await runToEnd({
      sensor: { value: () => 99 },
      scanner: { connect: 'hangs' },
    });
    expect(run.outcome.status).toBe('tripped');
    expect(run.log.calls).not.toContain('ct connect');
    expect(run.log.calls).toContain('thermo disconnect');
  });
});
