import { type Circuit, type CircuitNode, type ElementNode, elementsOf } from '../domain/circuit.ts';
import type { FitParameter, FittedArc } from '../domain/circuit-fit.ts';

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
  const groups = new Map<string, CircuitNode[]>();
  for (const child of node.children) {
    if (child.kind === 'element' && !HAS_TIME_CONSTANT.test(child.element)) continue;
    const shape = shapeOf(child);
    groups.set(shape, [...(groups.get(shape) ?? []), child]);
  }
  for (const blocks of groups.values()) orderGroup(blocks, theta);
}

function orderGroup(blocks: readonly CircuitNode[], theta: Float64Array): void {
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

/** Elements whose second parameter is a time constant. */
const HAS_TIME_CONSTANT = /^(Wo|Ws|WoN|WsN|G|HN|Zarc)$/;

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
function lnTimeConstant(block: CircuitNode, theta: Float64Array): number | undefined {
  const elements = elementsOf(block);
  const at = (p: number): number => theta[p] ?? 0;
  const resistor = elements.find(
    ({ element }) => element === 'R' || HAS_TIME_CONSTANT.test(element),
  );
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

/**
 * The arcs of a fitted circuit, fast ones first: every parallel block with a resistance beside a
 * capacitor or CPE, every Zarc, and the reacting wall of every TLMf.
 * @param parameters in the order of the circuit
 */
export function describeArcs(
  circuit: Circuit,
  parameters: readonly FitParameter[],
): readonly FittedArc[] {
  const arcs: FittedArc[] = [];
  const add = (resistance: number, storage: readonly number[], tau?: number): void => {
    const [r, ...rest] = [resistance, ...storage].map((p) => parameters[p]);
    if (!r) return;
    const [q, n] = rest;
    const timeConstantSecond =
      tau === undefined ? (r.value * (q?.value ?? Number.NaN)) ** (1 / (n?.value ?? 1)) : tau;
    const capacitanceFarad = timeConstantSecond / r.value;
    const isKnown = [r, ...rest].every((parameter) => parameter?.identifiable);
    arcs.push({
      resistance: r.name,
      timeConstantSecond,
      capacitanceFarad,
      assignment: isKnown ? assignmentOf(capacitanceFarad) : 'unassigned',
    });
  };
  for (const { kind, element, parameterFirst: p } of elementsOf(circuit.root)) {
    if (kind === 'element' && element === 'Zarc') add(p, [p + 1], parameters[p + 1]?.value);
    if (kind === 'element' && element === 'TLMf') add(p + 1, [p + 2, p + 3]);
  }
  for (const { resistance, storage } of resistancesBesideStorage(circuit.root)) {
    const q = storage.parameterFirst;
    add(resistance.parameterFirst, storage.element === 'CPE' ? [q, q + 1] : [q]);
  }
  return arcs.sort((a, b) => a.timeConstantSecond - b.timeConstantSecond);
}

interface Pair {
  readonly resistance: ElementNode;
  readonly storage: ElementNode;
}

/** A branch that is one C or CPE, and the first resistance in a series of another branch. */
function resistancesBesideStorage(node: CircuitNode): readonly Pair[] {
  if (node.kind === 'element') return [];
  const inner = node.children.flatMap(resistancesBesideStorage);
  if (node.kind !== 'parallel') return inner;
  const storage = node.children.find(
    (child): child is ElementNode =>
      child.kind === 'element' && (child.element === 'C' || child.element === 'CPE'),
  );
  const resistance = node.children
    .filter((child) => child !== storage)
    .flatMap((child) => (child.kind === 'series' ? child.children : [child]))
    .find((child): child is ElementNode => child.kind === 'element' && child.element === 'R');
  return storage && resistance ? [{ resistance, storage }, ...inner] : inner;
}

/**
 * By decades of capacitance around the two that Park 2023 gives, 0.01 µF for the interphase and
 * 10 µF for charge transfer: the border lies half way between them, 0.32 µF, and each reaches as
 * far outward as inward, a decade and a half.
 */
function assignmentOf(capacitanceFarad: number): FittedArc['assignment'] {
  const decade = Math.log10(capacitanceFarad);
  if (decade >= -9.5 && decade < -6.5) return 'interphase';
  return decade >= -6.5 && decade < -3.5 ? 'chargeTransfer' : 'unassigned';
}
