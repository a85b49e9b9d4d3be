import { Fault, type Problem } from '../domain/fault.ts';
import { plainIssue } from '../domain/plain-issue.ts';
import { recipeSchema } from '../domain/recipe.ts';
import { keyPath } from '../domain/unknowns.ts';

/** What a recipe of ours needs and other formats do not carry, as a recipe writes it. */
export interface ImportedLimits {
  readonly voltageMin: string;
  readonly voltageMax: string;
  readonly currentMax: string;
  readonly temperatureMax?: string;
}

/** What the recipe that is made is called, and what keeps it safe. */
export interface ImportOptions {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly limits: ImportedLimits;
}

/** A step as a recipe file writes it: quantities are texts with their units. */
export type StepDocument = Readonly<Record<string, unknown>>;

export interface ImportedRecipe {
  /** The recipe as its YAML file holds it. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What the source says and the recipe does not, and what was added: each at its place. */
  readonly losses: readonly Problem[];
}

/**
 * Puts steps into a recipe with its limits.
 * @throws Fault badInput when what comes out is no recipe
 */
export function recipeDocument(
  options: ImportOptions,
  steps: readonly StepDocument[],
): ImportedRecipe['document'] {
  const { name, title, source, limits } = options;
  const { voltageMin, voltageMax, currentMax, temperatureMax } = limits;
  const document = {
    recipe: name,
    title,
    source,
    safety: {
      ...(temperatureMax === undefined ? {} : { temperature: { max: temperatureMax } }),
      voltage: { min: voltageMin, max: voltageMax },
      current: { max: currentMax },
    },
    steps,
  };
  const checked = recipeSchema.safeParse(document, { error: plainIssue });
  if (checked.success) return document;
  throw new Fault(
    'badInput',
    checked.error.issues.map(({ path, message }) => ({ where: keyPath(path), message })),
  );
}

/** Numbers the steps of each kind, so that no two have one name: `charge-1`, `charge-2`. */
export class StepNames {
  readonly #counts = new Map<string, number>();

  next(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}-${count}`;
  }
}

const HOUR_SECOND = 3600;
/** PyBaMM's own bound of a step that gives no time, base_step.py. */
const STEP_SECOND_MAX = 24 * HOUR_SECOND;
const RATE_MARGIN = 2;

/**
 * How long a step that only a voltage or current ends may take: twice the time in which its
 * C-rate passes the capacity, a day where the current is absolute.
 */
export function boundingSecond(perHour: number | undefined): number {
  return perHour === undefined ? STEP_SECOND_MAX : (RATE_MARGIN * HOUR_SECOND) / Math.abs(perHour);
}

const TIME_UNITS = [
  [HOUR_SECOND, 'h'],
  [60, 'min'],
] as const;

/** "90 min" as people write it: the largest unit that needs no fraction. */
export function timeText(second: number): string {
  const [size, unit] = TIME_UNITS.find(([one]) => second % one === 0) ?? [1, 's'];
  return `${numberText(second / size)} ${unit}`;
}

/** A number without the noise of its last binary digits. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(12)));
}
