import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { LaggedLaw, type Window } from '../../src/run/lagged-law.ts';

const OVERLAP = 12;

/** A minute at rest under little power, seen with the noise of a thermometer. */
const quiet = (random: Random): Window => ({
  second: 60,
  gainedKelvin: 0.03 * random.normal(),
  dutySecond: 12,
  celsiusSecond: 60 * 40,
  restSecond: 0,
});
/** Full power, which nobody has seen this oven under. */
const UNSEEN: Window = { ...quiet(new Random(1)), dutySecond: 60 };

function learned(): { readonly law: LaggedLaw; readonly random: Random } {
  const law = new LaggedLaw(0);
  const random = new Random(5);
  for (let lesson = 0; lesson < 200; lesson += 1) {
    law.learn(quiet(random), { stepSecond: 5, overlap: OVERLAP, isKnown: false });
  }
  return { law, random };
}

describe('the law of one lag', () => {
  it('allows more where it has seen nothing than where it has', () => {
    const { law, random } = learned();
    const seen = law.judge(quiet(random)).toleranceKelvin;
    expect(law.judge(UNSEEN).toleranceKelvin).toBeGreaterThan(3 * seen);
  });

  it('is not surer of itself after one lesson that overlaps no other', () => {
    const { law, random } = learned();
    const before = law.judge(UNSEEN).toleranceKelvin;
    law.learn(quiet(random), { stepSecond: 60, overlap: 1, isKnown: false });
    expect(law.judge(UNSEEN).toleranceKelvin).toBeGreaterThan(0.8 * before);
  });
});
