import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/recipe.ts';
import type { Sample } from '../../src/domain/sample.ts';
import { isDue, nextIndex } from '../../src/run/cadence.ts';
import { firstMet, type StepFacts, timeBoundSecond } from '../../src/run/conditions.ts';
import { judgeSample, judgeSilence, limitsOf } from '../../src/run/interlocks.ts';
import { type SoakProgress, soakAfter } from '../../src/run/soak.ts';
import { describeCondition, spokenTime, spokenValue } from '../../src/run/wording.ts';

const ABOVE: Condition = { voltage: { above: true, volt: 0.5 } };
const BELOW: Condition = { voltage: { above: false, volt: 0.5 } };

function facts(change: Partial<StepFacts>): StepFacts {
  return { elapsedSecond: 0, voltage: undefined, events: new Set(), ...change };
}

function good(volt: number) {
  return { volt, quality: 'good' as const };
}

describe('end conditions', () => {
  it('meets a time exactly when it is reached, and not before', () => {
    expect(firstMet([{ time: 10 }], facts({ elapsedSecond: 10 }))).toEqual({ time: 10 });
    expect(firstMet([{ time: 10 }], facts({ elapsedSecond: 9.999 }))).toBeUndefined();
  });

  it('meets a voltage only past its limit, not at it', () => {
    expect(firstMet([ABOVE], facts({ voltage: good(0.5) }))).toBeUndefined();
    expect(firstMet([ABOVE], facts({ voltage: good(0.500001) }))).toBe(ABOVE);
    expect(firstMet([BELOW], facts({ voltage: good(0.5) }))).toBeUndefined();
    expect(firstMet([BELOW], facts({ voltage: good(0.499999) }))).toBe(BELOW);
  });

  it('lets no untrusted, infinite or missing voltage end a step', () => {
    for (const quality of ['overload', 'underload', 'late', 'stale', 'bad'] as const) {
      expect(firstMet([ABOVE], facts({ voltage: { volt: 9, quality } }))).toBeUndefined();
    }
    expect(firstMet([ABOVE], facts({ voltage: good(Number.NaN) }))).toBeUndefined();
    expect(firstMet([ABOVE], facts({ voltage: good(Number.POSITIVE_INFINITY) }))).toBeUndefined();
    expect(firstMet([ABOVE, BELOW], facts({}))).toBeUndefined();
  });

  it('names the first of several that are met together, in the order of the recipe', () => {
    const short: Condition = { event: 'short' };
    const now = facts({ elapsedSecond: 20, voltage: good(1), events: new Set(['short']) });
    expect(firstMet([short, ABOVE, { time: 10 }], now)).toBe(short);
    expect(firstMet([{ time: 10 }, short], now)).toEqual({ time: 10 });
  });

  it('takes the earliest time as the bound, and knows when there is none', () => {
    expect(timeBoundSecond([{ time: 60 }, ABOVE, { time: 30 }])).toBe(30);
    expect(timeBoundSecond([ABOVE])).toBeUndefined();
  });
});

describe('interlocks', () => {
  const limits = limitsOf({
    temperature: { max: 75 },
    voltage: { min: -1, max: 2 },
    current: { max: 0.001 },
  });
  const sample = (channel: string, value: number, quality: Sample['quality'] = 'good') =>
    judgeSample(limits, { channel, value, quality, timeSecond: 0 });

  it('lets a value pass at its limit and trips just past it', () => {
    expect(sample('voltage_volt', 2)).toBeUndefined();
    expect(sample('voltage_volt', -1)).toBeUndefined();
    expect(sample('surface_temperature_celsius', 75)).toBeUndefined();
    expect(sample('voltage_volt', 2.0001)?.message).toContain('above the limit of 2 V');
    expect(sample('voltage_volt', -1.0001)?.message).toContain('below the limit of -1 V');
    expect(sample('surface_temperature_celsius', 75.01)?.channel).toBe(
      'surface_temperature_celsius',
    );
  });

  it('limits the current in both directions', () => {
    expect(sample('current_ampere', -0.001)).toBeUndefined();
    expect(sample('current_ampere', -0.00101)).toBeDefined();
    expect(sample('current_ampere', 0.00101)).toBeDefined();
  });

  it('trips on a watched value that is not a number or cannot be trusted', () => {
    expect(sample('voltage_volt', Number.NaN)).toMatchObject({ value: null });
    expect(sample('voltage_volt', Number.POSITIVE_INFINITY)).toBeDefined();
    for (const quality of ['overload', 'underload', 'late', 'stale', 'bad'] as const) {
      expect(sample('voltage_volt', 1, quality)?.message).toContain(quality);
    }
  });

  it('has no opinion on a channel without a limit', () => {
    expect(sample('applied_pressure_pa', Number.NaN, 'bad')).toBeUndefined();
    expect(limitsOf({ voltage: { min: 0, max: 1 }, current: { max: 1 } }).size).toBe(2);
  });

  it('trips on a silence exactly when it is as long as allowed', () => {
    const [limit] = limits.values();
    if (!limit) throw new Error('no limit');
    const bound = { silenceSecondMax: 30 };
    expect(judgeSilence(limit, { ...bound, silentSecond: 29.9 })).toBeUndefined();
    expect(judgeSilence(limit, { ...bound, silentSecond: 30 })?.message).toContain('silent');
  });
});

