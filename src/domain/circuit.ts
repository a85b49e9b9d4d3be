import { isDescriptionCode, translateDescriptionCode } from './circuit-cdc.ts';
import { Fault } from './fault.ts';

/**
 * Equivalent circuits as text: `R0-p(R1,CPE1)-Wo1`. A dash puts elements in series, `p(a,b)` in
 * parallel; both nest. Every element carries a number of its own. The circuit description code
 * `R(RQ)` is read too, and becomes the same circuit in this notation: see `circuit-cdc.ts`.
 */

export const CIRCUIT_TEXT_LENGTH_MAX = 256;
export const CIRCUIT_ELEMENTS_MAX = 16;
export const CIRCUIT_PARAMETERS_MAX = 24;

/** How a parameter is searched: positive ones by their logarithm, exponents as they are. */
export type ParameterScale = 'log' | 'exponent';

interface ParameterShape {
  /** Empty for an element with a single parameter, which bears the element's name. */
  readonly suffix: string;
  readonly unit: string;
  readonly scale: ParameterScale;
  /** Power of this parameter that the element's impedance is proportional to. */
  readonly impedancePower: -1 | 0 | 1;
  /** Largest value of an exponent that is not bounded by 1. */
  readonly exponentMax?: number;
}

const RESISTANCE = { suffix: 'R', unit: 'ohm', scale: 'log', impedancePower: 1 } as const;
const TIME_CONSTANT = { suffix: 'tau', unit: 's', scale: 'log', impedancePower: 0 } as const;
const ADMITTANCE = { suffix: 'Q', unit: 'S s^n', scale: 'log', impedancePower: -1 } as const;
const EXPONENT = { suffix: 'n', unit: '1', scale: 'exponent', impedancePower: 0 } as const;
/** Beyond 1/2 a reflecting boundary would give a negative resistance at low frequencies. */
const DIFFUSION_EXPONENT = { ...EXPONENT, exponentMax: 0.5 } as const;

/**
 * The elements and their parameters. R, C, L, La, CPE, W, Wo, Ws, G and Zarc mean what they mean
 * in impedance.py. WoN and WsN are Wo and Ws with (j omega tau)^n in place of its square root, as
 * pyimpspec's Wo and Ws are. HN is the Havriliak-Negami arc; TLMb and TLMf are transmission lines
 * of a pore whose wall is blocking (impedance.py: TLMQ) or reacts. Formulas are in
 * `src/kernels/impedance-twin.ts`.
 */
export const CIRCUIT_ELEMENTS = {
  R: [{ suffix: '', unit: 'ohm', scale: 'log', impedancePower: 1 }],
  C: [{ suffix: '', unit: 'F', scale: 'log', impedancePower: -1 }],
  L: [{ suffix: '', unit: 'H', scale: 'log', impedancePower: 1 }],
  CPE: [ADMITTANCE, EXPONENT],
  W: [{ suffix: '', unit: 'ohm s^-1/2', scale: 'log', impedancePower: 1 }],
  Wo: [RESISTANCE, TIME_CONSTANT],
  Ws: [RESISTANCE, TIME_CONSTANT],
  La: [{ suffix: 'L', unit: 'H s^(n-1)', scale: 'log', impedancePower: 1 }, EXPONENT],
  WoN: [RESISTANCE, TIME_CONSTANT, DIFFUSION_EXPONENT],
  WsN: [RESISTANCE, TIME_CONSTANT, DIFFUSION_EXPONENT],
  G: [RESISTANCE, TIME_CONSTANT],
  HN: [RESISTANCE, TIME_CONSTANT, { ...EXPONENT, suffix: 'a' }, { ...EXPONENT, suffix: 'b' }],
  Zarc: [RESISTANCE, TIME_CONSTANT, EXPONENT],
  TLMb: [RESISTANCE, ADMITTANCE, EXPONENT],
  TLMf: [RESISTANCE, { ...RESISTANCE, suffix: 'Rct' }, ADMITTANCE, EXPONENT],
} as const satisfies Record<string, readonly ParameterShape[]>;

export type ElementKind = keyof typeof CIRCUIT_ELEMENTS;

export interface CircuitParameter {
  /** `R0`, `CPE1.Q`, `CPE1.n`, `Wo1.tau`. */
  readonly name: string;
  readonly unit: string;
  readonly scale: ParameterScale;
  readonly impedancePower: -1 | 0 | 1;
  /** Largest value of an exponent; 0 for other parameters. */
  readonly exponentMax: number;
}

interface NodeRange {
  /** Index of the node's first parameter in `Circuit.parameters`. */
  readonly parameterFirst: number;
  /** One past its last parameter. */
  readonly parameterEnd: number;
}

export interface ElementNode extends NodeRange {
  readonly kind: 'element';
  readonly element: ElementKind;
  readonly name: string;
}

export interface CompoundNode extends NodeRange {
  readonly kind: 'series' | 'parallel';
  /** Two or more. */
  readonly children: readonly CircuitNode[];
}

export type CircuitNode = ElementNode | CompoundNode;

