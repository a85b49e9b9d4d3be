import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { markersOf, parseXml } from '../formats/svg-reading.ts';
import { operando, ROOT } from '../support/built.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-cycling-'));
const RUN_MS = 300_000;

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a recipe on simulated time and gives the folder of the run. */
async function runOf(recipe: string, cell: string): Promise<string> {
  const out = mkdtempSync(join(folder, 'runs-'));
  const { code, errors } = await operando(
    'run',
    recipe,
    '--rig',
    `${ROOT}hardware/rigs/simulated-small.yaml`,
    '--cell',
    `${ROOT}recipes/cells/${cell}.yaml`,
    '--speed',
    'max',
    '--out',
    out,
    '--broker',
    'none',
    '--no-panel',
  );
  if (code !== 0) throw new Error(errors);
  return join(out, readdirSync(out)[0] ?? '');
}

async function documentOf(...words: string[]) {
  const { code, output, errors } = await operando('cycling', ...words, '--json');
  expect({ code }, errors).toEqual({ code: 0 });
  return JSON.parse(output);
}

async function expectBadInput(words: readonly string[], ...expected: string[]): Promise<void> {
  const { code, output, errors } = await operando('cycling', ...words);
  expect({ code, output }).toEqual({ code: 2, output: '' });
  for (const one of expected) expect(errors).toContain(one);
}

/** ln σ = ln A - E / (R T), 30 kJ/mol, at 20 to 80 °C; S/cm. */
const ENERGY = 30;
const CELSIUS = [20, 40, 60, 80];
const sigma = (celsius: number): number =>
  Math.exp(-(ENERGY * 1e3) / 8.314_462_618 / (celsius + 273.15)) * 10;

