import { EXIT_CODES, type ExitCode, Fault } from '../domain/fault.ts';
import { type Command, helpOf, type LateCommand, parseCommandLine } from './command.ts';
import { softwareVersion } from './software-version.ts';
import type { Terminal } from './terminal.ts';

type KnownCommand = Command | LateCommand;

const HELP: ReadonlySet<string> = new Set(['--help', '-h']);

/** Chooses the command, runs it, and turns a Fault into its message and exit code. */
export async function runCommandLine(
  commands: readonly KnownCommand[],
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const chosen = commands.find((one) => startsWith(words, one.name.split(' ')));
  if (!chosen) return explain(commands, words, terminal);
  const command = await loaded(chosen);
  const rest = words.slice(command.name.split(' ').length);
  if (rest.some((word) => HELP.has(word))) {
    terminal.out(helpOf(command));
    return EXIT_CODES.done;
  }
  try {
    return await command.run(parseCommandLine(command, rest), terminal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    terminal.err(describeFault(error));
    return error.exitCode;
  }
}

/** One line per problem; no stack trace: these are messages for people. */
export function describeFault(fault: Fault): string {
  return fault.problems.map(({ where, message }) => `${where}: ${message}\n`).join('');
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return start.every((word, at) => words[at] === word);
}

async function loaded(command: KnownCommand): Promise<Command> {
  return 'load' in command ? command.load() : command;
}

/** Words that choose no command: a question about them, or a mistake. */
async function explain(
  commands: readonly KnownCommand[],
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  if (words[0] === '--version') {
    terminal.out(`operando ${softwareVersion()}\n`);
    return EXIT_CODES.done;
  }
  const named = words.filter((word) => !HELP.has(word));
  const group = commands.filter(
    ({ name }) => named.length > 0 && startsWith(name.split(' '), named),
  );
  const overview = overviewOf(await Promise.all((group.length > 0 ? group : commands).map(loaded)));
  const isQuestion = words.length === 0 || words.some((word) => HELP.has(word));
  if (isQuestion && (named.length === 0 || group.length > 0)) {
    terminal.out(overview);
    return EXIT_CODES.done;
  }
  const said = `"${named.slice(0, 2).join(' ')}"`;
  const trouble = group.length > 0 ? `${said} wants one more word` : `no command ${said}`;
  terminal.err(`operando: ${trouble}\n\n${overview}`);
  return EXIT_CODES.badInput;
}

function overviewOf(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'operando: controller of operando battery test cells',
    '',
    ...commands.map(({ name, summary }) => `  operando ${name.padEnd(width)}  ${summary}`),
    '',
    'operando COMMAND --help shows its options and examples.',
    '',
  ].join('\n');
}
