/** A view that is missing, put on the line between the views on its two sides. */
export interface ViewBridge {
  readonly angleRadian: number;
  /** The views on its sides, as indices of those there are. */
  readonly before: number;
  readonly after: number;
  /** How far it lies from the first to the second, 0 to 1. */
  readonly share: number;
}

/** A step this much wider than the usual one lacks a view. */
const GAP_STEPS = 1.5;
/** Across more than this the views on both sides have too little in common: 15 degrees. */
const GAP_RADIAN_MAX = Math.PI / 12;
/** Steps that differ from the usual one by less than this share of it are regular. */
const REGULAR_TOLERANCE = 0.25;
/** Angles are meant to be regular when this share of the steps is. */
const REGULAR_FRACTION_MIN = 0.8;

/**
 * What a scan of regular steps lacks between its views. To let the neighbours of a gap stand for
 * it draws two streaks; views between them, linear in angle, draw none.
 */
export function bridgesOf(anglesRadian: ArrayLike<number>): ViewBridge[] {
  const angles = Float64Array.from(anglesRadian);
  const order = Int32Array.from(angles.keys()).sort(
    (a, b) => (angles[a] ?? 0) - (angles[b] ?? 0) || a - b,
  );
  const steps = Float64Array.from({ length: Math.max(0, order.length - 1) }, (_, at) => {
    return (angles[order[at + 1] ?? 0] ?? 0) - (angles[order[at] ?? 0] ?? 0);
  });
  const usual = steps.slice().sort()[steps.length >> 1] ?? 0;
  const regular = steps.filter((step) => Math.abs(step - usual) < REGULAR_TOLERANCE * usual);
  if (!(usual > 0) || regular.length < REGULAR_FRACTION_MIN * steps.length) return [];
  const bridges: ViewBridge[] = [];
  for (const [at, step] of steps.entries()) {
    if (step < GAP_STEPS * usual || step > GAP_RADIAN_MAX) continue;
    const [before, after] = [order[at] ?? 0, order[at + 1] ?? 0];
    const missing = Math.round(step / usual) - 1;
    for (let k = 1; k <= missing; k++) {
      const share = k / (missing + 1);
      bridges.push({ angleRadian: (angles[before] ?? 0) + share * step, before, after, share });
    }
  }
  return bridges;
}

/** A sinogram [view, column] with the bridges behind its views. */
export function withBridges(
  sinogram: Float32Array,
  columns: number,
  bridges: readonly ViewBridge[],
): Float32Array {
  const result = new Float32Array(sinogram.length + bridges.length * columns);
  result.set(sinogram);
  for (const [at, { before, after, share }] of bridges.entries()) {
    const to = sinogram.length + at * columns;
    for (let column = 0; column < columns; column++) {
      const a = sinogram[before * columns + column] ?? 0;
      const b = sinogram[after * columns + column] ?? 0;
      result[to + column] = a + share * (b - a);
    }
  }
  return result;
}
