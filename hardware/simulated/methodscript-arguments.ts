import type { FrontEnd } from './emstat-twin-front-end.ts';
import { ScriptFailure, type Statement } from './methodscript-program.ts';
import type { ScriptVariables } from './methodscript-variables.ts';

/** Errors that a running script can end with, as the instrument numbers them. */
export const RUN_ERROR = {
  badValue: '0007',
  badPotential: '000F',
  badFrequency: '0011',
  badAmplitude: '0012',
  openCircuitWithCellOn: '0014',
  noChannel: '007A',
  modeUnsupported: '0021',
  invalidForMode: '0023',
  needsCellOn: '4027',
} as const;

/** Shortest time between two points of a loop. */
export const INTERVAL_SECOND_MIN = 1e-3;
const DURATION_SECOND_MAX = 1e8;
const COUNT_MAX = 10_000;

/** Numbers of a statement that must lie within what the instrument can do. */
export class ScriptArguments {
  readonly #variables: ScriptVariables;
  readonly #frontEnd: FrontEnd;

  constructor(variables: ScriptVariables, frontEnd: FrontEnd) {
    this.#variables = variables;
    this.#frontEnd = frontEnd;
  }

  duration(statement: Statement, index: number, leastSecond: number): number {
    return this.#within(statement, index, { least: leastSecond, most: DURATION_SECOND_MAX });
  }

  potential(statement: Statement, index: number): number {
    const limits = this.#frontEnd.potentialLimits;
    return this.#within(statement, index, { ...limits, code: RUN_ERROR.badPotential });
  }

  current(statement: Statement, index: number): number {
    const most = this.#frontEnd.device.capability.currentAmpereMax;
    return this.#within(statement, index, { least: -most, most });
  }

  frequency(statement: Statement, index: number): number {
    const { capability, galvanostat } = this.#frontEnd.device;
    const most = this.#frontEnd.isGalvanostat
      ? (galvanostat?.frequencyHertzMax ?? 0)
      : capability.frequencyHertzMax;
    const limits = { least: Number.MIN_VALUE, most, code: RUN_ERROR.badFrequency };
    return this.#within(statement, index, limits);
  }

  /** A number above zero. */
  positive(statement: Statement, index: number): number {
    const limits = { least: Number.MIN_VALUE, most: Number.MAX_VALUE };
    return this.#within(statement, index, limits);
  }

  /** A whole number from 1. */
  count(statement: Statement, value: number): number {
    if (Number.isInteger(value) && value >= 1 && value <= COUNT_MAX) return value;
    return fail(RUN_ERROR.badValue, statement);
  }

  #within(
    statement: Statement,
    index: number,
    { least, most, code = RUN_ERROR.badValue }: { least: number; most: number; code?: string },
  ): number {
    const value = this.#variables.valueOf(statement, index);
    return value >= least && value <= most ? value : fail(code, statement);
  }
}

/** @throws ScriptFailure at the line of the statement */
export function fail(code: string, statement: Statement): never {
  throw new ScriptFailure(code, { line: statement.line });
}