describe('cycling arrhenius of a table', () => {
  it('gives the activation energy by both conventions, from conductivities', async () => {
    const rows = CELSIUS.map((celsius) => `${celsius},${sigma(celsius)}`);
    const header = 'temperature_celsius,conductivity_siemens_per_centimetre';
    const path = fileOf('conductivity.csv', ['# a pellet', header, ...rows, ''].join('\n'));
    const { arrhenius } = await documentOf('arrhenius', path);
    const [{ sigma: one, sigmaT, points, parameter }] = arrhenius;
    expect(one.activationEnergyKilojoulePerMole).toBeCloseTo(ENERGY, 6);
    expect(sigmaT.activationEnergyKilojoulePerMole - ENERGY).toBeCloseTo(2.67, 1);
    expect(one.prefactor).toBeCloseTo(1000, 4);
    expect(parameter).toBe('conductivity');
    expect(points).toHaveLength(4);
    expect(points[0]).toMatchObject({ source: `${path}:3`, resistanceOhm: null });
  });

  it('gives the same from resistances in kelvin, which a pellet makes conductivities', async () => {
    const rows = CELSIUS.map(
      (celsius) => `${celsius + 273.15}; ${0.2 / sigma(celsius)} ; ${0.002 / sigma(celsius)}`,
    );
    const header = 'temperature_kelvin;resistance_ohm;standard_error';
    const path = fileOf('resistance.csv', [header, ...rows].join('\n'));
    const bare = await documentOf('arrhenius', path, '--weighted');
    expect(bare.arrhenius[0].sigma.activationEnergyKilojoulePerMole).toBeCloseTo(ENERGY, 6);
    expect(bare.arrhenius[0].points[0].conductivitySiemensPerMetre).toBeNull();
    const plot = join(folder, 'plot.svg');
    const words = ['arrhenius', path, '--length', '1 mm', '--area', '0.5 cm2', '--plot', plot];
    const { arrhenius } = await documentOf(...words);
    // L / A is 0.2 cm⁻¹.
    expect(arrhenius[0].points[0].conductivitySiemensPerMetre).toBeCloseTo(100 * sigma(20), 9);
    expect(arrhenius[0].points[0].relativeError).toBeCloseTo(0.01, 9);
    const svg = readFileSync(plot, 'utf8');
    parseXml(svg);
    expect(markersOf(svg, 'arrhenius-points')).toHaveLength(4);
  });

  it('says it in words', async () => {
    const rows = CELSIUS.map((celsius) => `${celsius},${1 / sigma(celsius)}`);
    const path = fileOf('words.csv', ['temperature_celsius,resistance_ohm', ...rows].join('\n'));
    const { output } = await operando('cycling', 'arrhenius', path);
    expect(output).toContain('resistance: 4 temperatures, every point alike');
    expect(output).toMatch(/activation energy 0\.3109 ± \S+ eV \(30 kJ\/mol\) from ln\(1\/R\)/);
  });

  it('refuses what it cannot read, with the line', async () => {
    const header = 'temperature_celsius,resistance_ohm';
    const table = (...rows: string[]): string => [header, ...rows].join('\n');
    const bad = fileOf('bad.csv', table('20,100', 'warm,90', '40,"1,5"', '60,12x'));
    await expectBadInput(
      ['arrhenius', bad],
      `${bad}:3`,
      '"warm" is not a finite number',
      `${bad}:5`,
    );
    const headless = fileOf('headless.csv', '20,100\n40,90\n');
    await expectBadInput(['arrhenius', headless], `${headless}:1`, 'is no header');
    const list = fileOf('list.csv', 'file,temperature_celsius\na.mpt,20\n');
    await expectBadInput(['arrhenius', list], 'operando eis arrhenius --list');
    const same = fileOf('same.csv', table('20,100', '20,101'));
    await expectBadInput(['arrhenius', same], 'resistance', 'a line needs at least two');
    const negative = fileOf('negative.csv', table('20,100', '40,-3'));
    await expectBadInput(['arrhenius', negative], 'expected a positive number');
    await expectBadInput(['arrhenius', same, '--weighted'], 'a weighted fit needs a positive one');
  });

  it('refuses options that say nothing here, and no table at all', async () => {
    const rows = CELSIUS.map((celsius) => `${celsius},${sigma(celsius)}`);
    const header = 'temperature_celsius,conductivity_siemens_per_centimetre';
    const path = fileOf('options.csv', [header, ...rows].join('\n'));
    await expectBadInput(['arrhenius', path, '--parameter', 'R0'], '--parameter', 'a table');
    await expectBadInput(['arrhenius', path, '--steps', 'eis-*'], '--steps');
    await expectBadInput(['arrhenius', path, '--length', '1 mm'], '--area');
    await expectBadInput(
      ['arrhenius', path, '--length', '1 mm', '--area', '1 cm2'],
      'the table has conductivities',
    );
    await expectBadInput(['arrhenius', path, '--plot', 'plot.png'], '.svg');
    expect(existsSync('plot.png')).toBe(false);
    await expectBadInput(['arrhenius'], 'expected one run or one table');
    await expectBadInput(['arrhenius', path, path], 'expected one run or one table');
    await expectBadInput(['arrhenius', join(folder, 'absent.csv')], 'absent.csv');
    const empty = join(folder, 'no-run');
    mkdirSync(empty);
    await expectBadInput(['arrhenius', empty], empty);
  });
});

describe('cycling arrhenius of a run', () => {
  let run = '';
  beforeAll(async () => {
    run = await runOf(`${ROOT}recipes/arrhenius.yaml`, 'li7p3s11-pellet');
  }, RUN_MS);

  it("gives what the simulated pellet was given, with the pellet's size from its file", async () => {
    const { arrhenius } = await documentOf('arrhenius', run, '--parameter', 'R0');
    const [{ sigma: one, points, leftOut }] = arrhenius;
    expect(Math.abs(one.activationEnergyKilojoulePerMole / 9.493 - 1)).toBeLessThan(0.01);
    expect(points).toHaveLength(6);
    expect(leftOut).toEqual([]);
    const [first] = points;
    expect(first.temperatureKelvin).toBeCloseTo(303.15, 0);
    expect(first.source).toBe('spectrum-001');
    expect(first.conductivitySiemensPerMetre).toBeGreaterThan(0);
  });

  it('takes every resistance unless one is named, sums, and chosen steps', async () => {
    const all = await documentOf('arrhenius', run);
    expect(all.arrhenius.map(({ parameter }: { parameter: string }) => parameter)).toContain('R0');
    const sum = await documentOf('arrhenius', run, '--parameter', 'R0+R1', '--steps', 'eis-??');
    expect(sum.arrhenius[0].points[0].resistanceOhm).toBeGreaterThan(
      all.arrhenius[0].points[0].resistanceOhm,
    );
  });

  it('refuses resistances and steps that the run does not have', async () => {
    await expectBadInput(['arrhenius', run, '--parameter', 'R9'], '--parameter', 'R0');
    await expectBadInput(['arrhenius', run, '--steps', 'soak-*'], 'no fitted spectrum');
    await expectBadInput(['arrhenius', run, '--steps', '(eis'], '--steps', 'not understood');
    await expectBadInput(['arrhenius', run, '--parameter', 'R0', '--steps', 'eis-30'], 'two');
  });

  it('has no step of constant current', async () => {
    await expectBadInput(['dqdv', run], 'no constant-current step');
    await expectBadInput(['dqdv', run, '--step', '5'], '--step', 'with its unit');
  });

  it('has no voltammogram', async () => {
    await expectBadInput(['voltammetry', run], 'no step of cyclic voltammetry');
  });
});

