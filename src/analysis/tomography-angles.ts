/**
 * Directions of views. A parallel ray and its reverse measure the same, so a direction is an
 * angle modulo half a turn.
 */

/** A gap wider than this, and wider than twice the usual step, is a wedge nobody has seen. */
const MISSING_WEDGE_RADIAN = Math.PI / 6;
/** A view stands for at most this many steps of the plan, half of them to each side. */
const COVERED_STEPS = 1.5;

/**
 * Share of the half turn that each view stands for: half of the gaps to its neighbours, whatever
 * the order and spacing of the views, once round or twice. The shares sum to pi, unless a wedge
 * is missing: its neighbours do not stand in for it.
 */
export function viewWeights(anglesRadian: ArrayLike<number>): Float64Array {
  const directions = Float64Array.from(anglesRadian, directionOf);
  const order = Int32Array.from(directions.keys()).sort(
    (a, b) => (directions[a] ?? 0) - (directions[b] ?? 0),
  );
  const gaps = gapsBehind(Float64Array.from(order, (view) => directions[view] ?? 0));
  const usual = usualGap(gaps);
  const widest = Math.max(MISSING_WEDGE_RADIAN, 2 * usual);
  const weights = new Float64Array(order.length);
  for (const [at, view] of order.entries()) {
    const behind = gaps[at] ?? 0;
    const before = gaps[at === 0 ? gaps.length - 1 : at - 1] ?? 0;
    const kept = [before, behind].map((gap) => (gap > widest ? usual : gap));
    weights[view] = ((kept[0] ?? 0) + (kept[1] ?? 0)) / 2;
  }
  return weights;
}

/** Angle modulo half a turn, from 0 to below pi. */
export function directionOf(angleRadian: number): number {
  const direction = angleRadian - Math.PI * Math.floor(angleRadian / Math.PI);
  return direction < Math.PI ? direction : 0;
}

/** From each of the sorted directions to the next, the last to the first half a turn on. */
function gapsBehind(sorted: Float64Array): Float64Array {
  return sorted.map((direction, at) => {
    const next = sorted[at + 1] ?? (sorted[0] ?? 0) + Math.PI;
    return next - direction;
  });
}

/** The median of the gaps that are not mere repetitions of a direction. */
function usualGap(gaps: Float64Array): number {
  const repeated = Math.PI / gaps.length / 10;
  const distinct = gaps.filter((gap) => gap > repeated).sort();
  return distinct[distinct.length >> 1] ?? Math.PI;
}

/** Keeps count of how much of the half turn has been seen. */
export class AngularCoverage {
  readonly #reachRadian: number;
  readonly #directions: number[] = [];

  /** @param stepRadian planned angle between two views */
  constructor(stepRadian: number) {
    this.#reachRadian = COVERED_STEPS * Math.abs(stepRadian);
  }

  add(angleRadian: number): void {
    const direction = directionOf(angleRadian);
    const at = this.#directions.findLastIndex((other) => other <= direction);
    this.#directions.splice(at + 1, 0, direction);
  }

  /** 0 to 1. */
  get fraction(): number {
    const gaps = gapsBehind(Float64Array.from(this.#directions));
    const covered = gaps.reduce((sum, gap) => sum + Math.min(gap, this.#reachRadian), 0);
    return Math.min(1, covered / Math.PI);
  }
}
