import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { silenceBound } from '../../src/run/intake.ts';
import { ThermalModel, type ThermalVerdict } from '../../src/run/thermal-model.ts';

const GAIN = 0.1;
const LAG_SECOND = 45;

interface Playing {
  readonly lossPerSecond?: number;
  readonly hours?: number;
  /** Power that nobody has ordered, in duty. */
  readonly extra?: (second: number) => number;
  readonly seed?: number;
  /** From then on a model that knows nothing of what was before. */
  readonly takenUpSecond?: number;
  readonly lagSecond?: number;
}

/** An oven with a cell that lags, held at one temperature after another by a crude controller. */
function play(playing: Playing = {}) {
  const { lossPerSecond = 8e-4, hours = 4, extra = () => 0, seed = 1 } = playing;
  const { takenUpSecond = 0, lagSecond = LAG_SECOND } = playing;
  let model = new ThermalModel();
  const random = new Random(seed);
  const first: { second?: number; verdict?: ThermalVerdict } = {};
  let block = 25;
  let cell = 25;
  for (let second = 0; second < hours * 3600; second += 1) {
    if (second === takenUpSecond) model = new ThermalModel();
    const target = [60, 45, 65][Math.floor(second / 4000) % 3] ?? 60;
    if (second % 5 === 0) {
      const hold = ((target - 25) * lossPerSecond) / GAIN;
      const duty = Math.min(1, Math.max(0, hold + (target - cell) / 10));
      model.setDuty(second, duty);
      play.duty = duty;
    }
    const power = play.duty + extra(second);
    block += GAIN * power - lossPerSecond * (block - 25);
    cell += (block - cell) / lagSecond;
    if (second % 5 !== 0) continue;
    const verdict = model.add({ timeSecond: second, celsius: cell + 0.02 * random.normal() });
    const isOff = verdict && Math.abs(verdict.unexplainedKelvin) > verdict.toleranceKelvin;
    if (!isOff || first.verdict) continue;
    first.second = second;
    first.verdict = verdict;
  }
  return { model, first };
}
play.duty = 0;

describe('the model of an oven', () => {
  it('learns what power brings, and explains a sound oven', () => {
    const { model, first } = play();
    expect(first.verdict).toBeUndefined();
    expect(model.isKnown).toBe(true);
    const celsius = 60;
    const rateAt = (duty: number, second: number): number => {
      model.setDuty(second, duty);
      // Long after, when the duty has arrived at the thermometer whatever its lag.
      model.add({ timeSecond: second + 3000, celsius });
      return model.expectedRate(celsius) ?? Number.NaN;
    };
    const heating = rateAt(1, 20_000);
    const cooling = rateAt(0, 30_000);
    expect(Math.abs((heating - cooling) / GAIN - 1)).toBeLessThan(0.05);
    expect(Math.abs(cooling / (-8e-4 * 35) - 1)).toBeLessThan(0.05);
  });

  it('explains an oven ten times slower as well', () => {
    const { first } = play({ lossPerSecond: 8e-5 });
    expect(first.verdict).toBeUndefined();
  });

  it('sees heat that nobody has ordered, and says how much', () => {
    const { first } = play({ extra: (second) => (second >= 11_000 ? 0.5 : 0) });
    expect((first.second ?? 0) - 11_000).toBeGreaterThan(0);
    expect((first.second ?? 0) - 11_000).toBeLessThanOrEqual(45);
    expect(first.verdict?.unexplainedKelvin).toBeGreaterThan(0);
  });

  it('sees heat that is missing', () => {
    const { first } = play({ extra: (second) => (second >= 11_000 ? -play.duty : 0) });
    expect((first.second ?? 0) - 11_000).toBeGreaterThan(0);
    expect((first.second ?? 0) - 11_000).toBeLessThanOrEqual(90);
    expect(first.verdict?.unexplainedKelvin).toBeLessThan(0);
  });

  it('explains an oven that it begins to see in the midst of heating and cooling', () => {
    for (const lagSecond of [25, LAG_SECOND, 110]) {
      for (let takenUpSecond = 0; takenUpSecond <= 5000; takenUpSecond += 500) {
        const { first, model } = play({ takenUpSecond, lagSecond, seed: takenUpSecond + 1 });
        expect({ lagSecond, takenUpSecond, first }).toEqual({
          lagSecond,
          takenUpSecond,
          first: {},
        });
        expect(model.isKnown).toBe(true);
      }
    }
  });

  it('says nothing before it knows the oven, or while nobody tells the duty', () => {
    const { first, model } = play({ hours: 0.1, extra: (second) => (second > 200 ? 1 : 0) });
    expect(first.verdict).toBeUndefined();
    expect(model.expectedRate(60)).toBeUndefined();
    const silent = new ThermalModel();
    expect(silent.add({ timeSecond: 1, celsius: 30 })).toBeUndefined();
  });
});

describe('a sensor that is silent', () => {
  it('has two beats and a half, at least 5 s, at most 30 s', () => {
    expect(silenceBound(1)).toBe(5);
    expect(silenceBound(4)).toBe(10);
    expect(silenceBound(60)).toBe(30);
    expect(silenceBound(undefined)).toBe(30);
  });
});