describe('cycling voltammetry', () => {
  const RECIPE = `
recipe: two-sweeps
title: Two voltammograms of a charged cathode
safety: { voltage: { min: "1.5 V", max: "4.2 V" }, current: { max: "5 mA" } }
steps:
  - name: voltammogram
    technique: cyclicVoltammetry
    vertices: ["3.8 V", "2.4 V"]
    rate: "0.05 mV/s"
    cycles: 2
`;
  it(
    'has the peaks of a run, oxidation above reduction, and their distance',
    async () => {
      const run = await runOf(fileOf('two-sweeps.yaml', RECIPE), 'nmc-lgps-lnto450');
      const { voltammograms } = await documentOf('voltammetry', run);
      expect(voltammograms).toHaveLength(1);
      const [{ stepId, peaks, separationsVolt }] = voltammograms;
      expect(stepId).toBe('voltammogram');
      for (const { direction, currentAmpere, voltageVolt } of peaks) {
        expect(Math.sign(currentAmpere)).toBe(direction === 'oxidation' ? 1 : -1);
        expect(voltageVolt).toBeGreaterThan(2.4);
        expect(voltageVolt).toBeLessThan(3.8);
      }
      expect(separationsVolt.length).toBeGreaterThan(0);
      for (const one of separationsVolt) expect(one).toBeGreaterThan(0.05);
      const { output } = await operando('cycling', 'voltammetry', run);
      expect(output).toContain('oxidation minus reduction');
      expect(output).toContain('vs Li-In');
    },
    RUN_MS,
  );

  it('needs one run', async () => {
    await expectBadInput(['voltammetry'], 'expected one run');
  });
});

describe('cycling dqdv', () => {
  const RECIPE = `
recipe: one-charge
title: A slow charge of a cathode
safety: { voltage: { min: "1.5 V", max: "4.2 V" }, current: { max: "5 mA" } }
steps:
  - name: charge
    technique: constantCurrent
    current: "C/20"
    record: { every: "60 s" }
    until: { any: [{ voltage: "> 3.8 V" }, { time: "30 h" }] }
`;
  it(
    'has the reactions of the simulated cathode as peaks, and all of the charge',
    async () => {
      const run = await runOf(fileOf('one-charge.yaml', RECIPE), 'nmc-lgps-lnto450');
      const { steps } = await documentOf('dqdv', run);
      expect(steps).toHaveLength(1);
      const [{ stepId, closure, peaks, voltageVolt, coulombPerVolt }] = steps;
      expect(stepId).toBe('charge');
      expect(Math.abs(closure - 1)).toBeLessThan(0.03);
      expect(voltageVolt.length).toBe(coulombPerVolt.length);
      // The first reaction lies at 3.13 V, and C/20 adds some ten millivolt.
      expect(Math.abs(peaks[0].voltageVolt - 3.145)).toBeLessThan(0.02);
      const { output } = await operando('cycling', 'dqdv', run);
      expect(output).toContain('highest first');
    },
    RUN_MS,
  );
});
