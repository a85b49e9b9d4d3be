import { describe, expect, test } from 'vitest';
import {
  CIRCUIT_ELEMENTS,
  CIRCUIT_TEXT_LENGTH_MAX,
  parseCircuit,
} from '../../src/domain/circuit.ts';
import { isDescriptionCode } from '../../src/domain/circuit-cdc.ts';
import { Fault } from '../../src/domain/fault.ts';

function faultOf(text: string): Fault {
  try {
    parseCircuit(text);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error(`"${text}" was accepted`);
}

describe('circuit description code', () => {
  test.each([
    ['R(RQ)', 'R1-p(R2,CPE1)'],
    ['R(RQ)(R[CW])', 'R1-p(R2,CPE1)-p(R3,C1-W1)'],
    ['RC', 'R1-C1'],
    ['R(C[R(RQ)W])', 'R1-p(C1,R2-p(R3,CPE1)-W1)'],
    ['[R(RC)]', 'R1-p(R2,C1)'],
    ['RLaWoWsGHZarcTO', 'R1-La1-Wo1-Ws1-G1-HN1-Zarc1-Wo2-Ws2'],
    [' R ( R Q ) ', 'R1-p(R2,CPE1)'],
    ['(RQ)(RQ)Q', 'p(R1,CPE1)-p(R2,CPE2)-CPE3'],
  ])('%s is read as %s', (code, own) => {
    expect(parseCircuit(code)).toEqual(parseCircuit(own));
    expect(parseCircuit(code).text).toBe(own);
  });

  test('is told from the other notation, whose element names are letters too', () => {
    for (const name of Object.keys(CIRCUIT_ELEMENTS)) expect(isDescriptionCode(name)).toBe(false);
    for (const text of ['R0-p(R1,CPE1)', 'R-p(R,C)', 'p(R1,C1)', 'p', '', 'R0)', 'R0C1', 'r']) {
      expect(isDescriptionCode(text)).toBe(false);
    }
    for (const text of ['R(RC)', '(RC)', '[RC]', 'RQ', 'R(', 'RX']) {
      expect(isDescriptionCode(text)).toBe(true);
    }
  });

  test.each([
    ['R(RX)', 4, '"X"', 'R, C, L, La, Q, W'],
    ['R(RQ', 5, 'the end', 'expected ")"'],
    ['R(RQ]', 5, '"]"', 'expected ")"'],
    ['R[CW)', 5, '")"', 'expected "]"'],
    ['R(R)', 4, '")"', 'second branch'],
    ['R()', 3, '")"', 'expected an element'],
    ['(RQ)]', 5, '"]"', 'no bracket open'],
    ['RR)', 3, '")"', 'no bracket open'],
    ['R{R=1}(RQ)', 2, '"{"', 'braces'],
    ['R(RCPE)', 5, '"P"', 'expected an element'],
  ])('refuses %s at position %i, where it finds %s', (text, position, found, message) => {
    const [problem] = faultOf(text).problems;
    expect(faultOf(text).code).toBe('circuitSyntax');
    expect(problem?.where).toBe(`circuit "${text}", position ${position}`);
    expect(problem?.message).toContain(`found ${found};`);
    expect(problem?.message).toContain(message);
  });

  test('names the accepted symbols and shows the other notation', () => {
    expect(faultOf('R(RX)').message).toContain('or write R0-p(R1,CPE1)');
  });

  test('keeps the limits of a circuit, and survives deep nesting', () => {
    expect(faultOf('R'.repeat(17)).message).toContain('at most 16 elements');
    expect(faultOf('Q'.repeat(13)).message).toContain('at most 24 parameters');
    expect(faultOf('('.repeat(CIRCUIT_TEXT_LENGTH_MAX)).code).toBe('circuitSyntax');
    expect(faultOf('['.repeat(CIRCUIT_TEXT_LENGTH_MAX)).code).toBe('circuitSyntax');
  });
});

describe('elements beyond the common ones', () => {
  test('have their parameters, units and largest exponents', () => {
    const shown = (text: string): string[] =>
      parseCircuit(text).parameters.map(({ name, unit, exponentMax }) =>
        unit === '1' ? `${name} <= ${exponentMax}` : `${name} ${unit}`,
      );
    expect(shown('La1')).toEqual(['La1.L H s^(n-1)', 'La1.n <= 1']);
    expect(shown('WoN1')).toEqual(['WoN1.R ohm', 'WoN1.tau s', 'WoN1.n <= 0.5']);
    expect(shown('HN1')).toEqual(['HN1.R ohm', 'HN1.tau s', 'HN1.a <= 1', 'HN1.b <= 1']);
    expect(shown('TLMf1')).toEqual([
      'TLMf1.R ohm',
      'TLMf1.Rct ohm',
      'TLMf1.Q S s^n',
      'TLMf1.n <= 1',
    ]);
    expect(shown('G1-Zarc1-TLMb1-WsN1')).toHaveLength(2 + 3 + 3 + 3);
  });
});
