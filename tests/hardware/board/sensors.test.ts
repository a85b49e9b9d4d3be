import { describe, expect, it } from 'vitest';
import { TRIPS } from '../../../firmware-bridge/board-protocol.ts';
import {
  ambientChannels,
  contactChannels,
  forceChannels,
  pressureChannels,
  thermocoupleChannels,
  thermometerChannels,
} from '../../../hardware/board/board-channels.ts';
import { forceCode, transducerVolt } from '../../../hardware/board/conversions.ts';
import { resistanceOf } from '../../../hardware/board/platinum.ts';
import { Random } from '../../../src/domain/random.ts';
import { StuckSensor } from '../../../src/run/stuck-sensor.ts';
import {
  AREA_SQUARE_METRE,
  COUPLE,
  LOAD_CELL,
  PLATINUM,
  TRANSDUCER,
  terminals,
} from './terminals-bench.ts';

/** Of a rectangle its half width is √3 standard deviations: an error cannot be larger. */
const RECTANGLE = Math.sqrt(3) * 1.001;

describe('a sensor, from its terminals through converter, firmware and wire', () => {
  it('is a platinum resistor from -180 °C to 400 °C, within the step of its converter', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    for (const celsius of [-180, -60.2, -1, 0, 0.5, 25.37, 70, 150, 400]) {
      bench.world.resistanceOhm = resistanceOf(PLATINUM, celsius);
      const { value, quality, standardError = 0 } = await bench.settled();
      expect(quality, `${celsius} °C`).toBe('good');
      expect(Math.abs(value - celsius), `${celsius} °C`).toBeLessThan(RECTANGLE * standardError);
      expect(standardError).toBeLessThan(0.012);
    }
    await bench.stop();
  });

  it('is a thermocouple from -150 °C to 900 °C, with its cold junction', async () => {
    const bench = await terminals(thermocoupleChannels(COUPLE));
    for (const celsius of [-150, 0, 25.31, 130, 900]) {
      bench.world.thermocoupleCelsius = celsius + COUPLE.offset;
      bench.world.boardCelsius = 31.4;
      await bench.settled();
      const [couple, junction] = bench.samples.slice(-2);
      expect(Math.abs((couple?.value ?? 0) - celsius)).toBeLessThan(
        RECTANGLE * (couple?.standardError ?? 0),
      );
      expect(junction?.value).toBeCloseTo(31.4, 1);
    }
    await bench.stop();
  });

  it('is a load cell from pull to full scale, as pressure on the electrode', async () => {
    const bench = await terminals(forceChannels(LOAD_CELL, AREA_SQUARE_METRE));
    for (const newton of [-80, 0, 1, 392.5, 5000]) {
      bench.world.forceCode = forceCode(LOAD_CELL, newton);
      const { value, standardError = 0 } = await bench.settled();
      expect(Math.abs(value - newton / AREA_SQUARE_METRE)).toBeLessThan(RECTANGLE * standardError);
    }
    await bench.stop();
  });

  it('is a gas gauge over its span, within one step of the microcontroller', async () => {
    const bench = await terminals(pressureChannels(TRANSDUCER));
    for (const pascal of [0, 1.013e5, 1.05e5, 2.5e5, 4e5]) {
      bench.world.pressureVolt = transducerVolt(TRANSDUCER, pascal);
      const { value, quality, standardError = 0 } = await bench.settled();
      expect(quality).toBe('good');
      expect(Math.abs(value - pascal)).toBeLessThan(RECTANGLE * standardError);
    }
    await bench.stop();
  });

  it('is the air around it', async () => {
    const bench = await terminals(ambientChannels());
    Object.assign(bench.world, { boardCelsius: -12.5, humidityPercent: 87 });
    await bench.settled();
    const [temperature, humidity] = bench.samples.slice(-2);
    expect(temperature?.value).toBeCloseTo(-12.5, 2);
    expect(humidity?.value).toBeCloseTo(87, 2);
    expect(humidity?.standardError).toBeCloseTo(2 / Math.sqrt(3), 6);
    await bench.stop();
  });

  it('is a contact: one that was open for 20 ms between two samples was open', async () => {
    const bench = await terminals(contactChannels(['gas']), 1);
    await bench.clock.advance(2);
    expect(bench.last().value).toBe(0);
    bench.world.open.add('gas');
    await bench.clock.advance(0.15);
    bench.world.open.delete('gas');
    await bench.clock.advance(1);
    expect(bench.samples.slice(-2).some(({ value }) => value === 1)).toBe(true);
    await bench.stop();
  });
});

