import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operando, ROOT } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';
import { commandsOf } from './markdown-commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-readme-'));

/** What stands for a reader's own files in the examples, and what the test puts there. */
const STAND_INS: Readonly<Record<string, () => string>> = {
  'spectrum.mpt': () => sharedData('eis/exampleDataBioLogic.mpt'),
  'scan.h5': () => sharedData('tomo/tooth-row0.h5'),
  'fit.svg': () => join(folder, 'fit.svg'),
  'volume.h5': () => join(folder, 'volume.h5'),
  FOLDER: () => sharedData('.'),
};

describeWithData('the commands of the README', () => {
  const commands = commandsOf(readFileSync(`${ROOT}README.md`, 'utf8')).map((words) =>
    words.map((word) => STAND_INS[word]?.() ?? word),
  );

  it('are found', () => {
    expect(commands.length).toBeGreaterThanOrEqual(4);
  });

  it.each(
    commands.map((words) => [words.slice(0, 2).join(' '), words] as const),
  )('%s works as written', async (_name, words) => {
    const run =
      words[0] === 'run' ? ['--out', folder, '--panel-port', '0', '--mqtt-port', '0'] : [];
    const { code, errors } = await operando(...words, ...run);
    expect(code, errors).toBe(0);
  });
});
