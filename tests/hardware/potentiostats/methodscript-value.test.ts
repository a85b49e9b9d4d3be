import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeVariable,
  encodeVariable,
} from '../../../hardware/potentiostats/methodscript-value.ts';

describe('decoding a MethodSCRIPT value', () => {
  it.each([
    ['da7F85F3Fu', 'da', -0.499905],
    ['ba48D503Dp,10,288', 'ba', -57.847747e-6],
    ['ba4BA99F0p', 'ba', -54.87976e-6],
    ['dcDF5DFF4u', 'dc', 99.999732],
    ['cc896D904m', 'cc', 9885.956],
    ['cd82DB1A8u', 'cd', 2.9946],
    ['da84E63DAn', 'da', 5.13737e-3],
    ['ba82AB973f,14,284', 'ba', 2.799987e-9],
    ['da800000Am', 'da', 0.01],
    ['da7FFFFF6m', 'da', -0.01],
    ['da8000000 ', 'da', 0],
    ['ea800000Bi', 'ea', 11],
  ])('reads %s', (text, type, value) => {
    const variable = decodeVariable(text);
    expect(variable?.type).toBe(type);
    expect(Math.abs((variable?.value ?? Number.NaN) - value)).toBeLessThanOrEqual(
      2e-5 * Math.abs(value),
    );
  });

  it('reads status and range from the metadata', () => {
    expect(decodeVariable('ba48D503Dp,10,288')).toMatchObject({ status: 0, rangeIndex: 0x88 });
    expect(decodeVariable('ba82AB973f,14,284')).toMatchObject({ status: 4, rangeIndex: 0x84 });
    expect(decodeVariable('ba82AB973f')).toMatchObject({ status: undefined });
  });

  it('keeps the trailing space as the unity prefix: without it the text is not a value', () => {
    expect(decodeVariable('dc8030D40 ')?.value).toBe(200_000);
    expect(decodeVariable('dc8030D40')).toBeUndefined();
  });

  it('reads nan as not-a-number', () => {
    expect(decodeVariable('cc     nan,14,288')?.value).toBeNaN();
  });

  it.each([
    '',
    'da',
    'da7F85F3u',
    'da7F85F3Gu',
    'DA7F85F3Fu',
    'da7F85F3Fx',
    'da7F85F3Fu;',
    'da7F85F3Fu,',
  ])('refuses %j', (text) => expect(decodeVariable(text)).toBeUndefined());
});

/** The same by a regular expression, as plain as can be. */
const PLAIN = /^([a-z]{2})(?:([0-9A-F]{7})([afpnum kMGTPEi])| {5}nan)((?:,[0-9A-Fa-f]{2,8})*)$/;

function isValue(text: string): boolean {
  return PLAIN.test(text);
}

describe('what is a value', () => {
  const near = fc.string({
    unit: fc.constantFrom(...'da7F85ncu ,1x;k-'.split(''), '8000001', '     nan', ',10', ',288'),
    maxLength: 12,
  });

  it('is what a regular expression says, for anything like one', () => {
    let values = 0;
    fc.assert(
      fc.property(near, (text) => {
        const found = decodeVariable(`ba${text}`) !== undefined;
        expect(found, text).toBe(isValue(`ba${text}`));
        values += found ? 1 : 0;
      }),
      { seed: 5, numRuns: 20_000 },
    );
    expect(values).toBeGreaterThan(50);
  });

  it('is read out of the middle of a line as alone', () => {
    const text = 'ba48D503Dp,10,288';
    const line = `Pda8000000 ;${text};`;
    const from = line.indexOf('ba');
    expect(decodeVariable(line, from, from + text.length)).toEqual(decodeVariable(text));
    expect(decodeVariable(line, from, from + 9)).toBeUndefined();
    expect(decodeVariable(line, from, line.length)).toBeUndefined();
  });
});

describe('encoding a MethodSCRIPT value', () => {
  it('is undone by decoding, to 4e-6 of the value', () => {
    const magnitudes = fc.double({ min: 1e-12, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(magnitudes, fc.boolean(), (magnitude, isNegative) => {
        const value = isNegative ? -magnitude : magnitude;
        const text = encodeVariable({ type: 'ab', value, status: 2, rangeIndex: 27 });
        const read = decodeVariable(text);
        expect(text).toMatch(/,12,21B$/);
        expect(Math.abs((read?.value ?? 0) - value)).toBeLessThan(4e-6 * magnitude);
      }),
      { seed: 11 },
    );
  });

  it('writes what cannot be written as nan', () => {
    const plain = { type: 'cc', status: undefined, rangeIndex: undefined };
    expect(encodeVariable({ ...plain, value: Number.NaN })).toBe('cc     nan');
    expect(encodeVariable({ ...plain, value: Number.POSITIVE_INFINITY })).toBe('cc     nan');
    expect(encodeVariable({ ...plain, value: 1e30 })).toBe('cc     nan');
  });
});
