import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../src/app/load-yaml.ts';
import { cellSchema } from '../../src/domain/cell.ts';
import { Fault } from '../../src/domain/fault.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-yaml-'));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function faultOf(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('expected a Fault');
}

const GOOD_CELL = 'cell: c-1\ntitle: A cell\narea: 0.785 cm²\nreference: Li/Li+\n';

describe('loading a YAML file', () => {
  it('yields checked values in SI units and the text as read', () => {
    const { value, text } = loadYaml(fileWith('good.yaml', GOOD_CELL), cellSchema);
    expect(value.area).toBeCloseTo(0.785e-4, 12);
    expect(text).toBe(GOOD_CELL);
  });

  it('names a missing file', () => {
    const path = join(folder, 'absent.yaml');
    const fault = faultOf(() => loadYaml(path, cellSchema));
    expect(fault.code).toBe('fileMissing');
    expect(fault.problems[0]?.where).toBe(path);
  });

  it('gives the line of a syntax error', () => {
    const path = fileWith('syntax.yaml', 'cell: c-1\ntitle: "no end\n');
    const fault = faultOf(() => loadYaml(path, cellSchema));
    expect(fault.code).toBe('fileFormat');
    expect(fault.problems[0]?.where).toMatch(/syntax\.yaml:[23]$/);
  });

  it('gives file, line and accepted keys of an unknown key', () => {
    const path = fileWith('unknown.yaml', `${GOOD_CELL}colour: red\n`);
    const [problem] = faultOf(() => loadYaml(path, cellSchema)).problems;
    expect(problem?.where).toBe(`${path}:5`);
    expect(problem?.message).toContain('unknown key "colour"');
    expect(problem?.message).toContain('reference');
  });

  it('says which unit was expected where one is missing', () => {
    const path = fileWith('unit.yaml', GOOD_CELL.replace('0.785 cm²', '0.785'));
    const [problem] = faultOf(() => loadYaml(path, cellSchema)).problems;
    expect(problem?.where).toBe(`${path}:3: area`);
    expect(problem?.message).toContain('expected an area with its unit');
  });

  it('reports every problem at once, with the path inside lists', () => {
    const path = fileWith(
      'recipe.yaml',
      [
        'recipe: test',
        'title: Test',
        'safety: { voltage: { min: 0 V, max: 1 V }, current: { max: 1 mA } }',
        'steps:',
        '  - name: rest',
        '    technique: openCircuit',
        '    until: { any: [{ time: soon }] }',
        '  - name: sleep',
        '    technique: dream',
      ].join('\n'),
    );
    const { problems } = faultOf(() => loadYaml(path, recipeSchema));
    expect(problems.map(({ where }) => where)).toEqual([
      `${path}:7: steps[0].until.any[0].time`,
      `${path}:9: steps[1].technique`,
    ]);
  });

  it('refuses a file no person wrote', () => {
    const path = fileWith('huge.yaml', `# ${'x'.repeat(1 << 20)}`);
    expect(faultOf(() => loadYaml(path, cellSchema)).code).toBe('fileFormat');
  });

  it('refuses an alias bomb', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'.split('').map((letter, at) => {
        const before = 'abcdefg'[at];
        return `${letter}: &${letter} [*${before},*${before},*${before},*${before},*${before},*${before}]`;
      }),
    ].join('\n');
    expect(() => loadYaml(fileWith('bomb.yaml', bomb), cellSchema)).toThrow(Fault);
  });
});

describe('what a file does not know', () => {
  it('is assumed, with file, line and reason', () => {
    const path = fileWith(
      'assumed.yaml',
      GOOD_CELL.replace('0.785 cm²', '{ unknown: "no area in the paper", assume: "1 cm²" }'),
    );
    const { value, assumptions } = loadYaml(path, cellSchema);
    expect(value.area).toBeCloseTo(1e-4, 12);
    expect(assumptions).toEqual([
      { path: `${path}:3: area`, reason: 'no area in the paper', assume: '1 cm²' },
    ]);
  });

  it('must be decided, and is one problem at its line', () => {
    const path = fileWith('open.yaml', GOOD_CELL.replace('0.785 cm²', '{ unknown: "not given" }'));
    const { problems } = faultOf(() => loadYaml(path, cellSchema));
    expect(problems.map(({ where }) => where)).toEqual([`${path}:3: area`]);
    expect(problems[0]?.message).toContain('must be decided: not given');
  });

  it('is checked as if it were known', () => {
    const path = fileWith(
      'wrong.yaml',
      GOOD_CELL.replace('0.785 cm²', '{ unknown: "not given", assume: "1 cm" }'),
    );
    const { problems } = faultOf(() => loadYaml(path, cellSchema));
    expect(problems.map(({ where }) => where)).toEqual([`${path}:3: area`]);
    expect(problems[0]?.message).toContain('"1 cm" is not understood');
  });
});

describe('the place of a key that is found wrong later', () => {
  const path = fileWith(
    'places.yaml',
    [
      'recipe: test',
      'title: Test',
      'safety: { voltage: { min: 0 V, max: 1 V }, current: { max: 1 mA } }',
      'steps:',
      '  - name: rest',
      '    technique: openCircuit',
      '    until:',
      '      all:',
      '        - time: 1 h',
      '        - voltage: "> 0.5 V"',
    ].join('\n'),
  );
  const { placeOf } = loadYaml(path, recipeSchema);

  it.each([
    ['steps[0].technique', 6],
    ['safety.current.max', 3],
    // Held as one condition of an any:, written under all:.
    ['steps[0].until.any[0].all[1].voltage', 10],
    // What the file leaves to a default stands where the step does.
    ['steps[0].record.every', 5],
  ])('%s is in line %d', (key, line) => {
    expect(placeOf(key)).toBe(`${path}:${line}: ${key}`);
  });

  it('is the file alone for what it says nothing of', () => {
    expect(placeOf('instruments.heater')).toBe(`${path}: instruments.heater`);
  });
});
