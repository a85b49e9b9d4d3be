/**
 * Number literals of MethodSCRIPT: an integer with an SI prefix, never a decimal point
 * (`500m`, `58505m`, `10`), or a plain integer (`11i`, `0x20i`, `0b11`). MethodSCRIPT manual,
 * "Parameter types".
 */

/** Powers of ten of the SI prefixes; the space and the empty prefix are 1. */
export const PREFIX_EXPONENTS = {
  a: -18,
  f: -15,
  p: -12,
  n: -9,
  u: -6,
  m: -3,
  ' ': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
} as const satisfies Record<string, number>;

export type Prefix = keyof typeof PREFIX_EXPONENTS;

/** Integers the instrument holds in a value: 28 bits with an offset of 2^27. */
export const MANTISSA_MAX = 2 ** 27 - 1;

const DECIMAL = /^([+-]?\d{1,10})([afpnumkMGTPE]?)$/;
const INTEGER = /^([+-]?\d{1,10}|0x[0-9A-Fa-f]{1,8}|0b[01]{1,32})i$|^(0b[01]{1,32})$/;
const PREFIXES = Object.keys(PREFIX_EXPONENTS) as Prefix[];

export function isPrefix(text: string): text is Prefix {
  return Object.hasOwn(PREFIX_EXPONENTS, text);
}

/** `mantissa` × the prefix, correctly rounded: dividing by a power of ten is exact, 1e-3 is not. */
export function scaleByPrefix(mantissa: number, prefix: Prefix): number {
  const exponent = PREFIX_EXPONENTS[prefix];
  return exponent < 0 ? mantissa / 10 ** -exponent : mantissa * 10 ** exponent;
}

/**
 * `value` as integer and prefix. The finest prefix whose integer fits 28 bits is used, so the
 * rounding is below 4e-6 of the value; zero is 0 with the unity prefix.
 * @returns undefined when the value is not finite or too large for any prefix
 */
export function splitByPrefix(value: number): { mantissa: number; prefix: Prefix } | undefined {
  if (value === 0) return { mantissa: 0, prefix: ' ' };
  for (const prefix of PREFIXES) {
    const exponent = PREFIX_EXPONENTS[prefix];
    const scaled = exponent < 0 ? value * 10 ** -exponent : value / 10 ** exponent;
    const mantissa = Math.round(scaled);
    if (Math.abs(mantissa) <= MANTISSA_MAX) return { mantissa, prefix };
  }
  return undefined;
}

/**
 * Writes a number as a script literal, with trailing zeros folded into the prefix: 0.5 is `500m`,
 * 200 000 is `200k`. Rounds by less than 4e-6 of the value.
 * @throws RangeError when the value is not finite or beyond 1e26
 */
export function formatLiteral(value: number): string {
  const split = splitByPrefix(value);
  if (!split) throw new RangeError(`${value} cannot be written as a script literal`);
  let { mantissa } = split;
  let at = PREFIXES.indexOf(split.prefix);
  while (mantissa !== 0 && mantissa % 1000 === 0 && at < PREFIXES.length - 1) {
    mantissa /= 1000;
    at += 1;
  }
  return `${mantissa}${(PREFIXES[at] ?? '').trim()}`;
}

/** Reads a script literal; undefined when it is not one. */
export function parseLiteral(text: string): number | undefined {
  const decimal = DECIMAL.exec(text);
  if (decimal) {
    const prefix = decimal[2] === '' ? ' ' : (decimal[2] ?? ' ');
    return isPrefix(prefix) ? scaleByPrefix(Number(decimal[1]), prefix) : undefined;
  }
  const integer = INTEGER.exec(text);
  return integer ? Number(integer[1] ?? integer[2]) : undefined;
}
