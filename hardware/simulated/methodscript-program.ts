import { parseLiteral } from '../potentiostats/methodscript-literal.ts';
import {
  type ArgumentKind,
  argumentsOf,
  type CommandName,
  type Dialect,
  hasOptions,
  isCommand,
  isLoop,
  opensLoop,
  optionsOf,
} from './methodscript-commands.ts';

/** A number in a script: written out, or the present value of a variable. */
export type Operand =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable'; readonly name: string };

export interface Statement {
  readonly command: CommandName;
  /** Line of the script, counted from 1. */
  readonly line: number;
  /** Words after the command, as written: names, types and operators. */
  readonly words: readonly string[];
  /** The words that are numbers, in order. */
  readonly operands: readonly Operand[];
  /** What is given as `name(value)` after the arguments. */
  readonly options: ReadonlyMap<string, Operand>;
  /** What is given as `name(variable …)` after the arguments. */
  readonly optionNames: ReadonlyMap<string, readonly string[]>;
  /** What stands between this command and its `endloop` or `endif`. */
  readonly body: readonly Statement[];
}

export interface Program {
  readonly statements: readonly Statement[];
  /** What follows `on_finished:`: run after the end, after an abort and after an error. */
  readonly onFinished: readonly Statement[];
}

/** An error of a script, as the instrument reports it. */
export class ScriptFailure extends Error {
  /** Four hexadecimal digits. */
  readonly code: string;
  readonly line: number;
  readonly column: number | undefined;

  constructor(code: string, place: { line: number; column?: number }) {
    super(`script error ${code} at line ${place.line}`);
    this.name = 'ScriptFailure';
    this.code = code;
    this.line = place.line;
    this.column = place.column;
  }
}

/** `name[index]` */
export const ELEMENT = /^([a-z][a-z0-9_]{0,30})\[([a-z0-9_]+)\]$/;
const OPTION = /^([a-z_]+)\(([^()]*)\)$/;

const TYPES = new Set(['ab', 'ba', 'da', 'db', 'dc', 'eb', 'ha', 'ia', 'ja']);
const OPERATORS = new Set(['<', '>', '<=', '>=', '==', '!=']);
const NAME = /^[a-z][a-z0-9_]{0,30}$/;

const PARSE_ERROR = {
  unknownCommand: '4001',
  unexpectedCharacter: '4004',
  tooLarge: '4005',
  badOption: '4008',
  nestedMeasurement: '400B',
  endedEarly: '4018',
  packageOrder: '401B',
  setPotentialInLoop: '4032',
  setCurrentInLoop: '4033',
  badLiteral: '4039',
} as const;

/** Memory of the instrument for a script. */
const SCRIPT_CHARACTERS_MAX = 32_768;
/** More lines than this are not kept while a script is received. */
export const SCRIPT_LINES_MAX = 2_000;

/**
 * Checks a script as the instrument does when it is loaded, and makes a tree of it.
 * @param lines the script without the empty line that ends it
 * @throws ScriptFailure with the code, line and column the instrument reports
 */
export function parseProgram(lines: readonly string[], dialect: Dialect): Program {
  const characters = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (characters > SCRIPT_CHARACTERS_MAX || lines.length > SCRIPT_LINES_MAX) {
    throw new ScriptFailure(PARSE_ERROR.tooLarge, { line: lines.length });
  }
  const parser = new Parser(dialect);
  lines.forEach((text, index) => {
    parser.take(text, index + 1);
  });
  return parser.finish(lines.length);
}

interface Word {
  readonly text: string;
  readonly column: number;
}

interface Block {
  readonly statement: Statement;
  readonly body: Statement[];
}

class Parser {
  readonly #dialect: Dialect;
  readonly #variables = new Set<string>();
  readonly #arrays = new Set<string>();
  readonly #statements: Statement[] = [];
  readonly #onFinished: Statement[] = [];
  readonly #blocks: Block[] = [];
  #target = this.#statements;
  #isInPackage = false;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  take(text: string, line: number): void {
    const [first, ...rest] = wordsOf(text);
    if (!first) return;
    const command = first.text;
    if (!isCommand(command, this.#dialect)) {
      throw new ScriptFailure(PARSE_ERROR.unknownCommand, { line, column: first.column });
    }
    const kinds = argumentsOf(command);
    const operands = this.#readArguments(kinds, rest, line, text.length + 1);
    const given = this.#readOptions(command, rest.slice(kinds.length), line);
    this.#checkPlace(command, line, first.column);
    const words = rest.map((word) => word.text);
    this.#place({ command, line, words, operands, ...given, body: [] });
  }

  finish(lineCount: number): Program {
    if (this.#blocks.length > 0 || this.#isInPackage) {
      throw new ScriptFailure(PARSE_ERROR.endedEarly, { line: lineCount });
    }
    return { statements: this.#statements, onFinished: this.#onFinished };
  }

  #readArguments(
    kinds: readonly ArgumentKind[],
    words: readonly Word[],
    line: number,
    endColumn: number,
  ): Operand[] {
    const operands: Operand[] = [];
    kinds.forEach((kind, index) => {
      const word = words[index];
      if (!word) {
        throw new ScriptFailure(PARSE_ERROR.unexpectedCharacter, { line, column: endColumn });
      }
      const operand = this.#readArgument(kind, word, line);
      if (operand) operands.push(operand);
    });
    return operands;
  }

