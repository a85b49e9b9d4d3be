import { Fault } from '../domain/fault.ts';
import type { ElectrodeFace, InterfaceSurface } from '../domain/segmentation.ts';

/** Where the electrode ends in each column, counted in slices from its face. */
export interface HeightMap {
  readonly rows: number;
  readonly columns: number;
  readonly heights: Uint16Array;
  readonly spans: Int32Array;
  readonly slices: number;
}

export type SurfaceOrder = 1 | 2;

/** Columns are pooled into squares of this side: their median is one point of the fit. */
const POOL = 8;
const POINTS_MIN = 12;
const PASSES = 30;
/** Tukey's constant: 95 % efficiency for normal errors. */
const TUKEY = 4.685;
/** From the median absolute deviation to the standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** Heights are whole slices: a spread below their rounding is not known. */
const SIGMA_MIN = 0.29;

interface Point {
  readonly u: number;
  readonly v: number;
  readonly height: number;
}

/**
 * The surface through the electrode's end, by iterated reweighting with Tukey's biweight: dips
 * and protrusions do not move it.
 * @returns in slices from the electrode's face; see `turned` for the volume's own slices
 * @throws Fault analysis when the electrode's end is seen in too few places
 */
export function fitInterface(
  map: HeightMap,
  face: ElectrodeFace,
  order: SurfaceOrder,
): InterfaceSurface {
  const { rows, columns, slices } = map;
  const centreColumn = (columns - 1) / 2;
  const centreRow = (rows - 1) / 2;
  const halfVoxel = Math.max(rows, columns) / 2;
  const points = pooled(map, (column, row) => ({
    u: (column - centreColumn) / halfVoxel,
    v: (row - centreRow) / halfVoxel,
  })).filter(({ height }) => height > 0 && height < slices);
  if (points.length < POINTS_MIN) {
    throw new Fault('analysis', {
      where: 'interface',
      message: `the electrode ends inside the volume in only ${points.length} places; expected a boundary between electrode and electrolyte: check the face and the phase of the electrode`,
    });
  }
  const { coefficients, sigma, weights } = reweighted(points, order);
  const kept = weights.filter((weight) => weight > 0).length;
  // A boundary behind `height` voxels lies between the last of them and the next.
  const shifted = coefficients.map((value, k) => (k === 0 ? value - 0.5 : value));
  return {
    face,
    coefficients: shifted,
    centreColumn,
    centreRow,
    halfVoxel,
    roughnessVoxel: sigma,
    outlierFraction: 1 - kept / points.length,
  };
}

/** Height of the surface at a column. */
export function heightAt(surface: InterfaceSurface, column: number, row: number): number {
  const { coefficients, centreColumn, centreRow, halfVoxel } = surface;
  const terms = basis((column - centreColumn) / halfVoxel, (row - centreRow) / halfVoxel, 2);
  return coefficients.reduce((sum, value, k) => sum + value * (terms[k] ?? 0), 0);
}

/** Cosine of the slope: what a distance along the slices is shortened by. */
export function cosineAt(surface: InterfaceSurface, column: number, row: number): number {
  const { coefficients: c, centreColumn, centreRow, halfVoxel } = surface;
  const u = (column - centreColumn) / halfVoxel;
  const v = (row - centreRow) / halfVoxel;
  const [, du = 0, dv = 0, duu = 0, duv = 0, dvv = 0] = c;
  const slopeU = (du + 2 * duu * u + duv * v) / halfVoxel;
  const slopeV = (dv + duv * u + 2 * dvv * v) / halfVoxel;
  return 1 / Math.sqrt(1 + slopeU ** 2 + slopeV ** 2);
}

/** The surface in slices counted from the other end. */
export function turned(surface: InterfaceSurface, slices: number): InterfaceSurface {
  const coefficients = surface.coefficients.map((value, k) => (k === 0 ? slices - 1 : 0) - value);
  return { ...surface, coefficients };
}

/** Heights and cosines in every column, [row, column]. */
export function surfaceMaps(surface: InterfaceSurface, rows: number, columns: number) {
  const heights = new Float32Array(rows * columns);
  const cosines = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      heights[row * columns + column] = heightAt(surface, column, row);
      cosines[row * columns + column] = cosineAt(surface, column, row);
    }
  }
  return { heights, cosines };
}

