import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { DISAGREEMENT_KELVIN_MAX, SensorAgreement } from '../../src/run/sensor-agreement.ts';

const LAG_SECOND = 45;

/** The largest disagreement of a cell that follows its oven, with an error added to it. */
function worst(
  hours: number,
  {
    error = () => 0,
    hasOven = true,
  }: { error?: (second: number) => number; hasOven?: boolean } = {},
): number | undefined {
  const agreement = new SensorAgreement();
  const random = new Random(5);
  let oven = 25;
  let cell = 25;
  let largest: number | undefined;
  for (let second = 0; second < hours * 3600; second += 2) {
    // Heats for a quarter of an hour in every hour, and cools.
    oven += 2 * (second % 3600 < 900 ? 0.05 : -0.006 * ((oven - 25) / 20));
    cell += (oven - cell) * (1 - Math.exp(-2 / LAG_SECOND));
    if (hasOven) agreement.addOven(second, oven + 0.02 * random.normal());
    const away = agreement.addCell(second, cell + 0.02 * random.normal() + error(second));
    if (away !== undefined) largest = Math.max(largest ?? 0, away);
  }
  return largest;
}

interface Course {
  /** Where both begin, °C; the oven unless given otherwise for the cell. */
  readonly oven: number;
  readonly cell?: number;
  /** °C/s of the oven. */
  readonly rate: (second: number) => number;
  readonly seconds: number;
  readonly error?: (second: number) => number;
  readonly everySecond?: number;
  /** So long after its oven the cell is read. */
  readonly afterSecond?: number;
  readonly noiseKelvin?: number;
  /** Of the run at its first reading: an interruption is long after its beginning. */
  readonly fromSecond?: number;
  readonly seed?: number;
}

/** How far the cell is from where it can be, at each of its readings. */
function awayIn(course: Course): readonly (readonly [second: number, away: number])[] {
  const { rate, seconds, error = () => 0, everySecond = 5, seed = 1 } = course;
  const { afterSecond = 1, noiseKelvin = 0.02, fromSecond = 0 } = course;
  const agreement = new SensorAgreement();
  const random = new Random(seed);
  let { oven } = course;
  let cell = course.cell ?? oven;
  const found: [number, number][] = [];
  for (let second = 0; second < seconds; second += everySecond) {
    oven += rate(second) * everySecond;
    cell += (oven - cell) * (1 - Math.exp(-everySecond / LAG_SECOND));
    agreement.addOven(fromSecond + second, oven + noiseKelvin * random.normal());
    const read = cell + noiseKelvin * random.normal() + error(second);
    found.push([second, agreement.addCell(fromSecond + second + afterSecond, read) ?? 0]);
  }
  return found;
}

const largestIn = (course: Course): number => Math.max(...awayIn(course).map(([, away]) => away));
/** When they are first too far apart; undefined when never. */
const calledAt = (course: Course): number | undefined =>
  awayIn(course).find(([, away]) => away > DISAGREEMENT_KELVIN_MAX)?.[0];

/** At rest for so many hours, then heated by 10 °C as fast as an oven of 60 W does. */
const restThenHeat = (hours: number, seed: number, noiseKelvin: number): Course => ({
  oven: 40,
  fromSecond: 566,
  noiseKelvin,
  rate: (second) => (second >= hours * 3600 && second < hours * 3600 + 150 ? 0.07 : 0),
  seconds: hours * 3600 + 1800,
  seed,
});

