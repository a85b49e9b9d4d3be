/** The firmware does not do what it was told; the text is its own. */
export class RodeostatRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RodeostatRefusal';
  }
}

const DECIMALS = 6;
const LARGE = 1e7;
const SMALL = 1e-5;

/** A number as the firmware's JSON library writes it: single precision, six decimals at the most. */
function numberText(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return Number.isNaN(single) ? 'NaN' : 'Infinity';
  const size = Math.abs(single);
  if (size !== 0 && (size >= LARGE || size <= SMALL)) {
    const [digits, exponent] = Number(single.toPrecision(DECIMALS + 1))
      .toExponential()
      .split('e');
    return `${digits}e${Number(exponent)}`;
  }
  return rounded(single);
}

/** Each digit before the point takes one from those behind it. */
function rounded(value: number): string {
  const digitsBefore = String(Math.trunc(Math.abs(value))).length;
  return String(Number(value.toFixed(Math.max(0, DECIMALS - digitsBefore + 1))));
}

/** One line as the firmware writes it. */
export function rodeostatJson(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : numberText(value);
  if (Array.isArray(value)) return `[${value.map(rodeostatJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) => `"${key}":${rodeostatJson(one)}`);
  return `{${members.join(',')}}`;
}
