import { describe, expect, it, test } from 'vitest';
import { PiHeater, piHeaterSchema } from '../../../hardware/heater/pi-heater.ts';
import { identifyStep, type StepPoint, tuningOf } from '../../../hardware/heater/step-response.ts';
import { type HeaterTuning, tuneHeater } from '../../../hardware/heater/tune-heater.ts';
import { TappedSensor } from '../../../hardware/sensors/tapped-sensor.ts';
import { OvenPlant, ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import { SimulatedHeaterOutput } from '../../../hardware/simulated/simulated-heater-output.ts';
import {
  simulatedThermometer,
  thermometerSchema,
} from '../../../hardware/simulated/simulated-thermometer.ts';
import { CHANNELS } from '../../../src/domain/channel.ts';
import { Random } from '../../../src/domain/random.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';

const never = new AbortController().signal;

function ovenBench(oven: Record<string, string> = {}, settings: Record<string, unknown> = {}) {
  const clock = new VirtualClock();
  const plant = new OvenPlant({ clock, oven: ovenSchema.parse(oven) });
  const thermometer = simulatedThermometer({
    id: 'cell-temperature',
    settings: thermometerSchema.parse({}),
    oven: plant,
    clock,
    seed: 5,
  });
  const sensor = new TappedSensor(thermometer);
  const heater = new PiHeater({
    info: { id: 'heater', model: 'test', provenance: 'simulated' },
    settings: piHeaterSchema.parse({
      sensor: 'cell-temperature',
      temperatureMax: '90 °C',
      ...settings,
    }),
    reading: sensor.source(CHANNELS.temperature.name),
    output: new SimulatedHeaterOutput(plant),
    clock,
  });
  return { clock, plant, sensor, heater };
}

/** Drives the clock until the work is done. */
async function driven<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const driving = clock.drive(Number.POSITIVE_INFINITY, ended.signal);
  try {
    return await work;
  } finally {
    ended.abort();
    await driving;
  }
}

function tunedOn(bench: ReturnType<typeof ovenBench>, stepFraction = 0.4): Promise<HeaterTuning> {
  const { clock, heater, sensor } = bench;
  const options = { heater, sensors: [sensor], clock, stepFraction, signal: never };
  return driven(clock, tuneHeater(options));
}

/** As the lines of the command would be written into the rig file. */
function settingsOf({ response, tuning }: HeaterTuning) {
  return {
    proportionalBand: `${tuning.proportionalBandKelvin} °C`,
    integralTime: `${tuning.integralSecond} s`,
    identified: {
      rise: `${response.riseKelvin} °C`,
      timeConstant: `${response.timeConstantSecond} s`,
      deadTime: `${response.deadTimeSecond} s`,
      room: `${response.roomCelsius} °C`,
    },
  };
}

/** A soak: the largest overshoot, and the largest deviation in two hours once it has settled. */
async function soak(
  oven: Record<string, string>,
  settings: Record<string, unknown>,
  { target = 70, settleSecond = 3600 } = {},
) {
  const { clock, plant, sensor, heater } = ovenBench(oven, settings);
  await sensor.connect(never, () => {});
  await heater.connect(never, () => {});
  await heater.setTarget(target);
  let overshoot = 0;
  let deviation = 0;
  for (let second = 0; second < settleSecond + 7200; second += 10) {
    await clock.advance(10);
    const away = plant.cellCelsius() - target;
    overshoot = Math.max(overshoot, away);
    if (second >= settleSecond) deviation = Math.max(deviation, Math.abs(away));
  }
  await heater.disconnect();
  await sensor.disconnect();
  return { overshoot, deviation };
}

describe('a heater after its tuning', () => {
  test.each([
    ['of the simulated rig', {}, 3600],
    ['with a quick sensor', { cellLag: '10 s' }, 3600],
    ['with a slow sensor and twice the mass', { cellLag: '120 s', heatCapacity: '1200 J/K' }, 5400],
    ['ten times as heavy', { heatCapacity: '6000 J/K' }, 9000],
    ['with half the power', { heaterPower: '30 W' }, 5400],
  ] as const)('%s holds 70 °C within 0.2 °C for two hours, overshoot below 1 °C', async (_, oven, settleSecond) => {
    const found = await tunedOn(ovenBench(oven), 'heaterPower' in oven ? 0.8 : 0.4);
    const { overshoot, deviation } = await soak(oven, settingsOf(found), { settleSecond });
    expect(overshoot).toBeLessThan(1);
    expect(deviation).toBeLessThan(0.2);
  });

  it('keeps its target when the room is not the one of the tuning', async () => {
    const found = await tunedOn(ovenBench());
    const { overshoot, deviation } = await soak({ ambient: '15 °C' }, settingsOf(found), {
      settleSecond: 5400,
    });
    expect(overshoot).toBeLessThan(1);
    expect(deviation).toBeLessThan(0.2);
  });

  it('does better than settings that nobody has tuned', async () => {
    const guessed = { proportionalBand: '20 °C', integralTime: '60 s' };
    const { overshoot } = await soak({}, guessed);
    expect(overshoot).toBeGreaterThan(1);
  });
});

