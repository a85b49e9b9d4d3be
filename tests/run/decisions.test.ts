import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/domain/sample.ts';
import { boundSecond } from '../../src/run/condition-plan.ts';
import { ConditionWatch } from '../../src/run/condition-watch.ts';
import { judgeSample, judgeSilence, limitsOf } from '../../src/run/interlocks.ts';
import type { PlannedCondition } from '../../src/run/plan.ts';
import { type SoakProgress, soakAfter } from '../../src/run/soak.ts';
import type { StepFacts } from '../../src/run/step-facts.ts';
import { describeCondition, spokenTime, spokenValue } from '../../src/run/wording.ts';

const ABOVE: PlannedCondition = { voltage: { above: true, value: 0.5 } };
const BELOW: PlannedCondition = { voltage: { above: false, value: 0.5 } };

function facts(change: Partial<StepFacts>): StepFacts {
  return {
    elapsedSecond: 0,
    voltage: undefined,
    current: undefined,
    temperature: undefined,
    pressure: undefined,
    voltageRate: undefined,
    chargeCoulomb: 0,
    derived: new Map(),
    events: new Set(),
    ...change,
  };
}

function good(value: number) {
  return { value, quality: 'good' as const };
}

function firstMet(conditions: readonly PlannedCondition[], now: StepFacts) {
  return new ConditionWatch(conditions).look(now);
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
      expect(firstMet([ABOVE], facts({ voltage: { value: 9, quality } }))).toBeUndefined();
    }
    expect(firstMet([ABOVE], facts({ voltage: good(Number.NaN) }))).toBeUndefined();
    expect(firstMet([ABOVE], facts({ voltage: good(Number.POSITIVE_INFINITY) }))).toBeUndefined();
    expect(firstMet([ABOVE, BELOW], facts({}))).toBeUndefined();
  });

  it('names the first of several that are met together, in the order of the recipe', () => {
    const short: PlannedCondition = { event: 'short' };
    const now = facts({ elapsedSecond: 20, voltage: good(1), events: new Set(['short']) });
    expect(firstMet([short, ABOVE, { time: 10 }], now)).toBe(short);
    expect(firstMet([{ time: 10 }, short], now)).toEqual({ time: 10 });
  });

  it('compares the sizes of current, charge and slope, whatever their sign', () => {
    const small: PlannedCondition = { current: { above: false, value: 1e-5 } };
    expect(firstMet([small], facts({ current: good(-2e-5) }))).toBeUndefined();
    expect(firstMet([small], facts({ current: good(-0.5e-5) }))).toBe(small);
    const full: PlannedCondition = { charge: { coulomb: 2 } };
    expect(firstMet([full], facts({ chargeCoulomb: -1.99 }))).toBeUndefined();
    expect(firstMet([full], facts({ chargeCoulomb: -2 }))).toBe(full);
    const flat: PlannedCondition = { voltageRate: { above: false, value: 1e-6 } };
    expect(firstMet([flat], facts({}))).toBeUndefined();
    expect(firstMet([flat], facts({ voltageRate: good(-2e-6) }))).toBeUndefined();
    expect(firstMet([flat], facts({ voltageRate: good(-5e-7) }))).toBe(flat);
  });

  it('ends on what analysis has worked out, once it has', () => {
    const risen: PlannedCondition = { derived: { name: 'fit.R2', above: true, value: 500 } };
    expect(firstMet([risen], facts({}))).toBeUndefined();
    expect(firstMet([risen], facts({ derived: new Map([['fit.R1', 900]]) }))).toBeUndefined();
    expect(firstMet([risen], facts({ derived: new Map([['fit.R2', 501]]) }))).toBe(risen);
  });

  it('waits until a condition has stayed met, and begins anew when it has not', () => {
    const held: PlannedCondition = { ...ABOVE, for: 10 };
    const watch = new ConditionWatch([held]);
    const at = (elapsedSecond: number, volt: number) =>
      watch.look(facts({ elapsedSecond, voltage: good(volt) }));
    expect(at(0, 1)).toBeUndefined();
    expect(at(9, 1)).toBeUndefined();
    expect(at(9.5, 0.4)).toBeUndefined();
    expect(at(11, 1)).toBeUndefined();
    expect(at(20.9, 1)).toBeUndefined();
    expect(at(21, 1)).toBe(held);
  });

  it('joins conditions by all and any, at any depth', () => {
    const both: PlannedCondition = { all: [{ time: 10 }, { any: [ABOVE, BELOW] }] };
    expect(firstMet([both], facts({ elapsedSecond: 10, voltage: good(0.5) }))).toBeUndefined();
    expect(firstMet([both], facts({ elapsedSecond: 9, voltage: good(1) }))).toBeUndefined();
    expect(firstMet([both], facts({ elapsedSecond: 10, voltage: good(0) }))).toBe(both);
  });

  it('knows the earliest bound on time, and when there is none', () => {
    expect(boundSecond([{ time: 60 }, ABOVE, { time: 30 }], 0)).toBe(30);
    expect(boundSecond([ABOVE], 1)).toBeUndefined();
    expect(boundSecond([{ charge: { coulomb: 6 } }], -0.1)).toBe(60);
    expect(boundSecond([{ charge: { coulomb: 6 } }], 0)).toBeUndefined();
    expect(boundSecond([{ all: [{ time: 60 }, { time: 90 }] }], 0)).toBe(90);
    expect(boundSecond([{ all: [{ time: 60 }, ABOVE] }], 0)).toBeUndefined();
    expect(boundSecond([{ time: 60, for: 5 }], 0)).toBe(65);
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