  #readOptions(
    command: CommandName,
    words: readonly Word[],
    line: number,
  ): Pick<Statement, 'options' | 'optionNames'> {
    const allowed = optionsOf(command, this.#dialect);
    const options = new Map<string, Operand>();
    const optionNames = new Map<string, readonly string[]>();
    for (const { text, column } of words) {
      const [, name, inside = ''] = OPTION.exec(text) ?? [];
      if (name === undefined || !hasOptions(command)) {
        throw new ScriptFailure(PARSE_ERROR.unexpectedCharacter, { line, column });
      }
      const kinds = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
      if (!kinds || options.has(name) || optionNames.has(name)) {
        throw new ScriptFailure(PARSE_ERROR.badOption, { line, column });
      }
      const start = column + name.length + 1;
      if (kinds.length === 1 && kinds[0] === 'value') {
        options.set(name, this.#readValue({ text: inside, column: start }, line));
      } else optionNames.set(name, this.#readNames(inside, kinds, { line, column: start }));
    }
    return { options, optionNames };
  }

  #readNames(
    inside: string,
    kinds: readonly ('value' | 'variable' | 'array')[],
    place: { line: number; column: number },
  ): readonly string[] {
    const names = inside.split(' ').filter((name) => name !== '');
    const isGood =
      names.length === kinds.length &&
      names.every((name, at) => {
        if (kinds[at] === 'array') return this.#arrays.has(name);
        return this.#variables.has(name) || (kinds[at] === 'value' && isLiteral(name));
      });
    if (!isGood) throw new ScriptFailure(PARSE_ERROR.unexpectedCharacter, place);
    return names;
  }

  #readArgument(kind: ArgumentKind, word: Word, line: number): Operand | undefined {
    const place = { line, column: word.column };
    if (kind === 'value') return this.#readValue(word, line);
    if (kind === 'newVariable' && NAME.test(word.text)) {
      this.#variables.add(word.text);
      return undefined;
    }
    if (kind === 'newArray' && NAME.test(word.text) && !this.#variables.has(word.text)) {
      this.#arrays.add(word.text);
      return undefined;
    }
    const isKnown =
      (kind === 'variable' && this.#variables.has(word.text)) ||
      (kind === 'element' && this.#isElement(word.text)) ||
      (kind === 'type' && TYPES.has(word.text)) ||
      (kind === 'operator' && OPERATORS.has(word.text));
    if (!isKnown) throw new ScriptFailure(PARSE_ERROR.unexpectedCharacter, place);
    return undefined;
  }

  /** A variable, or an element of an array by a variable or a number: `u[k]`, `u[0i]`. */
  #isElement(text: string): boolean {
    if (this.#variables.has(text)) return true;
    const [, array = '', index = ''] = ELEMENT.exec(text) ?? [];
    return this.#arrays.has(array) && (this.#variables.has(index) || isLiteral(index));
  }

  #readValue(word: Word, line: number): Operand {
    if (this.#variables.has(word.text)) return { kind: 'variable', name: word.text };
    const value = parseLiteral(word.text);
    if (value !== undefined) return { kind: 'number', value };
    throw new ScriptFailure(PARSE_ERROR.badLiteral, { line, column: word.column });
  }

  #checkPlace(command: CommandName, line: number, column: number): void {
    const isInMeasurement = this.#blocks.some(({ statement }) => isLoop(statement.command));
    const isInLoop = this.#blocks.some(({ statement }) => opensLoop(statement.command));
    const fail = (code: string): never => {
      throw new ScriptFailure(code, { line, column });
    };
    if (isLoop(command) && isInMeasurement) fail(PARSE_ERROR.nestedMeasurement);
    if (command === 'set_e' && isInMeasurement) fail(PARSE_ERROR.setPotentialInLoop);
    if (command === 'set_i' && isInMeasurement) fail(PARSE_ERROR.setCurrentInLoop);
    if (command === 'breakloop' && !isInLoop) fail(PARSE_ERROR.unexpectedCharacter);
    if (command.startsWith('pck_')) {
      if (this.#isInPackage === (command === 'pck_start')) fail(PARSE_ERROR.packageOrder);
      this.#isInPackage = command !== 'pck_end';
    }
  }

  #place(statement: Statement): void {
    const { command, line } = statement;
    if (command === 'on_finished:') {
      if (this.#blocks.length > 0) throw new ScriptFailure(PARSE_ERROR.endedEarly, { line });
      this.#target = this.#onFinished;
    } else if (command === 'endloop' || command === 'endif') {
      this.#closeBlock(command, line);
    } else if (command === 'if' || opensLoop(command)) {
      this.#blocks.push({ statement, body: [] });
    } else {
      this.#append(statement);
    }
  }

  #closeBlock(command: 'endloop' | 'endif', line: number): void {
    const block = this.#blocks.pop();
    const opener = block?.statement.command;
    const fits = opener && (command === 'endif' ? opener === 'if' : opensLoop(opener));
    if (!block || !fits) {
      throw new ScriptFailure(PARSE_ERROR.unexpectedCharacter, { line, column: 1 });
    }
    this.#append({ ...block.statement, body: block.body });
  }

  #append(statement: Statement): void {
    (this.#blocks.at(-1)?.body ?? this.#target).push(statement);
  }
}

/** Words of a line with their columns from 1; parentheses hold together; a comment ends the line. */
function wordsOf(text: string): Word[] {
  const [code = ''] = text.split('#');
  return [...code.matchAll(/(?:\([^()]*\)|\S)+/g)].map((match) => ({
    text: match[0],
    column: match.index + 1,
  }));
}

function isLiteral(text: string): boolean {
  return parseLiteral(text) !== undefined;
}
