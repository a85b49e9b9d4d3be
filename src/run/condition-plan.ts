import { CHANNELS } from '../domain/channel.ts';
import type { Condition } from '../domain/recipe-conditions.ts';
import {
  type ChargeSetting,
  type Comparison,
  type CurrentSetting,
  type PotentialComparison,
  parseCurrent,
} from '../domain/recipe-values.ts';
import { checkShareFed } from './absorption-plan.ts';
import { checkPeakFed } from './peak-plan.ts';
import type { PlannedCondition } from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { spokenValue } from './wording.ts';

const COULOMB_PER_AMPERE_HOUR = 3600;

/** A current in ampere for this cell. @returns NaN when the cell file lacks what it takes */
export function currentOf(site: PlanSite, key: string, setting: CurrentSetting): number {
  switch (setting.kind) {
    case 'absolute':
      return setting.ampere;
    case 'density':
      return setting.amperePerSquareMetre * site.cell.area;
    case 'rate':
      return (setting.perHour * capacityOf(site, key, 'a C-rate')) / COULOMB_PER_AMPERE_HOUR;
    case 'screened': {
      const given = site.candidate(key, setting.screen, 'current', parseCurrent);
      return given ? currentOf(site, key, given) : Number.NaN;
    }
    default:
      return setting satisfies never;
  }
}

/** A charge in coulomb for this cell. @returns NaN when the cell file lacks what it takes */
export function chargeOf(site: PlanSite, key: string, setting: ChargeSetting): number {
  switch (setting.kind) {
    case 'absolute':
      return setting.coulomb;
    case 'density':
      return setting.coulombPerSquareMetre * site.cell.area;
    case 'share':
      return setting.ofCapacity * capacityOf(site, key, 'a share of the capacity');
    default:
      return setting satisfies never;
  }
}

function capacityOf(site: PlanSite, key: string, what: string): number {
  const { capacity } = site.cell;
  if (capacity !== undefined) return capacity;
  site.problem(key, `${what} needs the capacity of the cell, which its file does not give`);
  return Number.NaN;
}

/** Makes the conditions of a step definite; what can never be met is left with the site. */
export function planConditions(
  site: PlanSite,
  key: string,
  conditions: readonly Condition[],
): PlannedCondition[] {
  return conditions.map((condition, at) => planCondition(site, `${key}[${at}]`, condition));
}

export function planCondition(site: PlanSite, key: string, condition: Condition): PlannedCondition {
  const { for: holdSecond, as } = condition;
  const common = {
    ...(holdSecond === undefined ? {} : { for: holdSecond }),
    ...(as === undefined ? {} : { as }),
  };
  if ('all' in condition) {
    return { ...common, all: planConditions(site, `${key}.all`, condition.all) };
  }
  if ('any' in condition) {
    return { ...common, any: planConditions(site, `${key}.any`, condition.any) };
  }
  if ('charge' in condition) {
    const coulomb = chargeOf(site, `${key}.charge`, condition.charge);
    return { ...common, charge: { coulomb } };
  }
  if ('voltage' in condition) {
    return { ...common, voltage: planVoltage(site, `${key}.voltage`, condition.voltage) };
  }
  if ('current' in condition) {
    const { above, current } = condition.current;
    const value = currentOf(site, `${key}.current`, current);
    if (value <= 0) {
      site.problem(`${key}.current`, 'compares the size of the current, which is never below 0');
    }
    return { ...common, current: { above, value } };
  }
  checkCondition(site, key, condition);
  return condition;
}

/** The comparison against the reference of the cell. */
function planVoltage(site: PlanSite, key: string, comparison: PotentialComparison): Comparison {
  const { above, versus } = comparison;
  const value = site.againstReference(key, comparison.value, versus);
  const { min, max } = site.safety.voltage;
  if (!(above ? value >= max : value <= min)) return { above, value };
  const limit = above
    ? `safety.voltage.max, ${spokenValue(max, 'V')}`
    : `safety.voltage.min, ${spokenValue(min, 'V')}`;
  site.problem(
    key,
    `${above ? '>' : '<'} ${spokenValue(value, 'V')} can never end the step: ${limit}, trips first`,
  );
  return { above, value };
}

function checkCondition(site: PlanSite, key: string, condition: Condition): void {
  if ('derived' in condition) {
    checkPeakFed(site, `${key}.derived`, condition.derived);
    checkShareFed(site, `${key}.derived`, condition.derived);
  }
  if ('time' in condition) site.checkPositive(`${key}.time`, condition.time, 'the time');
  if ('temperature' in condition && !site.measures(CHANNELS.temperature.name)) {
    site.problem(
      `${key}.temperature`,
      `no sensor of the rig measures ${CHANNELS.temperature.name}`,
    );
  }
  if ('pressure' in condition && !site.measures(CHANNELS.pressure.name)) {
    site.problem(`${key}.pressure`, `no sensor of the rig measures ${CHANNELS.pressure.name}`);
  }
}

/**
 * The longest a step with these conditions can take: the earliest time among them, or the time
 * in which a charge condition is met at this current. Undefined when nothing bounds it.
 */
export function boundSecond(
  conditions: readonly PlannedCondition[],
  currentAmpere: number,
): number | undefined {
  const bounds = conditions.flatMap((condition) => {
    const bound = boundOf(condition, currentAmpere);
    return bound === undefined ? [] : [bound + (condition.for ?? 0)];
  });
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

function boundOf(condition: PlannedCondition, currentAmpere: number): number | undefined {
  if ('time' in condition) return condition.time;
  if ('charge' in condition && currentAmpere !== 0) {
    return condition.charge.coulomb / Math.abs(currentAmpere);
  }
  if ('any' in condition) return boundSecond(condition.any, currentAmpere);
  if (!('all' in condition)) return undefined;
  const bounds = condition.all.map((inner) => boundOf(inner, currentAmpere));
  return bounds.every((bound) => bound !== undefined) ? Math.max(...bounds) : undefined;
}

/** Whether a step ends on this, at once or inside an any. */
export function endsOnEvent(conditions: readonly PlannedCondition[], event: string): boolean {
  return conditions.some(
    (condition) =>
      ('event' in condition && condition.event === event) ||
      ('any' in condition && endsOnEvent(condition.any, event)),
  );
}
