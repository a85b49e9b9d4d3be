import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/app/command-line.ts';
import { recipeImportCommand } from '../../src/app/commands/recipe-import.ts';
import { parseYaml } from '../../src/app/load-yaml.ts';
import { recipeSchema } from '../../src/domain/recipe.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-import-'));
const PYBAMM = join(folder, 'My cycles (2).txt');
writeFileSync(PYBAMM, '[("Discharge at C/10 until 2.5 V", "Rest for 1 hour")] * 3');
const UNICYCLER = join(folder, 'protocol.json');
writeFileSync(
  UNICYCLER,
  JSON.stringify({
    record: { time_s: 10 },
    safety: { max_voltage_V: 4.3, min_voltage_V: 2, max_current_mA: 1, min_current_mA: -2 },
    method: [{ step: 'constant_current', current_mA: 0.5, until_time_s: 60 }],
  }),
);
const LIMITS = ['--voltage-min', '2 V', '--voltage-max', '4.4 V', '--current-max', '5 mA'];

let count = 0;
async function run(...words: string[]) {
  count += 1;
  const out = join(folder, `out-${count}.yaml`);
  const terminal = new RecordedTerminal();
  const line = ['recipe', 'import', ...words, ...(words.includes('--out') ? [] : ['--out', out])];
  const code = await runCommandLine([recipeImportCommand], line, terminal);
  return { code, out, output: terminal.output, errors: terminal.errors };
}

function recipeIn(path: string) {
  return parseYaml(path, readFileSync(path, 'utf8'), recipeSchema).value;
}

describe('importing a recipe', () => {
  it('writes a recipe that can be read again, and lists what was added', async () => {
    const { code, out, errors } = await run(PYBAMM, '--format', 'pybamm', ...LIMITS);
    expect(code, errors).toBe(0);
    const recipe = recipeIn(out);
    expect(recipe).toMatchObject({ recipe: 'my-cycles-2', source: 'pybamm: My cycles (2).txt' });
    expect(recipe.steps).toMatchObject([
      {
        technique: 'loop',
        repeat: 3,
        steps: [{ current: { kind: 'rate', perHour: -0.1 } }, { technique: 'openCircuit' }],
      },
    ]);
    expect(errors).toContain(`${PYBAMM}:1: "Discharge at C/10 until 2.5 V": no time given`);
    expect(errors).toContain('3 remarks');
  });

  it('takes the limits that a unicycler protocol gives, unless options say others', async () => {
    const given = await run(UNICYCLER, '--format', 'unicycler', '--temperature-max', '60 °C');
    expect(given.code, given.errors).toBe(0);
    expect(recipeIn(given.out).safety).toEqual({
      temperature: { max: 60 },
      voltage: { min: { kind: 'potential', volt: 2 }, max: { kind: 'potential', volt: 4.3 } },
      current: { max: 0.002 },
    });
    const other = await run(UNICYCLER, '--format', 'unicycler', '--voltage-max', '4.1 V');
    expect(recipeIn(other.out).safety.voltage.max).toEqual({ kind: 'potential', volt: 4.1 });
  });

  it('prints one JSON document when asked', async () => {
    const { output, out } = await run(PYBAMM, '--format', 'pybamm', '--json', ...LIMITS);
    const document = JSON.parse(output);
    expect(document.output).toBe(out);
    expect(document.losses).toHaveLength(3);
  });
});

describe('an import that cannot be', () => {
  it('names every limit that nobody gives', async () => {
    const { code, errors } = await run(PYBAMM, '--format', 'pybamm', '--voltage-max', '4 A');
    expect(code).toBe(2);
    expect(errors).toContain('--voltage-min: is missing, and the file does not say it');
    expect(errors).toContain('--voltage-max: "4 A" is not understood');
    expect(errors).toContain('--current-max: is missing');
    expect(errors).not.toContain('--temperature-max');
  });

  it('never writes over a file', async () => {
    const taken = join(folder, 'taken.yaml');
    writeFileSync(taken, 'mine');
    const words = [PYBAMM, '--format', 'pybamm', '--out', taken, ...LIMITS];
    const { code, errors } = await run(...words);
    expect(code).toBe(2);
    expect(errors).toContain(`${taken}: not written`);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
  });

  it.each([
    ['an unknown format', [PYBAMM, '--format', 'excel', ...LIMITS], '--format: "excel"'],
    ['no format', [PYBAMM, ...LIMITS], '--format is missing'],
    ['no file', ['--format', 'pybamm', ...LIMITS], '0 files given'],
    ['an absent file', [join(folder, 'no'), '--format', 'pybamm', ...LIMITS], 'cannot be read'],
    ['a name of no recipe', [PYBAMM, '--format', 'pybamm', '--name', 'A b', ...LIMITS], 'recipe'],
    ['the wrong format', [PYBAMM, '--format', 'unicycler', ...LIMITS], 'not valid JSON'],
  ])('refuses %s', async (_, words, message) => {
    const { code, errors } = await run(...words);
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });
});
