import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { NxtomoVolumeWriter } from '../../src/formats/nxtomo-volume.ts';
import { BRIGHT, DARK, phantomVolume } from '../analysis/volume-phantom.ts';
import { operando, ROOT } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { commandsOf } from './markdown-commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-docs-'));
const PAGE = readFileSync(`${ROOT}docs/tomography.md`, 'utf8');

/** A dark electrode of eight slices on a bright electrolyte with one void. */
const CELL = {
  slices: 40,
  side: 64,
  noise: 0.0004,
  valueAt: (column: number, row: number, slice: number) => {
    const isVoid = (column - 32) ** 2 + (row - 30) ** 2 + (slice - 24) ** 2 < 25;
    return slice < 8 || isVoid ? DARK : BRIGHT;
  },
};

const WRITTEN = /^[\w-]+\.(png|svg|csv)$|^live$/;

function withFiles(words: readonly string[]): string[] {
  return words.map((word, at) => {
    if (word === 'scan.h5') return sharedData('tomo/tooth-row0.h5');
    return at > 1 && (WRITTEN.test(word) || word.endsWith('.h5')) ? join(folder, word) : word;
  });
}

describeWithData('the commands of the page on tomography', () => {
  beforeAll(async () => {
    await new NxtomoVolumeWriter().write(join(folder, 'cell.h5'), phantomVolume(CELL), {
      slices: CELL.slices,
      rows: CELL.side,
      columns: CELL.side,
      views: 180,
      axisPixel: 31.5,
      axisAgreed: true,
      algorithm: 'gridding',
      durationMs: 1,
    });
  });

  const commands = commandsOf(PAGE);

  it('are found, one for each scan command and the dry run of a recipe', () => {
    const names = new Set(commands.map((words) => words.slice(0, 2).join(' ')));
    expect([...names].sort()).toEqual([
      'check recipes/first-light.yaml',
      'scan axis',
      'scan compare',
      'scan live',
      'scan reconstruct',
      'scan segment',
    ]);
  });

  it.each(
    commands.map((words) => [words.slice(0, 7).join(' '), words] as const),
  )('%s works as written', async (_name, words) => {
    const all = withFiles(words);
    const { code, errors } = await operando(...all);
    expect(code, errors).toBe(0);
    for (const word of all.filter((one) => one.startsWith(folder))) {
      expect(existsSync(word), word).toBe(true);
    }
  });
});
