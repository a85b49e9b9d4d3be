import { EXIT_CODES, type ExitCode, Fault } from '../domain/fault.ts';
import { type Command, helpOf, parseCommandLine } from './command.ts';
import type { Terminal } from './terminal.ts';

/** Chooses the command, runs it, and turns a Fault into its message and exit code. */
export async function runCommandLine(
  commands: readonly Command[],
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const command = commands.find((one) => startsWith(words, one.name.split(' ')));
  if (!command) return explain(commands, words, terminal);
  const rest = words.slice(command.name.split(' ').length);
  if (rest.includes('--help') || rest.includes('-h')) {
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

function explain(
  commands: readonly Command[],
  words: readonly string[],
  terminal: Terminal,
): ExitCode {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const overview = [
    'operando: controller of operando battery test cells',
    '',
    ...commands.map(({ name, summary }) => `  operando ${name.padEnd(width)}  ${summary}`),
    '',
    'operando COMMAND --help shows its options and examples.',
    '',
  ].join('\n');
  const asked = words.length === 0 || words[0] === '--help' || words[0] === '-h';
  if (asked) {
    terminal.out(overview);
    return EXIT_CODES.done;
  }
  terminal.err(`operando: no command "${words.slice(0, 2).join(' ')}"\n\n${overview}`);
  return EXIT_CODES.badInput;
}