export interface Circuit {
  /** The notation without blanks: two circuits of equal text are the same circuit. */
  readonly text: string;
  readonly root: CircuitNode;
  /** In the order of the text. */
  readonly parameters: readonly CircuitParameter[];
}

/**
 * Reads a circuit in either notation; `text` of the result is always in the first.
 * @throws Fault circuitSyntax with the 1-based position, what was found and what was expected
 */
export function parseCircuit(text: string): Circuit {
  if (text.length > CIRCUIT_TEXT_LENGTH_MAX) {
    throw new Fault('circuitSyntax', {
      where: 'circuit',
      message: `${text.length} characters long; at most ${CIRCUIT_TEXT_LENGTH_MAX} are accepted`,
    });
  }
  const own = isDescriptionCode(text) ? translateDescriptionCode(text) : text;
  const parser = new CircuitParser(own);
  const root = parser.parseAll();
  return { text: own.replace(/\s/g, ''), root, parameters: parser.parameters };
}

/** True when the circuit contains an element of this kind. */
export function hasElement(node: CircuitNode, element: ElementKind): boolean {
  return node.kind === 'element'
    ? node.element === element
    : node.children.some((child) => hasElement(child, element));
}

/** The elements of a node, in the order of the text. */
export function elementsOf(node: CircuitNode): readonly ElementNode[] {
  return node.kind === 'element' ? [node] : node.children.flatMap(elementsOf);
}

const ACCEPTED = `an element (${Object.keys(CIRCUIT_ELEMENTS).join(', ')}) with its number, such as R1, or p(...)`;

/** Recursive descent; the depth is bounded by the length of the text. */
class CircuitParser {
  readonly parameters: CircuitParameter[] = [];
  readonly #text: string;
  readonly #names = new Set<string>();
  /** Index of the next character. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parseAll(): CircuitNode {
    const root = this.#series();
    if (this.#peek() !== '') this.#fail('expected "-" before a further element, or the end');
    return root;
  }

  #series(): CircuitNode {
    const parameterFirst = this.parameters.length;
    const children = [this.#item()];
    while (this.#take('-')) children.push(this.#item());
    return this.#compound('series', children, parameterFirst);
  }

  #item(): CircuitNode {
    const start = this.#at;
    if (this.#take('p') && this.#take('(')) return this.#parallel();
    this.#at = start;
    return this.#element();
  }

  /** After `p(`. */
  #parallel(): CircuitNode {
    const parameterFirst = this.parameters.length;
    const children = [this.#series()];
    while (this.#take(',')) children.push(this.#series());
    if (children.length < 2) this.#fail('expected "," and a second branch of p(...)');
    if (!this.#take(')')) this.#fail('expected ")" to close p(...), or "," or "-"');
    return this.#compound('parallel', children, parameterFirst);
  }

  #compound(
    kind: 'series' | 'parallel',
    children: readonly CircuitNode[],
    parameterFirst: number,
  ): CircuitNode {
    const [only] = children;
    if (only && children.length === 1) return only;
    return { kind, children, parameterFirst, parameterEnd: this.parameters.length };
  }

  #element(): ElementNode {
    this.#peek();
    const start = this.#at;
    const [name = '', letters = ''] = /^([A-Za-z]+)\d*/.exec(this.#text.slice(start)) ?? [];
    const element = elementKind(letters);
    if (element === undefined) this.#fail(`expected ${ACCEPTED}`, name);
    if (this.#names.has(name)) {
      this.#fail(`that name is used before; give every ${letters} a number of its own`, name);
    }
    this.#names.add(name);
    const parameterFirst = this.parameters.length;
    const shapes: readonly ParameterShape[] = CIRCUIT_ELEMENTS[element];
    for (const { suffix, unit, scale, impedancePower, exponentMax } of shapes) {
      const parameter = suffix === '' ? name : `${name}.${suffix}`;
      const most = scale === 'exponent' ? (exponentMax ?? 1) : 0;
      this.parameters.push({ name: parameter, unit, scale, impedancePower, exponentMax: most });
    }
    this.#checkSize(name);
    this.#at = start + name.length;
    const parameterEnd = this.parameters.length;
    return { kind: 'element', element, name, parameterFirst, parameterEnd };
  }

  #checkSize(name: string): void {
    if (this.#names.size > CIRCUIT_ELEMENTS_MAX) {
      this.#fail(`a circuit has at most ${CIRCUIT_ELEMENTS_MAX} elements`, name);
    }
    if (this.parameters.length > CIRCUIT_PARAMETERS_MAX) {
      this.#fail(`a circuit has at most ${CIRCUIT_PARAMETERS_MAX} parameters`, name);
    }
  }

  /** The next character that is not blank; empty at the end. */
  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(message: string, found = this.#peek()): never {
    const shown = found || this.#peek();
    throw new Fault('circuitSyntax', {
      where: `circuit "${this.#text}", position ${this.#at + 1}`,
      message: `found ${shown === '' ? 'the end' : `"${shown}"`}; ${message}`,
    });
  }
}

function elementKind(letters: string): ElementKind | undefined {
  return Object.hasOwn(CIRCUIT_ELEMENTS, letters) ? (letters as ElementKind) : undefined;
}
