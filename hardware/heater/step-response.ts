import type { ThermalResponse } from '../../src/domain/instrument.ts';

/** One reading after the step of the power. */
export interface StepPoint {
  /** Since the step. */
  readonly timeSecond: number;
  readonly celsius: number;
}

export interface IdentifiedStep extends ThermalResponse {
  /** Root mean square of what the model leaves unexplained, °C. */
  readonly residualKelvin: number;
}

/** Fewer readings tell nothing. */
const POINTS_MIN = 20;
/** Longest and shortest time constant that are tried, as shares of the time that was watched. */
const CONSTANT_SHARE_MIN = 0.02;
const CONSTANT_SHARE_MAX = 5;
const DEAD_SHARE_MAX = 0.25;
const GRID = 24;
/** Each round looks closer around the best of the one before. */
const ROUNDS = 6;

/**
 * First order with a dead time, by least squares: T = T0 + rise · duty · (1 - exp(-(t - dead)/τ)).
 * For each τ and dead time the other two are linear; those two are searched on a grid that closes
 * in on the best (separable least squares; Golub and Pereyra, SIAM J. Numer. Anal. 10, 413, 1973).
 * @returns undefined with too few readings, or when they do not rise with the power
 */
export function identifyStep(
  points: readonly StepPoint[],
  dutyFraction: number,
): IdentifiedStep | undefined {
  const lastSecond = points.at(-1)?.timeSecond ?? 0;
  if (points.length < POINTS_MIN || lastSecond <= 0 || dutyFraction <= 0) return undefined;
  let constants = {
    low: Math.log(CONSTANT_SHARE_MIN * lastSecond),
    high: Math.log(CONSTANT_SHARE_MAX * lastSecond),
  };
  let deads = { low: 0, high: DEAD_SHARE_MAX * lastSecond };
  let best: Candidate | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const logConstant of grid(constants)) {
      for (const deadTimeSecond of grid(deads)) {
        const one = fitted(points, { timeConstantSecond: Math.exp(logConstant), deadTimeSecond });
        if (one.rise > 0 && one.square < (best?.square ?? Number.POSITIVE_INFINITY)) best = one;
      }
    }
    if (!best) return undefined;
    constants = around(Math.log(best.timeConstantSecond), constants);
    const closer = around(best.deadTimeSecond, deads);
    deads = { low: Math.max(0, closer.low), high: closer.high };
  }
  if (!best) return undefined;
  const { timeConstantSecond, deadTimeSecond, start, rise, square } = best;
  return {
    riseKelvin: rise / dutyFraction,
    timeConstantSecond,
    deadTimeSecond,
    roomCelsius: start,
    residualKelvin: Math.sqrt(square / points.length),
  };
}

/** A controller for what was identified. */
export interface Tuning {
  readonly proportionalBandKelvin: number;
  readonly integralSecond: number;
}

/**
 * SIMC rules for PI control (Skogestad, J. Process Control 13, 291, 2003, eq. 23 and 24): gain
 * τ / (rise (τc + θ)), integral time the smaller of τ and 4 (τc + θ). The closed loop's time
 * constant τc is the dead time, as recommended there; half a control period acts as dead time too.
 */
export function tuningOf(
  { riseKelvin, timeConstantSecond, deadTimeSecond }: ThermalResponse,
  everySecond: number,
): Tuning {
  // Faster than its own beat no controller acts.
  const delaySecond = Math.max(deadTimeSecond + everySecond / 2, everySecond);
  const closedSecond = 2 * delaySecond;
  return {
    proportionalBandKelvin: (riseKelvin * closedSecond) / timeConstantSecond,
    integralSecond: Math.min(timeConstantSecond, 4 * closedSecond),
  };
}

interface Shape {
  readonly timeConstantSecond: number;
  readonly deadTimeSecond: number;
}

interface Candidate extends Shape {
  readonly start: number;
  readonly rise: number;
  readonly square: number;
}

/** Straight line of the temperature against the shape of the answer. */
function fitted(points: readonly StepPoint[], shape: Shape): Candidate {
  const { timeConstantSecond, deadTimeSecond } = shape;
  const answer = ({ timeSecond }: StepPoint): number =>
    1 - Math.exp(-Math.max(0, timeSecond - deadTimeSecond) / timeConstantSecond);
  const count = points.length;
  let sumX = 0;
  let sumY = 0;
  for (const point of points) {
    sumX += answer(point);
    sumY += point.celsius;
  }
  let squareX = 0;
  let product = 0;
  for (const point of points) {
    const x = answer(point) - sumX / count;
    squareX += x * x;
    product += x * (point.celsius - sumY / count);
  }
  const rise = squareX > 0 ? product / squareX : 0;
  const start = (sumY - rise * sumX) / count;
  let square = 0;
  for (const point of points) square += (point.celsius - start - rise * answer(point)) ** 2;
  return { ...shape, start, rise, square };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function grid({ low, high }: Range): number[] {
  return Array.from({ length: GRID + 1 }, (_, at) => low + ((high - low) * at) / GRID);
}

/** Two steps of the grid to each side. */
function around(middle: number, { low, high }: Range): Range {
  const half = (2 * (high - low)) / GRID;
  return { low: middle - half, high: middle + half };
}
