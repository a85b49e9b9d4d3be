import type { SineWindow } from './lock-in-kernel.ts';
import type { FittedSine, WindowFit } from './lock-in-triangle.ts';

/**
 * The lock-in kernel's plain, slow twin: the whole design matrix in memory, made orthogonal column
 * by column (modified Gram-Schmidt, twice), every sine computed by itself. It is the oracle the
 * kernel is tested against and shares no code with it.
 */
export function twinLockIn(
  window: SineWindow,
  voltageVolt: ArrayLike<number>,
  currentAmpere: ArrayLike<number>,
): WindowFit {
  const { columns, triangle } = orthogonalise(design(window));
  const fitSine = (signal: ArrayLike<number>): FittedSine => {
    const rest = Array.from(signal);
    const turned = columns.map((column) => takeOut(rest, column));
    const [constant = 0, linear = 0, quadratic = 0, cosine = 0, sine = 0] = backward(
      triangle,
      turned,
    );
    return {
      phasor: { re: cosine, im: -sine },
      trend: [constant, linear, quadratic],
      residualSquares: dot(rest, rest),
    };
  };
  const unit = (row: number): number[] => columns.map((_, column) => (column === row ? 1 : 0));
  // Rows of the inverse triangle are what one unit of each turned value does to the unknowns.
  const inverse = columns.map((_, column) => backward(triangle, unit(column)));
  const covariance = (a: number, b: number): number =>
    inverse.reduce((sum, column) => sum + (column[a] ?? 0) * (column[b] ?? 0), 0);
  return {
    voltage: fitSine(voltageVolt),
    current: fitSine(currentAmpere),
    unitSpread: { re: covariance(3, 3), im: covariance(4, 4), covariance: -covariance(3, 4) },
    degreesOfFreedom: window.sampleCount - columns.length,
  };
}

/** Columns 1, u, P2(u), cos, sin. */
function design({ cyclesPerSample, cycleFirst, sampleCount }: SineWindow): number[][] {
  const samples = Array.from({ length: sampleCount }, (_, k) => k);
  const place = (k: number): number => (2 * k + 1) / sampleCount - 1;
  const angle = (k: number): number => 2 * Math.PI * ((cycleFirst + k * cyclesPerSample) % 1);
  return [
    samples.map(() => 1),
    samples.map((k) => place(k)),
    samples.map((k) => 1.5 * place(k) ** 2 - 0.5),
    samples.map((k) => Math.cos(angle(k))),
    samples.map((k) => Math.sin(angle(k))),
  ];
}

function orthogonalise(raw: number[][]): { columns: number[][]; triangle: number[][] } {
  const columns: number[][] = [];
  const triangle = raw.map(() => raw.map(() => 0));
  for (const [index, column] of raw.entries()) {
    for (let pass = 0; pass < 2; pass += 1) {
      for (const [earlier, direction] of columns.entries()) {
        add(triangle, earlier, index, takeOut(column, direction));
      }
    }
    const length = Math.sqrt(dot(column, column));
    add(triangle, index, index, length);
    columns.push(column.map((value) => value / length));
  }
  return { columns, triangle };
}

/** Subtracts the part along a direction of length 1, and returns how much it was. */
function takeOut(values: number[], direction: readonly number[]): number {
  const amount = dot(values, direction);
  for (const [k, part] of direction.entries()) values[k] = (values[k] ?? 0) - amount * part;
  return amount;
}

function backward(triangle: readonly number[][], right: readonly number[]): number[] {
  const solution = right.map(() => 0);
  for (let row = right.length - 1; row >= 0; row -= 1) {
    const known = dot(triangle[row] ?? [], solution);
    solution[row] = ((right[row] ?? 0) - known) / (triangle[row]?.[row] ?? Number.NaN);
  }
  return solution;
}

function add(matrix: number[][], row: number, column: number, value: number): void {
  const line = matrix[row];
  if (line) line[column] = (line[column] ?? 0) + value;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
}
