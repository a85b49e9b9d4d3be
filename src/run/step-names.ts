import type {
  BranchStep,
  MeasurementStep,
  RecipeStep,
  ScreenStep,
} from '../domain/recipe-steps.ts';
import type { ScreenedSetting } from '../domain/recipe-values.ts';
import type { PlannedMeasurement, PlannedStep } from './plan.ts';
import type { PlanSite } from './plan-site.ts';
import { endName } from './wording.ts';

/** What the steps of a recipe are called, how they can end, and who refers to whom. */

/** What is known about the steps of a recipe while it is planned. */
export interface KnownSteps {
  readonly screens: ReadonlyMap<string, ScreenStep>;
  /** How each measurement and screen planned so far can end, by its name. */
  readonly ends: Map<string, ReadonlySet<string>>;
}

export function knownSteps(steps: readonly RecipeStep[]): KnownSteps {
  const screens = steps.filter((step) => step.technique === 'screen');
  return { screens: new Map(screens.map((step) => [step.name, step])), ends: new Map() };
}

/** Remembers how a planned step can end, for the branches after it. */
export function noteEnds(known: KnownSteps, step: PlannedStep): void {
  known.ends.set(step.name, new Set(endsOf(step)));
}

/** Every way a step can end, with those of the steps inside it. */
export function endsOf(step: PlannedStep): string[] {
  switch (step.kind) {
    case 'loop':
      return step.steps.flatMap(endsOf);
    case 'branch':
      return [...step.cases.values(), step.otherwise].flat().flatMap(endsOf);
    case 'screen':
      return step.candidates.map(({ label }) => label);
    default:
      return endsOfMeasurement(step);
  }
}

function endsOfMeasurement(step: PlannedMeasurement): string[] {
  switch (step.kind) {
    case 'soak':
      return ['dwell'];
    case 'openCircuit':
      return step.until.map(endName);
    case 'constantCurrent':
    case 'constantVoltage':
    case 'constantCurrentConstantVoltage':
      return [...step.until.map(endName), 'short'];
    case 'gitt':
      return [...step.until.map(endName), 'short', 'complete'];
    case 'linearSweep':
      return step.limitAmpere === undefined ? ['complete'] : ['complete', 'limit'];
    default:
      return ['complete'];
  }
}

/** A case for an end that can never be would never be gone on with. */
export function checkCases(site: PlanSite, { on, cases }: BranchStep, known: KnownSteps): void {
  const ends = known.ends.get(on);
  if (!ends) return;
  for (const end of Object.keys(cases)) {
    if (!ends.has(end)) site.problem(`cases.${end}`, unknownEnd(end, ends));
  }
}

/** Sentence about an end that no step has. */
export function unknownEnd(end: string, ends: ReadonlySet<string>): string {
  return `no step ends as "${end}"; expected one of ${[...ends].join(', ')}`;
}

/**
 * Records name their step, so the same name twice would mix two steps up; and a branch looks at
 * a step that stands before it.
 */
export function checkNames(
  site: PlanSite,
  steps: readonly RecipeStep[],
  key: string,
  seen: Map<string, string>,
): void {
  for (const [at, step] of steps.entries()) {
    const path = `${key}[${at}]`;
    const first = seen.get(step.name);
    if (first === undefined) seen.set(step.name, path);
    else site.problem(`${path}.name`, `"${step.name}" is already the name of ${first}`);
    if (step.technique === 'loop' || step.technique === 'screen') {
      checkNames(site, step.steps, `${path}.steps`, seen);
    }
    if (step.technique !== 'branch') continue;
    checkBranchTarget(site, path, step, seen);
    for (const [end, inner] of Object.entries(step.cases)) {
      checkNames(site, inner, `${path}.cases.${end}`, seen);
    }
    checkNames(site, step.otherwise, `${path}.otherwise`, seen);
  }
}

function checkBranchTarget(
  site: PlanSite,
  path: string,
  { on, name }: BranchStep,
  seen: ReadonlyMap<string, string>,
): void {
  if (!seen.has(on) || on === name) {
    const others = [...seen.keys()].filter((one) => one !== name).join(', ');
    site.problem(
      `${path}.on`,
      `no step named "${on}" stands before this one${others === '' ? '' : `; expected one of ${others}`}`,
    );
  }
}

/** Every measurement of a recipe, through loops and branches. */
export function* measurementsOf(steps: readonly RecipeStep[]): Generator<MeasurementStep> {
  for (const step of steps) {
    if (step.technique === 'loop' || step.technique === 'screen') {
      yield* measurementsOf(step.steps);
    } else if (step.technique === 'branch') {
      for (const inner of Object.values(step.cases)) yield* measurementsOf(inner);
      yield* measurementsOf(step.otherwise);
    } else yield step;
  }
}

/** Names of the screens whose value a step uses. */
export function screensUsed(step: MeasurementStep): string[] {
  return Object.values(step)
    .flat()
    .flatMap((value: unknown) => (isScreened(value) ? [value.screen] : []));
}

function isScreened(value: unknown): value is ScreenedSetting {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'screened'
  );
}
