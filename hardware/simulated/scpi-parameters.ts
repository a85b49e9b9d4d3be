/** A command that a simulated SCPI instrument refuses, with the code its error queue gets. */
export class ScpiFailure extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`SCPI error ${code}`);
    this.name = 'ScpiFailure';
    this.code = code;
  }
}

/** Errors of SCPI-1999, chapter 21, and of the makers' lists, as instruments spell them. */
export const SCPI_ERROR_TEXTS: Readonly<Record<number, string>> = {
  0: 'No error',
  [-102]: 'Syntax error',
  [-104]: 'Data type error',
  [-108]: 'Parameter not allowed',
  [-109]: 'Missing Parameter',
  [-113]: 'Undefined header',
  [-151]: 'Invalid string data',
  [-211]: 'Trigger ignored',
  [-213]: 'Init ignored',
  [-221]: 'Settings conflict',
  [-222]: 'Parameter data out of range',
  [-224]: 'Illegal parameter value',
  [-230]: 'Data corrupt or stale',
  [-350]: 'Queue overflow',
  [-363]: 'Input buffer overrun',
  [-410]: 'Query INTERRUPTED',
  803: 'Not permitted with OUTPUT off',
};

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?$/;

/** Parameters of one command, taken one by one. @throws ScpiFailure when they are not as wanted */
export class Parameters {
  readonly #texts: readonly string[];
  #at = 0;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** A number within limits, both included. */
  number(lowest: number, highest: number): number {
    const text = this.#next();
    if (!NUMBER.test(text)) throw new ScpiFailure(-104);
    const value = Number(text);
    if (!(value >= lowest && value <= highest)) throw new ScpiFailure(-222);
    return value;
  }

  integer(lowest: number, highest: number): number {
    const value = this.number(lowest, highest);
    if (!Number.isInteger(value)) throw new ScpiFailure(-224);
    return value;
  }

  boolean(): boolean {
    const text = this.#next().toUpperCase();
    if (text === 'ON' || text === '1') return true;
    if (text === 'OFF' || text === '0') return false;
    throw new ScpiFailure(-224);
  }

  /** One of some words in their short or long form, spelled as in "HIMPedance"; in short form. */
  word(...words: readonly string[]): string {
    const text = this.#next().toUpperCase();
    const found = words.find((word) => text === word.toUpperCase() || text === shortForm(word));
    if (found === undefined) throw new ScpiFailure(-224);
    return shortForm(found);
  }

  /** A text in quotes, without them. */
  text(): string {
    const text = this.#next();
    const match = /^"([^"]*)"$|^'([^']*)'$/.exec(text);
    if (!match) throw new ScpiFailure(-151);
    return match[1] ?? match[2] ?? '';
  }

  get hasMore(): boolean {
    return this.#at < this.#texts.length;
  }

  /** @throws ScpiFailure when parameters are left over */
  end(): void {
    if (this.hasMore) throw new ScpiFailure(-108);
  }

  #next(): string {
    const text = this.#texts[this.#at];
    if (text === undefined || text === '') throw new ScpiFailure(-109);
    this.#at += 1;
    return text;
  }
}

/** The capitals of "HIMPedance". */
export function shortForm(word: string): string {
  return word.replace(/[a-z]/g, '');
}
