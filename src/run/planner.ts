import type { Cell } from '../domain/cell.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { Recipe } from '../domain/recipe.ts';
import { conditionKind, everyCondition } from '../domain/recipe-conditions.ts';
import type {
  BranchStep,
  LoopStep,
  MeasurementStep,
  RecipeStep,
  ScreenStep,
} from '../domain/recipe-steps.ts';
import type { Assumption } from '../domain/unknowns.ts';
import { phasesOf } from './absorption-plan.ts';
import { planConditions } from './condition-plan.ts';
import { peaksOf } from './peak-plan.ts';
import type { PlannedCandidate, PlannedStep, RunPlan } from './plan.ts';
import { estimatesOf } from './plan-estimates.ts';
import { PlanSite } from './plan-site.ts';
import { checkSafety, checkSuspenders, planSafety } from './safety-plan.ts';
import {
  checkCases,
  checkNames,
  endsOf,
  type KnownSteps,
  knownSteps,
  measurementsOf,
  noteEnds,
  screensUsed,
  unknownEnd,
} from './step-names.ts';
import { planFreshCell, planMeasurement } from './step-plan.ts';
import { askedOfVolumes, checkVolumesFed } from './volume-analysis-plan.ts';

/**
 * Makes a recipe definite for one cell on one rig.
 * @param assumptions what the files assume because their source does not say
 * @throws Fault badInput with every problem at once, each at its key path in the recipe.
 */
export function planRun(
  recipe: Recipe,
  cell: Cell,
  instruments: Instruments,
  assumptions: readonly Assumption[] = [],
): RunPlan {
  const problems: Problem[] = [];
  const { exclusive, resume, suspend } = recipe;
  const safety = planSafety(recipe.safety, cell, problems);
  const peaks = peaksOf(measurementsOf(recipe.steps));
  const phases = phasesOf(measurementsOf(recipe.steps));
  const asked = askedOfVolumes(recipe.steps);
  const chosen = new Map();
  const ground = { cell, instruments, safety, exclusive, peaks, phases, asked, problems, chosen };
  const site = new PlanSite('', ground);
  checkSafety(site, recipe);
  checkSuspenders(site, recipe);
  checkVolumesFed(site, recipe.steps);
  checkNames(site, recipe.steps, 'steps', new Map());
  const steps = planSteps(site, recipe.steps, 'steps', knownSteps(recipe.steps));
  if (problems.length > 0) throw new Fault('badInput', problems);
  return {
    recipe: recipe.recipe,
    title: recipe.title,
    safety,
    resume,
    suspend,
    exclusive,
    steps,
    stepCount: sum(steps, countOf),
    longestSecond: sum(steps, ({ longestSecond }) => longestSecond),
    estimates: estimatesOf(steps, instruments),
    assumptions,
  };
}

function planSteps(
  site: PlanSite,
  steps: readonly RecipeStep[],
  key: string,
  known: KnownSteps,
): PlannedStep[] {
  return steps.flatMap((step, at) => planStep(site.at(`${key}[${at}]`), step, known));
}

function planStep(site: PlanSite, step: RecipeStep, known: KnownSteps): PlannedStep[] {
  switch (step.technique) {
    case 'loop':
      return [planLoop(site, step, known)];
    case 'branch':
      return [planBranch(site, step, known)];
    case 'screen':
      return planScreen(site, step, known);
    default: {
      const planned = planChosen(site, step, known);
      noteEnds(known, planned);
      return [planned];
    }
  }
}

function planLoop(site: PlanSite, step: LoopStep, known: KnownSteps): PlannedStep {
  const steps = planSteps(site, step.steps, 'steps', known);
  checkLoopConditions(site, step);
  return {
    kind: 'loop',
    name: step.name,
    repeat: step.repeat,
    until: planConditions(site, 'until.any', step.until?.any ?? []),
    steps,
    longestSecond: step.repeat * sum(steps, ({ longestSecond }) => longestSecond),
  };
}

