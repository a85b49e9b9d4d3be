import { describe, expect, it } from 'vitest';
import { type Command, numberOption } from '../../src/app/command.ts';
import { runCommandLine } from '../../src/app/command-line.ts';
import { Fault } from '../../src/domain/fault.ts';
import { builtModule } from '../support/built.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';

const weigh: Command = {
  name: 'cell weigh',
  summary: 'weigh a cell',
  usage: 'operando cell weigh FILE [--times N]',
  optionHelp: [['--times N', 'how often']],
  examples: ['operando cell weigh a.yaml'],
  options: { times: { type: 'string' } },
  async run(line, terminal) {
    const times = numberOption(line, 'times', { min: 1, max: 9, whole: true }) ?? 1;
    if (line.words[0] === 'lost.yaml') {
      throw new Fault('instrumentLost', { where: 'balance', message: 'does not answer' });
    }
    terminal.out(`${line.words.join()} ${times}\n`);
    return 0;
  },
};

const ship: Command = {
  ...weigh,
  name: 'ship',
  options: {},
};

async function operando(...words: string[]) {
  const terminal = new RecordedTerminal();
  const code = await runCommandLine([weigh, ship], words, terminal);
  return { code, ...terminal };
}

describe('the command line', () => {
  it('runs a command of two words with its options', async () => {
    expect(await operando('cell', 'weigh', 'a.yaml', '--times', '3')).toMatchObject({
      code: 0,
      output: 'a.yaml 3\n',
    });
  });

  it('shows usage, options and examples for --help and does nothing else', async () => {
    const { code, output } = await operando('cell', 'weigh', '--help');
    expect(code).toBe(0);
    expect(output).toContain('usage: operando cell weigh FILE');
    expect(output).toContain('--times N');
    expect(output).toContain('examples:');
  });

  it('lists the commands when there is no word', async () => {
    expect(await operando()).toMatchObject({ code: 0, errors: '' });
  });

  it.each([
    ['cell', '--help'],
    ['cell', '-h'],
  ])('lists the commands that begin with a word asked for help: %s %s', async (...words) => {
    const { code, output, errors } = await operando(...words);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toContain('operando cell weigh');
    expect(output).not.toContain('operando ship');
  });

  it('names the commands that begin with a word that is not enough', async () => {
    const { code, output, errors } = await operando('cell');
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain('"cell" wants one more word');
    expect(errors).not.toContain('operando ship');
  });

  it('tells its version', async () => {
    const { code, output } = await operando('--version');
    expect(code).toBe(0);
    expect(output).toMatch(/^operando \d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['ship', '--hlep'], '--hlep'],
    [['nonsense', '--help'], 'no command "nonsense"'],
    [['cell', 'wiegh'], 'no command "cell wiegh"'],
    [['cell', 'weigh', '--tmies', '3'], '--tmies'],
    [['cell', 'weigh', '--times', 'often'], 'expected a whole number from 1 to 9'],
    [['cell', 'weigh', '--times', '10'], 'expected a whole number from 1 to 9'],
    [['cell', 'weigh', '--times', '2.5'], 'expected a whole number from 1 to 9'],
    [['cell', 'weigh', '--times', ' '], 'expected a whole number from 1 to 9'],
    [['cell', 'weigh', '--times', ''], 'expected a whole number from 1 to 9'],
  ])('answers %j with exit code 2 and %j', async (words, message) => {
    const { code, errors, output } = await operando(...words);
    expect(code).toBe(2);
    expect(errors).toContain(message);
    expect(errors).not.toMatch(/\n\s+at /);
    expect(output).toBe('');
  });

  it('turns a fault into its exit code and one line', async () => {
    const { code, errors } = await operando('cell', 'weigh', 'lost.yaml');
    expect({ code, errors }).toEqual({ code: 3, errors: 'balance: does not answer\n' });
  });
});

describe('commands that are loaded late', () => {
  it('are loaded when they are chosen, and no others with them', async () => {
    const terminal = new RecordedTerminal();
    const never = {
      name: 'never',
      load: () => Promise.reject(new Error('loaded although not chosen')),
    };
    const late = { name: weigh.name, load: async () => weigh };
    expect(await runCommandLine([never, late], ['cell', 'weigh', 'a.yaml'], terminal)).toBe(0);
    expect(terminal.output).toBe('a.yaml 1\n');
  });

  it('are each the command of their name', async () => {
    const { COMMANDS } =
      await builtModule<typeof import('../../src/app/commands.ts')>('src/app/commands.js');
    expect(COMMANDS.length).toBeGreaterThan(0);
    for (const { name, load } of COMMANDS) expect((await load()).name).toBe(name);
  });
});
