import { describe, expect, it } from 'vitest';
import { STATES, TRIPS } from '../../../firmware-bridge/board-protocol.ts';
import { createLinkPair } from '../../../firmware-bridge/in-process-link.ts';
import type { Link } from '../../../firmware-bridge/link.ts';
import { type BoardReport, OperandoBoard } from '../../../firmware-bridge/operando-board.ts';
import { BoardLink } from '../../../firmware-bridge/sim/board-link.ts';
import { SimulatedBoard } from '../../../firmware-bridge/sim/simulated-board.ts';
import type { Fault } from '../../../src/domain/fault.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { LIMITS, PROGRAM } from './board-bench.ts';

const never = new AbortController().signal;

/** How many of its timers wait. */
function countedTimers(clock: VirtualClock) {
  const waiting = new Set<object>();
  const after = clock.after.bind(clock);
  clock.after = (delaySecond, callback) => {
    const timer = {};
    waiting.add(timer);
    const cancel = after(delaySecond, () => {
      waiting.delete(timer);
      callback();
    });
    return () => {
      waiting.delete(timer);
      cancel();
    };
  };
  return { clock, timers: () => waiting.size };
}

/** How many listen to it. */
function countedListeners(link: Link) {
  let count = 0;
  const counted = (unlisten: () => void): (() => void) => {
    let isListening = true;
    count += 1;
    return () => {
      if (isListening) count -= 1;
      isListening = false;
      unlisten();
    };
  };
  const one: Link = {
    name: link.name,
    get isOpen() {
      return link.isOpen;
    },
    open: (signal) => link.open(signal),
    write: (bytes) => link.write(bytes),
    onData: (listener) => counted(link.onData(listener)),
    onClose: (listener) => counted(link.onClose(listener)),
    close: () => link.close(),
  };
  return { link: one, listeners: () => count };
}

/** The host's side and the simulated board on one virtual clock. */
function bench(clock = new VirtualClock()) {
  const [near, far] = createLinkPair('board');
  const world = { resistanceOhm: 109.73, open: new Set<string>() };
  const line = new BoardLink({
    link: far,
    clock,
    makeBoard: (onByte) =>
      new SimulatedBoard({
        program: PROGRAM,
        onByte,
        surroundings: {
          resistanceOhm: () => world.resistanceOhm,
          thermocoupleCelsius: () => 25,
          boardCelsius: () => 25,
          humidityPercent: () => 50,
          forceCode: () => 0,
          pressureVolt: () => 1,
          isOpen: (input) => world.open.has(input),
        },
      }),
  });
  const host = new OperandoBoard({ id: 'cell-board', link: near, clock });
  const lost: Fault[] = [];
  host.listen({ onLost: (fault) => lost.push(fault) });
  /** Time passes until the work is done. */
  const during = async <T>(work: Promise<T>): Promise<T> => {
    const settled = work.then(
      () => true,
      () => true,
    );
    for (let step = 0; step < 2000; step += 1) {
      await clock.advance(0.005);
      if (await Promise.race([settled, Promise.resolve(false)])) return work;
    }
    throw new Error('it took more than 10 s');
  };
  return { clock, near, world, line, host, lost, during };
}

async function started() {
  const parts = bench();
  await parts.line.start();
  await parts.during(parts.host.start(never));
  return parts;
}

async function energised() {
  const parts = await started();
  await parts.during(parts.host.clearTrip('powerOn'));
  await parts.during(parts.host.setLimits(LIMITS));
  await parts.clock.advance(0.3);
  await parts.during(parts.host.setOutputs({ dutyFraction: 0.3, isRelayClosed: true }));
  return parts;
}

