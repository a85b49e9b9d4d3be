import { describe, expect, it } from 'vitest';
import { decodeFields, encodeFields } from '../../../firmware-bridge/board-message.ts';
import {
  COMMANDS,
  MOMENT_FIELDS,
  REFUSALS,
  REFUSED_FIELDS,
  STATES,
  TOKEN_FIELDS,
  TRIGGER_FIELDS,
  TRIPS,
} from '../../../firmware-bridge/board-protocol.ts';
import { BoardBench } from './board-bench.ts';

/** From the first instruction until the timer runs. */
const START_SECOND_MAX = 5e-4;

/** Why the board refused something since the last look, by the names of the reasons. */
function refusals(bench: BoardBench): string[] {
  bench.run(0.02);
  return bench
    .messages()
    .filter(({ command }) => command === COMMANDS.refused)
    .map(({ payload }) => decodeFields(REFUSED_FIELDS, payload)?.reason)
    .map((reason) => Object.entries(REFUSALS).find(([, code]) => code === reason)?.[0] ?? '?');
}

describe('the firmware at its start', () => {
  it('is tripped, says why, and drives nothing', () => {
    const bench = new BoardBench();
    bench.run(0.5);
    expect(bench.status()).toMatchObject({ state: STATES.tripped, trip: TRIPS.powerOn });
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.board.isRelayClosed).toBe(false);
  });

  it('says who it is as Firmata does', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    expect(bench.bytes.slice(0, 3)).toEqual([0xf9, 2, 6]);
    const name = Buffer.from(bench.bytes.slice(7, 35).filter((_, at) => at % 2 === 0));
    expect(name.toString()).toBe('operando-board');
  });

  it('takes no limits and no outputs before a person has cleared it', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    bench.setLimits();
    bench.setOutputs(500, 1);
    expect(refusals(bench)).toEqual(['tripped', 'tripped']);
    bench.clear('watchdog');
    expect(refusals(bench)).toEqual(['notTheReason']);
    bench.clear('powerOn');
    expect(refusals(bench)).toEqual([]);
    expect(bench.status()).toMatchObject({ state: STATES.idle, trip: TRIPS.none });
  });
});

