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
      `${path}:7: steps[0].until.any[0]`,
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
