import { type Circuit, type CircuitNode, type ElementNode, elementsOf } from '../domain/circuit.ts';
import type { Drt, DrtPeak } from '../domain/drt.ts';

/** Where a circuit has more arcs than there are peaks, and elements without a hint of their own. */
const SHARE_OF_POLARISATION = 0.1;
const EXPONENT_DEFAULT = 0.8;
/** An exponent to start from: at its bounds a search would be stuck. */
const EXPONENT_START_MIN = 0.4;
const EXPONENT_START_MAX = 0.98;
const DIFFUSION_EXPONENT = 0.5;
/** Positive parameters need a logarithm: this share of the typical value instead of zero. */
const SHARE_MIN = 1e-4;
/** A top this near to the end of the grid, in ln τ, is one e-fold within the data or beyond. */
const SLOW_END_LN = 2;

/** One arc to start from. */
interface Arc {
  readonly resistanceOhm: number;
  readonly tauSecond: number;
  readonly exponent: number;
}

/**
 * Start values for a fit from a distribution's peaks: the largest peaks go, fast to slow, to the
 * circuit's arcs in the order of its text; R0, L and the capacitive tail to what stands in series.
 * @returns values in the order of `circuit.parameters`, or undefined when the distribution shows
 *   nothing to start from
 */
export function startsFromPeaks(drt: Drt, circuit: Circuit): number[] | undefined {
  const typicalOhm = Math.max(drt.lowFrequencyOhm, Math.abs(drt.polarisationOhm));
  if (!(typicalOhm > 0)) return undefined;
  const slots = arcSlots(circuit.root);
  const peaks = arcPeaks(drt, slots.length, hasTail(circuit.root));
  if (slots.length > 0 && peaks.length === 0) return undefined;
  const writer = new ValueWriter(circuit, drt, typicalOhm);
  const arcs = arcsFor(slots.length, peaks, drt);
  for (const [k, slot] of slots.entries()) writer.writeArc(slot, arcs[k] ?? arcs[0]);
  writer.writeSeries(seriesElements(circuit.root));
  return writer.values();
}

/** Parts of the outermost series that are arcs: parallel blocks and elements that hold one. */
function arcSlots(root: CircuitNode): CircuitNode[] {
  return branches(root).filter((node) => node.kind === 'parallel' || isArcElement(node));
}

function seriesElements(root: CircuitNode): ElementNode[] {
  return branches(root).flatMap((node) =>
    node.kind === 'element' && !isArcElement(node) ? [node] : [],
  );
}

function branches(root: CircuitNode): readonly CircuitNode[] {
  return root.kind === 'series' ? root.children : [root];
}

function isArcElement(node: CircuitNode): boolean {
  return node.kind === 'element' && ['Zarc', 'HN', 'G', 'Ws', 'WsN'].includes(node.element);
}

/** True when something in the circuit rises towards low frequency without an end of its own. */
function hasTail(root: CircuitNode): boolean {
  const isStorage = seriesElements(root).some(({ element }) => ['C', 'CPE'].includes(element));
  return isStorage || elementsOf(root).some(isDiffusion);
}

/**
 * The `count` largest by area, back in the order of τ. A peak beyond the slow end is the circuit's
 * tail, where it has one: it becomes an arc only when there are not enough others.
 */
function arcPeaks(drt: Drt, count: number, isTailed: boolean): DrtPeak[] {
  const bySize = drt.peaks
    .filter(({ areaOhm }) => areaOhm > 0)
    .toSorted((a, b) => b.areaOhm - a.areaOhm);
  const isLast = (peak: DrtPeak): boolean => isTailed && isSlowEnd(peak, drt);
  return [...bySize.filter((peak) => !isLast(peak)), ...bySize.filter(isLast)]
    .slice(0, count)
    .toSorted((a, b) => a.tauSecond - b.tauSecond);
}

function isSlowEnd({ tauSecond }: DrtPeak, drt: Drt): boolean {
  return Math.log((drt.tauSecond.at(-1) ?? 1) / tauSecond) < SLOW_END_LN;
}

/** One arc per slot; those without a peak stand beside the slow end, small. */
function arcsFor(count: number, peaks: readonly DrtPeak[], drt: Drt): Arc[] {
  const arcs: Arc[] = peaks.map(({ areaOhm, tauSecond, exponent }) => ({
    resistanceOhm: areaOhm,
    tauSecond,
    exponent: Math.max(EXPONENT_START_MIN, Math.min(EXPONENT_START_MAX, exponent)),
  }));
  const slowest = drt.tauSecond.at(-1) ?? 1;
  while (arcs.length < count) {
    const last = arcs.at(-1)?.tauSecond ?? slowest;
    arcs.push({
      resistanceOhm: SHARE_OF_POLARISATION * drt.polarisationOhm,
      tauSecond: Math.sqrt(last * slowest),
      exponent: EXPONENT_DEFAULT,
    });
  }
  return arcs;
}

