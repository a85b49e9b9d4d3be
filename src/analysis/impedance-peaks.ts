import { type Circuit, type CircuitNode, elementsOf } from '../domain/circuit.ts';
import { type RelaxationPeak, type SpectrumScale, startTheta } from './impedance-starts.ts';

/** Exponents of arcs that are started from peaks: a sharp one and a broad one. */
const PEAK_EXPONENTS = [0.9, 0.7];

/**
 * Starts whose arcs (a resistance beside a C or CPE, and Zarc) are the largest peaks, in the order
 * of their time constants; all else as in the first spread starts. Empty without enough peaks.
 */
export function arcStarts(
  circuit: Circuit,
  scale: SpectrumScale,
  peaks: readonly RelaxationPeak[],
): readonly Float64Array[] {
  const arcs = arcPlaces(circuit.root);
  const usable = peaks.filter(
    ({ timeConstantSecond, resistanceOhm }) => timeConstantSecond > 0 && resistanceOhm > 0,
  );
  if (arcs.length === 0 || usable.length < arcs.length) return [];
  const chosen = usable
    .toSorted((a, b) => b.resistanceOhm - a.resistanceOhm)
    .slice(0, arcs.length)
    .sort((a, b) => a.timeConstantSecond - b.timeConstantSecond);
  return PEAK_EXPONENTS.map((n, index) => {
    const theta = startTheta(circuit, scale, { index, seed: 0 });
    arcs.forEach((arc, i) => {
      const { timeConstantSecond = 1, resistanceOhm = 1 } = chosen[i] ?? {};
      const [lnR, lnTau] = [Math.log(resistanceOhm), Math.log(timeConstantSecond)];
      theta[arc.resistance] = lnR;
      if (arc.exponent !== undefined) theta[arc.exponent] = n;
      const power = arc.exponent === undefined ? 1 : n;
      theta[arc.storage] = arc.isTimeConstant ? lnTau : power * lnTau - lnR;
    });
    return theta;
  });
}

interface ArcPlace {
  readonly resistance: number;
  readonly storage: number;
  readonly exponent: number | undefined;
  /** The storage parameter is the time constant itself. */
  readonly isTimeConstant: boolean;
}

/** Parameter indices of the arcs, in the order of the text. */
function arcPlaces(node: CircuitNode): readonly ArcPlace[] {
  if (node.kind === 'element') {
    if (node.element !== 'Zarc') return [];
    const p = node.parameterFirst;
    return [{ resistance: p, storage: p + 1, exponent: p + 2, isTimeConstant: true }];
  }
  const inner = node.children.flatMap(arcPlaces);
  if (node.kind !== 'parallel') return inner;
  const elements = elementsOf(node);
  const resistor = elements.find(({ element }) => element === 'R');
  const storage = elements.find(({ element }) => element === 'C' || element === 'CPE');
  if (!resistor || !storage || inner.length > 0) return inner;
  const q = storage.parameterFirst;
  const exponent = storage.element === 'CPE' ? q + 1 : undefined;
  return [{ resistance: resistor.parameterFirst, storage: q, exponent, isTimeConstant: false }];
}
