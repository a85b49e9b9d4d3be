import { z } from 'zod';
import {
  type Dimension,
  expectedQuantity,
  parseQuantity,
  quantityText,
  withArticle,
} from './units.ts';

/** Values that recipes write in more ways than one unit table knows. */

/** Name of a recipe or a step. */
export const recipeName = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "plate-1"');

/** The value that a screen tries, or has chosen: "$choose-current" names the screen. */
export interface ScreenedSetting {
  readonly kind: 'screened';
  readonly screen: string;
}

const SCREENED = /^\s*\$([a-z0-9-]{1,32})\s*$/;

/** Reads "$choose-current". */
export function parseScreened(text: string): ScreenedSetting | undefined {
  const screen = SCREENED.exec(text)?.[1];
  return screen === undefined ? undefined : { kind: 'screened', screen };
}

/** A current: absolute, per electrode area, or as a share of the capacity per hour. */
export type GivenCurrent =
  | { readonly kind: 'absolute'; readonly ampere: number }
  | { readonly kind: 'density'; readonly amperePerSquareMetre: number }
  | { readonly kind: 'rate'; readonly perHour: number };
export type CurrentSetting = GivenCurrent | ScreenedSetting;

/** "C/10", "-0.5 C", "2C": the current that passes the capacity in 10 h, 2 h, half an hour. */
const C_RATE = /^\s*([+-]?)\s*(\d+\.?\d*|\.\d+)?\s*C(?:\s*\/\s*(\d+\.?\d*))?\s*$/;

export function parseCurrent(text: string): GivenCurrent | undefined {
  const ampere = parseQuantity(text, 'current');
  if (ampere !== undefined) return { kind: 'absolute', ampere };
  const amperePerSquareMetre = parseQuantity(text, 'currentDensity');
  if (amperePerSquareMetre !== undefined) return { kind: 'density', amperePerSquareMetre };
  const [, sign, times, hours] = C_RATE.exec(text) ?? [];
  const perHour = Number(times ?? 1) / Number(hours ?? 1);
  if (sign === undefined || !Number.isFinite(perHour)) return undefined;
  return { kind: 'rate', perHour: sign === '-' ? -perHour : perHour };
}

