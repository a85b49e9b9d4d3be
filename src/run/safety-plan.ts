import type { Cell } from '../domain/cell.ts';
import { CHANNELS } from '../domain/channel.ts';
import type { Problem } from '../domain/fault.ts';
import type { Recipe, Safety, SafetySetting } from '../domain/recipe.ts';
import type { MeasurementStep } from '../domain/recipe-steps.ts';
import type { Potential } from '../domain/recipe-values.ts';
import { referenceOffsetVolt, unknownOffset } from '../domain/reference-electrode.ts';
import type { PlanSite } from './plan-site.ts';
import { measurementsOf } from './step-names.ts';
import { spokenValue } from './wording.ts';

/** What a recipe says of its limits and of when to wait, checked against cell and rig. */

/** The limits with their potentials against the reference of the cell. */
export function planSafety(setting: SafetySetting, cell: Cell, problems: Problem[]): Safety {
  const volt = (key: string, { volt, versus }: Potential): number => {
    const offsetVolt = versus === undefined ? 0 : referenceOffsetVolt(versus, cell.reference);
    if (offsetVolt !== undefined) return volt + offsetVolt;
    problems.push({
      where: `safety.voltage.${key}`,
      message: unknownOffset(versus ?? '', cell.reference),
    });
    return Number.NaN;
  };
  const min = volt('min', setting.voltage.min);
  const max = volt('max', setting.voltage.max);
  const isUpsideDown = min >= max;
  if (isUpsideDown) {
    problems.push({ where: 'safety.voltage', message: `min ${min} V is not below max ${max} V` });
  }
  const hasNoCurrent = !(setting.current.max > 0);
  if (hasNoCurrent) {
    problems.push({ where: 'safety.current.max', message: 'the highest current must be above 0' });
  }
  // Against limits that mean nothing every step would be wrong: NaN is past no limit.
  return {
    ...setting,
    voltage: isUpsideDown ? { min: Number.NaN, max: Number.NaN } : { min, max },
    current: hasNoCurrent ? { ...setting.current, max: Number.NaN } : setting.current,
  };
}

const PASSES_CURRENT_OR_RESTS = new Set<MeasurementStep['technique']>([
  'openCircuit',
  'constantCurrent',
  'constantVoltage',
  'constantCurrentConstantVoltage',
  'cyclicVoltammetry',
  'linearSweep',
  'gitt',
]);

/** Limits that contradict each other, or that this rig cannot keep. */
export function checkSafety(site: PlanSite, recipe: Recipe): void {
  const { temperature, pressure } = site.safety;
  const measurements = [...measurementsOf(recipe.steps)];
  if (measurements.some(({ technique }) => PASSES_CURRENT_OR_RESTS.has(technique))) {
    checkVoltageWindow(site);
  }
  for (const [key, limit, channel] of [
    ['temperature', temperature, CHANNELS.temperature.name],
    ['pressure', pressure, CHANNELS.pressure.name],
  ] as const) {
    if (!limit || site.measures(channel)) continue;
    site.problem(
      `safety.${key}`,
      `no sensor of the rig measures ${channel}, so this limit cannot be kept`,
    );
  }
  if (temperature?.min !== undefined && !(temperature.min < temperature.max)) {
    site.problem(
      'safety.temperature',
      `min ${temperature.min} °C is not below max ${temperature.max} °C`,
    );
  }
  if (!temperature && measurements.some(({ technique }) => technique === 'soak')) {
    site.problem('safety.temperature', 'a recipe that heats must say the highest temperature');
  }
}

function checkVoltageWindow(site: PlanSite): void {
  const { min, max } = site.safety.voltage;
  const { capability, info } = site.potentiostat;
  const window = `${spokenValue(capability.voltageVoltMin, 'V')} to ${spokenValue(capability.voltageVoltMax, 'V')}`;
  for (const [key, volt] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (!(volt < capability.voltageVoltMin || volt > capability.voltageVoltMax)) continue;
    site.problem(
      `safety.voltage.${key}`,
      `${spokenValue(volt, 'V')} is outside the ${window} that ${info.model} can measure`,
    );
  }
}

/** Suspenders that nothing could feed or satisfy. */
export function checkSuspenders(site: PlanSite, { suspend }: Recipe): void {
  for (const [at, { channel, floor, ceiling, margin }] of suspend.entries()) {
    if (!site.measures(channel)) {
      site.problem(`suspend[${at}].channel`, `no sensor of the rig measures ${channel}`);
    }
    if (floor === undefined || ceiling === undefined || floor + 2 * margin < ceiling) continue;
    site.problem(
      `suspend[${at}]`,
      `nothing lies between the floor ${floor} and the ceiling ${ceiling} with a margin of ${margin}`,
    );
  }
}
