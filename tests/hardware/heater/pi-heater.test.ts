import { describe, expect, test } from 'vitest';
import type { HeaterOutput } from '../../../hardware/heater/heater-output.ts';
import { controlPi } from '../../../hardware/heater/pi-control.ts';
import { PiHeater, type PiHeaterSettings } from '../../../hardware/heater/pi-heater.ts';
import { TappedSensor } from '../../../hardware/sensors/tapped-sensor.ts';
import { OvenPlant, ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import { SimulatedHeaterOutput } from '../../../hardware/simulated/simulated-heater-output.ts';
import {
  simulatedThermometer,
  thermometerSchema,
} from '../../../hardware/simulated/simulated-thermometer.ts';
import { CHANNELS } from '../../../src/domain/channel.ts';
import { Fault } from '../../../src/domain/fault.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';

const SETTINGS: PiHeaterSettings = {
  sensor: 'cell-temperature',
  temperatureMax: 90,
  every: 5,
  proportionalBand: 10,
  integralTime: 400,
  staleSamples: 3,
  dutyMax: 1,
};
const INFO = { id: 'heater', model: 'test', provenance: 'simulated' } as const;
const never = new AbortController().signal;

/** The whole heating loop on a virtual clock. */
async function connectedOven() {
  const clock = new VirtualClock();
  const oven = new OvenPlant({ clock, oven: ovenSchema.parse({}) });
  const settings = thermometerSchema.parse({});
  const sensor = new TappedSensor(
    simulatedThermometer({ id: 'cell-temperature', settings, oven, clock, seed: 1 }),
  );
  const heater = new PiHeater({
    info: INFO,
    settings: SETTINGS,
    reading: sensor.source(CHANNELS.temperature.name),
    output: new SimulatedHeaterOutput(oven),
    clock,
  });
  const samples: Sample[] = [];
  const sink = (sample: Sample) => samples.push(sample);
  await sensor.connect(never, sink);
  await heater.connect(never, sink);
  const duties = () => samples.filter(({ channel }) => channel === CHANNELS.heaterDuty.name);
  return { clock, oven, sensor, heater, samples, duties };
}

/** A heater whose reading the test writes. */
async function heaterWithReading(output: HeaterOutput) {
  const clock = new VirtualClock();
  const reading: { sample: Sample | undefined } = { sample: undefined };
  const source = { latest: () => reading.sample };
  const heater = new PiHeater({ info: INFO, settings: SETTINGS, reading: source, output, clock });
  const duties: Sample[] = [];
  await heater.connect(never, (sample) => duties.push(sample));
  const read = (value: number, quality: Sample['quality'] = 'good') => {
    const channel = CHANNELS.temperature.name;
    reading.sample = { channel, timeSecond: clock.nowSecond(), value, quality };
  };
  return { clock, heater, duties, read };
}

const obedient: HeaterOutput = { setDuty: async (duty) => duty };

describe('heating the simulated oven', () => {
  test.each([40, 60, 80])('settles at %i °C with less than 1 °C of overshoot', async (target) => {
    const { clock, oven, heater } = await connectedOven();
    await heater.setTarget(target);
    let highest = 0;
    for (let second = 0; second < 3600; second += 10) {
      await clock.advance(10);
      highest = Math.max(highest, oven.cellCelsius());
    }
    expect(highest).toBeLessThan(target + 1);
    expect(oven.cellCelsius()).toBeGreaterThan(target - 0.2);
    expect(oven.cellCelsius()).toBeLessThan(target + 0.2);
  });

  test('stays cold until a target is set', async () => {
    const { clock, oven, duties } = await connectedOven();
    await clock.advance(600);
    expect(oven.cellCelsius()).toBeCloseTo(25, 9);
    expect(duties().every(({ value, quality }) => value === 0 && quality === 'good')).toBe(true);
  });

  test('removes power at once when told to, and stays off', async () => {
    const { clock, oven, heater } = await connectedOven();
    await heater.setTarget(60);
    await clock.advance(300);
    expect(oven.dutyFraction()).toBeGreaterThan(0);
    await heater.off();
    await heater.off();
    expect(oven.dutyFraction()).toBe(0);
    await clock.advance(600);
    expect(oven.dutyFraction()).toBe(0);
  });

  test('removes power when the thermometer falls silent', async () => {
    const { clock, oven, sensor, heater, duties } = await connectedOven();
    await heater.setTarget(60);
    await clock.advance(120);
    await sensor.disconnect();
    await clock.advance(10);
    expect(oven.dutyFraction()).toBeGreaterThan(0);
    await clock.advance(15);
    expect(oven.dutyFraction()).toBe(0);
    expect(duties().at(-1)).toMatchObject({ value: 0, quality: 'bad' });
  });

  test('removes power on disconnect and reports nothing more', async () => {
    const { clock, oven, heater, duties } = await connectedOven();
    await heater.setTarget(60);
    await clock.advance(60);
    await heater.disconnect();
    const reported = duties().length;
    await clock.advance(60);
    expect(oven.dutyFraction()).toBe(0);
    expect(duties()).toHaveLength(reported);
  });
});

describe('a heater that must not trust its reading', () => {
  test.each([
    ['marked bad', 30, 'bad'],
    ['marked stale', 30, 'stale'],
    ['not a number', Number.NaN, 'good'],
    ['far above the limit', 101, 'good'],
  ] as const)('removes power when the reading is %s', async (_, value, quality) => {
    const { clock, heater, duties, read } = await heaterWithReading(obedient);
    await heater.setTarget(60);
    read(30);
    await clock.advance(5);
    expect(duties.at(-1)?.value).toBeGreaterThan(0);
    read(value, quality);
    await clock.advance(5);
    expect(duties.at(-1)).toMatchObject({ value: 0, quality: 'bad' });
  });

  test('gives no power before the first reading', async () => {
    const { clock, heater, duties } = await heaterWithReading(obedient);
    await heater.setTarget(60);
    await clock.advance(5);
    expect(duties.at(-1)).toMatchObject({ value: 0, quality: 'bad' });
  });

  test('refuses a target above its limit and one that is not a number', async () => {
    const { heater } = await heaterWithReading(obedient);
    await expect(heater.setTarget(90)).resolves.toBeUndefined();
    await expect(heater.setTarget(90.1)).rejects.toMatchObject({ code: 'instrumentUnable' });
    await expect(heater.setTarget(Number.NaN)).rejects.toBeInstanceOf(Fault);
  });

  test('faults when the output keeps power after off', async () => {
    const stuck: HeaterOutput = { setDuty: async () => 0.4 };
    const connecting = heaterWithReading(stuck);
    await expect(connecting).rejects.toMatchObject({ code: 'instrumentReply' });
  });

  test('reports a bad duty when the output is lost, and the reason at the next target', async () => {
    let lost = false;
    const output: HeaterOutput = {
      setDuty: async (duty) => {
        if (lost) throw new Fault('instrumentLost', { where: 'relay board', message: 'unplugged' });
        return duty;
      },
    };
    const { clock, heater, duties, read } = await heaterWithReading(output);
    await heater.setTarget(60);
    lost = true;
    read(30);
    await clock.advance(5);
    expect(duties.at(-1)).toMatchObject({ value: 0, quality: 'bad' });
    await expect(heater.setTarget(50)).rejects.toThrow('unplugged');
    await expect(heater.off()).rejects.toThrow('unplugged');
  });

  test('tries again to remove power when the first disconnect could not confirm it', async () => {
    const answers = [0, 0, 0.4, 0];
    const output: HeaterOutput = { setDuty: async () => answers.shift() ?? Number.NaN };
    const { heater } = await heaterWithReading(output);
    await expect(heater.disconnect()).rejects.toMatchObject({ code: 'instrumentReply' });
    await heater.disconnect();
    await heater.disconnect();
    expect(answers).toEqual([]);
  });

  test('has one order under way at a time and calls a slow output late', async () => {
    let orders = 0;
    let slow = false;
    const output: HeaterOutput = {
      setDuty: (duty) => {
        orders += 1;
        return slow ? new Promise(() => {}) : Promise.resolve(duty);
      },
    };
    const { clock, duties } = await heaterWithReading(output);
    slow = true;
    const before = orders;
    await clock.advance(60);
    expect(orders).toBe(before + 1);
    expect(duties.at(-1)?.quality).toBe('late');
  });
});

describe('the proportional-integral step', () => {
  const settings = { bandCelsius: 10, integralSecond: 400 };

  test('does not wind up while the output is at its limit', () => {
    let integral = 0;
    for (let step = 0; step < 1000; step += 1) {
      const result = controlPi(settings, integral, { errorCelsius: 30, stepSecond: 5 });
      expect(result.dutyFraction).toBe(1);
      integral = result.integralFraction;
    }
    expect(integral).toBe(0);
    expect(controlPi(settings, integral, { errorCelsius: -1, stepSecond: 5 }).dutyFraction).toBe(0);
  });

  test('integrates a standing deviation away', () => {
    const first = controlPi(settings, 0.3, { errorCelsius: 1, stepSecond: 40 });
    expect(first.integralFraction).toBeCloseTo(0.31, 12);
    expect(first.dutyFraction).toBeCloseTo(0.41, 12);
  });
});
