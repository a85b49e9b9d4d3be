import { describe, expect, it } from 'vitest';
import {
  duration,
  prefixed,
  significant,
  textTable,
  withError,
} from '../../src/app/format-values.ts';
import { progressLine } from '../../src/app/progress.ts';

describe('values for people', () => {
  it.each([
    [3.653e-4, 's', '365.3 µs'],
    [14_620, 'Ω', '14.62 kΩ'],
    [-0.0271, 'Ω', '-27.1 mΩ'],
    [0.99999, 's', '1 s'],
    [0, 'F', '0 F'],
    [1e-20, 'F', '1.000e-20 F'],
  ])('writes %d %s as %j', (value, unit, text) => {
    expect(prefixed(value, unit)).toBe(text);
  });

  it.each([
    [48, '48 s'],
    [59.6, '1 min 00 s'],
    [725, '12 min 05 s'],
    [11_520, '3 h 12 min'],
    [0, '0 s'],
  ])('writes %d s as %j', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [306.24567, '306.2'],
    [0, '0'],
    [2.1e-9, '2.100e-9'],
    [-123_456, '-1.235e+5'],
    [Number.NaN, 'NaN'],
  ])('writes %d as %j', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  it('says when the data do not determine a value', () => {
    expect(withError(306.2456, 1.432)).toBe('306.2 ± 1.4');
    expect(withError(0.14, null)).toBe('0.14 (not determined)');
  });

  it('pads a table to its widest cell', () => {
    expect(textTable(['a', 'name'], [['1234', 'x']])).toBe('a     name\n----  ----\n1234  x\n');
  });

  it('keeps a progress line inside the terminal', () => {
    const line = progressLine({ fraction: 0.5, text: 'x'.repeat(200) }, 80);
    expect(line).toHaveLength(79);
    expect(line).toMatch(/^█{15}░{15} {2}50 % /);
  });
});
