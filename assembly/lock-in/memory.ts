// Static memory of the lock-in kernel. A row holds the five basis functions in the order
// [1, u, P2(u), cos, sin], then voltage and current, then one f64 of padding.

/** Samples taken in one call of push. */
export const CHUNK_SAMPLES_MAX: i32 = 4096;
/** Columns of the basis. */
export const BASIS: i32 = 5;
export const COLUMN_COS: i32 = 3;
export const COLUMN_SIN: i32 = 4;
export const COLUMN_VOLTAGE: i32 = 5;
export const COLUMN_CURRENT: i32 = 6;
/** f64 of one row, an even number so that every row is whole SIMD vectors. */
export const ROW_VALUES: i32 = 8;
export const ROW_BYTES: usize = 64;

export const VOLTAGE = memory.data(4096 * 8, 16);
export const CURRENT = memory.data(4096 * 8, 16);
/** Triangle R of the QR factorisation with the turned right-hand sides, five rows. */
export const TRIANGLE = memory.data(5 * 64, 16);
/** The row that is being turned into the triangle. */
export const ROW = memory.data(64, 16);
export function get(table: usize, index: i32): f64 {
  return load<f64>(table + ((<usize>index) << 3));
}

export function set(table: usize, index: i32, value: f64): void {
  store<f64>(table + ((<usize>index) << 3), value);
}
