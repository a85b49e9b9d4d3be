import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { eisFitCommand } from '../../src/app/commands/eis-fit.ts';
import { fitOptionsOf } from '../../src/app/commands/eis-fit-options.ts';
import { shareOption } from '../../src/app/commands/eis-fit-together.ts';
import { plotPath } from '../../src/app/commands/eis-plot.ts';
import { resistanceOf, resistanceSum } from '../../src/app/commands/eis-resistance.ts';
import { filesAtTemperatures, temperatureList } from '../../src/app/commands/eis-temperatures.ts';
import { parseCircuit } from '../../src/domain/circuit.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { circuitFit, fitParameter } from '../support/circuit-fit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function optionsOf(...words: string[]) {
  return fitOptionsOf(parseCommandLine(eisFitCommand, words));
}

describe('options of a fit', () => {
  it('are modulus weights and no limits unless given', () => {
    expect(optionsOf()).toEqual({ weighting: 'modulus', robust: false, fixed: {}, bounds: {} });
  });

  it('hold parameters and bounds by name, either side of a bound open', () => {
    const options = optionsOf(
      '--fix',
      'CPE1.n=0.9',
      '--fix=R0=10',
      '--bound',
      'R1=1..',
      '--bound',
      'R2=..2e3',
    );
    expect(options.fixed).toEqual({ 'CPE1.n': 0.9, R0: 10 });
    expect(options.bounds).toEqual({ R1: { lower: 1 }, R2: { upper: 2000 } });
  });

  it('take the error model with its weighting only', async () => {
    const model = ['--error-model', '0,0,1e-5,2'];
    expect(optionsOf('--weighting', 'errorModel', ...model).errorModel).toEqual({
      a: 0,
      b: 0,
      c: 1e-5,
      d: 2,
    });
    expect((await caughtFault(() => optionsOf(...model))).message).toContain(
      '--weighting errorModel',
    );
    expect((await caughtFault(() => optionsOf('--weighting', 'errorModel'))).message).toContain(
      'missing',
    );
  });

  it.each([
    [['--fix', 'R1']],
    [['--fix', 'R1=']],
    [['--fix', '=3']],
    [['--bound', 'R1=3']],
    [['--bound', 'R1=..']],
    [['--bound', 'R1=1..2..3']],
    [['--bound', 'R1=a..3']],
    [['--weighting', 'sigmas']],
    [['--weighting', 'sigma', '--error-model', '0,0,1e-5,0']],
    [['--fix', 'R1=1', '--bound', 'R1=0..2']],
    [['--weighting', 'errorModel', '--error-model', '1,2,3']],
  ])('refuse %j with what was expected', async (words) => {
    expect((await caughtFault(() => optionsOf(...words))).code).toBe('badInput');
  });

  it('report all problems at once', async () => {
    const { problems } = await caughtFault(() =>
      optionsOf('--fix', 'x', '--bound', 'y', '--weighting', 'z'),
    );
    expect(problems.map(({ where }) => where)).toEqual(['--weighting', '--fix', '--bound']);
  });

  it('take an SVG as a plot and nothing that might be data', async () => {
    const plotOf = (path: string) => plotPath(parseCommandLine(eisFitCommand, ['--plot', path]));
    expect(plotOf('out/fit.svg')).toBe('out/fit.svg');
    expect((await caughtFault(() => plotOf('spectrum.csv'))).message).toContain('.svg');
    expect((await caughtFault(() => plotOf('.svg'))).message).toContain('.svg');
  });
});

describe('parameters that files share', () => {
  const circuit = parseCircuit('R0-p(R1,CPE1)');
  const shareOf = (...words: string[]) =>
    shareOption(parseCommandLine(eisFitCommand, words), circuit);
  const FILES = ['a.csv', 'b.csv'];

  it('are named with commas or by several options, each once', () => {
    expect(shareOf(...FILES)).toBeUndefined();
    expect(shareOf(...FILES, '--share', 'R0, CPE1.n', '--share=R0')).toEqual(['R0', 'CPE1.n']);
  });

  it.each([
    ['R9', 'no parameter "R9"; expected some of R0, R1, CPE1.Q, CPE1.n'],
    ['', 'no parameter ""'],
    ['R0,', 'no parameter ""'],
  ])('are refused as "%s"', async (names, message) => {
    const fault = await caughtFault(() => shareOf(...FILES, `--share=${names}`));
    expect(fault.message).toContain(message);
  });

  it('need two files and a circuit, and no option that they would ignore', async () => {
    const words = ['a.csv', '--share=R0', '--robust', '--sequence', '--weighting=unit'];
    const line = parseCommandLine(eisFitCommand, [...words, '--fix=R0=1', '--bound=R1=1..']);
    const { problems } = await caughtFault(() => shareOption(line, undefined));
    expect(problems.map(({ where }) => where)).toEqual([
      '--robust',
      '--sequence',
      '--fix',
      '--bound',
      '--weighting unit',
      '--share',
      '--share',
    ]);
  });
});

