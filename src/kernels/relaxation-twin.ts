import type { RelaxationModel, SpectrumPart, WeightedSpectrum } from './relaxation-kernel.ts';

/**
 * The relaxation kernel's plain, slow twin: the formulas as written, on arrays of rows. It is the
 * oracle the kernel is tested against and shares no code with it.
 */

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

export interface TwinProblem {
  /** Weighted rows: of the real parts, then of the imaginary parts. Unknowns are impedances. */
  readonly rows: Matrix;
  readonly right: readonly number[];
  /** Unknowns that stand before the relaxations. */
  readonly termCount: number;
}

/** The weighted linear problem; inductance counts as ω_max L, capacitance as 1/(ω_min C). */
export function twinProblem(
  spectrum: WeightedSpectrum,
  model: RelaxationModel,
  part: SpectrumPart = 'both',
): TwinProblem {
  const omega = Array.from(spectrum.frequencyHertz, (frequency) => 2 * Math.PI * frequency);
  const omegaMax = Math.max(...omega);
  const omegaMin = Math.min(...omega);
  const real = omega.map((w) => [
    ...(model.resistance ? [1] : []),
    ...(model.inductance ? [0] : []),
    ...(model.capacitance ? [0] : []),
    ...Array.from(model.tauSecond, (tau) => 1 / (1 + (w * tau) ** 2)),
  ]);
  const imag = omega.map((w) => [
    ...(model.resistance ? [0] : []),
    ...(model.inductance ? [w / omegaMax] : []),
    ...(model.capacitance ? [-omegaMin / w] : []),
    ...Array.from(model.tauSecond, (tau) => (-w * tau) / (1 + (w * tau) ** 2)),
  ]);
  const rows = [...(part === 'imaginary' ? [] : real), ...(part === 'real' ? [] : imag)];
  const right = [
    ...(part === 'imaginary' ? [] : spectrum.real),
    ...(part === 'real' ? [] : spectrum.imag),
  ];
  const weight = (row: number): number => spectrum.weight[row % omega.length] ?? 0;
  return {
    rows: rows.map((row, i) => row.map((value) => value * weight(i))),
    right: right.map((value, i) => value * weight(i)),
    termCount: (rows[0]?.length ?? 0) - model.tauSecond.length,
  };
}

/** Least squares by modified Gram-Schmidt with a second pass. */
export function twinLeastSquares(problem: TwinProblem): number[] {
  const count = problem.rows[0]?.length ?? 0;
  const columns = Array.from({ length: count }, (_, c) => problem.rows.map((row) => row[c] ?? 0));
  const upper: number[][] = [];
  const basis: number[][] = [];
  for (const column of columns) {
    const shares = new Array<number>(basis.length).fill(0);
    let rest = column;
    for (let pass = 0; pass < 2; pass++) {
      for (const [i, unit] of basis.entries()) {
        const share = product(unit, rest);
        shares[i] = (shares[i] ?? 0) + share;
        rest = rest.map((value, r) => value - share * (unit[r] ?? 0));
      }
    }
    const norm = Math.sqrt(product(rest, rest));
    upper.push([...shares, norm]);
    basis.push(rest.map((value) => value / norm));
  }
  const solution = new Array<number>(count).fill(0);
  let rest = [...problem.right];
  const projections = basis.map((unit) => {
    const share = product(unit, rest);
    rest = rest.map((value, r) => value - share * (unit[r] ?? 0));
    return share;
  });
  for (let i = count - 1; i >= 0; i--) {
    let value = projections[i] ?? 0;
    for (let j = i + 1; j < count; j++) value -= (upper[j]?.[i] ?? 0) * (solution[j] ?? 0);
    solution[i] = value / (upper[i]?.[i] ?? Number.NaN);
  }
  return solution;
}

/** The penalised normal matrix A'A + lambda D'D. */
export function twinNormalMatrix(problem: TwinProblem, lambda: number): number[][] {
  const count = problem.rows[0]?.length ?? 0;
  const matrix = Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) =>
      problem.rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0),
    ),
  );
  for (let k = problem.termCount + 1; k < count - 1; k++) {
    const difference = new Map([
      [k - 1, 1],
      [k, -2],
      [k + 1, 1],
    ]);
    for (const [i, a] of difference) {
      const row = matrix[i] ?? [];
      for (const [j, b] of difference) row[j] = (row[j] ?? 0) + lambda * a * b;
    }
  }
  return matrix;
}

