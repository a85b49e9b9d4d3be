import { describe, expect, test } from 'vitest';
import {
  CIRCUIT_ELEMENTS_MAX,
  CIRCUIT_TEXT_LENGTH_MAX,
  elementsOf,
  hasElement,
  parseCircuit,
} from '../../src/domain/circuit.ts';
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

describe('circuit notation', () => {
  test('lists the parameters in the order of the text, with units', () => {
    const circuit = parseCircuit('R0-p(R1,CPE1)-Wo1-W2-L3-C4-Ws5');
    expect(circuit.parameters.map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'R0 ohm',
      'R1 ohm',
      'CPE1.Q S s^n',
      'CPE1.n 1',
      'Wo1.R ohm',
      'Wo1.tau s',
      'W2 ohm s^-1/2',
      'L3 H',
      'C4 F',
      'Ws5.R ohm',
      'Ws5.tau s',
    ]);
    expect(circuit.parameters.filter(({ scale }) => scale === 'exponent')).toHaveLength(1);
  });

  test('nests series in parallel and parallel in series, each owning its parameter range', () => {
    const { root } = parseCircuit('R0-p(R1,C1)-p(R2-p(R3,C3)-Wo1,C2)');
    expect(root).toMatchObject({
      kind: 'series',
      parameterFirst: 0,
      parameterEnd: 9,
      children: [
        { kind: 'element', name: 'R0' },
        { kind: 'parallel', parameterFirst: 1, parameterEnd: 3 },
        {
          kind: 'parallel',
          parameterFirst: 3,
          parameterEnd: 9,
          children: [
            {
              kind: 'series',
              parameterFirst: 3,
              parameterEnd: 8,
              children: [{ name: 'R2' }, { kind: 'parallel' }, { element: 'Wo' }],
            },
            { kind: 'element', element: 'C', name: 'C2' },
          ],
        },
      ],
    });
  });

  test('accepts blanks, one element alone, and a parallel block alone', () => {
    expect(parseCircuit(' R0 - p( R1 , C1 ) ').text).toBe('R0-p(R1,C1)');
    expect(parseCircuit('CPE12').root).toMatchObject({ kind: 'element', name: 'CPE12' });
    expect(parseCircuit('p(R1,C1,L1)').root).toMatchObject({ kind: 'parallel' });
  });

  test('knows which elements a circuit has', () => {
    const { root } = parseCircuit('R0-p(R1-L1,C1)');
    expect(hasElement(root, 'L')).toBe(true);
    expect(hasElement(root, 'CPE')).toBe(false);
    expect(elementsOf(root).map(({ name }) => name)).toEqual(['R0', 'R1', 'L1', 'C1']);
  });

  test.each([
    ['', 1, 'the end'],
    ['R0-', 4, 'the end'],
    ['R0--C1', 4, '"-"'],
    ['R0-X1', 4, '"X1"'],
    ['R0-CEP1', 4, '"CEP1"'],
    ['R0-r1', 4, '"r1"'],
    ['R0-p(R1,CPE1', 13, 'the end'],
    ['R0-p(R1)', 8, '")"'],
    ['R0-p()', 6, '")"'],
    ['R0)', 3, '")"'],
    ['R0C1', 3, '"C"'],
    ['R0-p(R1;C1)', 8, '";"'],
    ['R0-(R1,C1)', 4, '"("'],
    ['p', 1, '"p"'],
    ['R0-constructor1', 4, '"constructor1"'],
    ['R0-R0', 4, '"R0"'],
    ['R-p(R,C)', 5, '"R"'],
  ])('refuses "%s" at position %i, where it finds %s', (text, position, found) => {
    const fault = faultOf(text);
    expect(fault.code).toBe('circuitSyntax');
    expect(fault.exitCode).toBe(2);
    const [problem] = fault.problems;
    expect(problem?.where).toContain(`position ${position}`);
    expect(problem?.message).toContain(`found ${found};`);
  });

  test('names the elements it knows when it meets another', () => {
    expect(faultOf('R0-Q1').message).toContain('R, C, L, CPE, W, Wo, Ws');
  });

  test('accepts the largest circuit and refuses one element, parameter or character more', () => {
    const resistors = Array.from({ length: CIRCUIT_ELEMENTS_MAX }, (_, i) => `R${i}`);
    expect(parseCircuit(resistors.join('-')).parameters).toHaveLength(CIRCUIT_ELEMENTS_MAX);
    expect(faultOf([...resistors, 'C1'].join('-')).message).toContain('at most 16 elements');
    const phases = Array.from({ length: 13 }, (_, i) => `CPE${i}`);
    expect(parseCircuit(phases.slice(1).join('-')).parameters).toHaveLength(24);
    expect(faultOf(phases.join('-')).message).toContain('at most 24 parameters');
    const long = `R${'1'.repeat(CIRCUIT_TEXT_LENGTH_MAX - 1)}`;
    expect(parseCircuit(long).parameters).toHaveLength(1);
    expect(faultOf(`${long}1`).message).toContain('at most 256');
  });

  test('survives deep nesting up to the length limit', () => {
    expect(faultOf('p('.repeat(CIRCUIT_TEXT_LENGTH_MAX / 2)).code).toBe('circuitSyntax');
  });
});
