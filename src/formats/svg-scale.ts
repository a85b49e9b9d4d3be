/** From values to pixels, with ticks at round numbers. */

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Scale {
  readonly toPixel: (value: number) => number;
  readonly ticks: readonly Tick[];
  /** Places of unlabelled ticks between. */
  readonly minorTicks: readonly number[];
}

/** The values at the two ends, and the pixels they stand at. */
export interface ScaleEnds {
  readonly low: number;
  readonly high: number;
  readonly lowPixel: number;
  readonly highPixel: number;
}

/** Below this many decades a logarithmic axis is labelled at round numbers between them too. */
const FEW_DECADES = 2;
/** Below this ratio of its ends a logarithmic axis is as good as linear, and labelled like one. */
const NARROW_RATIO = 3;
const MINOR_TICKS_DECADES_MAX = 8;

/** 1, 2 or 5 times a power of ten, so that about `count` steps make up the span. */
export function roundStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/**
 * @param tickCount about how many ticks there is room for
 * @param step between ticks, where another than 1, 2 or 5 is usual
 */
export function linearScale(
  ends: ScaleEnds,
  tickCount: number,
  step = roundStep(ends.high - ends.low, tickCount),
): Scale {
  const { low, high, lowPixel, highPixel } = ends;
  const perUnit = (highPixel - lowPixel) / (high - low);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    toPixel: (value) => lowPixel + (value - low) * perUnit,
    ticks: multiples(step, low, high).map((value) => ({ value, label: fixed(value, decimals) })),
    minorTicks: [],
  };
}

/** A logarithmic axis; values must be positive. */
export function logScale(ends: ScaleEnds, tickCount: number): Scale {
  const { low, high, lowPixel, highPixel } = ends;
  const perUnit = (highPixel - lowPixel) / Math.log(high / low);
  const toPixel = (value: number): number => lowPixel + Math.log(value / low) * perUnit;
  if (high / low < NARROW_RATIO) return { ...linearScale(ends, tickCount), toPixel };
  const decades = Math.log10(high / low);
  const minorTicks =
    decades > MINOR_TICKS_DECADES_MAX
      ? []
      : mantissas(low, high, [2, 3, 4, 5, 6, 7, 8, 9]).map(({ value }) => value);
  if (decades < FEW_DECADES) {
    const factors = decades < 1 ? [1, 2, 3, 4, 5, 7] : [1, 2, 5];
    const ticks = mantissas(low, high, factors).map(({ value }) => ({
      value,
      label: plain(value),
    }));
    return { toPixel, ticks, minorTicks };
  }
  const every = Math.ceil(decades / Math.max(1, tickCount));
  const ticks = mantissas(low, high, [1])
    .filter(({ power }) => power % every === 0)
    .map(({ value, power }) => ({ value, label: powerOfTen(power) }));
  return { toPixel, ticks, minorTicks };
}

/** Multiples of `step` from `low` to `high`, both included. */
function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.max(0, Math.floor(high / step + 1e-9) - first + 1);
  // Adding zero turns -0 into 0.
  return Array.from({ length: count }, (_, at) => (first + at) * step + 0);
}

function mantissas(
  low: number,
  high: number,
  factors: readonly number[],
): { value: number; power: number }[] {
  const values: { value: number; power: number }[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power += 1) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) values.push({ value, power });
    }
  }
  return values;
}

const SUPERSCRIPTS = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/** "10⁻³" */
export function powerOfTen(power: number): string {
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)] ?? digit);
  return `10${power < 0 ? '⁻' : ''}${digits.join('')}`;
}

function fixed(value: number, decimals: number): string {
  return value.toFixed(decimals).replace('-', '−');
}

function plain(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return rounded >= 1e5 || rounded < 1e-4 ? rounded.toExponential() : String(rounded);
}

const PREFIXES = [
  { factor: 1e9, prefix: 'G' },
  { factor: 1e6, prefix: 'M' },
  { factor: 1e3, prefix: 'k' },
  { factor: 1, prefix: '' },
  { factor: 1e-3, prefix: 'm' },
  { factor: 1e-6, prefix: 'µ' },
  { factor: 1e-9, prefix: 'n' },
] as const;

/** The SI prefix in which a number of this size is written with one to three digits. */
export function siPrefix(size: number): { readonly factor: number; readonly prefix: string } {
  return PREFIXES.find(({ factor }) => size >= factor) ?? { factor: 1, prefix: '' };
}
