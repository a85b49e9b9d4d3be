/** How values are written for people: few digits, the unit a reader expects, nothing invented. */

const HOUR_SECOND = 3600;
const MINUTE_SECOND = 60;

/** "3 h 12 min", "12 min 05 s", "48 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / HOUR_SECOND);
  const minutes = Math.floor((whole % HOUR_SECOND) / MINUTE_SECOND);
  const rest = whole % MINUTE_SECOND;
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  if (minutes > 0) return `${minutes} min ${String(rest).padStart(2, '0')} s`;
  return `${rest} s`;
}

/** Four significant digits without an exponent where that is readable. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5)
    ? value.toExponential(3)
    : String(Number(value.toPrecision(4)));
}

const SI_PREFIXES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
  [1e-12, 'p'],
] as const;

/** "365.3 µs", "14.62 kΩ": four digits with the prefix that needs no zeros. */
export function prefixed(value: number, unit: string): string {
  const rounded = Math.abs(Number(value.toPrecision(4)));
  const found = SI_PREFIXES.find(([factor]) => rounded >= factor);
  if (!found || !Number.isFinite(value)) return `${significant(value)} ${unit}`;
  const [factor, prefix] = found;
  return `${significant(value / factor)} ${prefix}${unit}`;
}

/** "306.2 ± 1.4", or "306.2 (not determined)" when the data do not fix it. */
export function withError(value: number, standardError: number | null): string {
  if (standardError === null) return `${significant(value)} (not determined)`;
  return `${significant(value)} ± ${Number(standardError.toPrecision(2))}`;
}

/** Columns padded to their widest cell, two spaces between; numbers keep their text. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)]
    .join('\n')
    .concat('\n');
}
