// Arithmetic on T = v128 (four f32 lanes) in the SIMD build and T = f32 in the scalar build: a
// loop written with these, in steps of sizeof<T>(), does the same operations in both.

// @ts-ignore: decorator
@inline
export function splat<T>(value: f32): T {
  if (isVector<T>()) return f32x4.splat(value);
  else return value;
}

/** The f32 at `address`, in every lane. */
// @ts-ignore: decorator
@inline
export function loadSplat<T>(address: usize): T {
  if (isVector<T>()) return v128.load32_splat(address);
  else return load<f32>(address);
}

// @ts-ignore: decorator
@inline
export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b);
  else return a + b;
}

// @ts-ignore: decorator
@inline
export function sub<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b);
  else return a - b;
}

// @ts-ignore: decorator
@inline
export function mul<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b);
  else return a * b;
}

// @ts-ignore: decorator
@inline
export function div<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.div(a, b);
  else return a / b;
}

// @ts-ignore: decorator
@inline
export function squareRoot<T>(a: T): T {
  if (isVector<T>()) return f32x4.sqrt(a);
  else return sqrt(a);
}

/**
 * Transposes 4 x 4 floats: `to + 16 k` gets the k-th float of each of the four sources.
 */
// @ts-ignore: decorator
@inline
export function transpose(from0: usize, from1: usize, from2: usize, from3: usize, to: usize): void {
  if (ASC_FEATURE_SIMD) {
    storeTransposed(
      v128.load(from0),
      v128.load(from1),
      v128.load(from2),
      v128.load(from3),
      to,
      to + 16,
      to + 32,
      to + 48,
    );
  } else {
    for (let k: usize = 0; k < 4; k++) {
      store<f32>(to + (k << 4), load<f32>(from0 + (k << 2)));
      store<f32>(to + (k << 4), load<f32>(from1 + (k << 2)), 4);
      store<f32>(to + (k << 4), load<f32>(from2 + (k << 2)), 8);
      store<f32>(to + (k << 4), load<f32>(from3 + (k << 2)), 12);
    }
  }
}

/** Stores lane k of a, b, c, d side by side at the k-th address. SIMD build only. */
// @ts-ignore: decorator
@inline
export function storeTransposed(
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  to0: usize,
  to1: usize,
  to2: usize,
  to3: usize,
): void {
  const lowAB = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const highAB = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const lowCD = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const highCD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to0, v128.shuffle<i64>(lowAB, lowCD, 0, 2));
  v128.store(to1, v128.shuffle<i64>(lowAB, lowCD, 1, 3));
  v128.store(to2, v128.shuffle<i64>(highAB, highCD, 0, 2));
  v128.store(to3, v128.shuffle<i64>(highAB, highCD, 1, 3));
}

/** The lesser; neither is a NaN. */
// @ts-ignore: decorator
@inline
export function min<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.pmin(a, b);
  else return b < a ? b : a;
}

/** The greater; neither is a NaN. */
// @ts-ignore: decorator
@inline
export function max<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.pmax(a, b);
  else return a < b ? b : a;
}

/** A mask of the lanes where a >= b. */
// @ts-ignore: decorator
@inline
export function greaterOrEqual<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.ge(a, b);
  else return <f32>(a >= b ? 1 : 0);
}

/** a where the mask is set, else b. */
// @ts-ignore: decorator
@inline
export function select<T>(a: T, b: T, mask: T): T {
  if (isVector<T>()) return v128.bitselect(a, b, mask);
  else return mask != 0 ? a : b;
}

// @ts-ignore: decorator
@inline
export function median3<T>(a: T, b: T, c: T): T {
  return max<T>(min<T>(a, b), min<T>(max<T>(a, b), c));
}

/** The median of five: after two rounds the least and the greatest of four are set aside. */
// @ts-ignore: decorator
@inline
export function median5<T>(a: T, b: T, c: T, d: T, e: T): T {
  const lowAB = min<T>(a, b);
  const highAB = max<T>(a, b);
  const lowCD = min<T>(c, d);
  const highCD = max<T>(c, d);
  return median3<T>(max<T>(lowAB, lowCD), min<T>(highAB, highCD), e);
}
