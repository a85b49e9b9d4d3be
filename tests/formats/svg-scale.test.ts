import { describe, expect, it } from 'vitest';
import {
  linearScale,
  logScale,
  powerOfTen,
  roundStep,
  siPrefix,
} from '../../src/formats/svg-scale.ts';

const PIXELS = { lowPixel: 0, highPixel: 100 };

describe('a linear scale', () => {
  it('puts ticks at multiples of 1, 2 or 5 within its ends', () => {
    const { ticks } = linearScale({ low: 0.13, high: 0.71, ...PIXELS }, 5);
    expect(ticks.map(({ label }) => label)).toEqual(['0.2', '0.4', '0.6']);
  });

  it('writes as many decimals as its step has, and a true minus', () => {
    const { ticks } = linearScale({ low: -0.5, high: 0.5, ...PIXELS }, 4);
    expect(ticks.map(({ label }) => label)).toEqual(['−0.5', '0.0', '0.5']);
  });

  it('keeps the ends it is given', () => {
    const { toPixel } = linearScale({ low: 2, high: 4, lowPixel: 10, highPixel: 0 }, 4);
    expect([toPixel(2), toPixel(3), toPixel(4)]).toEqual([10, 5, 0]);
  });
});

describe('a logarithmic scale', () => {
  it('labels powers of ten over many decades', () => {
    const { ticks } = logScale({ low: 1e-3, high: 1e2, ...PIXELS }, 8);
    expect(ticks.map(({ label }) => label)).toEqual(['10⁻³', '10⁻²', '10⁻¹', '10⁰', '10¹', '10²']);
  });

  it('leaves decades out rather than letting numbers touch', () => {
    const { ticks } = logScale({ low: 1e-6, high: 1e6, ...PIXELS }, 4);
    expect(ticks.map(({ label }) => label)).toEqual(['10⁻⁶', '10⁻³', '10⁰', '10³', '10⁶']);
  });

  it('labels round numbers within few decades', () => {
    const { ticks } = logScale({ low: 10, high: 60, ...PIXELS }, 4);
    expect(ticks.map(({ label }) => label)).toEqual(['10', '20', '30', '40', '50']);
  });

  it('places values by their logarithm, however narrow it is', () => {
    const { toPixel } = logScale({ low: 1, high: 2, ...PIXELS }, 4);
    expect(toPixel(Math.SQRT2)).toBeCloseTo(50, 9);
  });
});

describe('steps, prefixes and powers', () => {
  it.each([
    [7, 5, 2],
    [1, 5, 0.2],
    [0.04, 4, 0.01],
    [23, 5, 5],
  ])('makes about the wanted number of round steps of %d', (span, count, step) => {
    expect(roundStep(span, count)).toBeCloseTo(step, 12);
  });

  it('chooses the prefix that needs no zeros', () => {
    expect([0.02, 40, 2e6].map((size) => siPrefix(size).prefix)).toEqual(['m', '', 'M']);
    expect(siPrefix(0).prefix).toBe('');
  });

  it('writes exponents as superscripts', () => {
    expect(powerOfTen(-12)).toBe('10⁻¹²');
  });
});
