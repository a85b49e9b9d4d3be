import type { ElementKind } from './circuit.ts';
import { Fault } from './fault.ts';

/**
 * The circuit description code (B. A. Boukamp, Solid State Ionics 18-19, 1986): elements side by
 * side are in series, `(...)` puts what it holds in parallel, `[...]` in series, as pyimpspec
 * writes it. `R(RQ)(R[CW])` is `R1-p(R2,CPE1)-p(R3,C1-W1)`.
 */

/** Symbols of the code, and the elements they stand for here. T and O are Boukamp's. */
const SYMBOLS = {
  R: 'R',
  C: 'C',
  L: 'L',
  La: 'La',
  Q: 'CPE',
  W: 'W',
  Wo: 'Wo',
  Ws: 'Ws',
  T: 'Wo',
  O: 'Ws',
  G: 'G',
  H: 'HN',
  Zarc: 'Zarc',
} as const satisfies Record<string, ElementKind>;

const SYMBOLS_LONGEST_FIRST = Object.keys(SYMBOLS).sort((a, b) => b.length - a.length);
/** Element names of the other notation, which are letters only as well. */
const OTHER_NAMES = /^\s*(R|C|L|La|CPE|W|Wo|Ws|WoN|WsN|G|HN|Zarc|TLMb|TLMf)\s*$/;

/**
 * True for a text that can only be meant as description code: it has neither a dash nor a comma
 * nor a number, and brackets without `p` before them or several elements side by side.
 */
export function isDescriptionCode(text: string): boolean {
  // Values in braces occur in this notation only, though it does not take them here.
  if (text.includes('{')) return true;
  if (/[-,;\d]|p\s*\(/.test(text) || OTHER_NAMES.test(text)) return false;
  return /[([]/.test(text) || /^\s*[A-Z][A-Za-z\s]+[)\]]*\s*$/.test(text);
}

/**
 * The same circuit as `R1-p(R2,CPE1)`, elements of a kind numbered from 1 in the order of the text.
 * @throws Fault circuitSyntax with the 1-based position, what was found and what was expected
 */
export function translateDescriptionCode(text: string): string {
  const translator = new Translator(text);
  return translator.translateAll();
}

/** Recursive descent; the depth is bounded by the length of the text. */
class Translator {
  readonly #text: string;
  readonly #counts = new Map<ElementKind, number>();
  /** Index of the next character. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  translateAll(): string {
    const parts = this.#items();
    if (this.#peek() !== '') this.#fail('there is no bracket open that it could close');
    return parts.join('-');
  }

  /** One item or more, up to a closing bracket or the end. */
  #items(): string[] {
    const parts = [this.#item()];
    while (!/^[)\]]?$/.test(this.#peek())) parts.push(this.#item());
    return parts;
  }

  #item(): string {
    const character = this.#peek();
    if (character === '(') {
      const branches = this.#bracketed(')');
      if (branches.length < 2) this.#fail('expected a second branch before it', ')');
      this.#at += 1;
      return `p(${branches.join(',')})`;
    }
    if (character === '[') {
      const parts = this.#bracketed(']');
      this.#at += 1;
      return parts.join('-');
    }
    return this.#element();
  }

  /** What stands in a bracket; stops at, not after, the closing one. */
  #bracketed(closing: ')' | ']'): string[] {
    this.#at += 1;
    const parts = this.#items();
    if (this.#peek() !== closing) this.#fail(`expected "${closing}" or a further element`);
    return parts;
  }

  #element(): string {
    const rest = this.#text.slice(this.#at);
    const symbol = SYMBOLS_LONGEST_FIRST.find((known) => rest.startsWith(known));
    if (symbol === undefined) this.#fail(this.#expectation());
    this.#at += symbol.length;
    const element = SYMBOLS[symbol as keyof typeof SYMBOLS];
    const count = (this.#counts.get(element) ?? 0) + 1;
    this.#counts.set(element, count);
    return `${element}${count}`;
  }

  #expectation(): string {
    if (this.#peek() === '{') return 'values in braces are not read; give them as starts or bounds';
    const symbols = Object.keys(SYMBOLS).join(', ');
    return `expected an element (${symbols}), "(" for parallel or "[" for series; or write R0-p(R1,CPE1)`;
  }

  /** The next character that is not blank; empty at the end. */
  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #fail(message: string, found = this.#peek()): never {
    throw new Fault('circuitSyntax', {
      where: `circuit "${this.#text}", position ${this.#at + 1}`,
      message: `found ${found === '' ? 'the end' : `"${found}"`}; ${message}`,
    });
  }
}
