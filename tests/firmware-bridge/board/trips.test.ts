import { describe, expect, it } from 'vitest';
import { STATES, TRIPS, type TripName } from '../../../firmware-bridge/board-protocol.ts';
import type { Freeze } from '../../../firmware-bridge/sim/mcu.ts';
import { BoardBench } from './board-bench.ts';

/** What everything must be off within, whatever happened (firmware.md §7). */
const OFF_SECOND_MAX = 1;
const STEP_SECOND = 0.001;

/** Lets time pass until heater and relay are off. @returns how long that was */
function secondsToOff(bench: BoardBench, keepAlive: boolean): number {
  const start = bench.board.timeSecond;
  let nextBeat = 0;
  while (bench.board.heaterDuty > 0 || bench.board.isRelayClosed) {
    const passed = bench.board.timeSecond - start;
    if (passed > 3) throw new Error('nothing was switched off within 3 s');
    if (keepAlive && passed >= nextBeat) {
      bench.heartbeat();
      nextBeat += 0.2;
    }
    bench.run(STEP_SECOND);
  }
  return bench.board.timeSecond - start;
}

function expectTrip(bench: BoardBench, name: TripName): void {
  expect(secondsToOff(bench, true)).toBeLessThanOrEqual(OFF_SECOND_MAX);
  expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS[name] });
}

/** What the sensors say all at once, and the trip that comes of it. */
const READINGS: readonly [TripName, string, Partial<BoardBench['world']>][] = [
  ['temperatureHigh', 'a cell hotter than its limit', { resistanceOhm: 150 }],
  ['temperatureLow', 'a cell colder than its limit', { resistanceOhm: 85 }],
  [
    'thermometerFailed',
    'an open lead of the thermometer',
    { resistanceOhm: Number.POSITIVE_INFINITY },
  ],
  ['thermometerFailed', 'a short thermometer', { resistanceOhm: 0 }],
  ['thermocoupleHigh', 'a thermocouple above its limit', { thermocoupleCelsius: 130 }],
  ['thermocoupleLow', 'a thermocouple below its limit', { thermocoupleCelsius: -30 }],
  ['thermocoupleFailed', 'an open thermocouple', { thermocoupleCelsius: Number.NaN }],
  ['forceHigh', 'a stack pressed too hard', { forceCode: 5_000_000 }],
  ['forceFailed', 'a load cell at the end of its scale', { forceCode: 9_000_000 }],
  ['pressureHigh', 'a gas pressure above its limit', { pressureVolt: 4.4 }],
  ['pressureFailed', 'an open lead of the transducer', { pressureVolt: 0.1 }],
  ['pressureFailed', 'a short lead of the transducer', { pressureVolt: 4.95 }],
];
/** Contacts that open, each by the name of its trip. */
const CONTACTS = [
  ['emergencyStop', 'the emergency stop'],
  ['door', 'an open door'],
  ['gas', 'the gas alarm'],
] as const;

