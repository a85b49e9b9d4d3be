import { parseLiteral } from '../potentiostats/methodscript-literal.ts';
import type { PackageVariable } from '../potentiostats/methodscript-value.ts';
import { ELEMENT, type Operand, ScriptFailure, type Statement } from './methodscript-program.ts';

/** Errors that arithmetic in a script can end with. */
const RUN_ERROR = {
  badValue: '0007',
  notANumber: '0010',
  divisionByZero: '0028',
  arrayBounds: '400F',
} as const;

/** Elements of all arrays of a script together. */
const ELEMENTS_MAX = 16_384;

/** What a variable holds before anything was stored in it. */
const UNSET: PackageVariable = { type: 'ja', value: 0, status: undefined, rangeIndex: undefined };

/** The variables of a running script, and what scripts can calculate with them. */
export class ScriptVariables {
  readonly #variables = new Map<string, PackageVariable>();
  readonly #arrays = new Map<string, PackageVariable[]>();
  readonly #capacities = new Map<string, number>();

  /** Makes room for an array. @throws ScriptFailure for a length that the memory does not hold */
  makeArray(statement: Statement): void {
    const [name = ''] = statement.words;
    const length = this.valueOf(statement, 0);
    const others = [...this.#capacities].filter(([other]) => other !== name);
    const taken = others.reduce((sum, [, capacity]) => sum + capacity, 0);
    const fits = Number.isInteger(length) && length > 0 && taken + length <= ELEMENTS_MAX;
    if (!fits) throw new ScriptFailure(RUN_ERROR.badValue, { line: statement.line });
    this.#capacities.set(name, length);
    this.#arrays.set(name, []);
  }

  /** Elements an array has room for. */
  capacityOf(name: string): number {
    return this.#capacities.get(name) ?? 0;
  }

  /** Fills an array from its beginning with plain numbers; it must have room for them. */
  fillArray(name: string, type: string, values: Float64Array): void {
    const elements = Array.from(values, (value) => {
      return { type, value, status: undefined, rangeIndex: undefined };
    });
    this.#arrays.set(name, elements);
  }

  /** A variable, or an element of an array. @throws ScriptFailure outside the array */
  readElement(text: string, { line }: Statement): PackageVariable {
    const [, name = '', index = ''] = ELEMENT.exec(text) ?? [];
    if (name === '') return this.read(text);
    const at = this.#variables.get(index)?.value ?? parseLiteral(index) ?? Number.NaN;
    if (!(Number.isInteger(at) && at >= 0 && at < this.capacityOf(name))) {
      throw new ScriptFailure(RUN_ERROR.arrayBounds, { line });
    }
    return this.#arrays.get(name)?.[at] ?? UNSET;
  }

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