describe('the cadence of an acquisition', () => {
  const cadence = { startSecond: 100, everySecond: 30 };

  it('is due at the start of the step and then on its grid', () => {
    expect(isDue(cadence, 0, 100)).toBe(true);
    expect(isDue(cadence, 1, 129.9)).toBe(false);
    expect(isDue(cadence, 1, 130)).toBe(true);
  });

  it('keeps its grid when one takes long, and counts what it leaves out', () => {
    expect(nextIndex(cadence, 0, 110)).toEqual({ index: 1, missed: 0 });
    expect(nextIndex(cadence, 0, 130)).toEqual({ index: 1, missed: 0 });
    expect(nextIndex(cadence, 0, 131)).toEqual({ index: 2, missed: 1 });
    expect(nextIndex(cadence, 1, 250)).toEqual({ index: 5, missed: 3 });
  });
});

describe('a soak', () => {
  const target = { temperatureCelsius: 60, toleranceKelvin: 0.5, dwellSecond: 20 };
  const start: SoakProgress = { inBandSinceSecond: undefined, done: false };
  const run = (values: readonly (readonly [number, number, Sample['quality']?])[]) =>
    values.reduce(
      (progress, [timeSecond, value, quality = 'good']) =>
        soakAfter(target, progress, { timeSecond, value, quality }),
      start,
    );

  it('ends when the temperature has stayed in its band for the dwell, ends included', () => {
    expect(
      run([
        [0, 59.5],
        [10, 60.5],
        [20, 60],
      ]).done,
    ).toBe(true);
    expect(
      run([
        [0, 59.5],
        [10, 60.5],
        [19.9, 60],
      ]).done,
    ).toBe(false);
  });

  it('starts over when the temperature leaves its band', () => {
    expect(
      run([
        [0, 60],
        [10, 60.51],
        [20, 60],
        [35, 60],
      ]).done,
    ).toBe(false);
    expect(
      run([
        [0, 60],
        [10, 60.51],
        [20, 60],
        [40, 60],
      ]).done,
    ).toBe(true);
  });

  it('does not count a value that cannot be trusted', () => {
    expect(
      run([
        [0, 60],
        [10, 60, 'stale'],
        [20, 60],
      ]).done,
    ).toBe(false);
    expect(
      run([
        [0, 60],
        [10, Number.NaN],
        [20, 60],
      ]).done,
    ).toBe(false);
  });
});

describe('the words for people', () => {
  it('says times and values as people do', () => {
    expect([1, 90, 130.5, 600, 1830, 1800, 4320, 7170, 21_600].map(spokenTime)).toEqual([
      '1 s',
      '90 s',
      '130.5 s',
      '10 min',
      '30.5 min',
      '30 min',
      '1 h 12 min',
      '2 h',
      '6 h',
    ]);
    expect(spokenValue(6.28e-4, 'A')).toBe('628 µA');
    expect(spokenValue(200_000, 'Hz')).toBe('200 kHz');
    expect(spokenValue(3e6, 'Hz')).toBe('3 MHz');
    expect(spokenValue(-0.5, 'V')).toBe('-500 mV');
    expect(spokenValue(0, 'A')).toBe('0 A');
  });

  it('names what ended a step', () => {
    expect(describeCondition({ time: 600 })).toBe('time: 10 min');
    expect(describeCondition(ABOVE)).toBe('voltage: > 0.5 V');
    expect(describeCondition({ event: 'short' })).toBe('event: short');
  });
});
