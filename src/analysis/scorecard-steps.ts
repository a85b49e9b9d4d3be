import type { Estimate } from '../domain/cycling.ts';
import type { RunTrace, StepSpan } from './cycling-trace.ts';

/** A step of a loop is there once for each pass. */
export function passesOf(trace: RunTrace, names: string): readonly StepSpan[] {
  const pattern = new RegExp(`^${names.replaceAll('?', '.').replaceAll('*', '.*')}$`);
  return trace.steps.filter(({ name }) => pattern.test(name));
}

/** Undefined when one of the two is not known. */
export function divided(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by;
}

/** A value there is one of; undefined when it is no number. */
export function single(value: number | undefined): Estimate | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return { value, standardError: null, count: 1 };
}
