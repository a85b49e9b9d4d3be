import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operando, ROOT } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-bad-'));
const RECIPE = `${ROOT}recipes/first-light.yaml`;
const RIG = `${ROOT}hardware/rigs/simulated.yaml`;
const CELL = `${ROOT}recipes/cells/li-li3ps4-li.yaml`;

/** Exit code 2, every expected text on stderr, nothing on stdout, no stack trace. */
async function expectBadInput(words: string[], ...texts: string[]): Promise<void> {
  const { code, output, errors } = await operando(...words);
  expect({ code, output }, errors).toEqual({ code: 2, output: '' });
  for (const text of texts) expect(errors).toContain(text);
  expect(errors).not.toMatch(/^\s+at /m);
}

function changedRecipe(name: string, from: string, to: string): string {
  const text = readFileSync(RECIPE, 'utf8');
  expect(text).toContain(from);
  const path = join(folder, name);
  writeFileSync(path, text.replace(from, to));
  return path;
}

describe('bad input to a run', () => {
  const out = join(folder, 'untouched');
  const run = (recipe: string, ...more: string[]): string[] => [
    ...['run', recipe, '--rig', RIG, '--cell', CELL, '--out', out, '--speed', 'max'],
    ...more,
  ];

  it('names a recipe that is not there', async () => {
    const path = join(folder, 'absent.yaml');
    await expectBadInput(run(path), path, 'cannot be read');
  });

  it('names line, key and accepted keys of an unknown recipe key', async () => {
    const path = changedRecipe('unknown-key.yaml', 'title:', 'colour: red\ntitle:');
    await expectBadInput(run(path), `${path}:`, 'unknown key "colour"', 'safety');
  });

  it('gives the place of a typo in a circuit', async () => {
    const path = changedRecipe('circuit.yaml', 'CPE2', 'CEP2');
    await expectBadInput(run(path), path, 'during[0].fit', 'CEP2');
  });

  it('names both frequencies when the sweep is too fast for the potentiostat', async () => {
    const path = changedRecipe('fast.yaml', 'from: "200 kHz"', 'from: "3 MHz"');
    await expectBadInput(run(path), 'during[0].from', '3 MHz', '200 kHz');
  });

  it('reports the problems of recipe, rig and cell together', async () => {
    const recipe = changedRecipe('one.yaml', 'title:', 'colour: red\ntitle:');
    const cell = join(folder, 'cell.yaml');
    writeFileSync(cell, 'cell: c\ntitle: C\narea: 1\nreference: Li\n');
    const words = ['run', recipe, '--rig', join(folder, 'no-rig.yaml'), '--cell', cell];
    await expectBadInput(words, 'colour', 'no-rig.yaml', `${cell}:3: area`);
  });

  it('says that recordings need a folder', async () => {
    const rig = `${ROOT}hardware/rigs/replay.yaml`;
    const cell = `${ROOT}recipes/cells/replay-battery.yaml`;
    const words = ['check', `${ROOT}recipes/replay.yaml`, '--rig', rig, '--cell', cell];
    await expectBadInput(words, '--data');
  });

  it('has touched nothing', () => {
    expect(readdirSync(folder)).not.toContain(basename(out));
  });
});

describe('bad input to eis fit', () => {
  const csv = join(folder, 'short.csv');
  writeFileSync(csv, '1000,10,-1\n100,12,-3\n10,oops,-2\n');

  it('names file, line and what was expected', async () => {
    await expectBadInput(['eis', 'fit', csv, '--circuit', 'R0-p(R1,C1)'], `${csv}:3`);
  });

  it('gives the position of a typo and the accepted elements', async () => {
    await expectBadInput(['eis', 'fit', csv, '--circuit', 'R0-p(R1,CEP1)'], 'CEP1', 'CPE');
  });

  it('lists every missing file', async () => {
    const words = ['eis', 'fit', join(folder, 'a.csv'), join(folder, 'b.z'), '--circuit', 'R0'];
    await expectBadInput(words, 'a.csv', 'b.z');
  });

  it('refuses more parameters than points', async () => {
    writeFileSync(csv, '1000,10,-1\n100,12,-3\n10,14,-2\n');
    const circuit = 'R0-p(R1,CPE1)-p(R2,CPE2)-CPE3';
    await expectBadInput(['eis', 'fit', csv, '--circuit', circuit], csv, 'points');
  });
});

describeWithData('bad input to scan reconstruct', () => {
  const output = join(folder, 'never.h5');

  it('refuses a truncated HDF5 file', async () => {
    const path = join(folder, 'truncated.h5');
    copyFileSync(sharedData('tomo/tooth-row0.h5'), path);
    truncateSync(path, 100_000);
    await expectBadInput(['scan', 'reconstruct', path, '--out', output], path);
  });

  it('gives both numbers when angles and views differ', async () => {
    const rod = sharedData('tomo/savu-rod');
    const copy = join(folder, 'rod');
    mkdirSync(copy);
    for (const name of readdirSync(rod)) copyFileSync(join(rod, name), join(copy, name));
    const angles = join(copy, 'angles.txt');
    const lines = readFileSync(angles, 'utf8').split('\n');
    writeFileSync(angles, lines.toSpliced(50, 3).join('\n'));
    await expectBadInput(['scan', 'reconstruct', copy, '--out', output], 'angles.txt', '91', '108');
  });

  it('names an algorithm and an axis it does not know', async () => {
    const source = sharedData('tomo/tooth-row0.h5');
    const words = ['scan', 'reconstruct', source, '--out', output];
    await expectBadInput([...words, '--algorithm', 'magic'], '--algorithm', 'gridding');
    await expectBadInput([...words, '--axis', 'left'], '--axis', 'auto');
  });

  it('has written no volume', () => {
    expect(readdirSync(folder)).not.toContain(basename(output));
  });
});