describe('a broken sensor', () => {
  it.each([
    ['open', Number.POSITIVE_INFINITY],
    ['short', 0],
  ])('that is %s gives bad samples within two beats, never the last value', async (_, ohm) => {
    const bench = await terminals(thermometerChannels(PLATINUM), 0.5);
    const before = await bench.settled();
    expect(before.quality).toBe('good');
    bench.world.resistanceOhm = ohm;
    await bench.clock.advance(1);
    expect(bench.last().quality).toBe('bad');
    expect(bench.last().value).toBeNaN();
    bench.world.resistanceOhm = 109.73;
    expect((await bench.settled()).quality).toBe('good');
    await bench.stop();
  });

  it('that is an open thermocouple or a transducer without its lead is bad', async () => {
    const couple = await terminals(thermocoupleChannels(COUPLE));
    couple.world.thermocoupleCelsius = Number.NaN;
    expect((await couple.settled()).quality).toBe('bad');
    await couple.stop();
    const gauge = await terminals(pressureChannels(TRANSDUCER));
    for (const volt of [0, 5]) {
      gauge.world.pressureVolt = volt;
      expect((await gauge.settled()).quality).toBe('bad');
    }
    await gauge.stop();
  });

  it('that is a load cell at the end of its scale says nothing more', async () => {
    const bench = await terminals(forceChannels(LOAD_CELL, AREA_SQUARE_METRE));
    await bench.settled();
    bench.world.forceCode = 1e9;
    await bench.clock.advance(1);
    const { length } = bench.samples;
    await bench.clock.advance(3);
    expect(bench.samples.length).toBe(length);
    await bench.stop();
  });

  it('switches heater and relay off on the board itself within a second', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    for (const ohm of [Number.POSITIVE_INFINITY, 0]) {
      bench.world.resistanceOhm = 109.73;
      await bench.clock.advance(1);
      const order = bench.shared.setOutputs({ dutyFraction: 0.5, isRelayClosed: true });
      await bench.clock.advance(1);
      expect((await order).duty).toBe(500);
      expect(bench.line.board.heaterDuty).toBeCloseTo(0.5, 3);
      bench.world.resistanceOhm = ohm;
      await bench.clock.advance(1);
      expect(bench.line.board.heaterDuty).toBe(0);
      expect(bench.line.board.isRelayClosed).toBe(false);
      await bench.stop();
      bench.shared.permitClearing({ by: 'a test', reason: 'the sensor is whole again' });
      bench.world.resistanceOhm = 109.73;
      const again = bench.sensor.connect(new AbortController().signal, () => {});
      await bench.clock.advance(3);
      await again;
    }
    await bench.stop();
  });

  it('that is stuck is stale after a minute and stuck after five', {
    timeout: 180_000,
  }, async () => {
    const bench = await terminals(thermometerChannels(PLATINUM), 0.5);
    const random = new Random(3);
    let isStuck = false;
    let ohm = 127;
    Object.defineProperty(bench.world, 'resistanceOhm', {
      get: () => {
        if (!isStuck) ohm = 127 + 0.008 * random.normal();
        return ohm;
      },
    });
    const watch = new StuckSensor();
    let seen = 0;
    const verdict = () => {
      let now = 'moving';
      for (const { timeSecond, value } of bench.samples.slice(seen))
        now = watch.add(timeSecond, value);
      seen = bench.samples.length;
      return now;
    };
    await bench.clock.advance(55);
    expect(verdict()).toBe('moving');
    isStuck = true;
    await bench.clock.advance(55);
    expect(verdict()).toBe('moving');
    await bench.clock.advance(10);
    expect(verdict()).toBe('stale');
    await bench.clock.advance(240);
    expect(verdict()).toBe('stuck');
    await bench.stop();
  });
});

