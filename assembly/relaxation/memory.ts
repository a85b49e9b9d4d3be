// Static memory of the relaxation kernel: named maxima and fixed tables. Nothing is ever
// allocated. Matrices of the design are stored by columns, those of the normal equations by rows.

export const FREQUENCIES_MAX: i32 = 1024;
/** With at most three terms in series (resistance, inductance, capacitance): 131 unknowns. */
export const RELAXATIONS_MAX: i32 = 128;

// One f64 per frequency, padded to an even number.
export const OMEGA = memory.data(1024 * 8, 16);
export const WEIGHT = memory.data(1024 * 8, 16);
export const MEASURED_REAL = memory.data(1024 * 8, 16);
export const MEASURED_IMAG = memory.data(1024 * 8, 16);

export const TAU = memory.data(128 * 8, 16);

// Columns of real rows, then imaginary rows; the right-hand side is one column more.
export const DESIGN = memory.data(132 * 2048 * 8, 16);
/** Triangle of the QR factorisation, in the design's layout. */
export const TRIANGLE = memory.data(132 * 2048 * 8, 16);
/** The current Householder vector. */
export const MIRROR = memory.data(2048 * 8, 16);
/** Weighted residuals, right-hand side minus design times solution. */
export const RESIDUAL = memory.data(2048 * 8, 16);

// One entry per unknown.
export const SOLUTION = memory.data(132 * 8, 16);
/** Design transposed times right-hand side. */
export const RIGHT = memory.data(132 * 8, 16);
/** Right-hand side minus Gram matrix times solution: where a zero unknown wants to grow. */
export const GRADIENT = memory.data(132 * 8, 16);
/** Solution of the equations of the passive unknowns, in their order. */
export const PARTIAL = memory.data(132 * 8, 16);
/** 1 where an unknown may be negative. */
export const SIGNED = memory.data(132 * 4, 16);
/** 1 where an unknown is not held at zero. */
export const PASSIVE = memory.data(132 * 4, 16);
/** Indices of the passive unknowns, ascending. */
export const PASSIVE_LIST = memory.data(132 * 4, 16);

// Square matrices with rows of ROW entries; an even length keeps rows on vector boundaries.
export const ROW: i32 = 132;
export const GRAM = memory.data(132 * 132 * 8, 16);
/** Gram matrix with the smoothness penalty. */
export const PENALISED = memory.data(132 * 132 * 8, 16);
/** Cholesky factor of the passive part. */
export const CHOLESKY = memory.data(132 * 132 * 8, 16);
/** Columns of the factor's inverse, one per row. */
export const INVERSE = memory.data(132 * 132 * 8, 16);

export let frequencyCount: i32 = 0;
export let relaxationCount: i32 = 0;
export let termCount: i32 = 0;
export let unknownCount: i32 = 0;
/** Bytes of the real rows of a column, frequencies rounded up to a whole SIMD vector. */
export let halfBytes: usize = 0;
export let columnBytes: usize = 0;

export function setLayout(frequencies: i32, relaxations: i32, terms: i32): void {
  frequencyCount = frequencies;
  relaxationCount = relaxations;
  termCount = terms;
  unknownCount = relaxations + terms;
  halfBytes = <usize>(((frequencies + 1) & ~1) << 3);
  columnBytes = 2 * halfBytes;
}

export function get(table: usize, index: i32): f64 {
  return load<f64>(table + ((<usize>index) << 3));
}

export function set(table: usize, index: i32, value: f64): void {
  store<f64>(table + ((<usize>index) << 3), value);
}

export function getFlag(table: usize, index: i32): i32 {
  return load<i32>(table + ((<usize>index) << 2));
}

export function setFlag(table: usize, index: i32, value: i32): void {
  store<i32>(table + ((<usize>index) << 2), value);
}

/** Address of a column of DESIGN or TRIANGLE. */
export function column(matrix: usize, index: i32): usize {
  return matrix + <usize>index * columnBytes;
}

/** Address of a row of a square matrix. */
export function row(matrix: usize, index: i32): usize {
  return matrix + ((<usize>(index * ROW)) << 3);
}
