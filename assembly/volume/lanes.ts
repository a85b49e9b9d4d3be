// Whole numbers in lanes: T = v128 with lanes of L (u8 or u16) in the SIMD build, T = u32 with one
// value of L in the scalar build. A loop written with these does the same in both.

/** Values of L in one T. */
// @ts-ignore: decorator
@inline
export function lanes<T, L>(): i32 {
  if (isVector<T>()) return 16 / sizeof<L>();
  else return 1;
}

// @ts-ignore: decorator
@inline
export function read<T, L>(address: usize): T {
  if (isVector<T>()) return v128.load(address);
  else return <u32>load<L>(address);
}

// @ts-ignore: decorator
@inline
export function write<T, L>(address: usize, value: T): void {
  if (isVector<T>()) v128.store(address, value);
  else store<L>(address, <L>value);
}

// @ts-ignore: decorator
@inline
export function lesser<T, L>(a: T, b: T): T {
  if (isVector<T>()) return v128.min<L>(a, b);
  else return a < b ? a : b;
}

// @ts-ignore: decorator
@inline
export function greater<T, L>(a: T, b: T): T {
  if (isVector<T>()) return v128.max<L>(a, b);
  else return a < b ? b : a;
}

/** The second largest of three, from the lesser and the greater of two of them and the third. */
// @ts-ignore: decorator
@inline
export function middle<T, L>(low: T, high: T, third: T): T {
  return greater<T, L>(low, lesser<T, L>(high, third));
}