describe('the firmware in service', () => {
  it.each([1, 250, 500, 999, 1000])('drives the heater at %i thousandths', (duty) => {
    const bench = new BoardBench();
    bench.energise(duty);
    expect(bench.status()).toMatchObject({ state: STATES.energised, duty, relay: 1 });
    // One count of the timer in 62 500.
    expect(Math.abs(bench.board.heaterDuty - duty / 1000)).toBeLessThan(2e-5);
    expect(bench.board.isRelayClosed).toBe(true);
    bench.setOutputs(0, 0);
    bench.runAlive(0.2);
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.board.isRelayClosed).toBe(false);
  });

  it('keeps on as long as its host speaks', () => {
    const bench = new BoardBench();
    bench.energise();
    bench.runAlive(20);
    expect(bench.status()).toMatchObject({ state: STATES.energised, damaged: 0, overruns: 0 });
  });

  it('reports what its converters read', () => {
    const bench = new BoardBench();
    bench.world.thermocoupleCelsius = -12.5;
    bench.world.forceCode = -123_456;
    bench.run(0.3);
    const values = bench.sensors();
    expect(values).toMatchObject({
      thermometer: Math.round((109.73 / 430) * 2 ** 15),
      thermometerFault: 0,
      thermocouple: -12.5 * 128,
      coldJunction: 24 * 64,
      force: -123_456,
      pressure: Math.floor((1.5 / 5) * 1024) * 16,
      ambientTemperature: Math.round(((24 + 45) / 175) * 65_535),
      ambientHumidity: Math.round(0.4 * 65_535),
      fresh: 0b11111,
      inputs: 0,
    });
  });

  it('refuses outputs without limits, beyond them, and heat without a thermometer', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    bench.clear('powerOn');
    bench.setOutputs(500, 1);
    expect(refusals(bench)).toEqual(['noLimits']);
    bench.setLimits({ dutyMax: 400, fitted: 0b0100, guarded: 0 });
    bench.run(0.3);
    bench.setOutputs(401, 0);
    expect(refusals(bench)).toEqual(['outOfRange']);
    bench.setOutputs(400, 0);
    expect(refusals(bench)).toEqual(['noThermometer']);
    bench.setOutputs(0, 1);
    expect(refusals(bench)).toEqual([]);
    expect(bench.board.isRelayClosed).toBe(true);
  });

  it.each([
    ['a host that may be silent for too long', { hostSilenceMs: 951 }],
    ['a host that may never be silent', { hostSilenceMs: 99 }],
    ['a sensor that may be silent for too long', { sensorSilenceMs: 1001 }],
    ['a window of temperature without inside', { thermometerMin: 9000, thermometerMax: 8000 }],
    ['more than full power', { dutyMax: 1001 }],
  ])('refuses limits with %s', (_, limits) => {
    const bench = new BoardBench();
    bench.run(0.05);
    bench.clear('powerOn');
    bench.setLimits(limits);
    expect(refusals(bench)).toEqual(['outOfRange']);
    bench.setOutputs(1, 0);
    expect(refusals(bench)).toEqual(['noLimits']);
  });

  it('takes no new limits while anything is on', () => {
    const bench = new BoardBench();
    bench.energise();
    const crc = bench.status().settingsCrc;
    bench.setLimits({ dutyMax: 1 });
    expect(refusals(bench)).toEqual(['outputsOn']);
    expect(bench.status()).toMatchObject({ settingsCrc: crc, duty: 500 });
  });

  it('switches nothing on while a value is out of its window, or a sensor was not seen', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    bench.clear('powerOn');
    bench.run(0.05);
    bench.setLimits();
    // The limits and the outputs come in one piece: no converter was read in between.
    bench.setOutputs(500, 1);
    expect(refusals(bench)).toEqual(['conditionPersists']);
    bench.world.pressureVolt = 4.6;
    bench.heartbeat();
    bench.run(0.3);
    bench.setOutputs(500, 1);
    expect(refusals(bench)).toContain('conditionPersists');
    expect(bench.board.heaterDuty).toBe(0);
  });

  it('pulses the trigger for as long as asked and stamps its rising edge', () => {
    const bench = new BoardBench();
    bench.run(0.105);
    bench.messages();
    bench.send(COMMANDS.trigger, encodeFields(TRIGGER_FIELDS, { number: 7, widthMs: 5 }));
    while (!bench.board.isTriggering) bench.run(1e-4);
    const roseSecond = bench.board.timeSecond;
    while (bench.board.isTriggering) bench.run(1e-4);
    const widthSecond = bench.board.timeSecond - roseSecond;
    expect(widthSecond).toBeGreaterThan(0.0049);
    expect(widthSecond).toBeLessThan(0.0063);
    bench.run(0.02);
    const told = bench.messages().find(({ command }) => command === COMMANDS.triggered);
    const values = told && decodeFields(MOMENT_FIELDS, told.payload);
    expect(values?.number).toBe(7);
    // The board's own time begins when its start has set its timer going.
    expect(roseSecond - (values?.timeUs ?? 0) / 1e6).toBeGreaterThan(0);
    expect(roseSecond - (values?.timeUs ?? 0) / 1e6).toBeLessThan(START_SECOND_MAX + 1e-4);
  });

  it('refuses a second pulse during the first, and one of no length', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    const pulse = (widthMs: number) =>
      bench.send(COMMANDS.trigger, encodeFields(TRIGGER_FIELDS, { number: 1, widthMs }));
    pulse(100);
    pulse(5);
    expect(refusals(bench)).toEqual(['busy']);
    pulse(0);
    pulse(1001);
    expect(refusals(bench)).toEqual(['outOfRange', 'outOfRange']);
  });

  it('stamps the edges of the detector', () => {
    const bench = new BoardBench();
    bench.run(0.25);
    bench.messages();
    const edgesSecond: number[] = [];
    for (let at = 0; at < 3; at += 1) {
      bench.board.setDetector(true);
      edgesSecond.push(bench.board.timeSecond);
      bench.run(0.03);
      bench.board.setDetector(false);
      bench.run(0.031);
    }
    const told = bench
      .messages()
      .filter(({ command }) => command === COMMANDS.detectorEdge)
      .map(({ payload }) => decodeFields(MOMENT_FIELDS, payload));
    expect(told.map((one) => one?.number)).toEqual([1, 2, 3]);
    const startsSecond = told.map((one, at) => (edgesSecond[at] ?? 0) - (one?.timeUs ?? 0) / 1e6);
    expect(Math.min(...startsSecond)).toBeGreaterThan(0);
    expect(Math.max(...startsSecond)).toBeLessThan(START_SECOND_MAX);
    // A tick of the timer takes 4 µs, and an interrupt may wait for another one.
    expect(Math.max(...startsSecond) - Math.min(...startsSecond)).toBeLessThan(3e-5);
  });

  it('tells its time', () => {
    const bench = new BoardBench();
    bench.run(1.234);
    bench.messages();
    bench.send(COMMANDS.askTime, encodeFields(TOKEN_FIELDS, { token: 99 }));
    bench.run(0.02);
    const told = bench.messages().find(({ command }) => command === COMMANDS.time);
    const values = told && decodeFields(MOMENT_FIELDS, told.payload);
    expect(values?.number).toBe(99);
    // Nine bytes at 57 600 Bd take 1.6 ms.
    expect((values?.timeUs ?? 0) / 1e6 - 1.234).toBeGreaterThan(0.001);
    expect((values?.timeUs ?? 0) / 1e6 - 1.234).toBeLessThan(0.004);
  });

  it('gives no Firmata host the pins that safety depends on', () => {
    const bench = new BoardBench();
    bench.run(0.05);
    const write = (pin: number) => {
      bench.board.receive(Uint8Array.of(0xf4, pin, 1, 0xf5, pin, 1, 0xe0 | pin, 127, 1));
    };
    for (const pin of [5, 7, 9, 10]) write(pin);
    for (const port of [0, 1, 2]) bench.board.receive(Uint8Array.of(0x90 | port, 127, 1));
    bench.run(0.2);
    expect(bench.board.heaterDuty).toBe(0);
    expect(bench.board.isRelayClosed).toBe(false);
    expect(bench.board.isTriggering).toBe(false);
  });
});