/** |A x - b|² + lambda |D x|²: what the solution makes smallest. */
export function twinObjective(problem: TwinProblem, x: readonly number[], lambda: number): number {
  const misfit = problem.rows.reduce(
    (sum, row, i) => sum + ((problem.right[i] ?? 0) - product(row, x)) ** 2,
    0,
  );
  let rough = 0;
  for (let k = problem.termCount + 1; k < x.length - 1; k++) {
    rough += ((x[k - 1] ?? 0) - 2 * (x[k] ?? 0) + (x[k + 1] ?? 0)) ** 2;
  }
  return misfit + lambda * rough;
}

/**
 * Non-negative solution by the active-set method of Lawson and Hanson as in their book, solving by
 * Gaussian elimination; the first `termCount` unknowns are never negative, the others when not
 * `signed`.
 */
export function twinNonNegative(problem: TwinProblem, lambda: number, signed = false): number[] {
  const matrix = twinNormalMatrix(problem, lambda);
  const right = matrix.map((_, c) =>
    problem.rows.reduce((sum, row, i) => sum + (row[c] ?? 0) * (problem.right[i] ?? 0), 0),
  );
  const isFree = (i: number): boolean => signed && i >= problem.termCount;
  const passive = new Set([...right.keys()].filter(isFree));
  let x = right.map(() => 0);
  if (passive.size > 0) x = spread(solvePassive(matrix, right, passive), x.length);
  const tolerance = 1e-12 * Math.max(...right.map(Math.abs));
  for (let round = 0; round < 10 * right.length; round++) {
    const gradient = right.map((value, i) => value - product(matrix[i] ?? [], x));
    const held = [...right.keys()].filter((i) => !passive.has(i));
    const best = held.reduce(
      (a, b) => ((gradient[b] ?? 0) > (gradient[a] ?? 0) ? b : a),
      held[0] ?? 0,
    );
    if (held.length === 0 || !((gradient[best] ?? 0) > tolerance)) return x;
    passive.add(best);
    for (;;) {
      const trial = solvePassive(matrix, right, passive);
      const blocked = [...trial].filter(([i, value]) => value <= 0 && !isFree(i));
      if (blocked.length === 0) {
        x = spread(trial, x.length);
        break;
      }
      const reach = (i: number, to: number): number => (x[i] ?? 0) / ((x[i] ?? 0) - to);
      const share = Math.min(...blocked.map(([i, to]) => reach(i, to)));
      const stopped = blocked.filter(([i, to]) => reach(i, to) <= share).map(([i]) => i);
      x = x.map((from, i) => from + share * ((trial.get(i) ?? from) - from));
      for (const i of stopped) {
        x[i] = 0;
        passive.delete(i);
      }
    }
  }
  throw new Error('the twin did not finish');
}

function solvePassive(
  matrix: Matrix,
  right: readonly number[],
  passive: ReadonlySet<number>,
): Map<number, number> {
  const list = [...passive].sort((a, b) => a - b);
  const system = list.map((i) => [...list.map((j) => matrix[i]?.[j] ?? 0), right[i] ?? 0]);
  const solved = eliminate(system);
  return new Map(list.map((i, k) => [i, solved[k] ?? 0]));
}

/** Gaussian elimination with partial pivoting of rows that end in their right-hand side. */
function eliminate(system: number[][]): number[] {
  const count = system.length;
  for (let k = 0; k < count; k++) {
    let best = k;
    for (let i = k + 1; i < count; i++) {
      if (Math.abs(system[i]?.[k] ?? 0) > Math.abs(system[best]?.[k] ?? 0)) best = i;
    }
    const pivotRow = system[best] ?? [];
    system[best] = system[k] ?? [];
    system[k] = pivotRow;
    for (let i = k + 1; i < count; i++) {
      const row = system[i] ?? [];
      const factor = (row[k] ?? 0) / (pivotRow[k] ?? Number.NaN);
      for (let j = k; j <= count; j++) row[j] = (row[j] ?? 0) - factor * (pivotRow[j] ?? 0);
    }
  }
  const solution = new Array<number>(count).fill(0);
  for (let k = count - 1; k >= 0; k--) {
    const row = system[k] ?? [];
    let value = row[count] ?? 0;
    for (let j = k + 1; j < count; j++) value -= (row[j] ?? 0) * (solution[j] ?? 0);
    solution[k] = value / (row[k] ?? Number.NaN);
  }
  return solution;
}

function spread(values: ReadonlyMap<number, number>, count: number): number[] {
  return Array.from({ length: count }, (_, i) => values.get(i) ?? 0);
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