function planBranch(site: PlanSite, step: BranchStep, known: KnownSteps): PlannedStep {
  const cases = new Map(
    Object.entries(step.cases).map(([end, inner]) => [
      end,
      planSteps(site, inner, `cases.${end}`, known),
    ]),
  );
  const otherwise = planSteps(site, step.otherwise, 'otherwise', known);
  checkCases(site, step, known);
  return branchOf(step.name, step.on, cases, otherwise);
}

function branchOf(
  name: string,
  on: string,
  cases: ReadonlyMap<string, readonly PlannedStep[]>,
  otherwise: readonly PlannedStep[],
): PlannedStep {
  const ways = [...cases.values(), otherwise].map((way) =>
    sum(way, ({ longestSecond }) => longestSecond),
  );
  return { kind: 'branch', name, on, cases, otherwise, longestSecond: Math.max(...ways) };
}

/** Every candidate on its own fresh cell, and one more cell for what comes after. */
function planScreen(site: PlanSite, step: ScreenStep, known: KnownSteps): PlannedStep[] {
  const { name, within, choose, reject } = step;
  const candidates = step.candidates.map((label, at): PlannedCandidate => {
    const fresh = planFreshCell(site, `${name}-cell-${at + 1}`, within);
    const inner = planSteps(site.withChosen(name, label), step.steps, 'steps', known);
    return { label, steps: [fresh, ...inner] };
  });
  checkScreen(site, step, candidates);
  known.ends.set(name, new Set(step.candidates));
  const longestSecond = sum(candidates, ({ steps }) =>
    sum(steps, (one: PlannedStep) => one.longestSecond),
  );
  const after = planFreshCell(site, `${name}-fresh-cell`, within);
  return [{ kind: 'screen', name, candidates, reject, choose, longestSecond }, after];
}

function checkScreen(
  site: PlanSite,
  { name, steps, candidates, reject }: ScreenStep,
  planned: readonly PlannedCandidate[],
): void {
  const twice = candidates.findIndex((label, at) => candidates.indexOf(label) < at);
  if (twice >= 0) site.problem(`candidates[${twice}]`, `"${candidates[twice]}" stands here twice`);
  const isUsed = [...measurementsOf(steps)].some((one) => screensUsed(one).includes(name));
  if (!isUsed) {
    site.problem('steps', `no step uses the candidates: write $${name} where their value stands`);
  }
  const ends = new Set(planned.flatMap((candidate) => candidate.steps.flatMap(endsOf)));
  for (const [at, end] of reject.entries()) {
    if (!ends.has(end)) site.problem(`reject[${at}]`, unknownEnd(end, ends));
  }
}

/**
 * A step with the values that screens have chosen: outside the screen nobody knows yet which, so
 * that it becomes a branch with one case for each candidate.
 */
function planChosen(site: PlanSite, step: MeasurementStep, known: KnownSteps): PlannedStep {
  const open = screensUsed(step).find((screen) => site.chosenBy(screen) === undefined);
  if (open === undefined) return planMeasurement(site, step);
  const screen = known.screens.get(open);
  if (!screen || !known.ends.has(open)) {
    const where = screen ? 'called so stands before it' : `is named "${open}"`;
    site.problem('', `uses $${open}, but no screen ${where}`);
    return planMeasurement(site.withChosen(open, ''), step);
  }
  const cases = new Map(
    screen.candidates.map((label) => [
      label,
      [planChosen(site.withChosen(open, label), step, known)],
    ]),
  );
  return branchOf(step.name, open, cases, []);
}

/** After a pass nothing is being measured: only what was worked out can be looked at. */
function checkLoopConditions(site: PlanSite, loop: LoopStep): void {
  for (const { condition, path } of everyCondition(loop.until?.any ?? [], 'until.any')) {
    if (['derived', 'event', 'all', 'any'].includes(conditionKind(condition))) continue;
    site.problem(path, 'a loop ends on derived quantities and events; other conditions end a step');
  }
}

/** Measurements in a step, on the way that has the most of them. */
function countOf(step: PlannedStep): number {
  if (step.kind === 'loop') return step.repeat * sum(step.steps, countOf);
  if (step.kind === 'screen') return sum(step.candidates, ({ steps }) => sum(steps, countOf));
  if (step.kind !== 'branch') return 1;
  return Math.max(...[...step.cases.values(), step.otherwise].map((way) => sum(way, countOf)));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