describe('a board that is lost', () => {
  it('ends the samples and fails every order, with the reason', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    const lost: string[] = [];
    const asked = bench.shared.connect(new AbortController().signal);
    await bench.clock.advance(0.1);
    await asked;
    bench.shared.listen({
      onTrip: () => lost.push('trip'),
      onLost: ({ message }) => lost.push(message),
      onNote: () => {},
    });
    await bench.settled();
    await bench.line.unplug();
    await bench.clock.advance(2);
    const { length } = bench.samples;
    await bench.clock.advance(3);
    expect(bench.samples.length).toBe(length);
    expect(lost).toHaveLength(1);
    await expect(bench.shared.setOutputs({ dutyFraction: 0.1 })).rejects.toThrow('board');
    await bench.stop();
  });
});

describe('orders to a shared board', () => {
  const half = { dutyFraction: 0.5 };

  it('are followed after this computer was silent with everything off: limits are set anew', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    bench.wire.isMute = true;
    await bench.clock.advance(1.5);
    bench.wire.isMute = false;
    const order = bench.shared.setOutputs(half);
    await bench.clock.advance(2);
    expect(await order).toMatchObject({ duty: 500, relay: 0 });
    expect(bench.line.board.heaterDuty).toBeCloseTo(0.5, 3);
    await bench.stop();
    expect(bench.line.board.heaterDuty).toBe(0);
  });

  it('are given again once when one is lost on the wire, and no more', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    bench.wire.loseNext = 1;
    const second = bench.shared.setOutputs({ dutyFraction: 0, isRelayClosed: false });
    await bench.clock.advance(2);
    expect(await second).toMatchObject({ duty: 0, relay: 0 });
    bench.wire.loseNext = 2;
    const none = bench.shared.setOutputs(half).catch((error: Error) => error.message);
    await bench.clock.advance(2);
    expect(await none).toContain('was not followed within 0.5 s');
    expect(bench.line.board.heaterDuty).toBe(0);
    await bench.stop();
  });

  it('change one output and leave the other, whoever asks', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    const orders = [
      bench.shared.setOutputs(half),
      bench.shared.setOutputs({ isRelayClosed: true }),
      bench.shared.setOutputs({ dutyFraction: 0.2 }),
    ];
    await bench.clock.advance(1);
    expect((await Promise.all(orders)).map(({ duty, relay }) => [duty, relay])).toEqual([
      [500, 0],
      [500, 1],
      [200, 1],
    ]);
    await bench.stop();
    expect(bench.line.board.isRelayClosed).toBe(false);
  });

  it('to open the relay are followed by a board that has just tripped, though heat was wanted', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    const on = bench.shared.setOutputs({ dutyFraction: 0.5, isRelayClosed: true });
    await bench.clock.advance(1);
    await on;
    bench.line.board.reset('external');
    const open = bench.shared.setOutputs({ isRelayClosed: false });
    await bench.clock.advance(1.5);
    expect(await open).toMatchObject({ duty: 0, relay: 0, trip: TRIPS.externalReset });
    const heat = bench.shared.setOutputs(half).catch((one: Error) => one.message);
    await bench.clock.advance(1.5);
    expect(await heat).toContain('tripped: external reset');
    await bench.stop();
  });

  it('switch nothing on again by themselves after a trip', async () => {
    const bench = await terminals(thermometerChannels(PLATINUM));
    const on = bench.shared.setOutputs({ dutyFraction: 0.5, isRelayClosed: true });
    await bench.clock.advance(1);
    await on;
    bench.wire.isMute = true;
    await bench.clock.advance(1);
    expect(bench.line.board.heaterDuty).toBe(0);
    bench.wire.isMute = false;
    const off = bench.shared.setOutputs({ dutyFraction: 0 });
    const relay = bench.shared
      .setOutputs({ isRelayClosed: true })
      .catch((one: Error) => one.message);
    await bench.clock.advance(2);
    expect(await off).toMatchObject({ duty: 0, relay: 0 });
    expect(await relay).toContain('tripped: host silent');
    expect(bench.line.board.isRelayClosed).toBe(false);
    await bench.stop();
  });
});