describe('tuning a heater', () => {
  it('finds rise, time constant and dead time of the oven, and leaves it off', async () => {
    const bench = ovenBench();
    const { response, watchedSecond } = await tunedOn(bench);
    expect(Math.abs(response.riseKelvin / 120 - 1)).toBeLessThan(0.03);
    expect(Math.abs(response.timeConstantSecond / 1200 - 1)).toBeLessThan(0.05);
    // The lag of the cell is what a first order has no other place for.
    expect(response.deadTimeSecond).toBeGreaterThan(25);
    expect(response.deadTimeSecond).toBeLessThan(60);
    expect(Math.abs(response.roomCelsius - 25)).toBeLessThan(0.2);
    expect(watchedSecond).toBeLessThan(2400);
    expect(bench.plant.dutyFraction()).toBe(0);
  });

  it('refuses an oven that is not at rest', async () => {
    const bench = ovenBench();
    bench.plant.setDuty(1);
    await bench.clock.advance(900);
    await expect(tunedOn(bench)).rejects.toThrow('let it come to rest first');
    expect(bench.plant.dutyFraction()).toBe(0);
  });

  it('refuses a step that would bring it to its limit before it is known', async () => {
    const bench = ovenBench({}, { temperatureMax: '35 °C' });
    await expect(tunedOn(bench, 1)).rejects.toThrow('take a smaller step than 1');
    expect(bench.plant.dutyFraction()).toBe(0);
    expect(bench.plant.cellCelsius()).toBeLessThan(45);
  });

  it('refuses a heater that heats nothing', async () => {
    const bench = ovenBench({ heaterPower: '0 W' });
    await expect(tunedOn(bench)).rejects.toThrow('has not answered within 30 min');
    expect(bench.clock.nowSecond()).toBeLessThan(2400);
  });

  it('ends with the heater off when it is stopped', async () => {
    const { clock, heater, sensor, plant } = ovenBench();
    const stop = new AbortController();
    clock.after(600, () => stop.abort(new Error('enough')));
    const work = tuneHeater({
      heater,
      sensors: [sensor],
      clock,
      stepFraction: 0.4,
      signal: stop.signal,
    });
    await expect(driven(clock, work)).rejects.toThrow('enough');
    expect(plant.dutyFraction()).toBe(0);
  });
});

describe('a step response', () => {
  const model = { riseKelvin: 90, timeConstantSecond: 800, deadTimeSecond: 35, roomCelsius: 21 };
  function answer(noiseKelvin: number, everySecond = 10): StepPoint[] {
    const random = new Random(11);
    return Array.from({ length: 160 }, (_, at) => {
      const timeSecond = at * everySecond - 120;
      const share =
        1 - Math.exp(-Math.max(0, timeSecond - model.deadTimeSecond) / model.timeConstantSecond);
      const celsius = model.roomCelsius + 0.5 * model.riseKelvin * share;
      return { timeSecond, celsius: celsius + noiseKelvin * random.normal() };
    });
  }

  it('of first order with a dead time is identified exactly, and with noise closely', () => {
    const exact = identifyStep(answer(0), 0.5);
    expect(exact?.riseKelvin).toBeCloseTo(90, 1);
    expect(exact?.timeConstantSecond).toBeCloseTo(800, 0);
    expect(exact?.deadTimeSecond).toBeCloseTo(35, 0);
    expect(exact?.residualKelvin).toBeLessThan(0.01);
    const noisy = identifyStep(answer(0.05), 0.5);
    expect(Math.abs((noisy?.timeConstantSecond ?? 0) / 800 - 1)).toBeLessThan(0.02);
    expect(noisy?.residualKelvin).toBeCloseTo(0.05, 2);
  });

  it('is none with too few points, without power, or when it falls with the power', () => {
    expect(identifyStep(answer(0).slice(0, 10), 0.5)).toBeUndefined();
    expect(identifyStep(answer(0), 0)).toBeUndefined();
    const falling = answer(0).map((one) => ({ ...one, celsius: 40 - one.celsius }));
    expect(identifyStep(falling, 0.5)).toBeUndefined();
  });

  it('gives the controller of the SIMC rules', () => {
    // θ = 35 s and half a beat of 10 s: 40 s, so gain = 800 / (90 · 80) and τI = min(800, 320).
    const tuning = tuningOf(model, 10);
    expect(tuning.proportionalBandKelvin).toBeCloseTo(9, 9);
    expect(tuning.integralSecond).toBeCloseTo(320, 9);
    expect(tuningOf({ ...model, timeConstantSecond: 200 }, 10).integralSecond).toBe(200);
  });
});
