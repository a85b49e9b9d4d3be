import { flag, flagIn, numberIn } from './columns.ts';
import type { Bindable, Row } from './sqlite-file.ts';

/** From when to when something was measured, and how much charge had passed. */
export const SPAN_COLUMNS = {
  start_second: 'number',
  stop_second: 'number',
  start_charge_coulomb: 'number',
  stop_charge_coulomb: 'number',
  complete: 'number',
} as const;

/** Times in s on the experiment's clock, charges in C. */
export interface Span {
  readonly startSecond: number;
  readonly stopSecond: number;
  readonly startChargeCoulomb: number;
  readonly stopChargeCoulomb: number;
  readonly complete: boolean;
}

/** In the order of `SPAN_COLUMNS`. */
export function spanToRow(span: Span): readonly Bindable[] {
  return [
    span.startSecond,
    span.stopSecond,
    span.startChargeCoulomb,
    span.stopChargeCoulomb,
    flag(span.complete),
  ];
}

/** @throws Fault storage */
export function spanFromRow(row: Row): Span {
  return {
    startSecond: numberIn(row, 'start_second'),
    stopSecond: numberIn(row, 'stop_second'),
    startChargeCoulomb: numberIn(row, 'start_charge_coulomb'),
    stopChargeCoulomb: numberIn(row, 'stop_charge_coulomb'),
    complete: flagIn(row, 'complete'),
  };
}
