import { CIRCUIT_ELEMENTS, type Circuit, parseCircuit } from '../../src/domain/circuit.ts';
import { Fault } from '../../src/domain/fault.ts';

/** mulberry32: uniform in [0, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Theta over the decades that cells have: 1e-3..1e6 ohm, 1e-10..1 F, 1e-6..1e4 s. */
export function randomTheta(circuit: Circuit, random: () => number): number[] {
  const decades = (from: number, to: number): number =>
    Math.log(10) * (from + (to - from) * random());
  return circuit.parameters.map(({ unit, exponentMax }) => {
    if (unit === '1') return 0.2 + (exponentMax - 0.2) * random();
    if (unit === 'ohm') return decades(-3, 6);
    if (unit === 's') return decades(-6, 4);
    if (unit.startsWith('H')) return decades(-9, -3);
    return unit === 'F' || unit === 'S s^n' ? decades(-10, 0) : decades(-2, 4);
  });
}

const ELEMENTS = Object.keys(CIRCUIT_ELEMENTS);

/** A circuit of random shape, up to three levels deep, of as many parameters as are allowed. */
export function randomCircuit(random: () => number): Circuit {
  for (;;) {
    const circuit = tryRandomCircuit(random);
    if (circuit) return circuit;
  }
}

/** Undefined when it has become too large. */
function tryRandomCircuit(random: () => number): Circuit | undefined {
  let count = 0;
  const build = (level: number): string => {
    const width = 2 + Math.floor(2 * random());
    if (level === 0 || count > 6 || random() < 0.3) {
      count += 1;
      return `${ELEMENTS[Math.floor(ELEMENTS.length * random())]}${count}`;
    }
    const parts = Array.from({ length: width }, () => build(level - 1));
    return random() < 0.5 ? `p(${parts.join(',')})` : parts.join('-');
  };
  try {
    return parseCircuit([build(2), build(2)].join('-'));
  } catch (error) {
    if (error instanceof Fault && error.message.includes('at most')) return undefined;
    throw error;
  }
}
