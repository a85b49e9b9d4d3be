import { describe, expect, it } from 'vitest';
import { InstrumentClock } from '../../../hardware/potentiostats/instrument-clock.ts';
import {
  describeScpiError,
  parseScpiError,
} from '../../../hardware/potentiostats/keithley-errors.ts';
import { parseKeithleyIdentity } from '../../../hardware/potentiostats/keithley-identity.ts';
import {
  KEITHLEY_MODELS,
  keithleyCapability,
  nominalRange,
  rangeFor,
} from '../../../hardware/potentiostats/keithley-models.ts';
import {
  HOLD_SECOND_MAX,
  plannedPoints,
  rhythmOf,
  shortestPoint,
  smuPlan,
  visitsIn,
} from '../../../hardware/potentiostats/keithley-plan.ts';
import { scpiNumber } from '../../../hardware/potentiostats/keithley-session.ts';

const CAPABILITY = keithleyCapability('2400');

describe('the ranges of a model', () => {
  it.each(
    KEITHLEY_MODELS.map(({ name, capability }) => [name, capability] as const),
  )('of a %s go from the smallest to the largest, each with its limits', (_, {
    accuracy,
    currentAmpereMax,
    voltageVoltMax,
  }) => {
    for (const ranges of [accuracy.voltageVolt, accuracy.currentAmpere]) {
      const scales = ranges.map(({ fullScale }) => fullScale);
      expect(scales).toEqual([...scales].sort((a, b) => a - b));
      for (const { gainRelative, offset, fullScale } of ranges) {
        expect(gainRelative).toBeGreaterThan(0);
        expect(offset).toBeGreaterThan(0);
        expect(offset).toBeLessThan(fullScale / 100);
      }
    }
    expect(accuracy.currentAmpere.at(-1)?.fullScale).toBe(currentAmpereMax);
    expect(accuracy.voltageVolt.at(-1)?.fullScale).toBe(voltageVoltMax);
  });

  it('are chosen by what they hold, full scale included', () => {
    const { currentAmpere } = CAPABILITY.accuracy;
    expect(rangeFor(currentAmpere, 0)).toBe(1e-6);
    expect(rangeFor(currentAmpere, -1e-3)).toBe(1e-3);
    expect(rangeFor(currentAmpere, 1.01e-3)).toBe(10e-3);
    expect(rangeFor(currentAmpere, 7)).toBe(1);
  });

  it('are known by the most they measure too, as a 2400 names them', () => {
    const { currentAmpere } = CAPABILITY.accuracy;
    expect(nominalRange(currentAmpere, 1.05e-4)).toBe(100e-6);
    expect(nominalRange(currentAmpere, 1e-4)).toBe(100e-6);
    expect(nominalRange(currentAmpere, 3e-4)).toBeUndefined();
    expect(nominalRange(currentAmpere, Number.NaN)).toBeUndefined();
  });
});

describe('the plan of a technique', () => {
  const flow = { sampleEverySecond: 1, durationSecond: 10 };

  it.each([
    // A battery: the compliance is the upper limit, whichever way the current flows.
    [1e-3, 2.5, 4.3, 4.3],
    [-1e-3, 2.5, 4.3, 4.3],
    // A symmetric cell: one compliance keeps both.
    [1e-3, -1, 1, 1],
    // The lower limit is farther: the upper one is left to who reads.
    [-1e-3, -3, 1, 3],
  ])('%d A between %d V and %d V has a compliance of %d V', (ampere, low, high, compliance) => {
    const plan = smuPlan(
      {
        kind: 'constantCurrent',
        currentAmpere: ampere,
        voltageVoltMin: low,
        voltageVoltMax: high,
        ...flow,
      },
      CAPABILITY,
    );
    expect(plan.compliance).toBe(compliance);
    expect(plan.source).toBe('current');
  });

  it('at open circuit is the smallest current range under the largest voltage', () => {
    const plan = smuPlan({ kind: 'openCircuit', ...flow }, CAPABILITY);
    expect(plan).toMatchObject({ source: 'current', level: 0, sourceRange: 1e-6, compliance: 20 });
  });

  it('of a sweep has one voltage range for all of it', () => {
    const sweep = { rateVoltPerSecond: 0.1, stepVolt: 0.1, currentAmpereMax: 5 };
    const plan = smuPlan(
      { kind: 'linearSweep', startVolt: 0.1, endVolt: -2.5, ...sweep },
      CAPABILITY,
    );
    expect(plan).toMatchObject({ source: 'voltage', level: 0.1, sourceRange: 20, compliance: 1 });
  });

  it('has a sample at each interval, and a rest without one', () => {
    const points = [
      ...plannedPoints({ kind: 'openCircuit', sampleEverySecond: 3, durationSecond: 10 }),
    ];
    expect(points.map(({ isSampled }) => isSampled)).toEqual([true, true, true, false]);
    expect(points.at(-1)?.durationSecond).toBeCloseTo(1, 9);
    const even = [
      ...plannedPoints({ kind: 'openCircuit', sampleEverySecond: 0.1, durationSecond: 0.3 }),
    ];
    expect(even.map(({ isSampled }) => isSampled)).toEqual([true, true, true]);
    const short = [
      ...plannedPoints({ kind: 'openCircuit', sampleEverySecond: 60, durationSecond: 5 }),
    ];
    expect(short).toEqual([{ level: undefined, durationSecond: 5, isSampled: true }]);
  });

  it('is fine at an edge, then ten times slower, with a last sample at the very end', () => {
    const rest = {
      kind: 'openCircuit',
      sampleEverySecond: 10,
      durationSecond: 25,
      edge: { everySecond: 0.2, durationSecond: 1 },
    } as const;
    const points = [...plannedPoints(rest)];
    expect(points.every(({ isSampled }) => isSampled)).toBe(true);
    const seconds = points.map(({ durationSecond }) => durationSecond);
    expect(seconds.slice(0, 5)).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    expect(seconds.slice(5)).toEqual([10, 10, 4]);
    // The instrument reads fast enough for the finest of them, from the beginning.
    expect(shortestPoint(rest)).toBe(0.2);
  });

  it('of a voltammogram passes each turning point once', () => {
    const cycle = {
      kind: 'cyclicVoltammetry',
      startVolt: 0,
      verticesVolt: [0.2, -0.1],
      rateVoltPerSecond: 0.1,
      stepVolt: 0.1,
      cycles: 2,
      currentAmpereMax: 1,
    } as const;
    const levels = [...plannedPoints(cycle)].map(({ level }) => Math.round((level ?? 0) * 10) + 0);
    expect(levels).toEqual([0, 1, 2, 1, 0, -1, 0, 1, 2, 1, 0, -1, 0]);
  });
});

