import { describe, expect, it } from 'vitest';
import { TRIPS } from '../../../firmware-bridge/board-protocol.ts';
import { boardLimits } from '../../../hardware/board/board-limits.ts';
import { boardSchema } from '../../../hardware/board/board-options.ts';
import { tripName, tripReason, tripRemedy } from '../../../hardware/board/board-words.ts';
import {
  forceOf,
  pressureOf,
  temperatureOf,
  thermocoupleOf,
} from '../../../hardware/board/conversions.ts';
import { celsiusOf, resistanceOf, slopeOf } from '../../../hardware/board/platinum.ts';
import { calibrationSchema, isOverdue } from '../../../src/domain/calibration.ts';
import { calibration } from './board-rig-bench.ts';
import { AREA_SQUARE_METRE, LOAD_CELL, PLATINUM, SENSORS, TRANSDUCER } from './terminals-bench.ts';

const STANDARD = { resistance: 100, a: 3.9083e-3, b: -5.775e-7, c: -4.183e-12 };

describe('a platinum resistor', () => {
  // IEC 60751:2008, table 1.
  it.each([
    [-200, 18.52],
    [-100, 60.26],
    [-50, 80.31],
    [0, 100],
    [50, 119.4],
    [100, 138.51],
    [400, 247.09],
    [850, 390.48],
  ])('has at %i °C the %f Ω of the table', (celsius, ohm) => {
    expect(resistanceOf(STANDARD, celsius)).toBeCloseTo(ohm, 2);
    expect(celsiusOf(STANDARD, resistanceOf(STANDARD, celsius))).toBeCloseTo(celsius, 6);
  });

  it('has a slope that is the change of its resistance', () => {
    for (const celsius of [-150, -0.5, 0.5, 300]) {
      const step = 1e-4;
      const change =
        resistanceOf(STANDARD, celsius + step) - resistanceOf(STANDARD, celsius - step);
      expect(slopeOf(STANDARD, celsius)).toBeCloseTo(change / (2 * step), 6);
    }
  });

  it('is nothing outside the standard, nor without a resistance', () => {
    for (const ohm of [18.5, 390.6, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(celsiusOf(STANDARD, ohm)).toBeNaN();
    }
  });
});

describe('the uncertainty of a reading', () => {
  it('is the one of its comparison, halved where that is an expanded one, and of the converter', () => {
    const pt100 = calibration('pt100-reference');
    if (pt100.kind !== 'platinum') throw new Error('another kind');
    const { standardError } = temperatureOf(pt100, 8350);
    const stepCelsius = 430 / 2 ** 15 / 0.3883;
    expect(standardError).toBeCloseTo(Math.hypot(0.3, stepCelsius / Math.sqrt(12)), 4);
  });

  it('grows with the force where a part of it is relative', () => {
    const cell = { ...LOAD_CELL, uncertainty: 20, relativeUncertainty: 0.02, coverage: 2 };
    const at = (newton: number) => forceOf(cell, cell.zero + newton * cell.codesPerNewton);
    expect(at(0).standardError).toBeCloseTo(10, 3);
    expect(at(1000).value).toBeCloseTo(1000, 9);
    expect(at(1000).standardError).toBeCloseTo(Math.hypot(10, 10), 3);
  });

  it('of the gas pressure is one step of the microcontroller at least', () => {
    const step = (5 / 1024) * (4e5 / (4.47 - 0.52));
    expect(pressureOf(TRANSDUCER, 4000).standardError).toBeCloseTo(step / Math.sqrt(12), 6);
  });

  it('of a thermocouple keeps the offset out of the value', () => {
    const couple = calibration('type-k-reference');
    if (couple.kind !== 'thermocouple') throw new Error('another kind');
    expect(thermocoupleOf({ ...couple, offset: 1.5 }, 128 * 30).value).toBe(28.5);
  });
});

describe('the limits of a board', () => {
  const parsed = boardSchema.parse({
    serial: '/dev/serial/by-id/one',
    guards: ['emergencyStop', 'gas'],
    limits: {
      temperatureMin: '-20 °C',
      temperatureMax: '95 °C',
      ovenTemperatureMax: '130 °C',
      pressureMax: '40 MPa',
      gasPressureMax: '2.5 bar',
    },
  });
  const limits = boardLimits({
    board: parsed,
    sensors: SENSORS,
    areaSquareMetre: AREA_SQUARE_METRE,
    dutyMax: 0.8,
  });

  it('are the codes next to them on the safe side: the code beyond is beyond the limit', () => {
    expect(temperatureOf(PLATINUM, limits.thermometerMax).value).toBeLessThanOrEqual(95);
    expect(temperatureOf(PLATINUM, limits.thermometerMax + 1).value).toBeGreaterThan(95);
    expect(temperatureOf(PLATINUM, limits.thermometerMin).value).toBeGreaterThanOrEqual(-20);
    expect(temperatureOf(PLATINUM, limits.thermometerMin - 1).value).toBeLessThan(-20);
    const pascal = (code: number) => forceOf(LOAD_CELL, code).value / AREA_SQUARE_METRE;
    expect(pascal(limits.forceMax)).toBeLessThanOrEqual(40e6);
    expect(pascal(limits.forceMax + 1)).toBeGreaterThan(40e6);
    expect(pressureOf(TRANSDUCER, limits.pressureMax).value).toBeLessThanOrEqual(2.5e5);
    expect(pressureOf(TRANSDUCER, limits.pressureMax + 1).value).toBeGreaterThan(2.5e5);
    expect(limits).toMatchObject({ dutyMax: 800, fitted: 0b1111, guarded: 0b101 });
    expect(limits).toMatchObject({ hostSilenceMs: 900, sensorSilenceMs: 500 });
  });

  it('ask for no sensor that is not fitted, and for no heat without a heater', () => {
    const none = boardLimits({ board: parsed, sensors: {}, areaSquareMetre: 1, dutyMax: 0 });
    expect(none).toMatchObject({
      fitted: 0,
      dutyMax: 0,
      thermometerMax: 0xffff,
      forceMax: 2 ** 27 - 1,
    });
  });
});

describe('the words of a trip', () => {
  it('are there for every reason the board can have, each its own', () => {
    const codes = Object.values(TRIPS).filter((code) => code !== TRIPS.none);
    expect(new Set(codes.map(tripReason)).size).toBe(codes.length);
    for (const code of codes) expect(tripRemedy(code).length).toBeGreaterThan(10);
    expect(tripName(99)).toBeUndefined();
    expect(tripReason(99)).toContain('99');
  });
});

describe('a calibration file', () => {
  const pt100 = {
    kind: 'platinum',
    title: 'one',
    date: '2026-03-02',
    due: '2027-03-02',
    by: 'someone',
    against: 'ice',
    resistance: '100 Ω',
    reference: '430 Ω',
    uncertainty: '0.1 °C',
  };

  it('is due at the end of its day, and not before', () => {
    const one = calibrationSchema.parse(pt100);
    expect(isOverdue(one, Date.UTC(2027, 2, 2, 23, 59))).toBe(false);
    expect(isOverdue(one, Date.UTC(2027, 2, 3))).toBe(true);
  });

  it.each([
    ['without its uncertainty', { uncertainty: undefined }],
    ['without a date', { date: undefined }],
    ['with a date that is none', { due: '2027-02-30' }],
    ['without who has compared it', { by: '' }],
    ['with a resistance of zero', { resistance: '0 Ω' }],
    ['with a key that nobody knows', { r0: 100 }],
    ['of a kind that nobody knows', { kind: 'thermistor' }],
  ])('%s is refused', (_, change) => {
    expect(calibrationSchema.safeParse({ ...pt100, ...change }).success).toBe(false);
  });

  it('of a transducer whose span is below its zero is refused', () => {
    const one = {
      ...calibrationBase(pt100),
      kind: 'transducer',
      zeroVoltage: '4.5 V',
      spanVoltage: '0.5 V',
      zeroPressure: '0 bar',
      spanPressure: '4 bar',
      uncertainty: '0.1 bar',
    };
    expect(calibrationSchema.safeParse(one).success).toBe(false);
  });
});

function calibrationBase({ title, date, due, by, against }: Record<string, unknown>) {
  return { title, date, due, by, against };
}
