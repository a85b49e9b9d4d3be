import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BOARD_CHANNELS } from '../../../hardware/board/board-channels.ts';
import { SharedBoard } from '../../../hardware/board/shared-board.ts';
import type { PlantTruth } from '../../../hardware/driver.ts';
import { openRig } from '../../../hardware/registry.ts';
import { CHANNELS } from '../../../src/domain/channel.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Potentiostat } from '../../../src/domain/instrument.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { contextOf, duringOn, openBoardRig, rigWith, type Written } from './board-rig-bench.ts';

async function connected(change?: (rig: Written) => void) {
  const bench = await openBoardRig(rigWith(change));
  await bench.connect();
  return bench;
}

async function problemsOf(change: (rig: Written) => void): Promise<string[]> {
  try {
    await openRig(rigWith(change), contextOf(new VirtualClock()));
  } catch (error) {
    if (error instanceof Fault) return error.problems.map((one) => `${one.where}: ${one.message}`);
    throw error;
  }
  throw new Error('expected a Fault, but the rig opened');
}

/** Reads until the signal aborts. */
async function measureUntil(potentiostat: Potentiostat, signal: AbortSignal): Promise<number> {
  let count = 0;
  const technique = { kind: 'openCircuit', durationSecond: 60, sampleEverySecond: 0.5 } as const;
  try {
    for await (const _ of potentiostat.measure(technique, signal)) count += 1;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return count;
}

describe('a rig with the operando board', () => {
  it('has every quantity of its surroundings through the real firmware, with its uncertainty', async () => {
    const { clock, last, disconnect } = await connected();
    await clock.advance(12);
    const truth: readonly (readonly [string, number])[] = [
      [CHANNELS.temperature.name, 25],
      [CHANNELS.ovenTemperature.name, 25],
      [BOARD_CHANNELS.coldJunction.name, 25],
      [CHANNELS.pressure.name, 5e6],
      [BOARD_CHANNELS.gasPressure.name, 1.05e5],
      [BOARD_CHANNELS.ambientTemperature.name, 25],
      [BOARD_CHANNELS.ambientHumidity.name, 40],
    ];
    for (const [channel, value] of truth) {
      const sample = last(channel);
      expect(sample?.quality, channel).toBe('good');
      expect(sample?.standardError, channel).toBeGreaterThan(0);
      expect(Math.abs((sample?.value ?? 0) - value), channel).toBeLessThan(
        sample?.standardError ?? 0,
      );
    }
    for (const { name } of [
      BOARD_CHANNELS.door,
      BOARD_CHANNELS.gas,
      BOARD_CHANNELS.emergencyStop,
    ]) {
      expect(last(name)?.value).toBe(0);
    }
    await disconnect();
  });

  it('heats through the board: the duty is what its status confirms', async () => {
    const { clock, instruments, last, disconnect } = await connected();
    await clock.advance(2);
    await instruments.heater?.setTarget(60);
    await clock.advance(30);
    expect(last(CHANNELS.heaterDuty.name)).toMatchObject({ value: 1, quality: 'good' });
    expect(last(CHANNELS.ovenTemperature.name)?.value).toBeGreaterThan(26);
    await disconnect();
  });

  it('reads the room when it was let go and connected again, and is not tripped', async () => {
    const { clock, connect, disconnect, last, samples } = await connected();
    await clock.advance(2);
    await disconnect();
    const before = samples.length;
    await clock.advance(3);
    expect(samples.length).toBe(before);
    await connect();
    await clock.advance(2);
    expect(last(CHANNELS.temperature.name)?.timeSecond).toBeGreaterThan(5);
    await disconnect();
  });

  it('has the cell cut off by its relay whatever the potentiostat forces', async () => {
    let plant: PlantTruth | undefined;
    const clock = new VirtualClock();
    const witness = (truth: PlantTruth): void => {
      plant = truth;
    };
    const { potentiostat, guard } = await openRig(rigWith(), { ...contextOf(clock), witness });
    await duringOn(clock, potentiostat.connect(NEVER));
    const technique = {
      kind: 'constantCurrent',
      currentAmpere: 1e-4,
      durationSecond: 60,
      sampleEverySecond: 0.5,
      voltageVoltMin: -2,
      voltageVoltMax: 2,
    } as const;
    const readings = potentiostat.measure(technique, NEVER)[Symbol.asyncIterator]();
    await duringOn(clock, readings.next());
    expect(plant?.isRelayClosed()).toBe(true);
    expect(plant?.terminalAmpere()).toBeCloseTo(1e-4, 6);
    if (!(guard instanceof SharedBoard)) throw new Error('the rig has no board');
    await duringOn(clock, guard.setOutputs({ isRelayClosed: false }));
    expect(plant?.isRelayClosed()).toBe(false);
    expect(plant?.terminalAmpere()).toBe(0);
    expect(plant?.terminalVolt()).toBe(8);
    await duringOn(clock, potentiostat.disconnect());
  });

  it('closes the cell relay only while the potentiostat measures', async () => {
    const { clock, instruments, during, disconnect } = await connected();
    const { potentiostat, guard } = instruments;
    const abort = new AbortController();
    const measured = measureUntil(potentiostat, abort.signal);
    await clock.advance(3);
    const relay = () => (guard instanceof SharedBoard ? guard.status?.relay : undefined);
    expect(relay()).toBe(1);
    abort.abort(new Error('enough'));
    expect(await during(measured)).toBeGreaterThan(2);
    expect(relay()).toBe(0);
    await during(potentiostat.cellOff());
    await disconnect();
  });

  it('tells its guard of a trip in words, once, and its heater of nothing but the power it has', async () => {
    const { clock, instruments, last, disconnect } = await connected((rig) => {
      if (rig.instruments.board) {
        rig.instruments.board.options.limits = {
          ...(rig.instruments.board.options.limits as object),
          ovenTemperatureMax: '28 °C',
        };
      }
    });
    const trips: string[] = [];
    instruments.guard?.listen({
      onTrip: (message) => trips.push(message),
      onLost: () => trips.push('lost'),
      onNote: () => {},
    });
    await clock.advance(2);
    await instruments.heater?.setTarget(60);
    await clock.advance(60);
    expect(trips).toEqual([
      'board has switched heater and cell off by itself because the oven temperature was above its limit',
    ]);
    expect(last(CHANNELS.heaterDuty.name)).toMatchObject({ value: 0, quality: 'bad' });
    await disconnect();
  });

  it('refuses to be connected after a trip, until a person has cleared it with a reason', async () => {
    const { clock, connect, instruments, disconnect } = await connected((rig) => {
      if (rig.instruments.board) {
        rig.instruments.board.options.limits = {
          ...(rig.instruments.board.options.limits as object),
          ovenTemperatureMax: '28 °C',
        };
      }
    });
    await clock.advance(2);
    await instruments.heater?.setTarget(60);
    await clock.advance(60);
    await disconnect();
    await expect(connect()).rejects.toThrow(
      'it has switched off because the oven temperature was above its limit, and stays off: let the oven cool',
    );
    const notes: string[] = [];
    instruments.guard?.listen({
      onTrip: () => {},
      onLost: () => {},
      onNote: (message) => notes.push(message),
    });
    instruments.guard?.permitClearing({ by: 'night-shift', reason: 'the limit was a test' });
    await connect();
    expect(notes.join()).toContain('cleared by night-shift: the limit was a test');
    await disconnect();
  });

  it('keeps no permission to clear for a trip that nobody has seen', async () => {
    const { clock, connect, instruments, disconnect } = await openBoardRig(
      rigWith((rig) => {
        if (rig.instruments.board) {
          rig.instruments.board.options.limits = {
            ...(rig.instruments.board.options.limits as object),
            ovenTemperatureMax: '28 °C',
          };
        }
      }),
    );
    instruments.guard?.permitClearing({ by: 'night-shift', reason: 'it was dusty' });
    await connect();
    await clock.advance(2);
    await instruments.heater?.setTarget(60);
    await clock.advance(60);
    await disconnect();
    await expect(connect()).rejects.toThrow('operando board clear');
  });

  it('energises nothing while a guarded contact is open', async () => {
    const { clock, instruments, last, disconnect } = await connected((rig) => {
      if (rig.instruments.board) rig.instruments.board.options.open = ['door'];
    });
    await clock.advance(2);
    expect(last(BOARD_CHANNELS.door.name)?.value).toBe(1);
    await instruments.heater?.setTarget(60);
    await clock.advance(12);
    expect(last(CHANNELS.heaterDuty.name)).toMatchObject({ value: 0, quality: 'bad' });
    await expect(instruments.heater?.setTarget(61)).rejects.toThrow('condition persists');
    await disconnect();
  });
});

describe('the rig of the wiring page', () => {
  it('opens with every instrument measured, and its board before the others', async () => {
    const rig = rigWith(() => {}, 'reference');
    const { guard, heater, potentiostat, sensors } = await openRig(
      rig,
      contextOf(new VirtualClock()),
    );
    expect(guard?.info).toMatchObject({ id: 'board', provenance: 'measured' });
    expect(heater?.temperatureCelsiusMax).toBe(90);
    expect(sensors).toHaveLength(6);
    expect([potentiostat, ...sensors].every(({ info }) => info.provenance === 'measured')).toBe(
      true,
    );
  });

  it('says that its board is not there, and leaves nothing on the way', async () => {
    const rig = rigWith(() => {}, 'reference');
    const { guard } = await openRig(rig, contextOf(new VirtualClock()));
    await expect(guard?.connect(new AbortController().signal)).rejects.toThrow(
      '/dev/serial/by-id/',
    );
    await guard?.disconnect();
  });
});

describe('a rig with a board that cannot work', () => {
  it('is refused with every problem: no limit, no calibration, one of another kind', async () => {
    const problems = await problemsOf((rig) => {
      const { board, sensors } = rig.instruments;
      if (board) board.options = { ...board.options, limits: { ovenTemperatureMax: '100 °C' } };
      sensors['gas-pressure'] = {
        driver: 'board-pressure',
        options: { calibration: 'load-cell-reference' },
      };
      sensors['stack-pressure'] = { driver: 'board-force', options: { calibration: 'nobody' } };
    });
    expect(problems.join('\n')).toContain('"load-cell-reference" is one of a loadCell');
    expect(problems.join('\n')).toContain('"nobody" is not there: expected load-cell-reference');
    expect(problems.join('\n')).toContain(
      'temperatureMax is missing: the board switches off by cell-temperature, and must know where',
    );
  });

  it('is refused when its sensors are wired to a board it does not have', async () => {
    const problems = await problemsOf((rig) => {
      delete rig.instruments.board;
    });
    expect(problems[0]).toContain(
      'board-thermometer is wired to a board: expected one under instruments.board',
    );
  });

  it('is refused when its heater may get as warm as the board allows, or has no thermometer', async () => {
    const hot = await problemsOf((rig) => {
      if (rig.instruments.heater) rig.instruments.heater.options.temperatureMax = '95 °C';
    });
    expect(hot).toEqual([
      'instruments.heater.options.temperatureMax: 95 °C is not below the 95 °C at which the board itself switches off',
    ]);
  });

  it('is refused when its port is named by the order of plugging', async () => {
    const problems = await problemsOf((rig) => {
      rig.instruments.board = { driver: 'operando-board', options: { serial: '/dev/ttyACM0' } };
    });
    expect(problems.join('\n')).toContain('expected a path that names the device');
  });

  it('is refused when faults are to strike a board that is not simulated', async () => {
    const problems = await problemsOf((rig) => {
      rig.instruments.board = {
        driver: 'operando-board',
        options: { ...rig.instruments.board?.options, serial: '/dev/serial/by-id/test' },
      };
      rig.faults = [{ name: 'boardReset', at: '1 s' }];
    });
    expect(problems).toContain(
      'faults[0].name: boardReset strikes a simulated board: expected operando-board-simulated under instruments.board',
    );
  });

  it('is refused when it is of a kind that nobody knows', async () => {
    const problems = await problemsOf((rig) => {
      if (rig.instruments.board) rig.instruments.board.driver = 'arduino';
    });
    expect(problems[0]).toBe(
      'instruments.board.driver: no driver is called "arduino": expected operando-board or operando-board-simulated',
    );
  });
});

const NEVER = new AbortController().signal;

describe('a detector that the board triggers', () => {
  it('has each pulse on record, its moment known to a millisecond', async () => {
    const small = parse(readFileSync('hardware/rigs/simulated-small.yaml', 'utf8')) as Written;
    const rig = rigWith(({ instruments }) => {
      instruments.scanner = small.instruments.scanner;
      instruments.sensors.trigger = {
        driver: 'board-trigger',
        options: { width: '10 ms', triggers: 'scanner' },
      };
    });
    const { connect, disconnect, during, clock, instruments, samples } = await openBoardRig(rig);
    await connect();
    await during(instruments.scanner?.connect(NEVER) ?? Promise.resolve());
    // The clocks are compared once a second, and the best of eight is believed.
    await clock.advance(8);
    const askedSecond = clock.nowSecond();
    const plan = {
      scanId: 'scan-001',
      views: 3,
      startAngleRadian: 0,
      spanRadian: 3,
      durationSecond: 1,
    };
    const frames = instruments.scanner?.scan(plan, NEVER)[Symbol.asyncIterator]();
    await during(Promise.resolve(frames?.next()));
    const told = (channel: string) => samples.filter((one) => one.channel === channel);
    const [pulse] = told('scanner_trigger_count');
    expect(told('scanner_trigger_count')).toHaveLength(1);
    expect(pulse?.value).toBe(1);
    expect((pulse?.timeSecond ?? 0) - askedSecond).toBeGreaterThan(0);
    expect((pulse?.timeSecond ?? 0) - askedSecond).toBeLessThan(0.02);
    const [uncertainty] = told('scanner_trigger_uncertainty_second');
    // The half-width of the interval, of which the sample is the standard uncertainty.
    expect((uncertainty?.value ?? 1) * Math.sqrt(3)).toBeLessThan(1e-3);
    expect(uncertainty?.value).toBeGreaterThan(0);
    await during(Promise.resolve(frames?.return?.()));
    await disconnect();
  });
});