describe('the firmware switches everything off', () => {
  it.each(READINGS)('within a second, and names it: %s, %s', (name, _, readings) => {
    const bench = new BoardBench();
    bench.energise();
    Object.assign(bench.world, readings);
    expectTrip(bench, name);
  });

  it.each(CONTACTS)('within a second, and names it: %s, %s', (name) => {
    const bench = new BoardBench();
    bench.energise();
    bench.world.open.add(name);
    expectTrip(bench, name);
  });

  it('within a second of the last heartbeat', () => {
    const bench = new BoardBench();
    bench.energise(500, { hostSilenceMs: 950 });
    bench.heartbeat();
    expect(secondsToOff(bench, false)).toBeLessThanOrEqual(OFF_SECOND_MAX);
    expect(bench.status()).toMatchObject({ trip: TRIPS.hostSilent });
  });

  it('though the host sends other things all the time', () => {
    const bench = new BoardBench();
    bench.energise();
    const start = bench.board.timeSecond;
    while (bench.board.heaterDuty > 0 && bench.board.timeSecond - start < 2) {
      bench.board.receive(Uint8Array.of(0xf9, 0xf0, 0x6b, 0xf7));
      bench.run(0.02);
    }
    expect(bench.board.timeSecond - start).toBeLessThanOrEqual(OFF_SECOND_MAX);
  });

  it('though the same heartbeat comes again and again', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.heartbeat();
    const start = bench.board.timeSecond;
    const sent = bench.lastSent;
    while (bench.board.heaterDuty > 0 && bench.board.timeSecond - start < 2) {
      bench.board.receive(sent);
      bench.run(0.05);
    }
    expect(bench.board.timeSecond - start).toBeLessThanOrEqual(OFF_SECOND_MAX);
  });

  it('when the host believes in other settings', () => {
    const bench = new BoardBench();
    bench.energise();
    for (let at = 0; at < 3; at += 1) {
      bench.heartbeat(0x1234);
      bench.run(0.05);
    }
    expect(bench.status()).toMatchObject({ trip: TRIPS.settingsDiffer });
    expect(bench.board.heaterDuty).toBe(0);
  });

  it('not when one heartbeat crosses a new setting', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.heartbeat(0x1234);
    bench.run(0.05);
    bench.heartbeat(0x1234);
    bench.runAlive(1);
    expect(bench.status()).toMatchObject({ state: STATES.energised });
  });

  it.each<Freeze>(['mainLoop', 'everything'])('by its watchdog when it is frozen: %s', (how) => {
    const bench = new BoardBench();
    bench.energise();
    bench.board.freeze(how);
    expect(secondsToOff(bench, true)).toBeLessThanOrEqual(0.35);
    expect(bench.board.resets).toBe(1);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.watchdog });
  });

  it('after a brown-out, and says so', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.board.reset('brownOut');
    bench.runAlive(2);
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.brownOut });
  });
});

describe('a trip', () => {
  it('stays, whatever the host sends, until it is cleared by its name', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.world.open.add('emergencyStop');
    bench.runAlive(0.2);
    bench.world.open.clear();
    bench.setOutputs(500, 1);
    bench.runAlive(2);
    bench.clear('hostSilent');
    bench.runAlive(0.2);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.emergencyStop });
    bench.clear('emergencyStop');
    bench.run(0.05);
    expect(bench.status()).toMatchObject({ state: STATES.idle });
    // Cleared is not switched on again.
    bench.runAlive(1);
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.board.isRelayClosed).toBe(false);
  });

  it('cannot be cleared while its contact is open', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.world.open.add('door');
    bench.runAlive(0.2);
    bench.clear('door');
    bench.run(0.05);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.door });
  });

  it('keeps its first cause', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.world.open.add('gas');
    bench.runAlive(0.1);
    bench.run(2);
    expect(bench.status()).toMatchObject({ trip: TRIPS.gas });
  });

  it('does not come of one value in four, nor of a contact that bounces', () => {
    const bench = new BoardBench();
    bench.energise();
    for (let at = 0; at < 10; at += 1) {
      bench.world.resistanceOhm = 150;
      bench.world.open.add('door');
      bench.heartbeat();
      bench.run(0.003);
      bench.world.open.clear();
      bench.run(0.2);
      bench.world.resistanceOhm = 109.73;
      bench.run(0.2);
    }
    expect(bench.status()).toMatchObject({ state: STATES.energised, trip: TRIPS.none });
  });

  it('does not come of inputs and sensors that the host has said are not there', () => {
    const bench = new BoardBench();
    bench.energise(500, { fitted: 0b0001, guarded: 0b001 });
    bench.world.open.add('door').add('gas');
    bench.world.thermocoupleCelsius = Number.NaN;
    bench.world.pressureVolt = 0;
    bench.runAlive(2);
    expect(bench.status()).toMatchObject({ state: STATES.energised });
  });

  it('does not come of a host that is silent while nothing is on', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.setOutputs(0, 0);
    bench.run(5);
    expect(bench.status()).toMatchObject({ state: STATES.idle });
    // But it must say its limits again before anything is on.
    bench.setOutputs(500, 1);
    bench.run(0.05);
    expect(bench.board.heaterDuty).toBe(0);
  });
});
