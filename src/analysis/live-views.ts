import { directionOf } from './tomography-angles.ts';

/** A view whose filtered projection is in the slices, exactly as it was added. */
export interface ContainedView {
  /** Where its filtered projection is kept; -1 when it is not. */
  readonly slot: number;
  readonly angleRadian: number;
  readonly weightRadian: number;
  readonly axisPixel: number;
}

/** An old view further from a new one than so many steps is not replaced by it. */
const REACH_STEPS = 2.5;
/** Weight that may be owed: where old views are missing, those beyond must not pay for it. */
const DEBT_STEPS_MAX = 1.5;

/**
 * The views of the scan before that are still in the slices. Each is taken out once, whole, for
 * the new view nearest in direction; what the weights of new and old differ by is carried on, so
 * that the slices never stand for more or less than half a turn by much more than a step.
 */
export class OldViews {
  readonly #views: ContainedView[];
  #debtRadian = 0;

  constructor(views: readonly ContainedView[]) {
    this.#views = [...views];
  }

  get count(): number {
    return this.#views.length;
  }

  /** False when one of them can never be taken out again. */
  get areKept(): boolean {
    return this.#views.every(({ slot }) => slot >= 0);
  }

  /** Takes out the views that a new one of this angle and weight stands for: mostly one. */
  replacedBy(angleRadian: number, weightRadian: number): ContainedView[] {
    const taken: ContainedView[] = [];
    this.#debtRadian = Math.min(this.#debtRadian + weightRadian, DEBT_STEPS_MAX * weightRadian);
    for (;;) {
      const at = this.#nearest(angleRadian, weightRadian);
      const view = this.#views[at];
      if (!view || view.weightRadian / 2 > this.#debtRadian) return taken;
      this.#views.splice(at, 1);
      this.#debtRadian -= view.weightRadian;
      taken.push(view);
    }
  }

  /** Takes out all that are left. */
  rest(): ContainedView[] {
    return this.#views.splice(0);
  }

  #nearest(angleRadian: number, weightRadian: number): number {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [at, view] of this.#views.entries()) {
      const apart = directionsApart(view.angleRadian, angleRadian);
      const step = Math.max(weightRadian, view.weightRadian);
      if (apart > REACH_STEPS * step) continue;
      // In a full turn each direction is seen from both sides: the same side is replaced first.
      const distance = apart + (isSameSide(view.angleRadian, angleRadian) ? 0 : step);
      if (distance < least) [nearest, least] = [at, distance];
    }
    return nearest;
  }
}

/** Angle between two directions, a ray and its reverse being the same. */
function directionsApart(aRadian: number, bRadian: number): number {
  const difference = directionOf(aRadian - bRadian);
  return Math.min(difference, Math.PI - difference);
}

function isSameSide(aRadian: number, bRadian: number): boolean {
  return Math.cos(aRadian - bRadian) > 0;
}
