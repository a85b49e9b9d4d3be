// Turns one more row into the triangle by Givens rotations (Golub and Van Loan, section 5.1.8).
// Memory stays the same however many samples come, and what is left of the right-hand side after
// the rotations is the new part of the residual: no difference of large sums is ever formed.
import * as m from './memory';

/** Sum of squared residuals of voltage and current so far. */
export let voltageResidual: f64 = 0;
export let currentResidual: f64 = 0;

export function reset(): void {
  memory.fill(m.TRIANGLE, 0, <usize>m.BASIS * m.ROW_BYTES);
  voltageResidual = 0;
  currentResidual = 0;
}

/** Adds the row at m.ROW, which is spent afterwards. */
export function addRow(): void {
  for (let pivot = 0; pivot < m.BASIS; pivot++) {
    const below = m.get(m.ROW, pivot);
    if (below == 0) continue;
    const target = m.TRIANGLE + <usize>pivot * m.ROW_BYTES;
    const above = m.get(target, pivot);
    // Basis values are at most 1 and sums of them far from overflow: no scaling is needed.
    const length = Math.sqrt(above * above + below * below);
    rotate(target, above / length, below / length, pivot & ~1);
    m.set(m.ROW, pivot, 0);
  }
  const voltage = m.get(m.ROW, m.COLUMN_VOLTAGE);
  const current = m.get(m.ROW, m.COLUMN_CURRENT);
  voltageResidual += voltage * voltage;
  currentResidual += current * current;
}

/** [target; row] = [c s; -s c] [target; row] from an even column on. Same bits in both builds. */
function rotate(target: usize, cosine: f64, sine: f64, from: i32): void {
  if (ASC_FEATURE_SIMD) {
    const c = f64x2.splat(cosine);
    const s = f64x2.splat(sine);
    for (let at: usize = (<usize>from) << 3; at < m.ROW_BYTES; at += 16) {
      const t = v128.load(target + at);
      const r = v128.load(m.ROW + at);
      v128.store(target + at, f64x2.add(f64x2.mul(c, t), f64x2.mul(s, r)));
      v128.store(m.ROW + at, f64x2.sub(f64x2.mul(c, r), f64x2.mul(s, t)));
    }
  } else {
    for (let at: usize = (<usize>from) << 3; at < m.ROW_BYTES; at += 8) {
      const t = load<f64>(target + at);
      const r = load<f64>(m.ROW + at);
      store<f64>(target + at, cosine * t + sine * r);
      store<f64>(m.ROW + at, cosine * r - sine * t);
    }
  }
}
