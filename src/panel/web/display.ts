/** How numbers are written for people. */

interface Prefix {
  readonly symbol: string;
  readonly factor: number;
}

const PREFIXES: readonly Prefix[] = [
  { symbol: 'p', factor: 1e-12 },
  { symbol: 'n', factor: 1e-9 },
  { symbol: 'µ', factor: 1e-6 },
  { symbol: 'm', factor: 1e-3 },
  { symbol: '', factor: 1 },
  { symbol: 'k', factor: 1e3 },
  { symbol: 'M', factor: 1e6 },
  { symbol: 'G', factor: 1e9 },
];

/** Units that take SI prefixes; a temperature or a fraction does not. */
const PREFIXED_UNITS: readonly string[] = ['V', 'A', 'Ah', 'Pa', 'Ω', 'Hz', 'W', 'C', 'F'];

export interface DisplayUnit {
  /** "mA"; a fraction is shown in "%". */
  readonly symbol: string;
  /** Size of the display unit in the held unit. */
  readonly factor: number;
}

/** The unit that writes a value of this magnitude with one to three digits before the point. */
export function displayUnit(unit: string, magnitude: number): DisplayUnit {
  if (unit === '1') return { symbol: '%', factor: 0.01 };
  if (!PREFIXED_UNITS.includes(unit)) return { symbol: unit, factor: 1 };
  const size = Math.abs(magnitude);
  const prefix =
    size > 0 && Number.isFinite(size)
      ? (PREFIXES.findLast(({ factor }) => size >= factor * 0.9999) ?? PREFIXES[0])
      : undefined;
  return prefix
    ? { symbol: `${prefix.symbol}${unit}`, factor: prefix.factor }
    : { symbol: unit, factor: 1 };
}

/** "0.0581" : four significant digits, without a needless exponent. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return typographic(value.toExponential(digits - 1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return typographic(value.toFixed(decimals));
}

/** "58.10 mV" */
export function formatQuantity(value: number, unit: string, digits = 4): string {
  const { symbol, factor } = displayUnit(unit, value);
  return `${formatNumber(value / factor, digits)} ${symbol}`;
}

/** "31.20 ± 0.34": the error with two digits, the value to the same place. */
export function formatWithError(value: number, standardError: number): string {
  if (!(standardError > 0) || !Number.isFinite(standardError)) return formatNumber(value);
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(standardError))));
  return typographic(`${value.toFixed(decimals)} ± ${standardError.toFixed(decimals)}`);
}

/** "3 h 10 min", "10 min 20 s", "8.5 s" */
export function formatDuration(second: number): string {
  if (!Number.isFinite(second)) return '–';
  if (second < 10) return `${second.toFixed(1)} s`;
  const whole = Math.round(second);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, { size: 60, name: 'min' }, { size: 1, name: 's' });
  if (whole < 86_400) return pair(whole, { size: 3600, name: 'h' }, { size: 60, name: 'min' });
  return pair(whole, { size: 86_400, name: 'd' }, { size: 3600, name: 'h' });
}

interface Part {
  readonly size: number;
  readonly name: string;
}

function pair(second: number, large: Part, small: Part): string {
  const rest = Math.floor((second % large.size) / small.size);
  return `${Math.floor(second / large.size)} ${large.name} ${rest} ${small.name}`;
}

export interface TimeUnit {
  readonly symbol: 's' | 'min' | 'h' | 'd';
  readonly second: number;
}

/** The unit for a time axis of this span. */
export function timeUnit(spanSecond: number): TimeUnit {
  if (spanSecond < 300) return { symbol: 's', second: 1 };
  if (spanSecond < 3 * 3600) return { symbol: 'min', second: 60 };
  if (spanSecond < 96 * 3600) return { symbol: 'h', second: 3600 };
  return { symbol: 'd', second: 86_400 };
}

/** Distances between ticks, in seconds, that are round numbers in a unit of time. */
export function timeSteps({ symbol, second }: TimeUnit): number[] {
  const sixty = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120];
  const day = [0.1, 0.2, 0.5, 1, 2, 3, 6, 12, 24, 48];
  const ten = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  const steps = symbol === 'd' ? ten : symbol === 'h' ? day : sixty;
  return steps.map((step) => step * second);
}

/** A step of 1, 2 or 5 times a power of ten that cuts `span` into about `count` parts. */
export function niceStep(span: number, count: number): number {
  if (!(span > 0) || !Number.isFinite(span)) return 1;
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/** A real minus sign in place of the hyphen. */
function typographic(text: string): string {
  return text.replaceAll('-', '−');
}