function pooled(
  { rows, columns, heights, spans }: HeightMap,
  place: (column: number, row: number) => Pick<Point, 'u' | 'v'>,
): Point[] {
  const side = Math.max(1, Math.min(POOL, Math.floor(Math.min(rows, columns) / POOL)));
  const points: Point[] = [];
  for (let top = 0; top + side <= rows; top += side) {
    for (let left = 0; left + side <= columns; left += side) {
      const values: number[] = [];
      for (let row = top; row < top + side; row++) {
        const first = Math.max(left, spans[2 * row] ?? 0);
        const end = Math.min(left + side, spans[2 * row + 1] ?? 0);
        for (let column = first; column < end; column++) {
          values.push(heights[row * columns + column] ?? 0);
        }
      }
      if (values.length < side * side) continue;
      const middle = (side - 1) / 2;
      points.push({ ...place(left + middle, top + middle), height: median(values) });
    }
  }
  return points;
}

function reweighted(points: readonly Point[], order: SurfaceOrder) {
  // Started from the median height: a plain fit would already lean towards protrusions.
  let coefficients: number[] = [median(points.map(({ height }) => height))];
  let sigma = SIGMA_MIN;
  let weights = points.map(() => 1);
  for (let pass = 0; pass < PASSES; pass++) {
    const residuals = points.map(({ u, v, height }) => {
      const terms = basis(u, v, order);
      return height - coefficients.reduce((sum, value, k) => sum + value * (terms[k] ?? 0), 0);
    });
    sigma = Math.max(SIGMA_MIN, MAD_TO_SIGMA * median(residuals.map(Math.abs)));
    weights = residuals.map((residual) => biweight(residual / (TUKEY * sigma)));
    const next = solveWeighted(points, weights, order);
    const change = Math.max(...next.map((value, k) => Math.abs(value - (coefficients[k] ?? 0))));
    coefficients = next;
    if (change < 1e-6) break;
  }
  return { coefficients, sigma, weights };
}

function biweight(u: number): number {
  return Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0;
}

function basis(u: number, v: number, order: SurfaceOrder): number[] {
  return order === 1 ? [1, u, v] : [1, u, v, u * u, u * v, v * v];
}

/** Weighted normal equations, solved by elimination with pivoting: at most six unknowns. */
function solveWeighted(
  points: readonly Point[],
  weights: readonly number[],
  order: SurfaceOrder,
): number[] {
  const size = order === 1 ? 3 : 6;
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (const [index, { u, v, height }] of points.entries()) {
    const weight = weights[index] ?? 0;
    if (weight === 0) continue;
    const terms = [...basis(u, v, order), height];
    for (const [i, line] of matrix.entries()) {
      for (let j = 0; j <= size; j++) {
        line[j] = (line[j] ?? 0) + weight * (terms[i] ?? 0) * (terms[j] ?? 0);
      }
    }
  }
  return solve(matrix);
}

function solve(matrix: Float64Array[]): number[] {
  const size = matrix.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) {
      if (Math.abs(matrix[i]?.[k] ?? 0) > Math.abs(matrix[pivot]?.[k] ?? 0)) pivot = i;
    }
    const line = matrix[pivot] ?? new Float64Array(size + 1);
    matrix[pivot] = matrix[k] ?? line;
    matrix[k] = line;
    const head = line[k] ?? 0;
    if (!(Math.abs(head) > 1e-12)) {
      const message = 'the boundary is seen in too few directions to fix a surface';
      throw new Fault('analysis', { where: 'interface', message });
    }
    for (const [i, other] of matrix.entries()) {
      if (i === k) continue;
      const factor = (other[k] ?? 0) / head;
      for (let j = k; j <= size; j++) other[j] = (other[j] ?? 0) - factor * (line[j] ?? 0);
    }
  }
  return matrix.map((line, k) => (line[size] ?? 0) / (line[k] ?? 1));
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : 0.5 * ((sorted[half - 1] ?? 0) + upper);
}
