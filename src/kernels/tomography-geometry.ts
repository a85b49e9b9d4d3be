import { Fault } from '../domain/fault.ts';
import type { ScanGeometry, WeightedView } from './tomography-kernel.ts';

/** The views of a scan, one by one. */
export function weightedViews(geometry: ScanGeometry): readonly WeightedView[] {
  const { anglesRadian, weightsRadian, axisPixel } = geometry;
  return Array.from(anglesRadian, (angleRadian, view) => {
    return { angleRadian, weightRadian: weightsRadian[view] ?? 0, axisPixel };
  });
}

/** Views by ascending direction within the half turn: neighbours touch the same cells. */
export function byDirection(anglesRadian: ArrayLike<number>): readonly number[] {
  const directions = Float64Array.from(
    anglesRadian,
    (angle) => angle - Math.PI * Math.floor(angle / Math.PI),
  );
  return Array.from(directions.keys()).sort(
    (a, b) => (directions[a] ?? 0) - (directions[b] ?? 0) || a - b,
  );
}

/** @throws Fault badInput when lengths do not agree, or a view cannot be */
export function checkGeometry({
  columns,
  anglesRadian,
  weightsRadian,
  axisPixel,
}: ScanGeometry): void {
  checkLength('view weights', weightsRadian.length, anglesRadian.length);
  for (let view = 0; view < anglesRadian.length; view++) {
    const angleRadian = anglesRadian[view] ?? Number.NaN;
    const weightRadian = weightsRadian[view] ?? Number.NaN;
    checkView({ angleRadian, weightRadian, axisPixel }, columns);
  }
}

/** @throws Fault badInput when a view has no finite angle and weight, or no axis on the detector */
export function checkView(
  { angleRadian, weightRadian, axisPixel }: WeightedView,
  columns: number,
): void {
  if (!Number.isFinite(angleRadian) || !Number.isFinite(weightRadian)) {
    throw new Fault('badInput', {
      where: 'view',
      message: `angle ${angleRadian} rad with weight ${weightRadian}; expected finite numbers`,
    });
  }
  if (!(axisPixel >= 0 && axisPixel <= columns - 1)) {
    throw new Fault('badInput', {
      where: 'rotation axis',
      message: `${axisPixel} is not on the detector; expected 0 to ${columns - 1}`,
    });
  }
}

/** @throws Fault badInput when there are not as many values as expected */
export function checkLength(where: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new Fault('badInput', { where, message: `${length} values; expected ${expected}` });
}
