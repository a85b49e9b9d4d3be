import type { BoxSums } from '../kernels/registration-boxes.ts';
import { cross, plus, type Triple } from './registration-motion.ts';

/** What one block says: its equations H shift = -pull, and how much noise is in the pull. */
export interface BlockEstimate {
  /** Middle of the block less the centre of the motion. */
  readonly arm: Triple;
  /** H: products of the slopes, without the noise's. */
  readonly slopes: Matrix;
  readonly pull: Triple;
  /** Inverse of the pull's covariance. */
  readonly certainty: Matrix;
  /** The shift this block alone would take, and its variance on each axis. */
  readonly guess: Triple;
  readonly guessVariance: Triple;
  /** Correlation of the block as it lies now. */
  readonly correlation: number;
}

type Matrix = readonly (readonly number[])[];

/** A small further motion on which most blocks agree. */
export interface Consensus {
  readonly shift: Triple;
  readonly rotation: Triple;
  /** One standard deviation each, from how the blocks scatter. */
  readonly shiftError: Triple;
  readonly rotationError: Triple;
  /** Weight of each block, 0 to 1; 0 for one that moves otherwise. */
  readonly weights: readonly number[];
}

/**
 * What a block may be off by for reasons its noise does not tell: interpolation, rings, a sample
 * that gives. It keeps a few sharp edges from outvoting everything else.
 */
const MODEL_ERROR_VOXEL = 0.02;
/** Blocks less certain than this on every axis have no say. */
const BLOCK_ERROR_MAX_VOXEL = 2;
/** Blocks more certain than this all have the same say where the search starts. */
const VOTE_ERROR_VOXEL = 0.1;
/** Smoothing shares noise between neighbours: a sum of it varies by this much more. */
const SHARED_NOISE = 12;
/** Tukey's biweight: beyond this many standard deviations a block has no weight. */
const TUKEY_LIMIT = 4.685;
/** Blocks that agree better than their noise lets them are still noise. */
const SCALE_MIN = 0.2;
const ITERATIONS = 30;
/** Median of the length of three standard normal numbers. */
const MEDIAN_LENGTH_3 = 1.538;

/**
 * The equations of a block; undefined when they say nothing.
 * @param isNear true when the boxes nearly lie on each other: only then are the slopes of one
 * those of the other but for noise
 */
export function estimateBlock(
  sums: BoxSums,
  arm: Triple,
  isNear: boolean,
): BlockEstimate | undefined {
  const { count, slopes: j, slopeTimesResidual } = sums;
  // A difference of the mean grey between the volumes is no shift: it is eliminated.
  const mean = sums.residual / count;
  const pull = triple((axis) => (slopeTimesResidual[axis] ?? 0) - mean * (j[axis] ?? 0));
  const variance = Math.max(0, sums.residualSquare / count - mean ** 2);
  const centred = (products: readonly number[]) =>
    symmetric(products, (row, column) => ((j[row] ?? 0) * (j[column] ?? 0)) / count);
  const noisy = centred(sums.slopeProducts);
  const slopes = centred(isNear ? sums.crossProducts : sums.slopeProducts);
  const trace = [0, 1, 2].reduce((sum, axis) => sum + (noisy[axis]?.[axis] ?? 0), 0);
  if (!(trace > 0)) return undefined;
  // A direction without slopes gets a large variance instead of none at all.
  for (const [axis, row] of noisy.entries()) row[axis] = (row[axis] ?? 0) + 1e-6 * trace;
  const inverse = inverseOf(noisy);
  // Noise of the pull, and what an error of the model, the same on every axis, would make of it.
  const covariance = noisy.map((row, i) =>
    row.map((value, k) => {
      const model = MODEL_ERROR_VOXEL ** 2 * dot(slopes[i] ?? [], slopes[k] ?? []);
      return SHARED_NOISE * variance * value + model;
    }),
  );
  const certainty = inverseOf(covariance);
  if (!inverse || !certainty) return undefined;
  const guess = triple((axis) => -dot(inverse[axis] ?? [], pull));
  const guessVariance = triple((axis) => SHARED_NOISE * variance * (inverse[axis]?.[axis] ?? 0));
  if (!(Math.min(...guessVariance) < BLOCK_ERROR_MAX_VOXEL ** 2)) return undefined;
  return { arm, slopes, pull, certainty, guess, guessVariance, correlation: correlationOf(sums) };
}

