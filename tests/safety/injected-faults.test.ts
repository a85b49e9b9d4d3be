import { describe, expect, it } from 'vitest';
import { PLATING, runWithFaults } from './faulty-run.ts';

/** When plating has surely begun: the oven takes about twelve minutes, the dwell five. */
const AT = '30 min';
const AT_SECOND = 1800;
const RECORD_SECOND = 5;

type FaultyRun = Awaited<ReturnType<typeof runWithFaults>>;

/** The last sample of the cell's current that is not zero. */
function lastCurrentSecond({ writer }: FaultyRun): number {
  const flowing = writer.samplesOf('current_ampere').filter(({ value }) => Math.abs(value) > 1e-5);
  return flowing.at(-1)?.timeSecond ?? 0;
}

function confirmed({ events }: FaultyRun): readonly unknown[] {
  return events
    .filter(({ code }) => code === 'safeState')
    .map(({ details }) => [details.instrument, details.confirmed]);
}

describe('a fault that the rig plays', () => {
  it('is announced before anything moves, so that nobody takes it for real', async () => {
    const run = await runWithFaults([{ name: 'drift', at: '50 h', sensor: 'stack-pressure' }]);
    const told = run.events.find(({ code }) => code === 'faultInjected');
    expect(told?.message).toBe(
      'On purpose: drift of stack-pressure, 50 h after the start, to the end (seed 1).',
    );
    expect(told?.timeSecond).toBe(0);
    expect(run.outcome.status).toBe('done');
  });

  it('short: a cell that shorts has its current cut within two samples of the detection', async () => {
    const run = await runWithFaults([{ name: 'short', at: AT }]);
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    const short = run.events.find(({ code }) => code === 'cellShort');
    expect(short?.timeSecond).toBeGreaterThan(AT_SECOND);
    expect(short?.timeSecond).toBeLessThanOrEqual(AT_SECOND + 3 * RECORD_SECOND);
    expect(lastCurrentSecond(run)).toBeLessThanOrEqual(
      (short?.timeSecond ?? 0) + 2 * RECORD_SECOND,
    );
  });

  it('short: one that the recipe waits for ends its step and is no trip', async () => {
    const expecting = PLATING.replace('{ time: "90 min" }', '{ event: short }, { time: "90 min" }');
    const run = await runWithFaults([{ name: 'short', at: AT }], expecting);
    expect(run.outcome.status).toBe('done');
    expect(run.outcome.message).toContain('event: short');
  });

  it('openLead: a broken lead leaves the voltage limits and ends the run with the cell off', async () => {
    const run = await runWithFaults([{ name: 'openLead', at: AT }]);
    expect(run.outcome).toMatchObject({ status: 'tripped', endedBy: 'interlock: voltage_volt' });
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 2 * RECORD_SECOND);
    expect(confirmed(run)).toContainEqual(['potentiostat', true]);
  });

  it('stall: a potentiostat that says nothing more ends the run within its bound', async () => {
    const run = await runWithFaults([{ name: 'stall', at: AT }]);
    expect(['tripped', 'faulted']).toContain(run.outcome.status);
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 40);
    expect(confirmed(run)).toEqual([
      ['potentiostat', false],
      ['heater', true],
    ]);
    expect(run.outcome.message).toContain('NOT confirmed: the cell is off');
  });

  it('stall: a thermometer that says nothing more trips within three of its beats', async () => {
    const run = await runWithFaults([{ name: 'stall', at: AT, sensor: 'cell-temperature' }]);
    expect(run.outcome.endedBy).toBe('interlock: surface_temperature_celsius');
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 7);
    expect(run.outcome.message).toContain('has been silent');
  });

  it('portLoss: a port that goes away ends the run and says what nobody could confirm', async () => {
    const run = await runWithFaults([{ name: 'portLoss', at: AT }]);
    expect(run.outcome.status).toBe('faulted');
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 10);
    expect(confirmed(run)).toContainEqual(['heater', true]);
  });

  it('brownOut: a rig without supply ends the run within ten seconds', async () => {
    const run = await runWithFaults([{ name: 'brownOut', at: AT, for: '10 min' }]);
    expect(['tripped', 'faulted']).toContain(run.outcome.status);
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 10);
  });

  it('clockJump: a wall clock that steps is told of, and changes nothing', async () => {
    const run = await runWithFaults([{ name: 'clockJump', at: AT }]);
    expect(run.outcome.status).toBe('done');
    const steps = run.events.filter(({ code }) => code === 'clockStep');
    expect(steps).toHaveLength(1);
    const times = run.writer.records.map(({ timeSecond }) => timeSecond);
    const voltages = run.writer.samplesOf('voltage_volt').map(({ timeSecond }) => timeSecond);
    expect(Math.max(...times)).toBeLessThan(2.5 * 3600);
    expect(voltages).toEqual([...voltages].sort((a, b) => a - b));
  });

  it('heaterStuckOn: a heater that cannot be switched off trips, and the cut-out holds the oven', async () => {
    const run = await runWithFaults([{ name: 'heaterStuckOn', at: '75 min' }]);
    expect(run.outcome).toMatchObject({ status: 'tripped', exitCode: 4 });
    expect(run.outcome.message).toContain('the power does not explain');
    expect(run.haltSecond).toBeLessThanOrEqual(75 * 60 + 10);
  });

  it('failingSensor: each way in which a sensor breaks trips', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const fault = { name: 'failingSensor', at: AT, sensor: 'cell-temperature', seed };
      const run = await runWithFaults([fault]);
      expect(run.outcome.status).toBe('tripped');
      expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 10);
    }
  });

  it('stuckSensor: a sensor that repeats itself is stale after a minute and trips after five', async () => {
    const fault = { name: 'stuckSensor', at: AT, sensor: 'stack-pressure' };
    const run = await runWithFaults([fault]);
    expect(run.outcome.endedBy).toBe('interlock: applied_pressure_pa');
    expect(run.haltSecond).toBeGreaterThanOrEqual(AT_SECOND + 280);
    expect(run.haltSecond).toBeLessThanOrEqual(AT_SECOND + 310);
    const stale = run.writer
      .samplesOf('applied_pressure_pa')
      .filter(({ quality }) => quality === 'stale');
    expect(stale.length).toBeGreaterThan(10);
  });

  it('no fault: the same run ends by its recipe', async () => {
    const run = await runWithFaults([]);
    expect(run.outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(run.events.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});
