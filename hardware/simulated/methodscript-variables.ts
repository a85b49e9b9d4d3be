import type { PackageVariable } from '../potentiostats/methodscript-value.ts';
import { type Operand, ScriptFailure, type Statement } from './methodscript-program.ts';

/** Errors that arithmetic in a script can end with. */
const RUN_ERROR = { badValue: '0007', notANumber: '0010', divisionByZero: '0028' } as const;

/** What a variable holds before anything was stored in it. */
const UNSET: PackageVariable = { type: 'ja', value: 0, status: undefined, rangeIndex: undefined };

/** The variables of a running script, and what scripts can calculate with them. */
export class ScriptVariables {
  readonly #variables = new Map<string, PackageVariable>();

  read(name: string): PackageVariable {
    return this.#variables.get(name) ?? UNSET;
  }

  /** Stores a measured value with its status and range. */
  set(name: string, variable: PackageVariable): void {
    this.#variables.set(name, variable);
  }

  /** Stores a plain number. */
  store(name: string, type: string, value: number): void {
    this.#variables.set(name, { type, value, status: undefined, rangeIndex: undefined });
  }

  /** The `index`-th number of a statement. */
  valueOf(statement: Statement, index: number): number {
    const operand = statement.operands[index];
    if (!operand) throw new ScriptFailure(RUN_ERROR.badValue, { line: statement.line });
    return this.#resolve(operand);
  }

  /** The number of an option, or what holds without it. */
  optionOf(statement: Statement, name: string, otherwise: number): number {
    const operand = statement.options.get(name);
    return operand ? this.#resolve(operand) : otherwise;
  }

  /** add_var, sub_var, mul_var, div_var: the result replaces the first variable's value. */
  calculate(statement: Statement): void {
    const [name = ''] = statement.words;
    const variable = this.read(name);
    const operand = this.valueOf(statement, 0);
    const { command, line } = statement;
    if (command === 'div_var' && operand === 0) {
      throw new ScriptFailure(RUN_ERROR.divisionByZero, { line });
    }
    const value = result(command, variable.value, operand);
    if (!Number.isFinite(value)) throw new ScriptFailure(RUN_ERROR.notANumber, { line });
    this.#variables.set(name, { ...variable, value });
  }

  /** The condition of an `if`. */
  isTrue(statement: Statement): boolean {
    const left = this.valueOf(statement, 0);
    const right = this.valueOf(statement, 1);
    switch (statement.words[1]) {
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '<=':
        return left <= right;
      case '>=':
        return left >= right;
      case '==':
        return left === right;
      default:
        return left !== right;
    }
  }

  #resolve(operand: Operand): number {
    return operand.kind === 'number' ? operand.value : this.read(operand.name).value;
  }
}

function result(command: Statement['command'], left: number, right: number): number {
  switch (command) {
    case 'sub_var':
      return left - right;
    case 'mul_var':
      return left * right;
    case 'div_var':
      return left / right;
    default:
      return left + right;
  }
}