describe('files at temperatures', () => {
  it.each([
    ['a.csv=60', 333.15],
    ['a.csv=60C', 333.15],
    ['a.csv=60 °C', 333.15],
    ['a.csv@60°C', 333.15],
    ['a.csv=-20degC', 253.15],
    ['a.csv=333.15K', 333.15],
  ])('are read from %s', (word, kelvin) => {
    const [one] = filesAtTemperatures([word]);
    expect(one?.file).toBe('a.csv');
    expect(one?.temperatureKelvin).toBeCloseTo(kelvin, 9);
  });

  it('may hold "=" and "@" in their names', () => {
    const [one] = filesAtTemperatures(['x=1@lab/a=b.csv=25C']);
    expect(one?.file).toBe('x=1@lab/a=b.csv');
  });

  it('are all named when they have no temperature, or one that cannot be', async () => {
    const fault = await caughtFault(() =>
      filesAtTemperatures(['a.csv', 'b.csv=warm', 'c.csv=-300C', 'd=1C']),
    );
    expect(fault.problems.map(({ where }) => where)).toEqual([
      'a.csv',
      'b.csv=warm',
      'c.csv=-300C',
    ]);
  });

  it('are read from a list, relative to its folder', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'list.csv');
    writeFileSync(path, 'file;temperature_celsius\n"a.csv";60\n/b.csv;80\n\n');
    const files = await temperatureList(path);
    expect(files.map(({ file }) => file)).toEqual([join(folder, 'a.csv'), '/b.csv']);
    expect(files[1]?.temperatureKelvin).toBeCloseTo(353.15, 9);
  });

  it('are refused with the line of a list that is wrong', async () => {
    const path = join(temporaryFolder(), 'list.csv');
    writeFileSync(path, 'file,temperature_kelvin\na.csv,300\nb.csv,\n,310\n');
    await expect(temperatureList(path)).rejects.toMatchObject({
      problems: [{ where: `${path}:3` }, { where: `${path}:4` }],
    });
    writeFileSync(path, 'name,temp\na.csv,300\n');
    await expect(temperatureList(path)).rejects.toThrow('temperature_celsius');
  });
});

describe('a sum of resistances', () => {
  const circuit = parseCircuit('R0-p(R1,C1)-p(R2,C2)');
  const fit = circuitFit({
    parameters: [
      fitParameter({ name: 'R0', value: 1, standardError: null }),
      fitParameter({ name: 'R1', value: 10, standardError: 3 }),
      fitParameter({ name: 'R2', value: 20, standardError: 4 }),
    ],
    diagnostics: {
      correlated: ['R1', 'R2'],
      correlation: [
        [1, -0.5],
        [-0.5, 1],
      ],
      aic: 0,
      bic: 0,
      conditionNumber: 1,
      weakest: ['R1'],
    },
  });

  it('has the error of correlated parts', () => {
    const sum = resistanceOf(resistanceSum(circuit, 'R1+R2'), fit);
    expect(sum?.resistanceOhm).toBe(30);
    expect(sum?.standardErrorOhm).toBeCloseTo(Math.sqrt(9 + 16 - 12), 12);
  });

  it('is not determined when a part is not', () => {
    expect(resistanceOf(resistanceSum(circuit, 'R0+R1'), fit)).toBeUndefined();
  });

  it.each([
    'C1',
    'R9',
    'R1+R1',
    'R1+',
    '',
  ])('is refused as "%s", with the names there are', async (text) => {
    expect((await caughtFault(() => resistanceSum(circuit, text))).message).toContain('R0, R1, R2');
  });
});
