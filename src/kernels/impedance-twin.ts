import type { Circuit, CircuitNode, ElementKind } from '../domain/circuit.ts';

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

/** Parameters from theta: e^theta, or theta itself for exponents. */
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
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN, d = Number.NaN] = [0, 1, 2, 3].map(
    (p) => values[node.parameterFirst + p] ?? Number.NaN,
  );
  return elementImpedance(node.element, [a, b, c, d], omega);
}

type Values = readonly [number, number, number, number];

/** The formulas; a, b, c, d are the element's parameters in their order. */
function elementImpedance(element: ElementKind, [a, b, c, d]: Values, omega: number): Complex {
  switch (element) {
    case 'R':
      return { re: a, im: 0 };
    case 'C':
      return { re: 0, im: -1 / (omega * a) };
    case 'L':
      return { re: 0, im: omega * a };
    case 'La': // L (jw)^n
      return scaled(powerOfJ(omega, b), a);
    case 'CPE': // 1 / (Q (jw)^n)
      return scaled(powerOfJ(omega, -b), 1 / a);
    case 'W': // Aw (1 - j) / sqrt(w)
      return { re: a / Math.sqrt(omega), im: -a / Math.sqrt(omega) };
    case 'Wo': // R coth(s) / s, s = sqrt(j w tau)
      return scaled(cothOver(powerOfJ(omega * b, 0.5)), a);
    case 'Ws': // R tanh(s) / s
      return scaled(tanhOver(powerOfJ(omega * b, 0.5)), a);
    case 'WoN': // the same with s = (j w tau)^n
      return scaled(cothOver(powerOfJ(omega * b, c)), a);
    case 'WsN':
      return scaled(tanhOver(powerOfJ(omega * b, c)), a);
    case 'G': // R / sqrt(1 + j w tau)
      return scaled(power({ re: 1, im: omega * b }, -0.5), a);
    case 'HN': // R / (1 + (j w tau)^a)^b
      return scaled(power(sum({ re: 1, im: 0 }, powerOfJ(omega * b, c)), -d), a);
    case 'Zarc': // R / (1 + (j w tau)^n)
      return scaled(reciprocal(sum({ re: 1, im: 0 }, powerOfJ(omega * b, c))), a);
    case 'TLMb': // sqrt(R Zs) coth(sqrt(R / Zs)), 1 / Zs = Q (jw)^n
      return scaled(cothOver(power(scaled(powerOfJ(omega, c), a * b), 0.5)), a);
    case 'TLMf': {
      // the same with 1 / Zs = 1 / Rct + Q (jw)^n
      const admittance = sum({ re: 1 / b, im: 0 }, scaled(powerOfJ(omega, d), c));
      return scaled(cothOver(power(scaled(admittance, a), 0.5)), a);
    }
    default:
      return element satisfies never;
  }
}

/** (j x)^n */
function powerOfJ(x: number, exponent: number): Complex {
  return power({ re: 0, im: x }, exponent);
}

function power(z: Complex, exponent: number): Complex {
  const size = Math.hypot(z.re, z.im) ** exponent;
  const angle = exponent * Math.atan2(z.im, z.re);
  return { re: size * Math.cos(angle), im: size * Math.sin(angle) };
}

/** coth(s) / s; Re s > 0. */
function cothOver(s: Complex): Complex {
  const { sinhCosh, sinCos, sinh2, sin2 } = hyperbolic(s);
  const size = sinh2 + sin2;
  return times({ re: sinhCosh / size, im: -sinCos / size }, reciprocal(s));
}

/** tanh(s) / s; Re s > 0. */
function tanhOver(s: Complex): Complex {
  const { sinhCosh, sinCos, sinh2, sin2 } = hyperbolic(s);
  const size = sinh2 + 1 - sin2;
  return times({ re: sinhCosh / size, im: sinCos / size }, reciprocal(s));
}

function hyperbolic(s: Complex): Record<'sinhCosh' | 'sinCos' | 'sinh2' | 'sin2', number> {
  // Beyond Re s = 300 the hyperbolic functions overflow; coth and tanh have long been 1.
  const x = Math.min(s.re, 300);
  const [sinh, cosh, sin, cos] = [Math.sinh(x), Math.cosh(x), Math.sin(s.im), Math.cos(s.im)];
  return { sinhCosh: sinh * cosh, sinCos: sin * cos, sinh2: sinh ** 2, sin2: sin ** 2 };
}

function scaled(z: Complex, factor: number): Complex {
  return { re: z.re * factor, im: z.im * factor };
}

function times(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

function sum(a: Complex, b: Complex): Complex {
  return { re: a.re + b.re, im: a.im + b.im };
}

function reciprocal(z: Complex): Complex {
  const size = z.re ** 2 + z.im ** 2;
  return { re: z.re / size, im: -z.im / size };
}
