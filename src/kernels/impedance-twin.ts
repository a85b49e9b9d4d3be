import type { Circuit, CircuitNode } from '../domain/circuit.ts';

/**
 * The impedance kernel's plain, slow twin: the formulas as written, one frequency at a time. It is
 * the oracle the kernel is tested against and shares no code with it.
 */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** Z in ohm at one frequency; `values` are the parameters in their own units. */
export function twinImpedance(
  circuit: Circuit,
  values: ArrayLike<number>,
  frequencyHertz: number,
): Complex {
  return nodeImpedance(circuit.root, values, 2 * Math.PI * frequencyHertz);
}

/** Parameters from theta: e^theta, or theta itself for CPE exponents. */
export function valuesOfTheta(circuit: Circuit, theta: ArrayLike<number>): number[] {
  return circuit.parameters.map(({ scale }, p) => {
    const t = theta[p] ?? Number.NaN;
    return scale === 'log' ? Math.exp(t) : t;
  });
}

/**
 * dZ/dtheta by central differences of the fourth order, one entry per parameter.
 * A step of 2e-4 keeps truncation below rounding (1e-12, relative) even near a resonance.
 */
export function twinJacobian(
  circuit: Circuit,
  theta: readonly number[],
  frequencyHertz: number,
): readonly Complex[] {
  const step = 2e-4;
  return theta.map((_, p) => {
    const at = (shift: number): Complex => {
      const moved = theta.map((t, q) => (q === p ? t + shift * step : t));
      return twinImpedance(circuit, valuesOfTheta(circuit, moved), frequencyHertz);
    };
    const [a, b, c, d] = [at(2), at(1), at(-1), at(-2)];
    return {
      re: (-a.re + 8 * b.re - 8 * c.re + d.re) / (12 * step),
      im: (-a.im + 8 * b.im - 8 * c.im + d.im) / (12 * step),
    };
  });
}

function nodeImpedance(node: CircuitNode, values: ArrayLike<number>, omega: number): Complex {
  if (node.kind !== 'element') {
    const parts = node.children.map((child) => nodeImpedance(child, values, omega));
    return node.kind === 'series'
      ? parts.reduce(sum)
      : reciprocal(parts.map(reciprocal).reduce(sum));
  }
  const first = values[node.parameterFirst] ?? Number.NaN;
  const second = values[node.parameterFirst + 1] ?? Number.NaN;
  switch (node.element) {
    case 'R':
      return { re: first, im: 0 };
    case 'C':
      return { re: 0, im: -1 / (omega * first) };
    case 'L':
      return { re: 0, im: omega * first };
    case 'CPE': {
      const size = omega ** -second / first;
      const angle = (-second * Math.PI) / 2;
      return { re: size * Math.cos(angle), im: size * Math.sin(angle) };
    }
    case 'W':
      return { re: first / Math.sqrt(omega), im: -first / Math.sqrt(omega) };
    case 'Wo':
      return finiteLength(first, omega * second, true);
    case 'Ws':
      return finiteLength(first, omega * second, false);
    default:
      return node.element satisfies never;
  }
}

/** R coth(s)/s or R tanh(s)/s with s = sqrt(j x) = a (1 + j). */
function finiteLength(resistance: number, x: number, reflecting: boolean): Complex {
  const a = Math.sqrt(x / 2);
  // Beyond a = 300 the hyperbolic functions overflow; coth and tanh have long been 1.
  const [sinh, cosh] = [Math.sinh(Math.min(a, 300)), Math.cosh(Math.min(a, 300))];
  const [sin, cos] = [Math.sin(a), Math.cos(a)];
  const size = reflecting ? sinh ** 2 + sin ** 2 : sinh ** 2 + cos ** 2;
  const re = (sinh * cosh) / size;
  const im = ((reflecting ? -1 : 1) * sin * cos) / size;
  // Division by a (1 + j).
  return { re: (resistance * (re + im)) / (2 * a), im: (resistance * (im - re)) / (2 * a) };
}

function sum(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

function reciprocal(z: Complex): Complex {
  const size = z.re ** 2 + z.im ** 2;
  return { re: z.re / size, im: -z.im / size };
}
