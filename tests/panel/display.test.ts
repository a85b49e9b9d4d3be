import { describe, expect, it } from 'vitest';
import {
  displayUnit,
  formatDuration,
  formatNumber,
  formatQuantity,
  formatWithError,
  niceStep,
  timeSteps,
  timeUnit,
} from '../../src/panel/web/display.ts';
import { percentileWindow, toRgba } from '../../src/panel/web/grey-scale.ts';
import { nyquistScale } from '../../src/panel/web/nyquist-scale.ts';

describe('numbers for people', () => {
  it.each([
    [6.28e-4, 'A', '628.0 µA'],
    [0.0581, 'V', '58.10 mV'],
    [5.1e6, 'Pa', '5.100 MPa'],
    [0, 'A', '0 A'],
    [-2e-9, 'A', '−2.000 nA'],
    [59.94, '°C', '59.94 °C'],
    [0.24, '1', '24.00 %'],
    [1e-20, 'A', '1.000e−8 pA'],
    [Number.NaN, 'V', '– V'],
  ])('%d %s is written %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });

  it('take no prefix on a unit that has none', () => {
    expect(displayUnit('°C', 0.001)).toEqual({ symbol: '°C', factor: 1 });
    expect(displayUnit('Ω·s', 1e5).factor).toBe(1);
  });

  it('have as many places as their error allows', () => {
    expect(formatWithError(31.2034, 0.342)).toBe('31.20 ± 0.34');
    expect(formatWithError(1234.5, 56)).toBe('1235 ± 56');
    expect(formatWithError(-5e-6, 2e-7)).toBe('−0.00000500 ± 0.00000020');
    expect(formatWithError(3, 0)).toBe('3.000');
  });

  it('have four digits, and an exponent only when they need it', () => {
    expect(['0.00123', '12345', '1e9', '1e-9'].map((text) => formatNumber(Number(text)))).toEqual([
      '0.001230',
      '12345',
      '1.000e+9',
      '1.000e−9',
    ]);
  });

  it('are durations of two parts at most', () => {
    const texts = [8.5, 59.6, 620, 11_400, 200_000, Number.POSITIVE_INFINITY].map(formatDuration);
    expect(texts).toEqual(['8.5 s', '1 min 0 s', '10 min 20 s', '3 h 10 min', '2 d 7 h', '–']);
  });

  it('have a time axis in the unit of its span, with steps people count in', () => {
    expect([60, 3600, 40_000, 1e6].map((span) => timeUnit(span).symbol)).toEqual([
      's',
      'min',
      'h',
      'd',
    ]);
    expect(timeSteps(timeUnit(40_000))).toContain(1800);
    expect(timeSteps(timeUnit(40_000))).not.toContain(1200);
    expect([niceStep(70, 8), niceStep(0.9, 4), niceStep(0, 4)]).toEqual([10, 0.5, 1]);
  });
});

describe('a Nyquist plot', () => {
  const box = { left: 50, top: 10, width: 400, height: 200 };
  const arc = Array.from({ length: 37 }, (_, at) => ({
    zRealOhm: 40 + 30 * (1 - Math.cos((Math.PI * at) / 36)),
    zImagOhm: -30 * Math.sin((Math.PI * at) / 36),
  }));

  it('has as many pixels per ohm across as up, so that a semicircle is one', () => {
    const scale = nyquistScale(arc, box);
    expect(scale.x(50) - scale.x(40)).toBeCloseTo(scale.y(0) - scale.y(-10), 9);
  });

  it('holds every point within its box, inductive ones too', () => {
    const points = [...arc, { zRealOhm: 38, zImagOhm: 6 }];
    const scale = nyquistScale(points, box);
    for (const { zRealOhm, zImagOhm } of points) {
      expect(scale.x(zRealOhm)).toBeGreaterThanOrEqual(box.left);
      expect(scale.x(zRealOhm)).toBeLessThanOrEqual(box.left + box.width);
      expect(scale.y(zImagOhm)).toBeGreaterThanOrEqual(box.top);
      expect(scale.y(zImagOhm)).toBeLessThanOrEqual(box.top + box.height);
    }
  });

  it.each([
    ['no point', []],
    ['one point', [{ zRealOhm: 5, zImagOhm: -1 }]],
    ['one point on the axis', [{ zRealOhm: 5, zImagOhm: 0 }]],
    ['a point that is not a number', [{ zRealOhm: Number.NaN, zImagOhm: -1 }]],
  ])('has finite axes and few ticks with %s', (_, points) => {
    const scale = nyquistScale(points, box);
    expect(Number.isFinite(scale.x(5)) && Number.isFinite(scale.y(-1))).toBe(true);
    expect(scale.xTicksOhm.length + scale.yTicksOhm.length).toBeLessThan(40);
  });
});

describe('the grey scale', () => {
  it('spreads the percentiles from black to white', () => {
    const pixels = new Uint8Array(1000).map((_, at) =>
      at < 5 ? 0 : at >= 995 ? 255 : 100 + (at % 50),
    );
    expect(percentileWindow(pixels, 0)).toEqual({ low: 0, high: 255 });
    expect(percentileWindow(pixels, 1)).toEqual({ low: 100, high: 149 });
    const rgba = toRgba(Uint8Array.of(0, 100, 149, 255), { low: 100, high: 149 });
    expect([...rgba].filter((_, at) => at % 4 === 0)).toEqual([0, 0, 255, 255]);
    expect(rgba[3]).toBe(255);
  });

  it('shows a picture of one grey instead of dividing by nothing', () => {
    expect(percentileWindow(new Uint8Array(16).fill(7), 2)).toEqual({ low: 0, high: 255 });
  });
});
