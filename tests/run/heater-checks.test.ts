import { describe, expect, it } from 'vitest';
import {
  type Approach,
  approachAfter,
  GAIN_SECOND,
  isJump,
  NOT_UNPOWERED,
  SETTLE_SECOND,
  type Unpowered,
  unpoweredAfter,
} from '../../src/run/heater-checks.ts';

const EVERY_SECOND = 5;

/** When and why an approach is first called a fault; undefined when it never is. */
function firstFault(
  celsiusAt: (second: number) => number,
  options: {
    target?: (second: number) => number;
    rate?: number;
    dutyAt?: (second: number) => number;
    seconds?: number;
  } = {},
) {
  const { target = () => 60, rate, dutyAt = () => 1, seconds = 3600 } = options;
  let state: Approach | undefined;
  for (let timeSecond = 0; timeSecond <= seconds; timeSecond += EVERY_SECOND) {
    const judged = approachAfter(state, {
      timeSecond,
      celsius: celsiusAt(timeSecond),
      targetCelsius: target(timeSecond),
      dutyFraction: dutyAt(timeSecond),
      expectedRate: rate,
    });
    if (judged.fault) return { timeSecond, fault: judged.fault };
    state = judged.state;
  }
  return undefined;
}

describe('the approach to a target', () => {
  it('is no fault while two degrees come in each gain window', () => {
    const rate = 2 / GAIN_SECOND;
    expect(firstFault((second) => Math.min(60, 25 + rate * second))).toBeUndefined();
  });

  it('is a stuck heater when nothing comes within the gain window', () => {
    const found = firstFault(() => 25);
    expect(found?.timeSecond).toBeGreaterThanOrEqual(GAIN_SECOND);
    expect(found?.timeSecond).toBeLessThanOrEqual(GAIN_SECOND + 2 * EVERY_SECOND);
    expect(found?.fault).toContain('the heater is stuck or its sensor has come off');
  });

  it('of a slow oven is no fault: nobody knows it yet, or its model expects no more', () => {
    const slow = (second: number): number => Math.min(60, 25 + 0.01 * second);
    expect(firstFault(slow, { seconds: 5000 })).toBeUndefined();
    expect(firstFault(slow, { rate: 0.011, seconds: 5000 })).toBeUndefined();
  });

  it('of a controller that asks for little heat is no fault, though it creeps', () => {
    expect(firstFault(() => 54.5, { rate: 0.005 })).toBeUndefined();
  });

  it('that brings less than half of what the model expects is a fault', () => {
    expect(firstFault((second) => 25 + 0.004 * second, { rate: 0.011 })).toBeDefined();
  });

  it('is no fault while a new target is reached by cooling, however slowly', () => {
    const target = (second: number): number => (second < 100 ? 90 : 40);
    const celsius = (second: number): number =>
      second < 100 ? 90 : 40 + 50 * Math.exp(-(second - 100) / 9000);
    expect(firstFault(celsius, { target, seconds: 20_000 })).toBeUndefined();
  });

  it('is out of control when the temperature rises far above its target', () => {
    const found = firstFault((second) => 60 + 0.05 * second);
    expect(found?.fault).toContain('goes on rising far above its target of 60 °C');
    expect(found?.timeSecond).toBeGreaterThan(SETTLE_SECOND);
    expect(found?.timeSecond).toBeLessThan(SETTLE_SECOND + 90);
  });

  it('may rise above a target by heat that was on its way when it was set', () => {
    const celsius = (second: number): number => 60 + 20 * (1 - Math.exp(-second / 90));
    expect(firstFault(celsius, { target: () => 40 })).toBeUndefined();
  });

  it('of an oven that nobody knows is no fault while its controller still raises the power', () => {
    const celsius = (second: number): number => 57 - 7 * Math.sin(Math.min(second, 900) / 300);
    const ramp = (second: number): number => Math.min(0.4, second / 2000);
    expect(firstFault(celsius, { dutyAt: ramp, seconds: 780 })).toBeUndefined();
    expect(firstFault(celsius, { dutyAt: () => 0.4, seconds: 780 })?.fault).toContain('is stuck');
    expect(firstFault(() => 25, { dutyAt: (second) => second / 5000 })?.fault).toContain('stuck');
  });

  it('is watched through a ramp as well', () => {
    const target = (second: number): number => 30 + Math.floor(second / 60) * 0.5;
    const found = firstFault((second) => 40 + 0.1 * second, { target });
    expect(found?.timeSecond).toBeLessThan(SETTLE_SECOND + 90);
  });

  it('may overshoot by what the block still holds, and come back', () => {
    const celsius = (second: number): number =>
      60 + 9 * (second / 150) * Math.exp(1 - second / 150);
    expect(firstFault(celsius)).toBeUndefined();
  });

  it('is no fault within five degrees of the target, for ever', () => {
    expect(
      firstFault((second) => 60 + 4.9 * Math.sin(second / 50), { seconds: 50_000 }),
    ).toBeUndefined();
  });

  it('begins anew with each target, as a ramp does', () => {
    const target = (second: number): number => 30 + Math.floor(second / 60) * 0.5;
    expect(firstFault(() => 24, { target, seconds: 3000 })).toBeUndefined();
  });
});

describe('a heater without power', () => {
  function run(celsiusAt: (second: number) => number, seconds: number, duty = 0) {
    let state: Unpowered = NOT_UNPOWERED;
    for (let timeSecond = 0; timeSecond <= seconds; timeSecond += EVERY_SECOND) {
      const judged = unpoweredAfter(state, {
        timeSecond,
        celsius: celsiusAt(timeSecond),
        dutyFraction: duty,
      });
      if (judged.fault) return timeSecond;
      state = judged.state;
    }
    return undefined;
  }

  it('that heats all the same is a runaway', () => {
    const found = run((second) => 40 + 0.02 * second, 3600) ?? Number.NaN;
    expect(found).toBeGreaterThan(SETTLE_SECOND);
    expect(found).toBeLessThan(SETTLE_SECOND + 120);
  });

  it('may give its cell what the block still holds, and the cell then cools', () => {
    const celsius = (second: number): number =>
      60 + 5 * (1 - Math.exp(-second / 60)) - 0.005 * second;
    expect(run(celsius, 7200)).toBeUndefined();
  });

  it('may follow a room that warms three degrees in a morning', () => {
    expect(run((second) => 22 + (3 * second) / 10_800, 10_800)).toBeUndefined();
  });

  it('is not judged while there is power', () => {
    expect(run((second) => 25 + 0.05 * second, 3600, 0.5)).toBeUndefined();
  });
});

describe('from one temperature to the next', () => {
  const from = { timeSecond: 100, celsius: 60 };
  it('a cell changes no faster than a few degrees and one more each second', () => {
    expect(isJump(from, { timeSecond: 105, celsius: 68 })).toBe(false);
    expect(isJump(from, { timeSecond: 105, celsius: 68.1 })).toBe(true);
    expect(isJump(from, { timeSecond: 105, celsius: 51.9 })).toBe(true);
    expect(isJump(from, { timeSecond: 200, celsius: 90 })).toBe(false);
  });
});
