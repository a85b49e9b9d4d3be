import { describe, expect, it } from 'vitest';
import { parsePotential } from '../../src/domain/recipe-values.ts';
import { referenceOffsetVolt, unknownOffset } from '../../src/domain/reference-electrode.ts';

describe('a potential against another reference electrode', () => {
  it.each([
    // 3.7 V against Li/Li+ is 3.08 V against Li-In, 0.62 V higher on the scale.
    ['Li/Li+', 'Li-In', -0.62],
    ['Li-In', 'Li/Li+', 0.62],
    ['LTO', 'Li/Li+', 1.55],
    ['Na/Na+', 'Li-In', -0.29],
    ['Li/Li+', 'Li/Li+', 0],
  ])('%s to %s adds %d V', (from, to, volt) => {
    expect(referenceOffsetVolt(from, to)).toBeCloseTo(volt, 12);
  });

  it.each(['Li+/Li', 'li/li⁺', 'Li', ' LI/LI+ '])('knows %s as Li/Li+', (name) => {
    expect(referenceOffsetVolt(name, 'Li-In')).toBeCloseTo(-0.62, 12);
  });

  it.each(['InLi', 'In-Li', 'Li–In', 'In/InLi'])('knows %s as Li-In', (name) => {
    expect(referenceOffsetVolt(name, 'Li/Li+')).toBeCloseTo(0.62, 12);
  });

  it('is itself against the same electrode, known or not', () => {
    expect(referenceOffsetVolt('counter electrode', 'Counter electrode')).toBe(0);
  });

  it.each([
    ['SCE', 'Li/Li+'],
    ['Li/Li+', 'counter electrode'],
    ['constructor', 'Li/Li+'],
    ['__proto__', 'Li/Li+'],
  ])('is not guessed from %s to %s', (from, to) => {
    expect(referenceOffsetVolt(from, to)).toBeUndefined();
    expect(unknownOffset(from, to)).toContain(`write the voltage against ${to}`);
  });
});

describe('a potential as it is written', () => {
  it.each([
    ['3.08 V', { kind: 'potential', volt: 3.08 }],
    ['3.7 V vs Li/Li+', { kind: 'potential', volt: 3.7, versus: 'Li/Li+' }],
    ['-20 mV vs. Li-In', { kind: 'potential', volt: -0.02, versus: 'Li-In' }],
  ])('%s is read', (text, potential) => {
    expect(parsePotential(text)).toEqual(potential);
  });

  it.each([
    '3.7',
    '3.7 V vs',
    '3.7 V Li/Li+',
    'vs Li/Li+',
    '3.7 A vs Li/Li+',
    '1e999 V',
  ])('%s is not', (text) => {
    expect(parsePotential(text)).toBeUndefined();
  });
});
