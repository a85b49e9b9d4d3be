import { smallestRange } from './keithley-numbers.ts';
import { ScpiFailure } from './scpi-parameters.ts';
import type { SmuOutput } from './smu-output.ts';

/** What a source-measure unit sources and measures, as SCPI calls it. */
export type Quantity = 'VOLT' | 'CURR';
/** In long form, as headers are spelled. */
export const WORDS = { VOLT: 'VOLTage', CURR: 'CURRent' } as const;

/** Nominal ranges, V and A, the smallest first. */
export type SmuRanges = Readonly<Record<Quantity, readonly number[]>>;

/** A quantity as the functions of `:SENSe` are named. @throws ScpiFailure */
export function quantityNamed(text: string): Quantity {
  const name = text.toUpperCase().replace(/:DC$/, '');
  if (name === 'VOLT' || name === 'VOLTAGE') return 'VOLT';
  if (name === 'CURR' || name === 'CURRENT') return 'CURR';
  throw new ScpiFailure(-224);
}

/** Settings that say in which range something is measured. */
export interface RangeSettings {
  readonly function: Quantity;
  readonly sourceRange: Readonly<Record<Quantity, number>>;
  readonly senseRange: Readonly<Record<Quantity, number>>;
  readonly isAutoRange: Readonly<Record<Quantity, boolean>>;
}

/**
 * Nominal value of the range in which a quantity is measured now. One that is sourced is measured
 * in the range of the source, and no range goes further than the limit.
 */
export function rangeInUse(
  quantity: Quantity,
  { function: source, sourceRange, senseRange, isAutoRange }: RangeSettings,
  {
    ranges,
    limit,
    output,
  }: { ranges: SmuRanges; limit: Record<Quantity, number>; output: SmuOutput },
): number {
  if (source === quantity) return sourceRange[quantity];
  if (!isAutoRange[quantity]) return senseRange[quantity];
  const highest = smallestRange(ranges[quantity], limit[quantity]);
  const value = quantity === 'VOLT' ? output.trueVolt : output.trueAmpere;
  return Math.min(highest, smallestRange(ranges[quantity], Math.abs(value)));
}
