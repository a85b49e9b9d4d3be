import { describe, expect, test } from 'vitest';
import { OvenPlant, ovenSchema } from '../../../hardware/simulated/oven-plant.ts';
import { HandClock } from './support.ts';

function makeOven(options: Record<string, string> = {}) {
  const clock = new HandClock();
  const parameters = ovenSchema.parse(options);
  return { clock, parameters, oven: new OvenPlant({ clock, oven: parameters }) };
}

describe('the simulated oven', () => {
  test('stores what the heater gives less what the room takes', () => {
    const { clock, oven, parameters } = makeOven();
    oven.setDuty(0.6);
    let lostJoule = 0;
    const stepSecond = 0.5;
    let before = oven.blockCelsius();
    while (clock.second < 1800) {
      clock.second += stepSecond;
      const now = oven.blockCelsius();
      const mean = (before + now) / 2;
      lostJoule += parameters.heatLoss * (mean - parameters.ambient) * stepSecond;
      before = now;
    }
    const givenJoule = 0.6 * parameters.heaterPower * clock.second;
    const storedJoule = parameters.heatCapacity * (before - parameters.ambient);
    expect(storedJoule).toBeCloseTo(givenJoule - lostJoule, 1);
  });

  test('rests at power over loss above the room, however long the jump', () => {
    const { clock, oven } = makeOven({ heaterPower: '60 W', heatLoss: '0.5 W/K' });
    oven.setDuty(0.5);
    clock.second = 10 * 3600;
    expect(oven.blockCelsius()).toBeCloseTo(25 + 60, 6);
    expect(oven.cellCelsius()).toBeCloseTo(25 + 60, 6);
  });

  test('does not depend on how often it is asked', () => {
    const one = makeOven();
    const many = makeOven();
    one.oven.setDuty(1);
    many.oven.setDuty(1);
    while (many.clock.second < 600) {
      many.clock.second += 1;
      many.oven.cellCelsius();
    }
    one.clock.second = many.clock.second;
    expect(one.oven.cellCelsius()).toBeCloseTo(many.oven.cellCelsius(), 8);
  });

  test('warms the cell after the block', () => {
    const { clock, oven } = makeOven();
    oven.setDuty(1);
    clock.second = 60;
    expect(oven.cellCelsius()).toBeGreaterThan(25);
    expect(oven.cellCelsius()).toBeLessThan(oven.blockCelsius() - 1);
  });

  test('limits the duty to what a heater has', () => {
    const { oven } = makeOven();
    oven.setDuty(7);
    expect(oven.dutyFraction()).toBe(1);
    oven.setDuty(-1);
    expect(oven.dutyFraction()).toBe(0);
  });

  test('refuses a cell slower than its oven, and a loss of zero', () => {
    expect(ovenSchema.safeParse({ cellLag: '30 min' }).success).toBe(false);
    expect(ovenSchema.safeParse({ heatLoss: '0 W/K' }).success).toBe(false);
  });
});
