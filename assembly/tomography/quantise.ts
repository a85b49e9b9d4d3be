// Slices as whole numbers on a linear scale: how volumes are stored.
import { discEnd, discFirst } from './disc';
import * as m from './memory';

/** Pixels of the last slice that the scale could not hold, and its range, over the disc. */
export let clipped: i32 = 0;
export let least: f32 = 0;
export let most: f32 = 0;

/** Where the stored slice begins, columns x columns without padding: in the room of the grid. */
export function storedSlice(): usize {
  return m.grid;
}

/**
 * stored = (value - offset) / step, rounded half up, held within 0 and `levelMax` (255 or 65535).
 * Outside the disc the slice is 0, and what the scale has nearest to it is no loss.
 */
export function quantise(slice: i32, levelMax: i32, offset: f32, perStep: f32): void {
  const width: usize = levelMax > 255 ? 2 : 1;
  clipped = 0;
  least = Infinity;
  most = -Infinity;
  const outside = level(0, <f32>levelMax, offset, perStep);
  for (let y = 0; y < m.columns; y++) {
    const first = max(discFirst(y), 0);
    const end = min(discEnd(y), m.columns);
    const from = m.slice(slice) + <usize>y * ((<usize>m.stride) << 2);
    const to = m.grid + <usize>y * <usize>m.columns * width;
    for (let x = 0; x < first; x++) put(to, x, width, outside);
    for (let x = max(end, first); x < m.columns; x++) put(to, x, width, outside);
    if (ASC_FEATURE_SIMD) line4(from, to, first, end, width, <f32>levelMax, offset, perStep);
    else line(from, to, first, end, width, <f32>levelMax, offset, perStep);
  }
}

// @ts-ignore: decorator
@inline
function level(value: f32, levelMax: f32, offset: f32, perStep: f32): f32 {
  const place = Mathf.floor((value - offset) * perStep + 0.5);
  // Written so that a NaN becomes 0.
  return place > 0 ? (place < levelMax ? place : levelMax) : 0;
}

// @ts-ignore: decorator
@inline
function put(to: usize, x: i32, width: usize, value: f32): void {
  if (width == 2) store<u16>(to + ((<usize>x) << 1), <u16>(<i32>value));
  else store<u8>(to + <usize>x, <u8>(<i32>value));
}

function line(
  from: usize,
  to: usize,
  first: i32,
  end: i32,
  width: usize,
  levelMax: f32,
  offset: f32,
  perStep: f32,
): void {
  for (let x = first; x < end; x++) {
    const value = load<f32>(from + ((<usize>x) << 2));
    const place = Mathf.floor((value - offset) * perStep + 0.5);
    if (!(place >= 0 && place <= levelMax)) clipped += 1;
    least = value < least ? value : least;
    most = value > most ? value : most;
    put(to, x, width, level(value, levelMax, offset, perStep));
  }
}

function line4(
  from: usize,
  to: usize,
  first: i32,
  end: i32,
  width: usize,
  levelMax: f32,
  offset: f32,
  perStep: f32,
): void {
  const tops = f32x4.splat(levelMax);
  const zeros = f32x4.splat(0);
  const halves = f32x4.splat(0.5);
  const offsets = f32x4.splat(offset);
  const scales = f32x4.splat(perStep);
  let low = f32x4.splat(least);
  let high = f32x4.splat(most);
  let inside = i32x4.splat(0);
  let x = first;
  for (; x + 4 <= end; x += 4) {
    const value = v128.load(from + ((<usize>x) << 2));
    low = f32x4.pmin(low, value);
    high = f32x4.pmax(high, value);
    const place = f32x4.floor(
      f32x4.add(f32x4.mul(f32x4.sub(value, offsets), scales), halves),
    );
    inside = i32x4.sub(inside, v128.and(f32x4.ge(place, zeros), f32x4.le(place, tops)));
    const held = f32x4.pmin(tops, f32x4.pmax(zeros, place));
    const words = i16x8.narrow_i32x4_u(i32x4.trunc_sat_f32x4_s(held), i32x4.splat(0));
    if (width == 2) {
      v128.store64_lane(to + ((<usize>x) << 1), words, 0);
    } else {
      v128.store32_lane(to + <usize>x, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
  const count =
    i32x4.extract_lane(inside, 0) +
    i32x4.extract_lane(inside, 1) +
    i32x4.extract_lane(inside, 2) +
    i32x4.extract_lane(inside, 3);
  clipped += x - first - count;
  least = min(least, leastOf(low));
  most = max(most, -leastOf(f32x4.neg(high)));
  line(from, to, x, end, width, levelMax, offset, perStep);
}

// @ts-ignore: decorator
@inline
function leastOf(values: v128): f32 {
  return min(
    min(f32x4.extract_lane(values, 0), f32x4.extract_lane(values, 1)),
    min(f32x4.extract_lane(values, 2), f32x4.extract_lane(values, 3)),
  );
}
