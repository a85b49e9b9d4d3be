import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { type DerivedComparison, parseDerived } from './derived-quantity.ts';
import {
  type ChargeSetting,
  type Comparison,
  type CurrentComparison,
  chargeSetting,
  comparison,
  currentComparison,
  type PotentialComparison,
  potentialComparison,
  recipeName,
} from './recipe-values.ts';
import { quantity, quantityText } from './units.ts';

/** Things that happen to a cell, which a step may end on and an acquisition may answer. */
export const CELL_EVENTS = ['short', 'softShort'] as const;
export type CellEvent = (typeof CELL_EVENTS)[number];

/** What ends a step: exactly one of these. */
export type ConditionCore =
  /** Since the step began. */
  | { readonly time: number }
  | { readonly voltage: PotentialComparison }
  /** The size of the current, whatever its sign. */
  | { readonly current: CurrentComparison }
  /** Passed in this step, whatever its sign. */
  | { readonly charge: ChargeSetting }
  | { readonly temperature: Comparison }
  | { readonly pressure: Comparison }
  /** The size of dV/dt over the last minute, whatever its sign. */
  | { readonly voltageRate: Comparison }
  | { readonly derived: DerivedComparison }
  | { readonly event: CellEvent }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

export type Condition = ConditionCore & {
  /** It must stay met for so long, s: one odd sample ends nothing. */
  readonly for?: number | undefined;
  /** What a branch calls this end. */
  readonly as?: string | undefined;
};

const KINDS = [
  'time',
  'voltage',
  'current',
  'charge',
  'temperature',
  'pressure',
  'voltageRate',
  'derived',
  'event',
  'all',
  'any',
] as const;
export type ConditionKind = (typeof KINDS)[number];

const derived = quantityText(
  'comparison of a derived quantity',
  'expected a comparison such as "fit.R2 > 500 Ω"',
).transform((text, context): DerivedComparison => {
  const parsed = parseDerived(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

/** How deep conditions may be nested. */
const NESTED_MAX = 3;

const leaf = {
  time: quantity('time').optional(),
  voltage: potentialComparison.optional(),
  current: currentComparison.optional(),
  charge: chargeSetting.optional(),
  temperature: comparison('temperature', '> 65 °C').optional(),
  pressure: comparison('pressure', '> 6 MPa').optional(),
  voltageRate: comparison('voltageRate', '< 1 mV/h').optional(),
  derived: derived.optional(),
  event: z.enum(CELL_EVENTS).optional(),
  for: quantity('time').optional(),
  as: recipeName.optional(),
};

/** An object in which exactly one key says what is compared. */
function conditionAt(depth: number): z.ZodType<Condition, unknown> {
  const inner =
    depth > 1
      ? z
          .array(conditionAt(depth - 1))
          .min(2)
          .max(8)
      : undefined;
  const shape = inner ? { ...leaf, all: inner.optional(), any: inner.optional() } : leaf;
  return closedObject(shape).transform((value, context): Condition => {
    const given = KINDS.filter((kind) => (value as Record<string, unknown>)[kind] !== undefined);
    if (given.length === 1) return value as unknown as Condition;
    context.addIssue({
      code: 'custom',
      message:
        given.length === 0
          ? 'expected one of { time: "10 min" }, { voltage: "> 0.5 V" }, { event: short } and the like'
          : `says ${given.join(' and ')} at once; write them as a list under any or all`,
    });
    return z.NEVER;
  });
}

/** A condition as a recipe writes it. */
export const conditionSchema = conditionAt(NESTED_MAX);
const conditions = z.array(conditionSchema).min(1).max(8);

/** Which condition of several ends a step; `all` of them is one condition that joins them. */
export const until = closedObject({ any: conditions.optional(), all: conditions.optional() })
  .refine(({ any, all }) => (any === undefined) !== (all === undefined), {
    error: 'expected either any: or all:, with a list of conditions',
  })
  .transform(({ any, all }): { readonly any: readonly Condition[] } => ({
    any: any ?? [{ all: all ?? [] }],
  }));
export type Until = z.output<typeof until>;

/** Which of its keys says what a condition compares. */
export function conditionKind(condition: object): ConditionKind {
  return KINDS.find((kind) => kind in condition) ?? 'time';
}

/** Every condition of a list with those inside it, each with its key path. */
export function* everyCondition(
  list: readonly Condition[],
  path: string,
): Generator<{ readonly condition: Condition; readonly path: string }> {
  for (const [at, condition] of list.entries()) {
    const here = `${path}[${at}]`;
    yield { condition, path: here };
    if ('all' in condition) yield* everyCondition(condition.all, `${here}.all`);
    if ('any' in condition) yield* everyCondition(condition.any, `${here}.any`);
  }
}
