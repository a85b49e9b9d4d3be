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

  it('say nothing of each other when there is only one', () => {
    expect(worst(1, { hasOven: false })).toBeUndefined();
  });
});