/**
 * The motion most blocks agree on: weighted least squares, with Tukey's biweight on how far each
 * block is from it (Huber and Ronchetti 2009). It starts from the median, so that blocks on a
 * boundary that grew do not pull it while they are fewer than half.
 * @param turns true to look for a rotation as well
 */
export function agree(blocks: readonly BlockEstimate[], turns: boolean): Consensus | undefined {
  const unknowns = turns ? 6 : 3;
  if (3 * blocks.length < 2 * unknowns) return undefined;
  let solution = [...medianShift(blocks), 0, 0, 0];
  let weights = weigh(blocks, solution);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const { normal, right } = collect(blocks, weights, unknowns);
    const inverse = inverseOf(normal);
    if (!inverse) return undefined;
    const next = [...apply(inverse, right), 0, 0, 0].slice(0, 6);
    const step = Math.max(...next.map((value, at) => Math.abs(value - (solution[at] ?? 0))));
    solution = next;
    weights = weigh(blocks, solution);
    if (step < 1e-6) break;
  }
  const errors = scatterErrors(blocks, weights, solution, unknowns);
  return {
    shift: triple((axis) => solution[axis] ?? 0),
    rotation: triple((axis) => solution[axis + 3] ?? 0),
    shiftError: triple((axis) => errors[axis] ?? 0),
    rotationError: triple((axis) => errors[axis + 3] ?? 0),
    weights,
  };
}

/** The median along each axis; every block that is certain enough has the same say. */
function medianShift(blocks: readonly BlockEstimate[]): Triple {
  return triple((axis) => {
    const votes = blocks
      .map(({ guess, guessVariance }) => ({
        value: guess[axis] ?? 0,
        weight: 1 / ((guessVariance[axis] ?? 0) + VOTE_ERROR_VOXEL ** 2),
      }))
      .sort((a, b) => a.value - b.value);
    const half = votes.reduce((sum, { weight }) => sum + weight, 0) / 2;
    let sum = 0;
    for (const { value, weight } of votes) {
      sum += weight;
      if (sum >= half) return value;
    }
    return 0;
  });
}

/** What is left of a block's pull after this motion. */
function pullLeft(block: BlockEstimate, solution: readonly number[]): Triple {
  const [x = 0, y = 0, z = 0, rx = 0, ry = 0, rz = 0] = solution;
  const shift = plus([x, y, z], cross([rx, ry, rz], block.arm));
  return triple((axis) => (block.pull[axis] ?? 0) + dot(block.slopes[axis] ?? [], shift));
}

function weigh(blocks: readonly BlockEstimate[], solution: readonly number[]): number[] {
  const lengths = blocks.map((block) => {
    const left = pullLeft(block, solution);
    return Math.sqrt(Math.max(0, dot(left, apply(block.certainty, left))));
  });
  const sorted = [...lengths].sort((a, b) => a - b);
  const scale = Math.max(SCALE_MIN, (sorted[sorted.length >> 1] ?? 0) / MEDIAN_LENGTH_3);
  return lengths.map((length) => {
    const share = length / (scale * TUKEY_LIMIT);
    return share < 1 ? (1 - share ** 2) ** 2 : 0;
  });
}

/** Columns of H D: how the pull of a block follows from shift and rotation. */
function designOf({ arm, slopes }: BlockEstimate, unknowns: number): number[][] {
  const steps: readonly Triple[] = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const columns = [...steps, ...steps.map((axis) => cross(axis, arm))];
  return columns.slice(0, unknowns).map((column) => apply(slopes, column));
}

