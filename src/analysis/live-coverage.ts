import type { DirectionRange } from '../domain/scan.ts';
import { AngularCoverage, directionOf } from './tomography-angles.ts';

/** Directions are shown on a raster of one degree, so there are never more than 90 ranges. */
const RASTER = 180;
/** A view stands for its step and half of each neighbour's, as AngularCoverage counts it. */
const REACH_STEPS = 0.75;

/** How much of the half turn a scan has seen, and where. */
export class LiveCoverage {
  readonly #coverage: AngularCoverage;
  readonly #reachRadian: number;
  readonly #seen = new Uint8Array(RASTER);

  /** @param stepRadian planned angle between two views */
  constructor(stepRadian: number) {
    this.#coverage = new AngularCoverage(stepRadian);
    this.#reachRadian = REACH_STEPS * Math.abs(stepRadian);
  }

  add(angleRadian: number): void {
    this.#coverage.add(angleRadian);
    const perRadian = RASTER / Math.PI;
    const first = Math.floor((directionOf(angleRadian) - this.#reachRadian) * perRadian);
    const last = Math.floor((directionOf(angleRadian) + this.#reachRadian) * perRadian);
    for (let at = first; at <= Math.min(last, first + RASTER); at++) {
      this.#seen[(at + RASTER) % RASTER] = 1;
    }
  }

  /** 0 to 1. */
  get fraction(): number {
    return this.#coverage.fraction;
  }

  ranges(): DirectionRange[] {
    const ranges: DirectionRange[] = [];
    let from = -1;
    for (let at = 0; at <= RASTER; at++) {
      const isSeen = this.#seen[at] === 1;
      if (isSeen && from < 0) from = at;
      if (isSeen || from < 0) continue;
      const unit = Math.PI / RASTER;
      ranges.push({ fromRadian: from * unit, toRadian: at * unit });
      from = -1;
    }
    return ranges;
  }
}