class ValueWriter {
  readonly #circuit: Circuit;
  readonly #drt: Drt;
  readonly #typicalOhm: number;
  readonly #values: number[];
  /** Slowest and fastest time constant of the grid. */
  readonly #slowest: number;
  readonly #fastest: number;

  constructor(circuit: Circuit, drt: Drt, typicalOhm: number) {
    this.#circuit = circuit;
    this.#drt = drt;
    this.#typicalOhm = typicalOhm;
    this.#values = circuit.parameters.map(() => Number.NaN);
    this.#slowest = drt.tauSecond.at(-1) ?? 1;
    this.#fastest = drt.tauSecond[0] ?? 1;
  }

  values(): number[] | undefined {
    return this.#values.every((value) => Number.isFinite(value) && value > 0)
      ? this.#values
      : undefined;
  }

  /** Elements of one arc: its resistance to the first resistive one, its τ to the others. */
  writeArc(slot: CircuitNode, arc: Arc | undefined): void {
    if (!arc) return;
    const elements = elementsOf(slot);
    const parameters = this.#circuit.parameters.slice(slot.parameterFirst, slot.parameterEnd);
    const hasExponent = parameters.some(({ scale }) => scale === 'exponent');
    const resistors = elements.filter(({ element }) => element === 'R').length;
    for (const element of elements) {
      if (isDiffusion(element) && slot.kind !== 'element') {
        this.#writeByUnit(element, this.#tail(element));
        continue;
      }
      this.#writeByUnit(element, {
        ...arc,
        resistanceOhm: arc.resistanceOhm / Math.max(resistors, 1),
        exponent: hasExponent ? arc.exponent : 1,
      });
    }
  }

  /** Elements in series: R0, L and the tail. */
  writeSeries(elements: readonly ElementNode[]): void {
    const resistors = elements.filter(({ element }) => element === 'R').length;
    for (const element of elements) {
      const resistance = Math.max(this.#drt.seriesResistanceOhm, SHARE_MIN * this.#typicalOhm);
      if (element.element === 'R') {
        this.#values[element.parameterFirst] = resistance / resistors;
      } else if (element.element === 'L' || element.element === 'La') {
        this.#writeInductance(element);
      } else {
        this.#writeByUnit(element, this.#tail(element));
      }
    }
  }

  #writeInductance(element: ElementNode): void {
    const least = SHARE_MIN * this.#typicalOhm * this.#fastest;
    const exponent = EXPONENT_START_MAX;
    for (let p = element.parameterFirst; p < element.parameterEnd; p++) {
      const isExponent = this.#circuit.parameters[p]?.scale === 'exponent';
      this.#values[p] = isExponent ? exponent : Math.max(this.#drt.inductanceHenry, least);
    }
  }

  /** What rises at the slow end: series capacitance and open peaks, or else all arcs together. */
  #tail({ element }: ElementNode): Arc {
    const { capacitanceFarad, peaks } = this.#drt;
    const tauSecond = this.#slowest;
    const open = peaks
      .filter((peak) => peak.areaOhm > 0 && isSlowEnd(peak, this.#drt))
      .reduce((sum, { areaOhm }) => sum + areaOhm, 0);
    const rise = open + (capacitanceFarad === null ? 0 : tauSecond / capacitanceFarad);
    return {
      resistanceOhm: rise > 0 ? rise : this.#typicalOhm,
      tauSecond,
      exponent: element === 'C' ? 1 : element === 'CPE' ? EXPONENT_DEFAULT : DIFFUSION_EXPONENT,
    };
  }

  /** An element whose |Z| is about `resistanceOhm` at ω = 1/τ; n is the exponent of its block. */
  #writeByUnit(element: ElementNode, { resistanceOhm, tauSecond, exponent }: Arc): void {
    for (let p = element.parameterFirst; p < element.parameterEnd; p++) {
      const parameter = this.#circuit.parameters[p];
      if (!parameter) continue;
      this.#values[p] = startOfUnit(parameter.unit, { resistanceOhm, tauSecond, exponent });
      if (isDiffusion(element) && parameter.unit === '1') {
        this.#values[p] = DIFFUSION_EXPONENT * EXPONENT_START_MAX;
      }
      if (element.element === 'HN' && parameter.name.endsWith('.b')) {
        this.#values[p] = EXPONENT_START_MAX;
      }
    }
  }
}

function isDiffusion({ element }: ElementNode): boolean {
  return ['W', 'Wo', 'Ws', 'WoN', 'WsN'].includes(element);
}

function startOfUnit(unit: string, { resistanceOhm, tauSecond, exponent }: Arc): number {
  switch (unit) {
    case 'ohm':
      return resistanceOhm;
    case 's':
      return tauSecond;
    case 'F':
      return tauSecond / resistanceOhm;
    case 'H':
    case 'H s^(n-1)':
      return tauSecond * resistanceOhm;
    case 'S s^n':
      return tauSecond ** exponent / resistanceOhm;
    case 'ohm s^-1/2':
      return resistanceOhm / Math.sqrt(tauSecond);
    case '1':
      return exponent;
    default:
      return Number.NaN;
  }
}