interface Equations {
  readonly normal: number[][];
  readonly right: number[];
}

function collect(
  blocks: readonly BlockEstimate[],
  weights: readonly number[],
  unknowns: number,
): Equations {
  const normal = square(unknowns);
  const right = new Array<number>(unknowns).fill(0);
  for (const [at, block] of blocks.entries()) {
    const weight = weights[at] ?? 0;
    if (weight === 0) continue;
    const design = designOf(block, unknowns);
    for (const [i, column] of design.entries()) {
      const weighted = apply(block.certainty, column);
      right[i] = (right[i] ?? 0) - weight * dot(weighted, block.pull);
      addRow(normal[i], design, (other) => weight * dot(weighted, other));
    }
  }
  return { normal, right };
}

/** Standard deviations from the scatter of the blocks themselves (White's sandwich). */
function scatterErrors(
  blocks: readonly BlockEstimate[],
  weights: readonly number[],
  solution: readonly number[],
  unknowns: number,
): number[] {
  const { normal } = collect(blocks, weights, unknowns);
  const scatter = square(unknowns);
  let used = 0;
  for (const [at, block] of blocks.entries()) {
    const weight = weights[at] ?? 0;
    if (weight === 0) continue;
    used += 1;
    const left = apply(block.certainty, pullLeft(block, solution));
    const pulls = designOf(block, unknowns).map((column) => weight * dot(column, left));
    for (const [i, pull] of pulls.entries()) addRow(scatter[i], pulls, (other) => pull * other);
  }
  const inverse = inverseOf(normal) ?? square(unknowns);
  const freeShare = Math.max(1, used - unknowns / 3) / Math.max(1, used);
  return inverse.map((row) => Math.sqrt(Math.max(0, dot(row, apply(scatter, row))) / freeShare));
}

function addRow<T>(
  row: number[] | undefined,
  others: readonly T[],
  value: (other: T) => number,
): void {
  if (!row) return;
  for (const [at, other] of others.entries()) row[at] = (row[at] ?? 0) + value(other);
}

function correlationOf(sums: BoxSums): number {
  const { count, fixed, moved } = sums;
  const cov = sums.fixedTimesMoved - (fixed * moved) / count;
  const first = sums.fixedSquare - fixed ** 2 / count;
  const second = sums.movedSquare - moved ** 2 / count;
  return first > 0 && second > 0 ? cov / Math.sqrt(first * second) : 0;
}

function triple(value: (axis: number) => number): Triple {
  return [value(0), value(1), value(2)];
}

/** 3 x 3 from xx, yy, zz, xy, xz, yz, less something. */
function symmetric(
  products: readonly number[],
  less: (row: number, column: number) => number,
): number[][] {
  const [xx = 0, yy = 0, zz = 0, xy = 0, xz = 0, yz = 0] = products;
  const rows = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ];
  return rows.map((row, i) => row.map((value, k) => value - less(i, k)));
}

function square(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function apply(matrix: Matrix, vector: readonly number[]): number[] {
  return matrix.map((row) => dot(row, vector));
}

/** Gauss-Jordan with pivots; undefined when the matrix is singular. */
function inverseOf(matrix: Matrix): number[][] | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...square(size).map((_, j) => Number(i === j))]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const [top, chosen] = [rows[column], rows[pivot]];
    const value = chosen?.[column] ?? 0;
    if (!top || !chosen || !(Math.abs(value) > 1e-300)) return undefined;
    rows[pivot] = top;
    rows[column] = chosen.map((entry) => entry / value);
    for (const [at, row] of rows.entries()) {
      const factor = row[column] ?? 0;
      if (at === column || factor === 0) continue;
      rows[at] = row.map((entry, k) => entry - factor * (rows[column]?.[k] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}
