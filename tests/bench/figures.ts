import type { AbsentFigure, MeasuredFigure, Target } from './bench.ts';
import { spreadOf } from './spread.ts';

/** A target from above. */
export function atMost(limit: number): Target {
  return { sense: 'atMost', limit };
}

/** A target from below. */
export function atLeast(limit: number): Target {
  return { sense: 'atLeast', limit };
}

/** A figure that is no time: one value, with a unit where it has one. */
export function valueFigure(
  name: string,
  value: number,
  about: { readonly unit?: string; readonly target?: Target; readonly note?: string } = {},
): MeasuredFigure {
  return {
    kind: 'measured',
    name,
    unit: about.unit ?? '',
    wall: spreadOf([value]),
    cpu: null,
    target: about.target ?? null,
    note: about.note ?? '',
  };
}

/** A figure that could not be measured here, and why. */
export function absentFigure(name: string, reason: string): AbsentFigure {
  return { kind: 'absent', name, reason };
}
