import { describe, expect, it } from 'vitest';
import { openRig } from '../../../hardware/registry.ts';
import { FaultSchedule } from '../../../hardware/simulated/faults.ts';
import { JumpingClock, jumpSecond } from '../../../hardware/simulated/faults-clock.ts';
import { faultyPowerStage } from '../../../hardware/simulated/faults-heater.ts';
import { driftPerSecond, FAILINGS, failingOf } from '../../../hardware/simulated/faults-sensor.ts';
import { FaultyTerminals } from '../../../hardware/simulated/faults-terminals.ts';
import { OvenPlant, ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import type { FaultName, InjectedFault } from '../../../src/domain/injected-fault.ts';
import { rigSchema } from '../../../src/domain/rig.ts';
import { caughtFault } from '../../support/caught-fault.ts';
import { HandClock, LITHIUM_CELL, lithiumCell, readRig } from './support.ts';

function fault(name: FaultName, change: Partial<InjectedFault> = {}): InjectedFault {
  return { name, at: 100, seed: 1, ...change };
}

describe('a schedule of faults', () => {
  it('has a fault on from its moment to its end, and the next one after that', () => {
    const clock = new HandClock();
    const schedule = new FaultSchedule([fault('short', { for: 50 })], clock);
    const seen = [99.9, 100, 149.9, 150].map((second) => {
      clock.second = second;
      return schedule.on('short') !== undefined;
    });
    expect(seen).toEqual([false, true, true, false]);
    clock.second = 120;
    expect(schedule.on('openLead')).toBeUndefined();
  });

  it('draws every way to break a sensor, and the same one for the same seed', () => {
    const ways = Array.from({ length: 60 }, (_, seed) =>
      failingOf(fault('failingSensor', { seed })),
    );
    expect([...new Set(ways)].sort()).toEqual([...FAILINGS].sort());
    expect(failingOf(fault('failingSensor', { seed: 7 }))).toBe(ways[7]);
    const drifts = Array.from({ length: 40 }, (_, seed) =>
      driftPerSecond(fault('drift', { seed }), '°C'),
    );
    expect(Math.min(...drifts)).toBeLessThan(-0.05 / 60);
    expect(Math.max(...drifts)).toBeGreaterThan(0.05 / 60);
    expect(drifts.every((rate) => Math.abs(rate) <= 0.5 / 60)).toBe(true);
  });
});

describe('faulty terminals', () => {
  function bench(faults: readonly InjectedFault[]) {
    const clock = new HandClock();
    const cell = lithiumCell(clock);
    return { clock, cell, terminals: new FaultyTerminals(cell, new FaultSchedule(faults, clock)) };
  }

  it('are those of the cell while nothing is played', () => {
    const { clock, cell, terminals } = bench([]);
    terminals.setCurrent(1e-4);
    clock.second = 10;
    expect(terminals.voltageVolt()).toBe(cell.voltageVolt());
    expect(terminals.currentAmpere()).toBe(1e-4);
    expect(terminals.impedance(1e3)).toEqual(cell.impedance(1e3));
  });

  it('of a bridged cell show a few ohms, and the cell behind them is plated no more', () => {
    const { clock, cell, terminals } = bench([fault('short')]);
    terminals.setCurrent(1e-4);
    clock.second = 100;
    expect(terminals.voltageVolt()).toBeCloseTo(2e-4, 12);
    expect(terminals.currentAmpere()).toBe(1e-4);
    expect(terminals.impedance(1).zRealOhm).toBe(2);
    expect(cell.currentAmpere()).toBe(0);
  });

  it('with a broken lead pass no current and run to the end of the voltage, until it is mended', () => {
    const { clock, cell, terminals } = bench([fault('openLead', { for: 10 })]);
    terminals.setCurrent(-1e-4);
    clock.second = 100;
    expect(terminals.voltageVolt()).toBe(-8);
    expect(terminals.currentAmpere()).toBe(0);
    clock.second = 110;
    expect(terminals.currentAmpere()).toBe(-1e-4);
    expect(cell.currentAmpere()).toBe(-1e-4);
    terminals.setOpen();
    expect(cell.currentAmpere()).toBe(0);
  });
});

describe('a power stage that sticks', () => {
  it('heats from the very moment of the fault, whenever the plant is asked', () => {
    const truth = [1, 40].map((stepSecond) => {
      const clock = new HandClock();
      const oven = new OvenPlant({ clock, oven: ovenSchema.parse({}) });
      oven.usePowerStage(faultyPowerStage(new FaultSchedule([fault('heaterStuckOn')], clock)));
      oven.setDuty(0);
      for (let second = 0; second <= 200; second += stepSecond) {
        clock.second = second;
        oven.cellCelsius();
      }
      expect(oven.dutyFraction()).toBe(0);
      return oven.blockCelsius();
    });
    expect(truth[0]).toBeGreaterThan(34);
    expect(truth[1]).toBeCloseTo(truth[0] ?? 0, 9);
  });

  it('is dead, or alive again after its time', () => {
    const clock = new HandClock();
    const oven = new OvenPlant({ clock, oven: ovenSchema.parse({}) });
    const dead = fault('heaterStuckOff', { at: 0, for: 100 });
    oven.usePowerStage(faultyPowerStage(new FaultSchedule([dead], clock)));
    oven.setDuty(1);
    clock.second = 100;
    expect(oven.blockCelsius()).toBe(25);
    clock.second = 110;
    expect(oven.blockCelsius()).toBeGreaterThan(25.5);
  });

  it('is held by the cut-out, which opens at its temperature and stays open', () => {
    const clock = new HandClock();
    const oven = new OvenPlant({ clock, oven: ovenSchema.parse({ cutOut: '90 °C' }) });
    oven.setDuty(1);
    let hottest = 0;
    for (let second = 0; second <= 3600; second += 7) {
      clock.second = second;
      hottest = Math.max(hottest, oven.blockCelsius());
    }
    expect(hottest).toBeGreaterThan(89);
    expect(hottest).toBeLessThanOrEqual(90);
    expect(oven.isCutOut()).toBe(true);
    clock.second = 20_000;
    expect(oven.blockCelsius()).toBeCloseTo(25, 2);
  });
});

describe('a wall clock that steps', () => {
  it('steps its labels and never its order', () => {
    const clock = new HandClock();
    const jump = fault('clockJump', { for: 50 });
    const jumping = new JumpingClock(clock, [jump, fault('short')]);
    expect(jumpSecond(jump)).not.toBe(0);
    const offsets = [99, 100, 149, 150].map((second) => {
      clock.second = second;
      expect(jumping.nowSecond()).toBe(second);
      return (jumping.utcMs() - clock.utcMs()) / 1000;
    });
    expect(offsets).toEqual([0, jumpSecond(jump), jumpSecond(jump), 0]);
  });
});

describe('a rig file with faults', () => {
  const context = { clock: new HandClock(), cell: LITHIUM_CELL, seed: 1, recordings: undefined };

  it('hands them on, so that the records can say that they are played', async () => {
    const { injectedFaults } = await openRig(readRig('simulated-faults'), context);
    expect(injectedFaults?.map(({ name, at }) => [name, at])).toEqual([['heaterStuckOn', 7200]]);
    expect((await openRig(readRig('simulated'), context)).injectedFaults).toBeUndefined();
  });

  it('is refused when it names a sensor or a fault that is not there', async () => {
    const rig = readRig('simulated-faults');
    const wrong = { ...rig, faults: [fault('drift', { sensor: 'oven' })] };
    const refusal = await caughtFault(() => openRig(wrong, context));
    expect(refusal.problems).toEqual([
      {
        where: 'faults[0].sensor',
        message:
          'no sensor is called "oven": expected cell-temperature or oven-temperature or stack-pressure',
      },
    ]);
    const unknown = rigSchema.safeParse({ ...rig, faults: [{ name: 'fire', at: '1 h' }] });
    expect(unknown.success).toBe(false);
  });

  it('is refused when nothing of it is simulated', async () => {
    const replay = { ...readRig('replay'), faults: [fault('stall')] };
    const refusal = await caughtFault(() => openRig(replay, context));
    expect(refusal.problems.some(({ where }) => where === 'faults')).toBe(true);
  });
});
