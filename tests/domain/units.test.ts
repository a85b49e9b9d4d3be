import { describe, expect, it } from 'vitest';
import { type Dimension, parseQuantity, quantity, UNITS } from '../../src/domain/units.ts';

describe('a quantity with its unit', () => {
  const read: readonly (readonly [string, Dimension, number])[] = [
    ['30 min', 'time', 1800],
    ['3.2h', 'time', 11_520],
    ['  90 s  ', 'time', 90],
    ['0.8 mA/cm²', 'currentDensity', 8],
    ['0.8 mA/cm2', 'currentDensity', 8],
    ['16.3 µA', 'current', 16.3e-6],
    ['16.3 uA', 'current', 16.3e-6],
    ['-1.2 mA', 'current', -1.2e-3],
    ['60 °C', 'temperature', 60],
    ['200 kHz', 'frequency', 200_000],
    ['180°', 'angle', Math.PI],
    ['0.785 cm²', 'area', 0.785e-4],
    ['2.56 mAh/cm²', 'chargeDensity', 92_160],
    ['.5 V', 'voltage', 0.5],
    ['5e-3 V', 'voltage', 0.005],
  ];
  it.each(read)('reads "%s" as a %s', (text, dimension, value) => {
    expect(parseQuantity(text, dimension)).toBeCloseTo(value, 12);
  });

  it('reads both micro signs alike', () => {
    expect(parseQuantity('10 \u03bcA', 'current')).toBe(parseQuantity('10 \u00b5A', 'current'));
  });

  const refused: readonly (readonly [string, Dimension])[] = [
    ['', 'time'],
    ['30', 'time'],
    ['min', 'time'],
    ['30 m', 'time'],
    ['30 minutes', 'time'],
    ['thirty min', 'time'],
    ['1,5 h', 'time'],
    ['1 h 30 min', 'time'],
    ['Infinity s', 'time'],
    ['NaN s', 'time'],
    ['0x10 s', 'time'],
    ['30 mA', 'time'],
    ['0.8 mA', 'currentDensity'],
    ['1 MA', 'current'],
    ['5 mhz', 'frequency'],
    ['5 constructor', 'time'],
    ['5 toString', 'voltage'],
  ];
  it.each(refused)('does not read "%s" as a %s', (text, dimension) => {
    expect(parseQuantity(text, dimension)).toBeUndefined();
  });

  it('tells mega from milli', () => {
    expect(parseQuantity('1 MHz', 'frequency')).toBe(1e6);
    expect(parseQuantity('1 mHz', 'frequency')).toBe(1e-3);
  });

  it('says in its message what was found, which units exist, and an example', () => {
    const result = quantity('time').safeParse('30 minutes');
    expect(result.error?.issues[0]?.message).toBe(
      '"30 minutes" is not understood: expected a time with its unit (ms, s, min, h, d), such as "30 min"',
    );
    expect(quantity('voltage').safeParse(5).error?.issues[0]?.message).toBe(
      'expected a voltage with its unit (µV, uV, mV, V), such as "0.5 V"',
    );
  });

  it('has an example of its own that it can read, for every dimension', () => {
    for (const dimension of Object.keys(UNITS) as Dimension[]) {
      const message = quantity(dimension).safeParse(0).error?.issues[0]?.message ?? '';
      const example = /such as "(.+)"$/.exec(message)?.[1] ?? '';
      expect(parseQuantity(example, dimension), dimension).toBeTypeOf('number');
    }
  });
});
