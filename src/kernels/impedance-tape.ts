import type { Circuit, CircuitNode, ElementKind } from '../domain/circuit.ts';

/** Codes of the first word of a tape entry; `assembly/impedance/codes.ts` reads the same. */
const CODES = {
  R: 0,
  C: 1,
  L: 2,
  CPE: 3,
  W: 4,
  Wo: 5,
  Ws: 6,
  La: 7,
  WoN: 8,
  WsN: 9,
  G: 10,
  HN: 11,
  Zarc: 12,
  TLMb: 13,
  TLMf: 14,
} as const satisfies Record<ElementKind, number>;
const CODE_SERIES = 32;
const CODE_PARALLEL = 33;

/** A circuit as the kernel reads it: entries in post-order, so that entry i computes node i. */
export interface Tape {
  readonly nodeCount: number;
  /** Five words an entry: code, first child, child count, first parameter, end parameter. */
  readonly words: Int32Array;
  /** Node indices of the children of all compound entries, one list after another. */
  readonly children: Int32Array;
}

/** Writes a circuit as a tape. */
export function compileTape(circuit: Circuit): Tape {
  const words: number[] = [];
  const children: number[] = [];
  let nodeCount = 0;
  const visit = (node: CircuitNode): number => {
    const range = [node.parameterFirst, node.parameterEnd];
    if (node.kind === 'element') {
      words.push(CODES[node.element], 0, 0, ...range);
    } else {
      const nodes = node.children.map(visit);
      const code = node.kind === 'series' ? CODE_SERIES : CODE_PARALLEL;
      words.push(code, children.length, nodes.length, ...range);
      children.push(...nodes);
    }
    nodeCount += 1;
    return nodeCount - 1;
  };
  visit(circuit.root);
  return { nodeCount, words: Int32Array.from(words), children: Int32Array.from(children) };
}
