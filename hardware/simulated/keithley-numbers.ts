/** A Keithley sources and measures 5 % above the nominal range. */
export const OVER_RANGE = 1.05;

/** Floating-point slack: a value of exactly full scale fits its range. */
const ROUNDING = 1e-9;
/** Readings a little above what a range holds are still shown. */
const SHOWN = 1.01;

/** The nominal value of the smallest range that holds a value, or of the widest. */
export function smallestRange(ranges: readonly number[], value: number): number {
  const needed = value * (1 - ROUNDING);
  return ranges.find((range) => range * OVER_RANGE >= needed) ?? ranges.at(-1) ?? 0;
}

/** True when a value is above what its range shows: the instrument says overflow then. */
export function isAboveRange(value: number, range: number): boolean {
  return Math.abs(value) > range * OVER_RANGE * SHOWN;
}

/** "+1.300000E-04": as many digits, and a sign in front when it is asked for. */
export function exponential(
  value: number,
  { digits, hasSign }: { readonly digits: number; readonly hasSign: boolean },
): string {
  const [mantissa = '0', exponent = '+0'] = value.toExponential(digits).split('e');
  const sign = hasSign && value >= 0 ? '+' : '';
  return `${sign}${mantissa}E${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}
