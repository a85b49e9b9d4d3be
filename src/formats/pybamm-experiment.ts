import { Fault, type Problem } from '../domain/fault.ts';
import {
  type ImportedRecipe,
  type ImportOptions,
  recipeDocument,
  type StepDocument,
  StepNames,
} from './imported-recipe.ts';
import { pybammSeconds, pybammStep } from './pybamm-step.ts';
import { type PybammGroup, readPybammGroups } from './pybamm-text.ts';

/**
 * Makes a recipe of a PyBaMM experiment: its list of strings as Python writes it, with tuples for
 * cycles and `* 3` for repetitions, or one string a line. Equal cycles in a row become a loop.
 * @throws Fault fileFormat when the text is no such list, badInput for steps a recipe has not
 */
export function readPybammExperiment(
  path: string,
  text: string,
  options: ImportOptions,
): ImportedRecipe {
  const { groups, keywords } = readPybammGroups(path, text);
  const names = new StepNames();
  const problems: Problem[] = [];
  const losses: Problem[] = keywords
    .filter(({ name }) => name !== 'period')
    .map(({ name, value, line }) => ({
      where: `${path}:${line}: ${name}`,
      message: `${value} is not carried over: ${KEYWORDS[name] ?? 'recipes have no such thing'}`,
    }));
  const periodText = keywords.find(({ name }) => name === 'period');
  const defaults = { periodSecond: periodText && defaultPeriod(path, periodText, problems) };
  const steps = groups.flatMap((group): StepDocument[] => {
    const inner = group.texts.flatMap(({ text: one, line }): StepDocument[] => {
      const where = `${path}:${line}`;
      const read = pybammStep(one, names, defaults);
      if (typeof read === 'string') {
        problems.push({ where, message: `"${one}": ${read}` });
        return [];
      }
      losses.push(...read.losses.map((message) => ({ where, message: `"${one}": ${message}` })));
      return [read.step];
    });
    return repeated(group, inner, names);
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
  return { document: recipeDocument(options, steps), losses };
}

const KEYWORDS: Readonly<Record<string, string>> = {
  temperature: 'put a soak step before the others',
  termination: 'put a loop with until around the cycles, or an end into their steps',
  tags: 'name the steps instead',
  start_time: 'a recipe begins when it is started',
  direction: 'the sign of the current says it',
};

function repeated(
  { times }: PybammGroup,
  inner: readonly StepDocument[],
  names: StepNames,
): StepDocument[] {
  if (times === 1) return [...inner];
  return [{ name: names.next('cycle'), technique: 'loop', repeat: times, steps: inner }];
}

function defaultPeriod(
  path: string,
  { value, line }: { readonly value: string; readonly line: number },
  problems: Problem[],
): number | undefined {
  const second = pybammSeconds(value);
  if (second !== undefined && second > 0) return second;
  problems.push({ where: `${path}:${line}: period`, message: `"${value}" is no length of time` });
  return undefined;
}
