import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operando, ROOT } from '../support/built.ts';
import { describeWithData, sharedData } from '../support/shared-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'operando-readme-'));

/** What stands for a reader's own files in the examples, and what the test puts there. */
const STAND_INS: Readonly<Record<string, () => string>> = {
  'spectrum.mpt': () => sharedData('eis/exampleDataBioLogic.mpt'),
  'scan.h5': () => sharedData('tomo/tooth-row0.h5'),
  'volume.h5': () => join(folder, 'volume.h5'),
  FOLDER: () => sharedData('.'),
};

/** The `npx operando` lines of the README's code blocks, continued lines joined. */
function commandsOf(markdown: string): string[][] {
  const blocks = [...markdown.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('npx operando '))
    .map((line) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? ''),
    )
    .map((words) => words.slice(2).map((word) => STAND_INS[word]?.() ?? word));
}

describeWithData('the commands of the README', () => {
  const commands = commandsOf(readFileSync(`${ROOT}README.md`, 'utf8'));

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
