import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatLiteral,
  parseLiteral,
} from '../../../hardware/potentiostats/methodscript-literal.ts';

describe('script literals', () => {
  it.each([
    [0.5, '500m'],
    [-0.5, '-500m'],
    [58.505, '58505m'],
    [200_000, '200k'],
    [10, '10'],
    [36_000, '36k'],
    [16.3e-6, '16300n'],
    [0, '0'],
    [86_400 * 21, '1814400'],
  ])('writes %d as %s and reads it back', (value, text) => {
    expect(formatLiteral(value)).toBe(text);
    expect(parseLiteral(text)).toBeCloseTo(value, 12);
  });

  it('never writes a decimal point or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e20, max: 1e20, noNaN: true }), (value) => {
        expect(formatLiteral(value)).toMatch(/^-?\d{1,9}[afpnumkMGTPE]?$/);
      }),
      { seed: 5 },
    );
  });

  it('reads integers in three bases', () => {
    expect(parseLiteral('11i')).toBe(11);
    expect(parseLiteral('0x20i')).toBe(32);
    expect(parseLiteral('0b11')).toBe(3);
  });

  it.each([
    '',
    '1.5',
    '1e3',
    'm',
    '5x',
    '5 m',
    '--5',
    '12345678901',
  ])('does not read %j', (text) => {
    expect(parseLiteral(text)).toBeUndefined();
  });

  it('refuses numbers that have no literal', () => {
    expect(() => formatLiteral(Number.NaN)).toThrow(RangeError);
    expect(() => formatLiteral(1e30)).toThrow(RangeError);
  });
});
