// Total variation: the image u nearest to x in squares, plus `weight` times the sum over pixels of
// the length of the gradient. Its dual is solved by projected gradient steps (Chambolle 2005,
// EMMCVPR, LNCS 3757, eq. 3.3): u = x + weight div p, p <- p + step grad u / weight, cut to length
// 1. The dual variables stay from pass to pass, so that few steps do.
import { discEnd, discFirst } from './disc';
import { add, div, max, mul, splat, squareRoot, sub } from '../lanes';
import * as m from './memory';

/** Converges up to 1/4 (Chambolle 2005). */
const DUAL_STEP: f32 = 0.25;

export function clearDuals(): void {
  memory.fill(m.dualX, 0, m.imageBytes());
  memory.fill(m.dualY, 0, m.imageBytes());
}

/** Smooths the image in place. @param steps >= 0 dual steps */
export function smoothVariation(weight: f32, steps: i32, positive: i32): void {
  for (let step = 0; step < steps; step++) {
    if (ASC_FEATURE_SIMD) {
      applyDuals<v128>(m.update, weight, 0);
      climb<v128>(weight);
    } else {
      applyDuals<f32>(m.update, weight, 0);
      climb<f32>(weight);
    }
  }
  if (ASC_FEATURE_SIMD) applyDuals<v128>(m.image, weight, positive);
  else applyDuals<f32>(m.image, weight, positive);
}

/** x + weight div p within the disc, 0 outside. */
function applyDuals<T>(to: usize, weight: f32, positive: i32): void {
  const lineBytes = (<usize>m.size) << m.PIXEL_SHIFT;
  const scale = splat<T>(weight);
  const floor = splat<T>(positive ? 0 : -f32.MAX_VALUE);
  if (to != m.image) memory.fill(to, 0, m.imageBytes());
  for (let y = 0; y < m.size; y++) {
    const line = <usize>y * lineBytes;
    const from = line + ((<usize>discFirst(y)) << m.PIXEL_SHIFT);
    const end = line + ((<usize>discEnd(y)) << m.PIXEL_SHIFT);
    for (let at = from; at < end; at += sizeof<T>()) {
      // Duals are 0 wherever the neighbour that they lead to is outside the disc.
      let divergence = add<T>(load<T>(m.dualX + at), load<T>(m.dualY + at));
      if (at >= line + 16) divergence = sub<T>(divergence, load<T>(m.dualX + at - 16));
      if (y > 0) divergence = sub<T>(divergence, load<T>(m.dualY + at - lineBytes));
      const value = add<T>(load<T>(m.image + at), mul<T>(scale, divergence));
      store<T>(to + at, max<T>(value, floor));
    }
  }
}

/** One step of the dual variables up the gradient of u, which is in the update. */
function climb<T>(weight: f32): void {
  const lineBytes = (<usize>m.size) << m.PIXEL_SHIFT;
  const rate = splat<T>(DUAL_STEP / weight);
  const one = splat<T>(1);
  const none = splat<T>(0);
  for (let y = 0; y < m.size; y++) {
    const line = <usize>y * lineBytes;
    const end = line + ((<usize>discEnd(y)) << m.PIXEL_SHIFT);
    const isLast = y + 1 == m.size;
    const belowFirst = isLast ? end : line + ((<usize>discFirst(y + 1)) << m.PIXEL_SHIFT);
    const belowEnd = isLast ? end : line + ((<usize>discEnd(y + 1)) << m.PIXEL_SHIFT);
    const from = line + ((<usize>discFirst(y)) << m.PIXEL_SHIFT);
    for (let at = from; at < end; at += sizeof<T>()) {
      const value = load<T>(m.update + at);
      const hasRight = at + 16 < end;
      const hasBelow = at >= belowFirst && at < belowEnd;
      let riseX = none;
      let riseY = none;
      if (hasRight) riseX = sub<T>(load<T>(m.update + at + 16), value);
      if (hasBelow) riseY = sub<T>(load<T>(m.update + at + lineBytes), value);
      const x = add<T>(load<T>(m.dualX + at), mul<T>(rate, riseX));
      const y1 = add<T>(load<T>(m.dualY + at), mul<T>(rate, riseY));
      const length = max<T>(squareRoot<T>(add<T>(mul<T>(x, x), mul<T>(y1, y1))), one);
      store<T>(m.dualX + at, div<T>(x, length));
      store<T>(m.dualY + at, div<T>(y1, length));
    }
  }
}
