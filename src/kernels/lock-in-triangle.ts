import { Fault } from '../domain/fault.ts';

/** Unknowns of each signal: constant, linear, quadratic, cosine, sine. */
export const LOCK_IN_UNKNOWNS = 5;
/** The unknowns, then voltage and current. */
export const TRIANGLE_COLUMNS = 7;
const COLUMN_VOLTAGE = 5;
const COLUMN_CURRENT = 6;

/**
 * A window of samples reduced by QR to what its least-squares fit needs. The columns are 1, u,
 * P2(u) with u from -1 to 1 over the window, cos and sin of the reference, voltage, current.
 */
export interface WindowTriangle {
  readonly sampleCount: number;
  /** Five rows of TRIANGLE_COLUMNS; zero below the diagonal. */
  readonly rows: readonly Float64Array[];
  /** Sum of squared residuals of the window's own fit. */
  readonly voltageSquares: number;
  readonly currentSquares: number;
}

/** Complex amplitude X of x(t) = Re(X e^{jωt}). */
export interface Phasor {
  readonly re: number;
  readonly im: number;
}

/** One signal of a window, in its own unit. */
export interface FittedSine {
  readonly phasor: Phasor;
  /** Constant, linear and quadratic part: coefficients of 1, u and P2(u). */
  readonly trend: readonly [number, number, number];
  /** Sum of squared residuals. */
  readonly residualSquares: number;
}

/** Covariance of a complex number's parts. */
export interface Spread {
  readonly re: number;
  readonly im: number;
  readonly covariance: number;
}

export interface WindowFit {
  readonly voltage: FittedSine;
  readonly current: FittedSine;
  /** Covariance of a phasor for noise of variance 1. */
  readonly unitSpread: Spread;
  /** Samples less the five unknowns: what residual squares are divided by. */
  readonly degreesOfFreedom: number;
}

/** What is left of a column beside the others must be more than this share of it. */
const INDEPENDENCE_MIN = 1e-6;

/**
 * The least-squares fit of a window.
 * @throws Fault analysis when sine and trend cannot be told apart, as in a part of a period
 */
export function solveTriangle(triangle: WindowTriangle): WindowFit {
  for (let p = 0; p < LOCK_IN_UNKNOWNS; p += 1) {
    const length = Math.sqrt(triangle.sampleCount);
    if (!(Math.abs(at(triangle.rows, p, p)) > INDEPENDENCE_MIN * length)) {
      throw new Fault('analysis', {
        where: 'lock-in window',
        message: 'sine and trend cannot be told apart; take windows of at least one whole period',
      });
    }
  }
  const [a, b, c] = [at(triangle.rows, 3, 3), at(triangle.rows, 3, 4), at(triangle.rows, 4, 4)];
  return {
    voltage: sineOf(triangle.rows, COLUMN_VOLTAGE, triangle.voltageSquares),
    current: sineOf(triangle.rows, COLUMN_CURRENT, triangle.currentSquares),
    // (R'R)^-1 of the last corner; the imaginary part is minus the sine coefficient.
    unitSpread: {
      re: (1 + (b * b) / (c * c)) / (a * a),
      im: 1 / (c * c),
      covariance: b / (a * c * c),
    },
    degreesOfFreedom: triangle.sampleCount - LOCK_IN_UNKNOWNS,
  };
}

/**
 * Successive windows as one, as if their samples had been fitted together with one trend.
 * @param windows adjacent, in order, with the same reference
 */
export function mergeTriangles(windows: readonly WindowTriangle[]): WindowTriangle {
  const sampleCount = windows.reduce((total, window) => total + window.sampleCount, 0);
  const rows = Array.from({ length: LOCK_IN_UNKNOWNS }, () => new Float64Array(TRIANGLE_COLUMNS));
  let voltageSquares = 0;
  let currentSquares = 0;
  let start = 0;
  for (const window of windows) {
    const centre = (2 * start + window.sampleCount) / sampleCount - 1;
    const half = window.sampleCount / sampleCount;
    for (const row of window.rows) {
      const rest = turnInto(rows, inWholeWindow(row, centre, half));
      voltageSquares += (rest[COLUMN_VOLTAGE] ?? 0) ** 2;
      currentSquares += (rest[COLUMN_CURRENT] ?? 0) ** 2;
    }
    voltageSquares += window.voltageSquares;
    currentSquares += window.currentSquares;
    start += window.sampleCount;
  }
  return { sampleCount, rows, voltageSquares, currentSquares };
}

/** A row for the whole's polynomials of U = centre + half u, instead of the window's of u. */
function inWholeWindow(row: Float64Array, centre: number, half: number): Float64Array {
  const [constant = 0, linear = 0, quadratic = 0] = row;
  const whole = Float64Array.from(row);
  whole[1] = centre * constant + half * linear;
  // P2(U) = (1.5 c² - 0.5 + 0.5 h²) + 3 c h u + h² P2(u).
  whole[2] =
    (1.5 * centre ** 2 - 0.5 + 0.5 * half ** 2) * constant +
    3 * centre * half * linear +
    half ** 2 * quadratic;
  return whole;
}

/** Turns a row into the triangle by Givens rotations; returns what is left of it. */
function turnInto(rows: readonly Float64Array[], row: Float64Array): Float64Array {
  for (const [pivot, target] of rows.entries()) {
    const [above, below] = [target[pivot] ?? 0, row[pivot] ?? 0];
    if (below === 0) continue;
    const length = Math.hypot(above, below);
    const [cosine, sine] = [above / length, below / length];
    for (let column = pivot; column < TRIANGLE_COLUMNS; column += 1) {
      const [t, r] = [target[column] ?? 0, row[column] ?? 0];
      target[column] = cosine * t + sine * r;
      row[column] = cosine * r - sine * t;
    }
    row[pivot] = 0;
  }
  return row;
}

function sineOf(rows: readonly Float64Array[], right: number, residualSquares: number): FittedSine {
  const x = [0, 0, 0, 0, 0];
  for (let row = LOCK_IN_UNKNOWNS - 1; row >= 0; row -= 1) {
    const known = x.reduce((total, value, column) => total + value * at(rows, row, column), 0);
    x[row] = (at(rows, row, right) - known) / at(rows, row, row);
  }
  const [constant = 0, linear = 0, quadratic = 0, cosine = 0, sine = 0] = x;
  return {
    phasor: { re: cosine, im: -sine },
    trend: [constant, linear, quadratic],
    residualSquares,
  };
}

function at(rows: readonly Float64Array[], row: number, column: number): number {
  return rows[row]?.[column] ?? Number.NaN;
}