/** "0.8 mA/cm²" (needs the cell's area), "1.2 mA", or "C/10" (needs the cell's capacity). */
export const currentSetting = quantityText(
  'current',
  'expected a current with its unit, such as "0.8 mA/cm²", "1.2 mA" or "C/10"',
).transform((text, context): CurrentSetting => {
  const setting = parseCurrent(text) ?? parseScreened(text);
  if (setting) return setting;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not understood: ${expectedQuantity('current')}, "0.8 mA/cm²" or "C/10"`,
  });
  return z.NEVER;
});

/** A charge: absolute, per electrode area, or as a share of the capacity. */
export type ChargeSetting =
  | { readonly kind: 'absolute'; readonly coulomb: number }
  | { readonly kind: 'density'; readonly coulombPerSquareMetre: number }
  | { readonly kind: 'share'; readonly ofCapacity: number };

export function parseCharge(text: string): ChargeSetting | undefined {
  const coulomb = parseQuantity(text, 'charge');
  if (coulomb !== undefined) return { kind: 'absolute', coulomb };
  const coulombPerSquareMetre = parseQuantity(text, 'chargeDensity');
  if (coulombPerSquareMetre !== undefined) return { kind: 'density', coulombPerSquareMetre };
  const ofCapacity = parseQuantity(text, 'ratio');
  return ofCapacity === undefined ? undefined : { kind: 'share', ofCapacity };
}

/** "0.05 mAh", "2.56 mAh/cm²" (needs the cell's area) or "80 %" (of the cell's capacity). */
export const chargeSetting = quantityText(
  'charge',
  'expected a charge with its unit, such as "0.05 mAh" or "2.56 mAh/cm²"',
).transform((text, context): ChargeSetting => {
  const setting = parseCharge(text);
  const isPositive = setting && Object.values(setting).some((value) => Number(value) > 0);
  if (setting && isPositive) return setting;
  context.addIssue({
    code: 'custom',
    message: setting
      ? `"${text}" is not above 0; the direction is that of the current`
      : `"${text}" is not understood: ${expectedQuantity('charge')}, "2.56 mAh/cm²" or "80 %"`,
  });
  return z.NEVER;
});

/** Past which side of which value a condition is met; the value itself does not meet it. */
export interface Comparison {
  readonly above: boolean;
  readonly value: number;
}

const COMPARISON = /^\s*([<>])\s*(.+)$/;

export function parseComparison(text: string, dimension: Dimension): Comparison | undefined {
  const [, sign, quantity = ''] = COMPARISON.exec(text) ?? [];
  const value = parseQuantity(quantity, dimension);
  return sign === undefined || value === undefined ? undefined : { above: sign === '>', value };
}

/** "> 0.5 V", "< 10 µA": a zod schema of a comparison in the held unit of its dimension. */
export function comparison(dimension: Dimension, example: string) {
  return comparisonSchema(dimension, example, (text) => parseComparison(text, dimension));
}

function comparisonSchema<T extends object>(
  dimension: Dimension,
  example: string,
  parse: (text: string) => T | undefined,
) {
  const expected = `expected < or > and ${withArticle(dimension)}, such as "${example}"`;
  return quantityText(`comparison of ${dimension}`, expected).transform((text, context): T => {
    const parsed = parse(text);
    if (parsed) return parsed;
    context.addIssue({ code: 'custom', message: `"${text}" is not understood: ${expected}` });
    return z.NEVER;
  });
}

/** A potential against a named reference electrode, or against the cell's own. */
export interface Potential {
  readonly kind: 'potential';
  readonly volt: number;
  /** "Li/Li+"; the cell's reference unless given. */
  readonly versus?: string;
}
export type PotentialSetting = Potential | ScreenedSetting;

const VERSUS = /^(.*?)\s+vs\.?\s+(\S.{0,39}?)\s*$/;

/** Splits "3.7 V vs Li/Li+" into the quantity and the reference. */
function splitVersus(text: string): { readonly value: string; readonly versus?: string } {
  const [, value, versus] = VERSUS.exec(text) ?? [];
  return value === undefined || versus === undefined ? { value: text } : { value, versus };
}

/** Reads "3.08 V" and "3.7 V vs Li/Li+". */
export function parsePotential(text: string): Potential | undefined {
  const { value, ...rest } = splitVersus(text);
  const volt = parseQuantity(value, 'voltage');
  return volt === undefined ? undefined : { kind: 'potential', volt, ...rest };
}

function potentialSchema<T>(parse: (text: string) => T | undefined) {
  const expected = expectedQuantity('voltage');
  return quantityText('voltage', expected).transform((text, context): T => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    const message = `"${text}" is not understood: ${expected}, or against a reference, "3.7 V vs Li/Li+"`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** "3.08 V" against the cell's reference electrode, or "3.7 V vs Li/Li+". */
export const potential = potentialSchema(parsePotential);
/** A potential, or the one a screen has chosen. */
export const potentialSetting = potentialSchema(
  (text): PotentialSetting | undefined => parsePotential(text) ?? parseScreened(text),
);

/** A comparison with a potential, which may name its reference. */
export interface PotentialComparison extends Comparison {
  readonly versus?: string;
}

/** "> 0.5 V", "> 4.2 V vs Li/Li+". */
export const potentialComparison = comparisonSchema('voltage', '> 0.5 V', (text) => {
  const { value, ...rest } = splitVersus(text);
  const parsed = parseComparison(value, 'voltage');
  return parsed && ({ ...parsed, ...rest } satisfies PotentialComparison);
});

/** A comparison with the size of a current, which may need the cell's area or capacity. */
export interface CurrentComparison {
  readonly above: boolean;
  readonly current: GivenCurrent;
}

/** "< 10 µA", "< 0.05 mA/cm²", "< C/20". */
export const currentComparison = comparisonSchema('current', '< 10 µA', (text) => {
  const [, sign, value = ''] = COMPARISON.exec(text) ?? [];
  const current = parseCurrent(value);
  return current && ({ above: sign === '>', current } satisfies CurrentComparison);
});
