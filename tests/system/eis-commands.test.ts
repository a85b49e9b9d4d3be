import { existsSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { markersOf, parseXml } from '../formats/svg-reading.ts';
import { operando } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-eis-'));
const TWO_ARCS = 'R0-p(R1,CPE1)-p(R2,CPE2)';
const TRUTH = {
  R0: 10,
  R1: 50,
  'CPE1.Q': 1e-7,
  'CPE1.n': 0.95,
  R2: 120,
  'CPE2.Q': 2e-5,
  'CPE2.n': 0.85,
};
const simulated = join(folder, 'two-arcs.csv');

async function documentOf(...words: string[]) {
  const { code, output, errors } = await operando(...words, '--json');
  expect(code, errors).toBe(0);
  return JSON.parse(output);
}

async function expectBadInput(words: readonly string[], ...texts: string[]): Promise<void> {
  const { code, output, errors } = await operando(...words);
  expect({ code, output }, errors).toEqual({ code: 2, output: '' });
  for (const text of texts) expect(errors).toContain(text);
  expect(errors).not.toMatch(/^\s+at /m);
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(async () => {
  const values = Object.entries(TRUTH).map(([name, value]) => `${name}=${value}`);
  const words = ['eis', 'simulate', '--circuit', TWO_ARCS, '--values', values.join(',')];
  const { code, errors } = await operando(
    ...words,
    '--noise',
    '0.3',
    '--seed',
    '7',
    '--out',
    simulated,
  );
  expect(code, errors).toBe(0);
});

describe('a simulated spectrum of two arcs', () => {
  it('is recognised by --circuit auto, with its parameters and a ranking', async () => {
    const { results } = await documentOf('eis', 'fit', simulated, '--circuit', 'auto');
    const [{ circuit, status, parameters, ranking, validity }] = results;
    expect({ circuit, status }).toEqual({ circuit: TWO_ARCS, status: 'converged' });
    expect(validity.verdict).toBe('pass');
    expect(ranking[0]).toMatchObject({ circuit: TWO_ARCS, verdict: 'chosen', bicDifference: 0 });
    expect(ranking.length).toBeGreaterThan(5);
    for (const { name, value, standardError } of parameters) {
      expect(Math.abs(value - TRUTH[name as keyof typeof TRUTH])).toBeLessThan(4 * standardError);
    }
  });

  it('is said not to be described by a circuit with one arc', async () => {
    const { output } = await operando('eis', 'fit', simulated, '--circuit', 'R0-p(R1,CPE1)');
    expect(output).toContain('the circuit does not follow these data');
    const { output: good } = await operando('eis', 'fit', simulated, '--circuit', TWO_ARCS);
    expect(good).not.toContain('does not follow');
  });

  it('keeps what is fixed and what is bounded', async () => {
    const words = ['--fix', 'R0=10', '--bound', 'R2=1..100'];
    const { results } = await documentOf('eis', 'fit', simulated, '--circuit', TWO_ARCS, ...words);
    const states = Object.fromEntries(
      results[0].parameters.map(({ name, state }: { name: string; state: string }) => [
        name,
        state,
      ]),
    );
    expect(states).toMatchObject({ R0: 'fixed', R2: 'atBound', R1: 'free' });
  });

  it('shows its two arcs as the largest peaks, with their resistances as areas', async () => {
    const { results } = await documentOf('eis', 'drt', simulated);
    const [{ peaks, polarisationOhm }] = results;
    const areas: number[] = peaks.map(({ areaOhm }: { areaOhm: number }) => areaOhm);
    const [slow = 0, fast = 0, ...rest] = areas.sort((a, b) => b - a);
    expect(Math.abs(slow / TRUTH.R2 - 1)).toBeLessThan(0.08);
    expect(Math.abs(fast / TRUTH.R1 - 1)).toBeLessThan(0.08);
    // Side lobes of broad arcs in noise; a third process would be larger.
    for (const area of rest) expect(area).toBeLessThan(0.05 * polarisationOhm);
    expect(Math.abs(polarisationOhm / (TRUTH.R1 + TRUTH.R2) - 1)).toBeLessThan(0.02);
  });

  it('is the same for the same seed, and never overwrites', async () => {
    const again = join(folder, 'again.csv');
    const words = ['eis', 'simulate', '--circuit', 'R0', '--values', 'R0=1', '--noise', '1'];
    expect((await operando(...words, '--out', again)).code).toBe(0);
    const first = readFileSync(again, 'utf8');
    await expectBadInput([...words, '--out', again], again, 'not overwritten');
    const other = join(folder, 'other.csv');
    expect((await operando(...words, '--out', other)).code).toBe(0);
    expect(readFileSync(other, 'utf8')).toBe(first);
  });

  it('that drifts while it is measured fails, and every fit of it says so', async () => {
    const drifting = join(folder, 'drifting.csv');
    const values = 'R0=10,R1=50,CPE1.Q=1e-3,CPE1.n=0.9';
    const words = ['eis', 'simulate', '--circuit', 'R0-p(R1,CPE1)', '--values', values];
    const sweep = ['--from', '10 kHz', '--to', '10 mHz', '--drift', '20', '--noise', '0.1'];
    expect((await operando(...words, ...sweep, '--out', drifting)).code).toBe(0);
    const { results } = await documentOf('eis', 'kk', drifting);
    expect(results[0].verdict).toBe('fail');
    const { output } = await operando('eis', 'fit', drifting, '--circuit', 'R0-p(R1,CPE1)');
    expect(output).toContain('data fail Kramers-Kronig: ');
  });
});

describe('plots', () => {
  it('of a fit are valid XML with every point, and as many pixels per ohm up as across', async () => {
    const plot = join(folder, 'fit.svg');
    const words = ['eis', 'fit', simulated, '--circuit', TWO_ARCS, '--plot', plot];
    const { code, errors } = await operando(...words);
    expect(code, errors).toBe(0);
    const svg = readFileSync(plot, 'utf8');
    parseXml(svg);
    const rows = readFileSync(simulated, 'utf8').trim().split('\n').slice(1);
    const points = rows.map((row) => row.split(',').map(Number));
    const places = markersOf(svg, 'nyquist-measured');
    expect(places).toHaveLength(points.length);
    expect(markersOf(svg, 'residuals-real')).toHaveLength(points.length);
    const span = (values: number[]): number => Math.max(...values) - Math.min(...values);
    const across = span(places.map(({ x }) => x)) / span(points.map(([, re = 0]) => re));
    const up = span(places.map(({ y }) => y)) / span(points.map(([, , im = 0]) => im));
    expect(Math.abs(across / up - 1)).toBeLessThan(0.002);
    expect(svg).toContain('data pass Kramers-Kronig');
  });

  it.each(['kk', 'drt'])('of eis %s are valid XML', async (name) => {
    const plot = join(folder, `${name}.svg`);
    const { code, errors } = await operando('eis', name, simulated, '--plot', plot);
    expect(code, errors).toBe(0);
    parseXml(readFileSync(plot, 'utf8'));
  });

  it('are refused where they cannot be written', async () => {
    const plot = join(folder, 'absent', 'fit.svg');
    await expectBadInput(['eis', 'kk', simulated, '--plot', plot], plot, 'cannot be written');
  });
});

describe('bad spectra', () => {
  const commands = [
    ['eis', 'fit', '--circuit', 'R0-p(R1,C1)'],
    ['eis', 'kk'],
    ['eis', 'drt'],
  ];

  it.each(commands)('are refused by %s %s with place and remedy', async (...words) => {
    const duplicate = fileOf('duplicate.csv', '1000,10,-1\n100,12,-3\n100,13,-2\n10,14,-2\n');
    const turning = fileOf('turning.csv', '1000,10,-1\n10,12,-3\n100,13,-2\n1,14,-2\n');
    const missing = fileOf('nan.csv', '1000,10,-1\n100,nan,-3\n10,14,-2\n');
    const empty = fileOf('empty.csv', '');
    await expectBadInput(
      [...words, duplicate, turning, missing, empty],
      `${duplicate}: point 3: frequency 100 Hz is there already as point 2`,
      `${turning}: point 3: frequencies are out of order: 1000, 10, 100 Hz`,
      '--sort',
      `${missing}:2, column 2`,
      `${empty}: is empty`,
    );
  });

  it('are not read when they are gigabytes', async () => {
    const giant = fileOf('giant.csv', '');
    truncateSync(giant, 3e9);
    await expectBadInput(['eis', 'kk', giant], giant, 'bytes');
    truncateSync(giant, 0);
  });

  it('are put in order when asked', async () => {
    const rows = readFileSync(simulated, 'utf8').trim().split('\n');
    const [header = '', ...points] = rows;
    const mixed = fileOf(
      'mixed.csv',
      [header, ...points.slice(30), ...points.slice(0, 30)].join('\n'),
    );
    const words = ['eis', 'fit', mixed, '--circuit', TWO_ARCS];
    await expectBadInput(words, mixed, '--sort');
    const { results } = await documentOf(...words, '--sort');
    expect(results[0].status).toBe('converged');
  });

  it('with too few points for the parameters are refused', async () => {
    const three = fileOf('three.csv', '1000,10,-1\n100,12,-3\n10,14,-2\n');
    const words = ['eis', 'fit', three, '--circuit', `${TWO_ARCS}-CPE3`];
    await expectBadInput(words, three, '9 parameters');
    await expectBadInput(['eis', 'kk', three], three, '3 different frequencies');
  });
});

describe('a spectrum with the other sign', () => {
  const flipped = join(folder, 'flipped.csv');
  beforeAll(() => {
    const rows = readFileSync(simulated, 'utf8').trim().split('\n').slice(1);
    const turned = rows.map((row) => {
      const [frequency, re, im] = row.split(',').map(Number);
      return `${frequency},${re},${-(im ?? 0)}`;
    });
    writeFileSync(flipped, turned.join('\n'));
  });

  it('is found out and refused, with the option that mends it', async () => {
    await expectBadInput(
      ['eis', 'fit', flipped, '--circuit', TWO_ARCS],
      flipped,
      '--flip-imaginary',
    );
    await expectBadInput(['eis', 'drt', flipped], flipped, '--flip-imaginary');
  });

  it('is flipped when asked, and then fits', async () => {
    const words = ['eis', 'fit', flipped, '--circuit', TWO_ARCS, '--flip-imaginary'];
    const { results } = await documentOf(...words);
    expect(results[0].status).toBe('converged');
    expect(results[0].rmsPercent).toBeLessThan(0.5);
  });

  it('is told, not refused, where a positive imaginary part may be meant', async () => {
    const { code, output, errors } = await operando('eis', 'kk', flipped);
    expect(code).toBe(0);
    expect(output).toContain('fail');
    expect(errors).toContain('--flip-imaginary');
  });
});

describe('options that make no sense', () => {
  it.each([
    [['--fix', 'R9=1'], 'R9'],
    [['--bound', 'R1=5..2'], 'R1'],
    [['--weighting', 'heavy'], 'modulus'],
    [['--plot', 'fit.png'], '.svg'],
    [['--frobnicate'], '--help'],
  ])('%j is refused before anything is read', async (words, text) => {
    await expectBadInput(
      ['eis', 'fit', join(folder, 'absent'), '--circuit', TWO_ARCS, ...words],
      text,
    );
  });

  it('auto takes no limits', async () => {
    await expectBadInput(['eis', 'fit', simulated, '--circuit', 'auto', '--fix', 'R0=1'], '--fix');
  });

  it('a simulation needs every parameter, once, above zero', async () => {
    const words = ['eis', 'simulate', '--circuit', 'R0-p(R1,C1)', '--out', join(folder, 'no.csv')];
    await expectBadInput([...words, '--values', 'R0=1,R1=2'], 'C1 missing');
    await expectBadInput([...words, '--values', 'R0=1,R1=2,C1=0'], 'C1');
    await expectBadInput([...words, '--values', 'R0=1,R0=2,Q=3'], 'twice', 'no Q');
    expect(existsSync(join(folder, 'no.csv'))).toBe(false);
  });
});

describeWithData('a sequence of measured spectra', () => {
  const files = [0, 1, 2, 3, 4, 5].map((k) => sharedData(`eis/redox-sequence/spectrum-0${k}.csv`));
  const words = ['eis', 'fit', ...files, '--circuit', 'R0-p(R1-W1,CPE1)'];

  it('is fitted from neighbour to neighbour, as well as one by one', async () => {
    const chain = await documentOf(...words, '--sequence');
    const single = await documentOf(...words);
    expect(chain.results.map(({ file }: { file: string }) => file)).toEqual(files);
    chain.results.forEach((one: { chiSquare: number; reachedBy: string }, at: number) => {
      expect(['global', 'forward', 'backward']).toContain(one.reachedBy);
      expect(one.chiSquare).toBeLessThan(1.01 * single.results[at].chiSquare);
    });
  });

  it('is a table with a line each for people', async () => {
    const { output } = await operando(...words);
    expect(output.split('\n').filter((line) => line.includes('KK pass'))).toHaveLength(6);
  });
});

describe('files fitted together', () => {
  const circuit = 'R0-p(R1,CPE1)';
  const files = [20, 40, 80].map((ohm) => [join(folder, `arc-${ohm}.csv`), ohm] as const);
  const words = ['eis', 'fit', ...files.map(([file]) => file), '--circuit', circuit];
  beforeAll(async () => {
    for (const [file, ohm] of files) {
      const values = `R0=5,R1=${ohm},CPE1.Q=1e-4,CPE1.n=0.9`;
      const sweep = ['--noise', '0.3', '--seed', `${ohm}`, '--out', file];
      await operando('eis', 'simulate', '--circuit', circuit, '--values', values, ...sweep);
    }
  });

  it('have the shared parameters in common and the others of their own', async () => {
    const { results, together } = await documentOf(...words, '--share', 'R0,CPE1.n');
    expect(together.shared.map(({ name }: { name: string }) => name)).toEqual(['R0', 'CPE1.n']);
    expect(together.reason).toBe('converged');
    const [r0, n] = together.shared;
    expect(Math.abs(r0.value - 5)).toBeLessThan(4 * r0.standardError);
    expect(Math.abs(n.value - 0.9)).toBeLessThan(4 * n.standardError);
    for (const [at, [file, ohm]] of files.entries()) {
      const { parameters, ...one } = results[at];
      expect(one).toMatchObject({ file, status: 'converged', validity: { verdict: 'pass' } });
      expect(parameters[0]).toEqual(r0);
      expect(parameters[3]).toEqual(n);
      expect(Math.abs(parameters[1].value - ohm)).toBeLessThan(4 * parameters[1].standardError);
    }
    const alone = await documentOf(...words);
    expect(alone.together).toBeUndefined();
    expect(r0.standardError).toBeLessThan(alone.results[0].parameters[0].standardError);
  });

  it('are reported with what they share first', async () => {
    const plot = join(folder, 'together.svg');
    const { code, output } = await operando(...words, '--share', 'R0', '--plot', plot);
    expect(code).toBe(0);
    expect(output).toMatch(/^3 files fitted together: R0-p\(R1,CPE1\)\n[\s\S]*\n {2}R0 +5\.0/);
    for (const [file] of files) expect(output).toContain(`${file}: ${circuit}`);
    expect(output).not.toContain(' 0.0 ms');
    parseXml(readFileSync(plot, 'utf8'));
  });

  it('are refused with the name of each file that cannot be fitted', async () => {
    const two = fileOf('two.csv', '1000,10,-1\n100,12,-3\n');
    await expectBadInput([...words, two, '--share', 'R0'], `${two}: spectrum`, '4 parameters');
    await expectBadInput([...words, '--share', 'R7'], '--share', 'R0, R1, CPE1.Q, CPE1.n');
    await expectBadInput([...words, '--share', 'R0', '--sequence'], '--sequence', '--share');
    const auto = [...words.slice(0, -1), 'auto', '--share', 'R0'];
    await expectBadInput(auto, '--share', 'needs a circuit of its own');
  });
});

describeWithData('a table with standard errors', () => {
  const table = sharedData('eis/randles_example_data.csv');

  it('is fitted by them when asked: 1000 Ω and 200 Ω beside 1 µF', async () => {
    const words = ['eis', 'fit', table, '--circuit', 'R0-p(R1,C1)'];
    const { results } = await documentOf(...words, '--weighting', 'sigma');
    const [{ weighting, status, parameters, chiSquare }] = results;
    expect({ weighting, status }).toEqual({ weighting: 'sigma', status: 'converged' });
    for (const [p, truth] of [1000, 200, 1e-6].entries()) {
      expect(Math.abs(parameters[p].value / truth - 1)).toBeLessThan(1e-4);
    }
    // The errors are 1 % of each part: in their measure chi² is another than by |Z|.
    const byModulus = await documentOf(...words);
    expect(chiSquare).toBeGreaterThan(10 * byModulus.results[0].chiSquare);
  });

  it('is refused without them, and where points lack them, by every command that fits', async () => {
    const partly = fileOf('partly.csv', 'f,re,im,sigma\n100,1,-1,0.1\n10,2,-1,0\n1,3,-1,0.1\n');
    const words = ['--circuit', 'auto', '--weighting', 'sigma'];
    await expectBadInput(
      ['eis', 'fit', simulated, table, partly, ...words],
      `${simulated}: holds no standard errors`,
      'zerrR and zerrI',
      `${partly}: 1 of 3 points have no standard error above 0, the first at 10 Hz`,
    );
    const pellets = [`${simulated}=20C`, `${table}=40C`, '--parameter', 'R0'];
    await expectBadInput(
      ['eis', 'arrhenius', ...pellets, '--circuit', 'R0', '--weighting', 'sigma'],
      `${simulated}: holds no standard errors`,
    );
  });
});

describeWithData('activation energies of the published pellets', () => {
  const CIRCUIT = 'p(R1,CPE1)-p(R2,CPE2)-CPE3';
  const files = [140, 160, 180, 200].map(
    (celsius) => `${sharedData(`eis/s04147-${celsius}deg.txt`)}=${celsius}C`,
  );

  it('come from the published resistances', async () => {
    const plot = join(folder, 'arrhenius.svg');
    const pellet = ['--length', '2.1mm', '--area', '0.50265cm2'];
    const parameters = ['--parameter', 'R1', '--parameter', 'R2', '--parameter', 'R1+R2'];
    const words = ['eis', 'arrhenius', ...files, '--circuit', CIRCUIT, ...parameters, ...pellet];
    const { arrhenius } = await documentOf(...words, '--plot', plot);
    const [bulk, boundary, total] = arrhenius;
    const published = [1.462e5, 7.949e4, 3.984e4, 2.246e4];
    bulk.points.forEach(({ resistanceOhm }: { resistanceOhm: number }, at: number) => {
      expect(Math.abs(resistanceOhm / (published[at] ?? 0) - 1)).toBeLessThan(1e-3);
    });
    expect(bulk.points[0].conductivitySiemensPerMetre).toBeCloseTo(41.78 / 1.462e5, 6);
    expect(boundary.sigmaT.activationEnergyElectronVolt).toBeCloseTo(0.895, 2);
    expect(total.sigmaT.activationEnergyElectronVolt).toBeCloseTo(0.856, 2);
    const svg = readFileSync(plot, 'utf8');
    parseXml(svg);
    expect(markersOf(svg, 'arrhenius-points')).toHaveLength(12);
  });

  it('need temperatures, a parameter, and length with area', async () => {
    const words = ['eis', 'arrhenius', '--circuit', CIRCUIT];
    await expectBadInput([...words, 'a.txt', '--parameter', 'R1'], 'a.txt', 'FILE=TEMPERATURE');
    await expectBadInput([...words, ...files], '--parameter', 'R1, R2');
    await expectBadInput([...words, ...files, '--parameter', 'R1', '--length', '2 mm'], '--area');
    await expectBadInput(
      [...words, ...files, '--parameter', 'R1', '--length', '2', '--area', '1 cm2'],
      '--length',
    );
  });
});