describe('the rhythm of visits', () => {
  it.each([0.2, 0.5, 1, 2, 3, 7, 60, 3600])('of points of %d s', (pointSecond) => {
    const rhythm = rhythmOf(pointSecond, HOLD_SECOND_MAX);
    const { pauseSecond, readingsMax } = rhythm;
    const visitSecond = pointSecond / visitsIn({ durationSecond: pointSecond });
    expect(visitSecond).toBeLessThanOrEqual(2);
    // Even if every reading takes as long as it may, the output goes off in time.
    expect(readingsMax * (pauseSecond + 0.2)).toBeLessThanOrEqual(HOLD_SECOND_MAX);
    // Even if every reading takes no time at all, it holds over a visit: half of it for a 2450.
    expect(Math.floor(readingsMax / 2) * (pauseSecond + 0.02)).toBeGreaterThan(visitSecond);
  });
});

describe('the clock of an instrument', () => {
  it('is the host clock with an offset that arrivals bound', () => {
    const clock = new InstrumentClock();
    clock.align(0, 100);
    expect(clock.hostSecond(1, 101.5)).toBeCloseTo(101, 3);
    // It cannot be later than it came.
    expect(clock.hostSecond(2, 101.7)).toBeCloseTo(101.7, 9);
    expect(clock.hostSecond(3, 103.5)).toBeCloseTo(102.7, 3);
  });

  it('follows an instrument that runs slow, no faster than crystals do', () => {
    const clock = new InstrumentClock();
    clock.align(0, 0);
    for (let second = 10; second <= 10_000; second += 10) {
      const shown = clock.hostSecond(second * (1 - 50e-6), second + 0.1);
      expect(shown).toBeLessThanOrEqual(second + 0.1);
      expect(shown).toBeGreaterThan(second - 0.01);
    }
  });

  it('knows a reading again', () => {
    const clock = new InstrumentClock();
    expect(clock.isHeard(1)).toBe(false);
    clock.hostSecond(1, 1);
    expect(clock.isHeard(1)).toBe(true);
    expect(clock.isHeard(0.5)).toBe(true);
    expect(clock.isHeard(1.1)).toBe(false);
    clock.align(0, 5);
    expect(clock.isHeard(0.5)).toBe(false);
  });
});

describe('what an instrument says of itself and of errors', () => {
  it('its name', () => {
    const old = 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,1098765,C30   Mar 17 2006 09:29:29/A02  /H/K';
    expect(parseKeithleyIdentity(old)).toEqual({
      model: '2400',
      serialNumber: '1098765',
      firmware: 'C30   Mar 17 2006 09:29:29/A02  /H/K',
    });
    expect(parseKeithleyIdentity('KEITHLEY INSTRUMENTS,MODEL 2450,04415918,1.7.12b')?.model).toBe(
      '2450',
    );
    expect(parseKeithleyIdentity('Agilent Technologies,34401A,0,10')).toBeUndefined();
    expect(parseKeithleyIdentity('KEITHLEY INSTRUMENTS,MODEL ,1,2')).toBeUndefined();
  });

  it('its errors, in words where there are any', () => {
    expect(parseScpiError('0,"No error"')).toEqual({ code: 0, text: 'No error' });
    expect(parseScpiError('+803,"Not permitted with OUTPUT off"')?.code).toBe(803);
    expect(parseScpiError('-113')).toBeUndefined();
    expect(parseScpiError('1.5,"x"')).toBeUndefined();
    expect(describeScpiError({ code: 803, text: 'x' })).toContain('with the output off');
    expect(describeScpiError({ code: 9999, text: 'News' })).toBe('error 9999 "News"');
  });

  it.each([
    [0, '0'],
    [130e-6, '0.00013'],
    [-1e-9, '-1E-9'],
    [1e-7 / 3, '3.33333333E-8'],
    [4.3, '4.3'],
    [1e21, '1E21'],
  ])('the number %d is written %s', (value, text) => {
    expect(scpiNumber(value)).toBe(text);
  });

  it('a number that is none is never sent', () => {
    expect(() => scpiNumber(Number.NaN)).toThrow(RangeError);
    expect(() => scpiNumber(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});