describe('two thermometers that are first seen at rest, as after an interruption', () => {
  it('agree when the oven is heated then: rest tells nothing of the lag', () => {
    for (const hours of [0.6, 2, 10]) {
      for (const noiseKelvin of [0.02, 0.15]) {
        for (const seed of [1, 2, 3, 4]) {
          const largest = largestIn(restThenHeat(hours, seed, noiseKelvin));
          const what = `${hours} h, noise of ${noiseKelvin} °C, seed ${seed}`;
          expect(largest, what).toBeLessThan(DISAGREEMENT_KELVIN_MAX / 2);
        }
      }
    }
  });

  it('disagree when one drifts away, within a tenth of the time that 2 °C take', () => {
    for (const sign of [-1, 1]) {
      const error = (second: number): number => (sign * Math.max(0, second - 3600)) / 600;
      const second = calledAt({ oven: 40, rate: () => 0, seconds: 7200, error });
      expect(second).toBeGreaterThan(3600 + 1080);
      expect(second).toBeLessThan(3600 + 1320);
    }
  });

  it('disagree at once when one is suddenly 3 °C off', () => {
    const error = (second: number): number => (second >= 600 ? 3 : 0);
    expect(calledAt({ oven: 40, rate: () => 0, seconds: 1200, error })).toBe(600);
  });
});

describe('two thermometers that are first seen while the oven changes', () => {
  it('agree although the cell is still far behind its oven', () => {
    for (const [oven, cell] of [
      [50, 45],
      [60, 25],
      [25, 60],
    ] as const) {
      const course: Course = { oven, cell, rate: (at) => (at < 300 ? 0.07 : 0), seconds: 3600 };
      expect(largestIn(course), `${oven} °C and ${cell} °C`).toBeLessThan(
        DISAGREEMENT_KELVIN_MAX / 2,
      );
    }
  });

  it('disagree within ten minutes when one was 3 °C off from the start', () => {
    const course: Course = { oven: 50, rate: () => 0, seconds: 3600, error: () => 3 };
    expect(calledAt(course)).toBeLessThanOrEqual(600);
  });

  it('disagree when one drifts away after it', () => {
    for (const sign of [-1, 1]) {
      const error = (second: number): number => (sign * Math.max(0, second - 600)) / 600;
      const second = calledAt({
        oven: 50,
        cell: 45,
        rate: (at) => (at < 300 ? 0.07 : 0),
        seconds: 3600,
        error,
      });
      expect(second).toBeGreaterThan(600 + 1000);
      expect(second).toBeLessThan(600 + 1400);
    }
  });
});

describe('two thermometers', () => {
  it('agree although one lags behind the other, heating and cooling', () => {
    expect(worst(12)).toBeLessThan(DISAGREEMENT_KELVIN_MAX / 2);
  });

  it('agree although one is half a degree off for ever', () => {
    expect(worst(12, { error: () => 0.5 })).toBeLessThan(DISAGREEMENT_KELVIN_MAX);
  });

  it('disagree when one drifts away, whatever the direction', () => {
    for (const sign of [-1, 1]) {
      const error = (second: number): number => sign * Math.max(0, (second - 14_400) / 600);
      expect(worst(7, { error })).toBeGreaterThan(DISAGREEMENT_KELVIN_MAX);
    }
  });

  it('learn the lag also where both are read at the same moment', () => {
    const course: Course = {
      oven: 25,
      rate: (second) => (second % 3600 < 900 ? 0.05 : -0.05 / 3),
      seconds: 7200,
      afterSecond: 0,
      // Five degrees low while it is heated: as if it lagged by a minute and a half more.
      error: (second) => (second >= 4200 ? -5 : 0),
    };
    expect(calledAt(course)).toBe(4200);
  });

  it('still know the lag after a day of rest', () => {
    const day = 24 * 3600;
    const heats = (second: number): boolean =>
      second < 600 || (second >= day && second < day + 150);
    const course: Course = {
      oven: 25,
      rate: (second) => (heats(second) ? 0.05 : 0),
      seconds: day + 1800,
      everySecond: 10,
    };
    expect(largestIn(course)).toBeLessThan(DISAGREEMENT_KELVIN_MAX / 2);
  });

  it('say nothing of each other when there is only one', () => {
    expect(worst(1, { hasOven: false })).toBeUndefined();
  });
});
