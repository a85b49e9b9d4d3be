import type { MeasurementStep } from '../domain/recipe-steps.ts';
import type { PotentialSetting } from '../domain/recipe-values.ts';
import { currentOf } from './condition-plan.ts';
import type { PlannedLinearSweep, PlannedVoltammetry } from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { spokenValue } from './wording.ts';

type StepOf<T extends MeasurementStep['technique']> = Extract<MeasurementStep, { technique: T }>;

/** A potential the step sets. @returns NaN when nobody can tell */
export function planVoltage(site: PlanSite, key: string, setting: PotentialSetting): number {
  const volt = site.potential(key, setting);
  if (!Number.isNaN(volt)) site.checkVoltage(key, volt);
  return volt;
}

/** Between two vertices, to and fro. */
export function planVoltammetry(
  site: PlanSite,
  step: StepOf<'cyclicVoltammetry'>,
): PlannedVoltammetry {
  const { rate, cycles } = step;
  site.checkTechnique('cyclicVoltammetry');
  const first = planVoltage(site, 'vertices[0]', step.vertices[0]);
  const second = planVoltage(site, 'vertices[1]', step.vertices[1]);
  const start = step.start && planVoltage(site, 'start', step.start);
  if (first === second) {
    site.problem('vertices', `both are ${spokenValue(first, 'V')}; a sweep needs two`);
  }
  site.checkPositive('rate', rate, 'the scan rate');
  // Without a start nobody knows how far the first vertex is: within the safety window at most.
  const { min, max } = site.safety.voltage;
  const approach = start === undefined ? max - min : Math.abs(first - start);
  const back = start === undefined ? max - min : Math.abs(second - start);
  const span = Math.abs(first - second);
  return {
    kind: 'cyclicVoltammetry',
    name: step.name,
    startVolt: start,
    verticesVolt: [first, second],
    rateVoltPerSecond: rate,
    cycles,
    longestSecond: ((2 * cycles - 1) * span + approach + back) / rate,
  };
}

/** Once from a start to an end. */
export function planLinearSweep(site: PlanSite, step: StepOf<'linearSweep'>): PlannedLinearSweep {
  const { rate } = step;
  site.checkTechnique('linearSweep');
  const start = step.start && planVoltage(site, 'start', step.start);
  const end = planVoltage(site, 'end', step.end);
  if (start === end) {
    site.problem('end', `${spokenValue(end, 'V')} is the start too: a sweep needs two potentials`);
  }
  site.checkPositive('rate', rate, 'the scan rate');
  const { min, max } = site.safety.voltage;
  const spanVolt = start === undefined ? max - min : Math.abs(end - start);
  checkSweepStep(site, step, spanVolt);
  return {
    kind: 'linearSweep',
    name: step.name,
    startVolt: start,
    endVolt: end,
    rateVoltPerSecond: rate,
    stepVolt: step.step,
    limitAmpere: planLimit(site, step),
    longestSecond: spanVolt / rate,
  };
}

/** @param spanVolt at the most; without a start nobody knows it better */
function checkSweepStep(
  site: PlanSite,
  { step, rate }: StepOf<'linearSweep'>,
  spanVolt: number,
): void {
  if (step === undefined) return;
  site.checkPositive('step', step, 'the potential step');
  if (step > spanVolt && spanVolt > 0) {
    site.problem(
      'step',
      `${spokenValue(step, 'V')} is more than the ${spokenValue(spanVolt, 'V')} of the sweep`,
    );
  }
  site.checkRhythm('step', step / rate);
}

/** The current that ends the sweep, for both directions; undefined when the recipe gives none. */
function planLimit(site: PlanSite, { limit }: StepOf<'linearSweep'>): number | undefined {
  if (limit === undefined) return undefined;
  const ampere = currentOf(site, 'limit', limit);
  site.checkPositive('limit', ampere, 'the limit, which holds for both directions,');
  site.checkCurrent('limit', ampere, 'limit of the current');
  if (ampere === site.safety.current.max) {
    site.problem('limit', 'it is safety.current.max, which ends the run: expected less');
  }
  return ampere;
}
