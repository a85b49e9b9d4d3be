import { describe, expect, test } from 'vitest';
import { startRhythm } from '../../../hardware/sensors/rhythm.ts';
import { TappedSensor } from '../../../hardware/sensors/tapped-sensor.ts';
import {
  pressureSchema,
  simulatedPressure,
} from '../../../hardware/simulated/simulated-pressure.ts';
import { SimulatedSensor } from '../../../hardware/simulated/simulated-sensor.ts';
import { CHANNELS } from '../../../src/domain/channel.ts';
import { deriveSeed, Random, uniformAt } from '../../../src/domain/random.ts';
import type { Sample } from '../../../src/domain/sample.ts';
import { VirtualClock } from '../../../src/domain/virtual-clock.ts';
import { lithiumCell, PARK_CURRENT_AMPERE } from './support.ts';

const never = new AbortController().signal;

async function record(seed: number, seconds: number): Promise<Sample[]> {
  const clock = new VirtualClock();
  const sensor = makeSensor(clock, seed);
  const samples: Sample[] = [];
  await sensor.connect(never, (sample) => samples.push(sample));
  await clock.advance(seconds);
  await sensor.disconnect();
  await clock.advance(seconds);
  return samples;
}

function makeSensor(clock: VirtualClock, seed: number): SimulatedSensor {
  return new SimulatedSensor({
    id: 'thermometer',
    model: 'test',
    channel: CHANNELS.temperature,
    trueValue: () => 60,
    everySecond: 2,
    noise: 0.05,
    resolution: 0.01,
    clock,
    seed,
  });
}

describe('a simulated sensor', () => {
  test('samples on its grid from connect to disconnect', async () => {
    const samples = await record(1, 10);
    expect(samples.map(({ timeSecond }) => timeSecond)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(samples.every(({ quality }) => quality === 'good')).toBe(true);
  });

  test('repeats its noise by seed and differs between seeds', async () => {
    expect(await record(1, 100)).toEqual(await record(1, 100));
    expect(await record(1, 100)).not.toEqual(await record(2, 100));
  });

  test('has the stated noise and resolution', async () => {
    const values = (await record(3, 8000)).map(({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(60, 2);
    expect(Math.sqrt(variance)).toBeGreaterThan(0.047);
    expect(Math.sqrt(variance)).toBeLessThan(0.053);
    expect(values.every((value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6)).toBe(
      true,
    );
  });

  test('does not start when the connection was called off', async () => {
    const sensor = makeSensor(new VirtualClock(), 1);
    await expect(sensor.connect(AbortSignal.abort(), () => {})).rejects.toThrow();
  });

  test('samples once per beat after it was connected twice', async () => {
    const clock = new VirtualClock();
    const sensor = makeSensor(clock, 1);
    const samples: Sample[] = [];
    await sensor.connect(never, () => {});
    await sensor.connect(never, (sample) => samples.push(sample));
    await clock.advance(4);
    expect(samples).toHaveLength(3);
  });
});

describe('a tapped sensor', () => {
  test('hands every sample on and remembers the newest', async () => {
    const clock = new VirtualClock();
    const tapped = new TappedSensor(makeSensor(clock, 1));
    const source = tapped.source(CHANNELS.temperature.name);
    expect(source.latest()).toBeUndefined();
    const samples: Sample[] = [];
    await tapped.connect(never, (sample) => samples.push(sample));
    await clock.advance(4);
    expect(samples).toHaveLength(3);
    expect(source.latest()).toBe(samples.at(-1));
    expect(tapped.source(CHANNELS.pressure.name).latest()).toBeUndefined();
  });
});

test('the stack pressure rises with heat and with lithium in the electrolyte', async () => {
  const clock = new VirtualClock();
  const cell = lithiumCell(clock, 1, 60);
  const settings = pressureSchema.parse({ noise: '0 Pa' });
  const sensor = simulatedPressure({ id: 'stack-pressure', settings, cell, clock, seed: 1 });
  const samples: Sample[] = [];
  await sensor.connect(never, (sample) => samples.push(sample));
  expect(samples[0]?.value).toBe(5e6 + 35 * 10e3);
  cell.setCurrent(PARK_CURRENT_AMPERE);
  await clock.advance(4 * 3600);
  expect(samples.at(-1)?.value).toBe(5e6 + 35 * 10e3 + 120e3);
});

describe('a rhythm', () => {
  test('skips the beats a busy process slept through', () => {
    let now = 0;
    const armed: { delay: number; callback: () => void }[] = [];
    const clock = {
      nowSecond: () => now,
      utcMs: () => 0,
      hold: () => () => {},
      after: (delay: number, callback: () => void) => {
        armed.push({ delay, callback });
        return () => {};
      },
    };
    let beats = 0;
    startRhythm(clock, 10, () => {
      beats += 1;
    });
    expect([beats, armed.at(-1)?.delay]).toEqual([1, 10]);
    now = 47;
    armed.at(-1)?.callback();
    expect([beats, armed.at(-1)?.delay]).toEqual([2, 3]);
  });

  test('ends from within a beat', async () => {
    const clock = new VirtualClock();
    let beats = 0;
    const cancel = startRhythm(clock, 1, () => {
      beats += 1;
      if (beats === 3) cancel();
    });
    await clock.advance(10);
    expect(beats).toBe(3);
  });
});

describe('seeded randomness', () => {
  test('gives each purpose its own stream', () => {
    const seeds = ['a', 'b', 'thermometer noise', 'pressure noise'].map((it) => deriveSeed(7, it));
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(deriveSeed(7, 'a')).toBe(deriveSeed(7, 'a'));
    expect(deriveSeed(8, 'a')).not.toBe(deriveSeed(7, 'a'));
  });

  test('is normal with mean 0 and variance 1, and uniform at any index', () => {
    const random = new Random(5);
    const draws = Array.from({ length: 20_000 }, () => random.normal());
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + draw * draw, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    const indexed = Array.from({ length: 10_000 }, (_, index) => uniformAt(5, index));
    expect(Math.abs(indexed.reduce((sum, it) => sum + it, 0) / 10_000 - 0.5)).toBeLessThan(0.02);
    expect(uniformAt(5, 77)).toBe(uniformAt(5, 77));
  });
});
