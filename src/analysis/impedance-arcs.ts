import {
  type Circuit,
  type CircuitNode,
  type CompoundNode,
  elementsOf,
} from '../domain/circuit.ts';

/**
 * Blocks of equal shape, such as the arcs of `p(R1,CPE1)-p(R2,CPE2)`, can trade places without
 * changing the impedance. Returns theta with such blocks ordered by time constant, fast first, so
 * that R1 is the same arc in every spectrum.
 */
export function orderArcs(circuit: Circuit, theta: Float64Array): Float64Array {
  const ordered = Float64Array.from(theta);
  visit(circuit.root, ordered);
  return ordered;
}

function visit(node: CircuitNode, theta: Float64Array): void {
  if (node.kind === 'element') return;
  for (const child of node.children) visit(child, theta);
  const groups = new Map<string, CompoundNode[]>();
  for (const child of node.children) {
    if (child.kind === 'element') continue;
    const shape = shapeOf(child);
    groups.set(shape, [...(groups.get(shape) ?? []), child]);
  }
  for (const blocks of groups.values()) orderGroup(blocks, theta);
}

function orderGroup(blocks: readonly CompoundNode[], theta: Float64Array): void {
  if (blocks.length < 2) return;
  const places = blocks.map((block) => ({
    lnTau: lnTimeConstant(block, theta),
    values: theta.slice(block.parameterFirst, block.parameterEnd),
  }));
  if (places.some(({ lnTau }) => lnTau === undefined)) return;
  places.sort((a, b) => (a.lnTau ?? 0) - (b.lnTau ?? 0));
  blocks.forEach((block, i) => {
    theta.set(places[i]?.values ?? [], block.parameterFirst);
  });
}

/** The block's notation without the numbers. */
function shapeOf(node: CircuitNode): string {
  if (node.kind === 'element') return node.element;
  const inner = node.children.map(shapeOf).join(',');
  return node.kind === 'series' ? `s(${inner})` : `p(${inner})`;
}

/**
 * ln of R C, (R Q)^(1/n) or L / R, from the first resistance and the first storage element of the
 * block; undefined when it has none.
 */
function lnTimeConstant(block: CompoundNode, theta: Float64Array): number | undefined {
  const elements = elementsOf(block);
  const at = (p: number): number => theta[p] ?? 0;
  const resistor = elements.find(({ element }) => /^(R|Wo|Ws)$/.test(element));
  if (!resistor) return undefined;
  const lnR = at(resistor.parameterFirst);
  const storage = elements.find(({ element }) => /^(C|CPE|L)$/.test(element));
  if (!storage) {
    return resistor.element === 'R' ? undefined : at(resistor.parameterFirst + 1);
  }
  const lnStorage = at(storage.parameterFirst);
  if (storage.element === 'L') return lnStorage - lnR;
  return (lnR + lnStorage) / (storage.element === 'CPE' ? at(storage.parameterFirst + 1) : 1);
}
