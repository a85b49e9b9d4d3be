import type { CalibrationOf } from '../../src/domain/calibration.ts';

type Platinum = Pick<CalibrationOf<'platinum'>, 'resistance' | 'a' | 'b' | 'c'>;

/** Where IEC 60751 ends. */
export const PLATINUM_CELSIUS_MIN = -200;
export const PLATINUM_CELSIUS_MAX = 850;

/** Of the iteration below 0 °C, far below any code. */
const CLOSE_CELSIUS = 1e-9;
const ITERATIONS_MAX = 20;

/** Ohm at a temperature by Callendar and Van Dusen (IEC 60751, 4.2). */
export function resistanceOf({ resistance, a, b, c }: Platinum, celsius: number): number {
  const cold = celsius < 0 ? c * (celsius - 100) * celsius ** 3 : 0;
  return resistance * (1 + a * celsius + b * celsius ** 2 + cold);
}

/**
 * Temperature at a resistance: in closed form above 0 °C, by Newton's method below.
 * @returns NaN outside the range of the standard
 */
export function celsiusOf(platinum: Platinum, ohm: number): number {
  const warmest = resistanceOf(platinum, PLATINUM_CELSIUS_MAX);
  const coldest = resistanceOf(platinum, PLATINUM_CELSIUS_MIN);
  if (!(ohm >= coldest && ohm <= warmest)) return Number.NaN;
  const { resistance, a, b, c } = platinum;
  const root = a ** 2 - 4 * b * (1 - ohm / resistance);
  let celsius = (Math.sqrt(root) - a) / (2 * b);
  if (celsius >= 0) return celsius;
  for (let step = 0; step < ITERATIONS_MAX; step += 1) {
    const slope = resistance * (a + 2 * b * celsius + c * (4 * celsius ** 3 - 300 * celsius ** 2));
    const change = (ohm - resistanceOf(platinum, celsius)) / slope;
    celsius += change;
    if (Math.abs(change) < CLOSE_CELSIUS) break;
  }
  return celsius;
}

/** Ohm for each degree. */
export function slopeOf({ resistance, a, b, c }: Platinum, celsius: number): number {
  const cold = celsius < 0 ? c * (4 * celsius ** 3 - 300 * celsius ** 2) : 0;
  return resistance * (a + 2 * b * celsius + cold);
}
