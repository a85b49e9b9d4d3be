import { Fault } from '../domain/fault.ts';

/** One step string and the line it stands on. */
export interface PybammText {
  readonly text: string;
  readonly line: number;
}

/** A cycle, or steps that stand alone, and how often in a row. */
export interface PybammGroup {
  readonly texts: readonly PybammText[];
  readonly times: number;
}

export interface PybammKeyword {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface PybammSource {
  readonly groups: readonly PybammGroup[];
  readonly keywords: readonly PybammKeyword[];
}

interface Token {
  readonly kind: 'string' | 'number' | 'name' | 'sign';
  readonly text: string;
  readonly line: number;
}

const TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<string>"[^"\n]*"|'[^'\n]*')|(?<number>\d+(?:\.\d+)?)|(?<name>[A-Za-z_][\w.]*)|(?<sign>[[\](),*+=])/y;
/** Cycles that are written out rather than looped. */
const TEXTS_MAX = 10_000;
const TIMES_MAX = 10_000;
const NESTED_MAX = 20;

/**
 * The strings of an experiment with their repetitions. Nothing is evaluated: strings, lists,
 * tuples, `*` with a whole number, `+` and keyword arguments are all there may be.
 * @throws Fault fileFormat with the line of what is not understood
 */
export function readPybammGroups(path: string, text: string): PybammSource {
  return /["']/.test(text) ? new Reader(path, tokensOf(path, text)).read() : linesOf(text);
}

/** A text file with one step a line; `#` begins a comment. */
function linesOf(text: string): PybammSource {
  const lines = text.split('\n').map((line, at) => ({
    text: line.replace(/#.*$/, '').trim().replace(/,$/, ''),
    line: at + 1,
  }));
  const groups = lines.filter((one) => one.text !== '').map((one) => ({ texts: [one], times: 1 }));
  return { groups, keywords: [] };
}

function tokensOf(path: string, text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) {
      throw new Fault('fileFormat', {
        where: `${path}:${line}`,
        message: `"${text.slice(at, at + 12).split('\n')[0]}" is not understood: expected the list of strings of a PyBaMM experiment`,
      });
    }
    for (const kind of ['string', 'number', 'name', 'sign'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found, line });
    }
    line += (groups.space?.match(/\n/g) ?? []).length;
  }
  return tokens;
}

/** Reads `[("…", "…")] * 3 + ["…"]` by descent. */
class Reader {
  readonly #path: string;
  readonly #tokens: readonly Token[];
  readonly #keywords: PybammKeyword[] = [];
  #at = 0;

  constructor(path: string, tokens: readonly Token[]) {
    this.#path = path;
    this.#tokens = tokens;
  }

  read(): PybammSource {
    // `experiment = pybamm.Experiment(` before the list says nothing new.
    while (this.#peek()?.kind === 'name' || this.#peek()?.text === '=') this.#at += 1;
    const groups = this.#sum(0);
    const left = this.#peek();
    if (left) this.#fail(left, 'nothing more after the list');
    return { groups: joined(groups), keywords: this.#keywords };
  }

  #sum(depth: number): PybammGroup[] {
    const groups = this.#product(depth);
    while (this.#peek()?.text === '+') {
      this.#at += 1;
      groups.push(...this.#product(depth));
    }
    return groups;
  }

  #product(depth: number): PybammGroup[] {
    const groups = this.#item(depth);
    if (this.#peek()?.text !== '*') return groups;
    this.#at += 1;
    const token = this.#next('a whole number');
    const times = Number(token.text);
    if (token.kind !== 'number' || !Number.isInteger(times) || times < 1 || times > TIMES_MAX) {
      this.#fail(token, `a whole number of 1 to ${TIMES_MAX}`);
    }
    const [only, ...others] = groups;
    if (only && others.length === 0) return [{ ...only, times: only.times * times }];
    // A list of several cycles over and over is written out: a loop would have to hold loops.
    const written = Array.from({ length: times }, () => groups).flat();
    if (written.length > TEXTS_MAX) this.#fail(token, `at most ${TEXTS_MAX} steps written out`);
    return written;
  }

  /** A string, or a list or tuple of items. */
  #item(depth: number): PybammGroup[] {
    const token = this.#next('a string or a list of them');
    if (token.kind === 'string') {
      const { line } = token;
      return [{ texts: [{ text: token.text.slice(1, -1).trim(), line }], times: 1 }];
    }
    if (token.text !== '[' && token.text !== '(') this.#fail(token, 'a string or a list of them');
    if (depth >= NESTED_MAX) this.#fail(token, `at most ${NESTED_MAX} lists in each other`);
    const close = token.text === '[' ? ']' : ')';
    const groups: PybammGroup[] = [];
    // A tuple of strings is one cycle; round brackets around lists are those of a call.
    let isCycle = token.text === '(';
    while (this.#peek()?.text !== close) {
      if (this.#peek()?.kind !== 'string') isCycle = false;
      if (!this.#keyword()) groups.push(...this.#sum(depth + 1));
      if (this.#peek()?.text === ',') this.#at += 1;
      else if (this.#peek()?.text !== close) this.#fail(this.#peek(), `"," or "${close}"`);
    }
    this.#at += 1;
    if (!isCycle) return groups;
    const texts = groups.flatMap((group) => Array.from({ length: group.times }, () => group.texts));
    return [{ texts: texts.flat(), times: 1 }];
  }

  /** `period="30 s"`: kept for the report. */
  #keyword(): boolean {
    const name = this.#peek();
    if (name?.kind !== 'name' || this.#tokens[this.#at + 1]?.text !== '=') return false;
    this.#at += 2;
    const value = this.#next('a value');
    if (value.kind === 'sign') this.#fail(value, 'a text or a number');
    const text = value.text.replace(/^["']|["']$/g, '');
    this.#keywords.push({ name: name.text, value: text, line: name.line });
    return true;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(expected: string): Token {
    const token = this.#peek();
    if (!token) this.#fail(undefined, expected);
    this.#at += 1;
    return token;
  }

  #fail(token: Token | undefined, expected: string): never {
    const line = token?.line ?? this.#tokens.at(-1)?.line ?? 1;
    const found = token ? `"${token.text}" is not understood` : 'ends too early';
    throw new Fault('fileFormat', {
      where: `${this.#path}:${line}`,
      message: `${found}: expected ${expected}`,
    });
  }
}

/** Equal cycles in a row, counted. */
function joined(groups: readonly PybammGroup[]): PybammGroup[] {
  const result: PybammGroup[] = [];
  for (const group of groups) {
    const last = result.at(-1);
    const isSame = last && last.texts.length > 1 && sameTexts(last, group);
    if (isSame) result[result.length - 1] = { ...last, times: last.times + group.times };
    else result.push(group);
  }
  return result;
}

function sameTexts(one: PybammGroup, other: PybammGroup): boolean {
  return (
    one.texts.length === other.texts.length &&
    one.texts.every(({ text }, at) => text === other.texts[at]?.text)
  );
}
