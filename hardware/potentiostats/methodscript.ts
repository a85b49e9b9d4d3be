import { parseScriptError, type ScriptError } from './methodscript-errors.ts';
import { decodeVariable, type PackageVariable } from './methodscript-value.ts';

/** One line of what a running script sends. MethodSCRIPT manual, "Data output". */
export type StreamLine =
  | { readonly kind: 'measurementStart'; readonly techniqueId: number }
  | { readonly kind: 'measurementEnd' }
  | { readonly kind: 'scanStart'; readonly scan: number }
  | { readonly kind: 'scanEnd' }
  | { readonly kind: 'loopStart' }
  | { readonly kind: 'loopEnd' }
  | { readonly kind: 'package'; readonly variables: readonly PackageVariable[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly error: ScriptError }
  /** The empty line that ends a script. */
  | { readonly kind: 'scriptEnd' }
  /** A line that echoes a command: `e`, `R*`, `tes4_hr…`. */
  | { readonly kind: 'reply'; readonly text: string }
  /** A package with a value that cannot be read, or a marker with a bad number. */
  | { readonly kind: 'corrupt'; readonly text: string };

/** `P` */
const PACKAGE = 0x50;
const MARKER = /^([MC])([0-9A-F]{4})$/;

/** Reads one line, without its LF and otherwise untouched: a trailing space is a unit prefix. */
export function parseStreamLine(text: string): StreamLine {
  // Nearly every line is a package.
  if (text.charCodeAt(0) === PACKAGE) return parsePackage(text);
  if (text === '') return { kind: 'scriptEnd' };
  if (text === '*') return { kind: 'measurementEnd' };
  if (text === '-') return { kind: 'scanEnd' };
  if (text === 'L') return { kind: 'loopStart' };
  if (text === '+') return { kind: 'loopEnd' };
  if (text.startsWith('T')) return { kind: 'text', text: text.slice(1) };
  const marker = MARKER.exec(text);
  if (marker) {
    const number = Number.parseInt(marker[2] ?? '', 16);
    return marker[1] === 'M'
      ? { kind: 'measurementStart', techniqueId: number }
      : { kind: 'scanStart', scan: number };
  }
  if (/^[MC]/.test(text)) return { kind: 'corrupt', text };
  const error = parseScriptError(text);
  return error ? { kind: 'error', error } : { kind: 'reply', text };
}

function parsePackage(text: string): StreamLine {
  const variables: PackageVariable[] = [];
  for (let from = 1; from <= text.length; ) {
    const separator = text.indexOf(';', from);
    const end = separator < 0 ? text.length : separator;
    const variable = decodeVariable(text, from, end);
    if (!variable) return { kind: 'corrupt', text };
    variables.push(variable);
    from = end + 1;
  }
  return { kind: 'package', variables };
}

type Scope = 'measurement' | 'scan' | 'loop';

const OPENS: Partial<Record<StreamLine['kind'], Scope>> = {
  measurementStart: 'measurement',
  scanStart: 'scan',
  loopStart: 'loop',
};
const CLOSES: Partial<Record<StreamLine['kind'], Scope>> = {
  measurementEnd: 'measurement',
  scanEnd: 'scan',
  loopEnd: 'loop',
};

/** Scopes deeper than this are not a script of ours. */
const DEPTH_MAX = 16;

/**
 * Follows the nesting of a stream: `M … *`, `C … -` inside it, `L … +`, and the empty line that
 * ends the script.
 */
export class StreamScopes {
  readonly #open: Scope[] = [];
  #state: 'running' | 'ended' | 'failed' = 'running';

  /** `failed` after an error report; `ended` after the empty line with every scope closed. */
  get state(): 'running' | 'ended' | 'failed' {
    return this.#state;
  }

  get depth(): number {
    return this.#open.length;
  }

  /** Takes the next line. @returns what is wrong with its place, undefined when it fits */
  follow(line: StreamLine): string | undefined {
    if (line.kind === 'error') this.#state = 'failed';
    if (line.kind === 'scriptEnd') return this.#end();
    const opened = OPENS[line.kind];
    const closed = CLOSES[line.kind];
    if (opened) return this.#enter(opened);
    if (closed && this.#open.pop() !== closed) return `the end of a ${closed} that was not begun`;
    return undefined;
  }

  #enter(scope: Scope): string | undefined {
    if (this.#open.length === DEPTH_MAX) return `loops nested deeper than ${DEPTH_MAX}`;
    this.#open.push(scope);
    return undefined;
  }

  #end(): string | undefined {
    const left = this.#open.at(-1);
    if (this.#state === 'running') this.#state = left ? 'failed' : 'ended';
    this.#open.length = 0;
    return left ? `the script ended within a ${left}` : undefined;
  }
}
