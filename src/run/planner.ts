import type { Cell } from '../domain/cell.ts';
import { CHANNELS } from '../domain/channel.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { MeasurementStep, Recipe, RecipeStep } from '../domain/recipe.ts';
import type { PlanEstimates, PlannedMeasurement, PlannedStep, RunPlan } from './plan.ts';
import { PlanSite } from './plan-site.ts';
import { planMeasurement } from './step-plan.ts';
import { spokenValue } from './wording.ts';

/** Voltage, current and charge come with each reading. */
const SAMPLES_PER_READING = 3;

/**
 * Makes a recipe definite for one cell on one rig.
 * @throws Fault badInput with every problem at once, each at its key path in the recipe.
 */
export function planRun(recipe: Recipe, cell: Cell, instruments: Instruments): RunPlan {
  const problems: Problem[] = [];
  const { safety } = recipe;
  const site = new PlanSite('', { cell, instruments, safety, problems });
  checkSafety(site, recipe);
  checkNames(site, recipe.steps, '');
  const steps = recipe.steps.map((step, at) => planStep(site.at(`steps[${at}]`), step));
  if (problems.length > 0) throw new Fault('badInput', problems);
  return {
    recipe: recipe.recipe,
    title: recipe.title,
    safety,
    steps,
    stepCount: sum(steps, (step) => (step.kind === 'loop' ? step.repeat * step.steps.length : 1)),
    longestSecond: sum(steps, (step) => step.longestSecond),
    estimates: estimate(steps),
  };
}

function planStep(site: PlanSite, step: RecipeStep): PlannedStep {
  if (step.technique !== 'loop') return planMeasurement(site, step);
  checkNames(site, step.steps, 'steps');
  const steps = step.steps.map((inner, at) => planMeasurement(site.at(`steps[${at}]`), inner));
  return {
    kind: 'loop',
    name: step.name,
    repeat: step.repeat,
    steps,
    longestSecond: step.repeat * sum(steps, (inner) => inner.longestSecond),
  };
}

/** Records name their step, so the same name twice would mix two steps up. */
function checkNames(site: PlanSite, steps: readonly { name: string }[], parent: string): void {
  const seen = new Map<string, number>();
  for (const [at, { name }] of steps.entries()) {
    const first = seen.get(name);
    const path = parent === '' ? `steps[${at}].name` : `${parent}[${at}].name`;
    if (first === undefined) seen.set(name, at);
    else site.problem(path, `"${name}" is already the name of step ${first + 1}`);
  }
}

function checkSafety(site: PlanSite, recipe: Recipe): void {
  const { voltage, temperature } = recipe.safety;
  const measurements = recipe.steps.flatMap((step): readonly MeasurementStep[] =>
    step.technique === 'loop' ? step.steps : [step],
  );
  if (!(voltage.min < voltage.max)) {
    site.problem('safety.voltage', `min ${voltage.min} V is not below max ${voltage.max} V`);
  }
  site.checkPositive('safety.current.max', recipe.safety.current.max, 'the highest current');
  const measuresVoltage = measurements.some(
    ({ technique }) => technique === 'openCircuit' || technique === 'constantCurrent',
  );
  if (measuresVoltage) checkVoltageWindow(site);
  if (temperature && !hasTemperature(site.instruments)) {
    site.problem(
      'safety.temperature',
      `no sensor of the rig measures ${CHANNELS.temperature.name}, so this limit cannot be kept`,
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
    if (volt >= capability.voltageVoltMin && volt <= capability.voltageVoltMax) continue;
    site.problem(
      `safety.voltage.${key}`,
      `${spokenValue(volt, 'V')} is outside the ${window} that ${info.model} can measure`,
    );
  }
}

/** Whether a watched temperature exists on this rig. */
function hasTemperature({ sensors, heater }: Instruments): boolean {
  const channels = [...sensors.flatMap((sensor) => sensor.channels), ...(heater?.channels ?? [])];
  return channels.some(({ name }) => name === CHANNELS.temperature.name);
}

function estimate(steps: readonly PlannedStep[]): PlanEstimates {
  const totals = { samples: 0, spectra: 0, spectrumPoints: 0, scans: 0, views: 0 };
  for (const step of steps) {
    const [inner, times] = step.kind === 'loop' ? [step.steps, step.repeat] : [[step], 1];
    for (const measurement of inner) addMeasurement(totals, measurement, times);
  }
  return totals;
}

function addMeasurement(
  totals: { -readonly [K in keyof PlanEstimates]: number },
  step: PlannedMeasurement,
  times: number,
): void {
  const addTaken = (what: { kind: string; pointCount?: number; views?: number }, count: number) => {
    if (what.kind === 'impedance') {
      totals.spectra += count;
      totals.spectrumPoints += count * (what.pointCount ?? 0);
    } else if (what.kind === 'scan') {
      totals.scans += count;
      totals.views += count * (what.views ?? 0);
    }
  };
  addTaken(step, times);
  if (step.kind !== 'openCircuit' && step.kind !== 'constantCurrent') return;
  const readings = Math.floor(step.longestSecond / step.sampleEverySecond);
  totals.samples += times * readings * SAMPLES_PER_READING;
  if (step.kind !== 'constantCurrent') return;
  for (const { what, everySecond, on } of step.during) {
    const cadenced = everySecond === undefined ? 0 : Math.ceil(step.longestSecond / everySecond);
    addTaken(what, times * (cadenced + on.length));
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
