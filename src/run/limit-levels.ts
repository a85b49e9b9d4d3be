import { CHANNELS } from '../domain/channel.ts';
import type { Safety } from '../domain/recipe.ts';
import type { JournalEvent } from './journal.ts';
import type { PlannedCondition, PlannedMeasurement } from './plan.ts';

/**
 * The three levels that guard a step, each with its own keeper: what the instrument is told not
 * to leave (it acts without the host), what the host trips on, and what the recipe ends the step
 * on. Written down, so that a record shows what was watched when.
 */

/** Where the instrument stops by itself, the host trips, and the recipe ends the step. */
export interface LimitLevels {
  readonly key: string;
  readonly instrument: Band;
  readonly host: Band;
  readonly recipe: Band;
}

interface Band {
  readonly min: number | undefined;
  readonly max: number | undefined;
}

const OPEN: Band = { min: undefined, max: undefined };

/** The levels of each channel that has one in this step. */
export function limitLevels(safety: Safety, step: PlannedMeasurement): readonly LimitLevels[] {
  const until = 'until' in step ? step.until : [];
  const { voltage, current, temperature, pressure } = CHANNELS;
  const currentBand = { min: -safety.current.max, max: safety.current.max };
  const all: readonly LimitLevels[] = [
    {
      key: voltage.name,
      instrument: isGalvanostatic(step) ? safety.voltage : OPEN,
      host: safety.voltage,
      recipe: recipeBand(until, 'voltage'),
    },
    {
      key: current.name,
      instrument: isPotentiostatic(step) ? currentBand : OPEN,
      host: currentBand,
      recipe: recipeBand(until, 'current'),
    },
    {
      key: temperature.name,
      instrument: OPEN,
      host: { min: safety.temperature?.min, max: safety.temperature?.max },
      recipe: recipeBand(until, 'temperature'),
    },
    {
      key: pressure.name,
      instrument: OPEN,
      host: { min: undefined, max: safety.pressure?.max },
      recipe: recipeBand(until, 'pressure'),
    },
  ];
  return all.filter(({ host, recipe }) => hasEnd(host) || hasEnd(recipe));
}

/** What is written down when a step is run for the first time. */
export function limitsEvent(safety: Safety, step: PlannedMeasurement): JournalEvent {
  const details: Record<string, number> = {};
  for (const { key, ...levels } of limitLevels(safety, step)) {
    for (const [level, { min, max }] of Object.entries(levels)) {
      if (min !== undefined) details[`${level}_min_${key}`] = min;
      if (max !== undefined) details[`${level}_max_${key}`] = max;
    }
  }
  return {
    code: 'limits',
    severity: 'info',
    message: `${step.name} is guarded by the instrument's own limits, the host's and the recipe's.`,
    details,
  };
}

/** Drivers give the voltage window of these to the instrument. */
function isGalvanostatic({ kind }: PlannedMeasurement): boolean {
  return kind === 'constantCurrent' || kind === 'constantCurrentConstantVoltage' || kind === 'gitt';
}

/** Drivers give the highest current of these to the instrument. */
function isPotentiostatic({ kind }: PlannedMeasurement): boolean {
  return (
    kind === 'constantVoltage' ||
    kind === 'constantCurrentConstantVoltage' ||
    kind === 'cyclicVoltammetry' ||
    kind === 'linearSweep'
  );
}

type Compared = 'voltage' | 'current' | 'temperature' | 'pressure';

/** The tightest ends that any of the conditions sets, alone or among others. */
function recipeBand(until: readonly PlannedCondition[], quantity: Compared): Band {
  const comparisons = until.flatMap((condition) => comparisonsOf(condition, quantity));
  const above = comparisons.filter((one) => one.above).map(({ value }) => value);
  const below = comparisons.filter((one) => !one.above).map(({ value }) => value);
  return {
    min: below.length > 0 ? Math.max(...below) : undefined,
    max: above.length > 0 ? Math.min(...above) : undefined,
  };
}

function comparisonsOf(
  condition: PlannedCondition,
  quantity: Compared,
): readonly { readonly above: boolean; readonly value: number }[] {
  if ('any' in condition) return condition.any.flatMap((one) => comparisonsOf(one, quantity));
  if ('all' in condition) return condition.all.flatMap((one) => comparisonsOf(one, quantity));
  if (quantity === 'voltage' && 'voltage' in condition) return [condition.voltage];
  if (quantity === 'current' && 'current' in condition) return [condition.current];
  if (quantity === 'temperature' && 'temperature' in condition) return [condition.temperature];
  if (quantity === 'pressure' && 'pressure' in condition) return [condition.pressure];
  return [];
}

function hasEnd({ min, max }: Band): boolean {
  return min !== undefined || max !== undefined;
}
