import { Fault } from '../domain/fault.ts';
import {
  type Command,
  type CommandLine,
  numberOption,
  type OptionTable,
  required,
} from './command.ts';
import type { ExperimentFiles } from './prepare.ts';

/** Options that `run` and `check` share. */
export const EXPERIMENT_OPTIONS = {
  rig: { type: 'string' },
  cell: { type: 'string' },
  data: { type: 'string' },
  seed: { type: 'string', default: '1' },
} as const satisfies OptionTable;

const SEED_MAX = 2 ** 32 - 1;

/** @throws Fault badInput when a file is not named */
export function experimentFiles(command: Command, line: CommandLine): ExperimentFiles {
  const [recipe, ...others] = line.words;
  if (recipe === undefined || others.length > 0) {
    throw new Fault('badInput', {
      where: `operando ${command.name}`,
      message: `${line.words.length} recipes given, expected one; usage: ${command.usage}`,
    });
  }
  const { data } = line.options;
  return {
    recipe,
    rig: required(command, line, 'rig'),
    cell: required(command, line, 'cell'),
    data: typeof data === 'string' ? data : undefined,
  };
}

/** Seed of everything random in simulated instruments. */
export function seedOf(line: CommandLine): number {
  return numberOption(line, 'seed', { min: 0, max: SEED_MAX, whole: true }) ?? 1;
}

/** `--speed`: simulated seconds per second, Infinity for max. */
export function speedOf(line: CommandLine): number {
  if (line.options.speed === 'max') return Number.POSITIVE_INFINITY;
  return numberOption(line, 'speed', { min: 0.001, max: 1e6 }) ?? 1;
}
