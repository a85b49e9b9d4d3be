import { describe, expect, it } from 'vitest';
import { controlPi } from '../../../hardware/heater/pi-control.ts';
import { PiHeater, piHeaterSchema } from '../../../hardware/heater/pi-heater.ts';
import { TappedSensor } from '../../../hardware/sensors/tapped-sensor.ts';
import { OvenPlant, ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import { SimulatedHeaterOutput } from '../../../hardware/simulated/simulated-heater-output.ts';
import {
  simulatedThermometer,
  thermometerSchema,
} from '../../../hardware/simulated/simulated-thermometer.ts';
import { CHANNELS } from '../../../src/domain/channel.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;
const TUNED = {
  proportionalBand: '8.6 °C',
  integralTime: '350 s',
  identified: { rise: '120 °C', timeConstant: '1200 s', deadTime: '40 s', room: '25 °C' },
};

async function connected(settings: Record<string, unknown>) {
  const clock = new VirtualClock();
  const oven = new OvenPlant({ clock, oven: ovenSchema.parse({}) });
  const sensor = new TappedSensor(
    simulatedThermometer({
      id: 'cell-temperature',
      settings: thermometerSchema.parse({}),
      oven,
      clock,
      seed: 2,
    }),
  );
  const heater = new PiHeater({
    info: { id: 'heater', model: 'test', provenance: 'simulated' },
    settings: piHeaterSchema.parse({
      sensor: 'cell-temperature',
      temperatureMax: '90 °C',
      ...settings,
    }),
    reading: sensor.source(CHANNELS.temperature.name),
    output: new SimulatedHeaterOutput(oven),
    clock,
  });
  const duties: Sample[] = [];
  await sensor.connect(never, () => {});
  await heater.connect(never, (sample) => duties.push(sample));
  return { clock, oven, heater, duties };
}

describe('a heater that knows what it heats', () => {
  it('follows a ramp of 2 °C a minute closely, and ends it without overshoot', async () => {
    const { clock, oven, heater } = await connected(TUNED);
    let lag = 0;
    let overshoot = 0;
    for (let second = 0; second < 3600; second += 5) {
      const target = Math.min(70, 25 + second / 30);
      await heater.setTarget(target);
      await clock.advance(5);
      if (second > 300 && target < 70) lag = Math.max(lag, Math.abs(target - oven.cellCelsius()));
      overshoot = Math.max(overshoot, oven.cellCelsius() - 70);
    }
    // The cell is behind its oven by 45 s, which are 1.5 °C; the heat in the oven still comes.
    expect(lag).toBeLessThan(1.6);
    expect(overshoot).toBeLessThan(0.6);
    expect(Math.abs(oven.cellCelsius() - 70)).toBeLessThan(0.2);
  });

  it('holds the duty of its target from the first beat on, where it is there already', async () => {
    const { clock, heater, duties } = await connected(TUNED);
    await clock.advance(10);
    await heater.setTarget(25);
    await clock.advance(10);
    expect(duties.at(-1)?.value).toBeLessThan(0.02);
    const step = controlPi({ bandCelsius: 8, integralSecond: 300 }, 0, {
      errorCelsius: 0,
      stepSecond: 5,
      feedForwardFraction: 0.375,
    });
    expect(step).toEqual({ dutyFraction: 0.375, integralFraction: 0 });
  });

  it('says what was identified, and nothing where nothing was', async () => {
    expect((await connected(TUNED)).heater.response).toEqual({
      riseKelvin: 120,
      timeConstantSecond: 1200,
      deadTimeSecond: 40,
      roomCelsius: 25,
    });
    expect((await connected({})).heater.response).toBeUndefined();
  });
});

describe('a heater with a highest duty', () => {
  it('gives no more, neither to reach a target nor when it is told to hold one', async () => {
    const { clock, heater, duties } = await connected({ ...TUNED, dutyMax: '40 %' });
    await clock.advance(1);
    await heater.setTarget(80);
    await clock.advance(60);
    expect(duties.at(-1)?.value).toBe(0.4);
    await expect(heater.holdDuty(0.41)).rejects.toThrow('expected 0 to 0.4');
  });

  it('does not wind up there', () => {
    const settings = { bandCelsius: 10, integralSecond: 100, dutyMax: 0.4 };
    const step = controlPi(settings, 0.1, { errorCelsius: 8, stepSecond: 5 });
    expect(step).toEqual({ dutyFraction: 0.4, integralFraction: 0.1 });
  });
});

describe('a fixed share of the power', () => {
  it('is given until the limit of the temperature, and then none, marked bad', async () => {
    const { clock, oven, heater, duties } = await connected({ temperatureMax: '40 °C' });
    await clock.advance(1);
    await heater.holdDuty(1);
    await clock.advance(100);
    expect(duties.at(-1)).toMatchObject({ value: 1, quality: 'good' });
    await clock.advance(600);
    expect(duties.some(({ value, quality }) => value === 0 && quality === 'bad')).toBe(true);
    // What the block still holds comes after.
    expect(oven.cellCelsius()).toBeLessThan(47);
    await heater.off();
    expect(oven.dutyFraction()).toBe(0);
  });

  it.each([-0.1, 1.1, Number.NaN])('of %f is refused', async (fraction) => {
    const { heater } = await connected({});
    await expect(heater.holdDuty(fraction)).rejects.toThrow('expected 0 to 1');
  });
});
