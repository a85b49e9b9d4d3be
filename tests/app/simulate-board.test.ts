import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/app/command.ts';
import { simulateBoardCommand } from '../../src/app/commands/simulate-board.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const terminal = { out: () => {}, err: () => {}, isInteractive: false, columns: 80 };

function call(...words: string[]): Promise<unknown> {
  return simulateBoardCommand.run(parseCommandLine(simulateBoardCommand, words), terminal);
}

describe('operando simulate board', () => {
  it.each([
    [[], 'expected one of --pty PATH and --tcp PORT'],
    [['--pty', '/tmp/x', '--tcp', '5000'], 'expected one of --pty PATH and --tcp PORT'],
    [['--tcp', '65536'], 'expected a port from 0 to 65535'],
    [['--tcp', '1.5'], 'expected a port from 0 to 65535'],
    [['--tcp', '0', '--firmware', '/nowhere/board.hex'], 'cannot be read'],
  ])('refuses %j and says why', async (words, reason) => {
    await expect(call(...words)).rejects.toThrow(reason);
  });

  it('refuses a firmware that is none, with its line', async () => {
    const path = join(temporaryFolder(), 'board.hex');
    writeFileSync(path, ':00000001FF\nnonsense\n');
    await expect(call('--tcp', '0', '--firmware', path)).rejects.toThrow(`${path}, line 2`);
  });

  it('overwrites no record, and makes none where it cannot start', async () => {
    const folder = temporaryFolder();
    const record = join(folder, 'states.jsonl');
    writeFileSync(record, 'kept');
    await expect(call('--tcp', '0', '--record', record)).rejects.toThrow('is there already');
    const other = join(folder, 'other.jsonl');
    await expect(call('--record', other)).rejects.toThrow('expected one of');
    expect(existsSync(other)).toBe(false);
    await expect(call('--tcp', '0', '--record', join(folder, 'no', 'x'))).rejects.toThrow(
      'cannot be written (ENOENT)',
    );
  });
});