describe('the operando board, from its host', () => {
  it('makes johnny-five ready, and says that it is tripped', async () => {
    const { host, line } = await started();
    expect(host.firmata.isReady).toBe(true);
    expect(host.firmata.firmwareName).toBe('operando-board');
    expect(host.status).toMatchObject({ state: STATES.tripped, trip: TRIPS.powerOn });
    await host.stop();
    await line.stop();
  });

  it('drives heater and relay once it is cleared and has its limits, and goes on', async () => {
    const { host, line, clock, lost } = await energised();
    expect(line.board.heaterDuty).toBeCloseTo(0.3, 4);
    expect(line.board.isRelayClosed).toBe(true);
    await clock.advance(30);
    expect(host.status).toMatchObject({ state: STATES.energised, duty: 300, damaged: 0 });
    expect(host.damagedMessages).toBe(0);
    expect(lost).toEqual([]);
    await host.stop();
    await line.stop();
  });

  it('hears ten reports a second', async () => {
    const { host, line, clock } = await started();
    const heard: BoardReport[] = [];
    const seconds: number[] = [];
    host.listen({
      onReport: (report, timeSecond) => {
        heard.push(report);
        seconds.push(timeSecond);
      },
    });
    await clock.advance(5);
    expect(heard.length).toBeGreaterThanOrEqual(49);
    expect(heard.length).toBeLessThanOrEqual(51);
    // The load cell's own rhythm is not that of the reports.
    // The first report comes before the first answer of the ambient sensor.
    expect(heard.slice(1).every(({ fresh }) => (fresh | 0b00100) === 0b11111)).toBe(true);
    expect(heard.filter(({ fresh }) => fresh & 0b00100).length).toBeGreaterThan(40);
    const gaps = seconds.slice(1).map((second, at) => second - (seconds[at] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(0.12);
    await host.stop();
    await line.stop();
  });

  it('says why it is refused', async () => {
    const { host, line, during } = await started();
    await expect(during(host.setLimits(LIMITS))).rejects.toThrow(
      /refused set limits: tripped \(tripped: power on\)/,
    );
    await expect(during(host.clearTrip('door'))).rejects.toThrow(/not the reason/);
    await during(host.clearTrip('powerOn'));
    await expect(
      during(host.setOutputs({ dutyFraction: 0.1, isRelayClosed: false })),
    ).rejects.toThrow(/refused set outputs: no limits/);
    await host.stop();
    await line.stop();
  });

  it('keeps a refused setting out of its heartbeats', async () => {
    const { host, line, clock, during } = await energised();
    await expect(
      during(host.setOutputs({ dutyFraction: 1.1, isRelayClosed: true })),
    ).rejects.toThrow(/out of range/);
    await clock.advance(5);
    expect(host.status).toMatchObject({ state: STATES.energised, duty: 300 });
    await host.stop();
    await line.stop();
  });

  it('keeps refused limits, and a clearing of no trip, out of its heartbeats', async () => {
    const { host, line, clock, during } = await energised();
    await expect(during(host.setLimits({ ...LIMITS, dutyMax: 10 }))).rejects.toThrow(/outputs on/);
    await expect(during(host.clearTrip('door'))).rejects.toThrow(/not the reason/);
    await clock.advance(5);
    expect(host.status).toMatchObject({ state: STATES.energised, duty: 300, trip: TRIPS.none });
    await during(host.setOutputs({ dutyFraction: 0.4, isRelayClosed: true }));
    await clock.advance(5);
    expect(host.status).toMatchObject({ state: STATES.energised, duty: 400 });
    await host.stop();
    await line.stop();
  });

  it('hears of a trip at once, and switches nothing on again after it', async () => {
    const { host, line, clock, world, during } = await energised();
    world.open.add('emergencyStop');
    await clock.advance(0.05);
    expect(host.status).toMatchObject({ state: STATES.tripped, trip: TRIPS.emergencyStop });
    expect(line.board.heaterDuty).toBe(0);
    world.open.clear();
    await clock.advance(5);
    await expect(
      during(host.setOutputs({ dutyFraction: 0.3, isRelayClosed: true })),
    ).rejects.toThrow(/emergency stop/);
    await during(host.clearTrip('emergencyStop'));
    await clock.advance(5);
    expect(line.board.heaterDuty).toBe(0);
    await host.stop();
    await line.stop();
  });

  it('leaves a board that switches itself off when the host stops', async () => {
    const { host, line, clock } = await energised();
    await host.stop();
    await clock.advance(1);
    expect(line.board.heaterDuty).toBe(0);
    expect(line.board.isRelayClosed).toBe(false);
    await line.stop();
  });

  it.each(['cable', 'frozen'])('says within a second that it is lost: %s', async (how) => {
    const { host, line, clock, lost } = await energised();
    if (how === 'cable') await line.unplug();
    else line.board.freeze('everything');
    await clock.advance(1);
    if (how === 'cable') expect(lost[0]?.code).toBe('instrumentLost');
    // A frozen board resets itself, and comes back tripped.
    else expect(host.status).toMatchObject({ trip: TRIPS.watchdog });
    expect(line.board.heaterDuty).toBe(0);
    await host.stop();
    await line.stop();
  });

  it('can be started again after the cable was pulled, and finds the trip', async () => {
    const { host, line, clock, lost, during } = await energised();
    await line.unplug();
    await clock.advance(2);
    expect(lost).toHaveLength(1);
    await line.plugIn();
    await during(host.start(never));
    expect(host.status).toMatchObject({ state: STATES.tripped, trip: TRIPS.hostSilent });
    await clock.advance(2);
    expect(line.board.heaterDuty).toBe(0);
    await host.stop();
    await line.stop();
  });

  it('knows when a pulse rose to a millisecond', async () => {
    const { host, line, clock, during } = await started();
    await clock.advance(60);
    let roseSecond = Number.NaN;
    const watched = host.trigger(1, 10);
    for (let step = 0; step < 4000 && Number.isNaN(roseSecond); step += 1) {
      await clock.advance(0.0005);
      if (line.board.isTriggering) roseSecond = clock.nowSecond();
    }
    const moment = await during(watched);
    expect(moment.uncertaintySecond).toBeLessThan(0.001);
    expect(Math.abs(moment.timeSecond - roseSecond)).toBeLessThan(0.001);
    await host.stop();
    await line.stop();
  });

  it('leaves no timer and no listener behind, however often it is plugged in again', async () => {
    const { clock, timers } = countedTimers(new VirtualClock());
    const parts = bench(clock);
    const { link, listeners } = countedListeners(parts.near);
    const host = new OperandoBoard({ id: 'cell-board', link, clock });
    await parts.line.start();
    const own = { timers: timers(), listeners: listeners() };
    for (let at = 0; at < 20; at += 1) {
      await parts.during(host.start(never));
      expect(timers()).toBeGreaterThan(own.timers);
      await parts.line.unplug();
      await parts.clock.advance(0.05);
      await parts.line.plugIn();
      expect({ timers: timers(), listeners: listeners() }).toEqual(own);
    }
    await host.stop();
    await parts.line.stop();
    expect({ timers: timers(), listeners: listeners() }).toEqual({ timers: 0, listeners: 0 });
  });

  it('tells a loss during its start by the failure of the start alone', async () => {
    const { host, line, clock, lost, during } = bench();
    await line.start();
    const starting = host.start(never);
    starting.catch(() => {});
    await clock.advance(0.01);
    await line.unplug();
    await expect(during(starting)).rejects.toMatchObject({ code: 'instrumentLost' });
    expect(lost).toEqual([]);
    await line.plugIn();
    await during(host.start(never));
    expect(host.status).toMatchObject({ trip: TRIPS.powerOn });
    await line.unplug();
    await clock.advance(0.01);
    expect(lost).toHaveLength(1);
    await line.stop();
  });

  it('is not started when it was stopped before its turn', async () => {
    const { host, line, clock, during } = await started();
    await line.unplug();
    const starting = host.start(never);
    await host.stop();
    await expect(during(starting)).rejects.toMatchObject({ code: 'instrumentLost' });
    await clock.advance(5);
    expect(host.firmata.isReady).toBe(false);
    await line.stop();
  });

  it('is refused when nothing answers', async () => {
    const { host, line, during } = bench();
    await line.plugIn();
    await expect(during(host.start(never))).rejects.toMatchObject({ code: 'timeout' });
    await line.stop();
  });
});
