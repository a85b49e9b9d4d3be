import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type ExitCode, Fault } from '../domain/fault.ts';
import type { Terminal } from './terminal.ts';

export type OptionTable = NonNullable<ParseArgsConfig['options']>;

export interface CommandLine {
  readonly words: readonly string[];
  /** A list for an option that may be given several times. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** One `operando` command. `run` gets words and options already checked against the table. */
export interface Command {
  /** "run", "eis fit": the words that choose it. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  /** One line per option: what it means and its default. */
  readonly optionHelp: readonly (readonly [option: string, meaning: string])[];
  readonly examples: readonly string[];
  readonly options: OptionTable;
  run(line: CommandLine, terminal: Terminal): Promise<ExitCode>;
}

/** A command that is loaded only when it is chosen. */
export interface LateCommand {
  readonly name: string;
  /** @returns the command of that name */
  load(): Promise<Command>;
}

/** @throws Fault badInput naming the word that is not understood. */
export function parseCommandLine(command: Command, words: readonly string[]): CommandLine {
  try {
    const { positionals, values } = parseArgs({
      args: [...words],
      options: command.options,
      allowPositionals: true,
      strict: true,
    });
    return { words: positionals, options: values as CommandLine['options'] };
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new Fault(
      'badInput',
      {
        where: `operando ${command.name}`,
        message: `${message}; see "operando ${command.name} --help"`,
      },
      error,
    );
  }
}

export function helpOf(command: Command): string {
  const width = Math.max(0, ...command.optionHelp.map(([option]) => option.length));
  const options = command.optionHelp.map(
    ([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`,
  );
  return [
    `operando ${command.name}: ${command.summary}`,
    '',
    `usage: ${command.usage}`,
    '',
    ...options,
    '',
    'examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

/** The value of an option that must be there. */
export function required(command: Command, line: CommandLine, option: string): string {
  const value = line.options[option];
  if (typeof value === 'string') return value;
  throw new Fault('badInput', {
    where: `operando ${command.name}`,
    message: `--${option} is missing; usage: ${command.usage}`,
  });
}

/** The values of an option that may be given several times; empty when it is not given. */
export function listOption(line: CommandLine, option: string): readonly string[] {
  const value = line.options[option];
  if (typeof value === 'string') return [value];
  return typeof value === 'object' ? value : [];
}

/** An option that is a number, or undefined when it is not given. @throws Fault badInput */
export function numberOption(
  line: CommandLine,
  option: string,
  range: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number | undefined {
  const text = line.options[option];
  if (text === undefined) return undefined;
  const value = Number(text);
  const { min, max, whole = false } = range;
  const isUsable = whole ? Number.isInteger(value) : Number.isFinite(value);
  if (String(text).trim() !== '' && isUsable && value >= min && value <= max) return value;
  throw new Fault('badInput', {
    where: `--${option}`,
    message: `"${text}" is not understood: expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
  });
}
