import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import {
  acquisition,
  impedanceSettings,
  scanSettings,
  spectrumSettings,
  unknownTechnique,
} from './recipe-acquisitions.ts';
import { until } from './recipe-conditions.ts';
import { currentSetting, potentialSetting, recipeName } from './recipe-values.ts';
import { quantity, quantityText } from './units.ts';

/** The steps of a recipe: what is done to the cell, and the loops and branches around it. */

/** Around the moment the current is switched: this often for this long. */
const edges = closedObject({ every: quantity('time'), for: quantity('time') });
const record = closedObject({
  every: quantity('time'),
  /** After the current has begun, stopped or changed; ten times slower after ten readings, and again. */
  edges: edges.optional(),
}).default({ every: 10 });
const evenRecord = closedObject({ every: quantity('time') }).default({ every: 10 });
const during = z.array(acquisition).max(8).default([]);

/** How long a person may take to exchange a cell, unless the recipe says. */
const FRESH_CELL_WITHIN_SECOND = 3600;

/** The specimen is exchanged for a new one of its kind. */
const freshCell = closedObject({
  name: recipeName,
  technique: z.literal('freshCell'),
  /** The run faults when the new cell is not in by then. */
  within: quantity('time').default(FRESH_CELL_WITHIN_SECOND),
});

const soak = closedObject({
  name: recipeName,
  technique: z.literal('soak'),
  temperature: quantity('temperature'),
  tolerance: quantity('temperature').default(0.5),
  dwell: quantity('time'),
  /** How fast the set-point moves there; at once unless given. */
  ramp: quantity('temperatureRate').optional(),
  /** The run faults if the soak has not ended by then. */
  within: quantity('time'),
});

const openCircuit = closedObject({
  name: recipeName,
  technique: z.literal('openCircuit'),
  record,
  until,
  during,
});

const constantCurrent = closedObject({
  name: recipeName,
  technique: z.literal('constantCurrent'),
  current: currentSetting,
  record,
  until,
  during,
});

const constantVoltage = closedObject({
  name: recipeName,
  technique: z.literal('constantVoltage'),
  /** Against the cell's reference electrode. */
  voltage: potentialSetting,
  record,
  until,
  during,
});

/** A current until a voltage is reached, then that voltage until the conditions end the step. */
const constantCurrentConstantVoltage = closedObject({
  name: recipeName,
  technique: z.literal('constantCurrentConstantVoltage'),
  current: currentSetting,
  voltage: potentialSetting,
  record,
  /** Of both parts together; a current condition is looked at in the second part only. */
  until,
  during,
});

const cyclicVoltammetry = closedObject({
  name: recipeName,
  technique: z.literal('cyclicVoltammetry'),
  /** Where it begins and ends; at the open-circuit potential unless given. */
  start: potentialSetting.optional(),
  /** Turned round at the first, then at the second, then back. */
  vertices: z.tuple([potentialSetting, potentialSetting]),
  rate: quantity('voltageRate'),
  cycles: z.int().min(1).max(1000).default(1),
});

/** Linear sweep voltammetry, potentiodynamic polarisation: one sweep of the potential. */
const linearSweep = closedObject({
  name: recipeName,
  technique: z.literal('linearSweep'),
  /** At the open-circuit potential unless given. */
  start: potentialSetting.optional(),
  end: potentialSetting,
  rate: quantity('voltageRate'),
  /** Between two points; a 500th of the sweep unless given. */
  step: quantity('voltage').optional(),
  /** A current of either direction that ends the step, as `limit`. */
  limit: currentSetting.optional(),
});

/** Galvanostatic intermittent titration: pulses and rests until a pulse meets a condition. */
const gitt = closedObject({
  name: recipeName,
  technique: z.literal('gitt'),
  current: currentSetting,
  pulse: quantity('time'),
  rest: quantity('time'),
  record: evenRecord,
  edges: edges.default({ every: 0.1, for: 2 }),
  pulsesMax: z.int().min(1).max(10_000).default(1000),
  until,
});

const impedance = closedObject({ name: recipeName, ...impedanceSettings });
const scan = closedObject({ name: recipeName, ...scanSettings });
const spectrum = closedObject({ name: recipeName, ...spectrumSettings });

const MEASUREMENTS = [
  freshCell,
  soak,
  openCircuit,
  constantCurrent,
  constantVoltage,
  constantCurrentConstantVoltage,
  cyclicVoltammetry,
  linearSweep,
  gitt,
  impedance,
  scan,
  spectrum,
] as const;

const measurementStep = z.discriminatedUnion('technique', MEASUREMENTS);
export type MeasurementStep = z.output<typeof measurementStep>;

/** How deep loops and branches may be nested. */
const NESTED_MAX = 4;
const STEPS_MAX = 200;
const CANDIDATES_MAX = 20;

/** How a step ended: a name, or the candidate a screen has chosen, "0.8 mA/cm²". */
const endName = z.string().min(1).max(40);

/** Steps done over and over: `repeat` passes at most, fewer when a pass ends on `until`. */
export interface LoopStep {
  readonly name: string;
  readonly technique: 'loop';
  readonly repeat: number;
  readonly until?: z.output<typeof until> | undefined;
  readonly steps: readonly RecipeStep[];
}

/** Goes on with the steps of the first case that names how an earlier step ended. */
export interface BranchStep {
  readonly name: string;
  readonly technique: 'branch';
  /** Name of the step whose end decides. */
  readonly on: string;
  /** By how it ended: the condition's `as`, else its kind, such as `voltage` or `short`. */
  readonly cases: Readonly<Record<string, readonly RecipeStep[]>>;
  /** When no case fits; nothing unless given. */
  readonly otherwise: readonly RecipeStep[];
}

/** The same steps with one value after another, each on a fresh cell, until one is chosen. */
export interface ScreenStep {
  readonly name: string;
  readonly technique: 'screen';
  /** Texts that stand wherever a step says `$` and the name of the screen. */
  readonly candidates: readonly string[];
  /** Ends, as a branch knows them, which reject a candidate. */
  readonly reject: readonly string[];
  readonly choose: 'first' | 'last';
  /** How long exchanging one cell may take. */
  readonly within: number;
  readonly steps: readonly RecipeStep[];
}

export type RecipeStep = MeasurementStep | LoopStep | BranchStep | ScreenStep;

const NAMES = MEASUREMENTS.map(({ shape }) => shape.technique.value);

function stepAt(depth: number): z.ZodType<RecipeStep, unknown> {
  if (depth === 0) {
    return z.discriminatedUnion('technique', MEASUREMENTS, { error: unknownTechnique(NAMES) });
  }
  const inner = z.array(stepAt(depth - 1)).max(STEPS_MAX);
  const loop = closedObject({
    name: recipeName,
    technique: z.literal('loop'),
    repeat: z.int().min(1).max(10_000),
    until: until.optional(),
    steps: inner.min(1),
  });
  const branch = closedObject({
    name: recipeName,
    technique: z.literal('branch'),
    on: recipeName,
    cases: z.record(endName, inner),
    otherwise: inner.default([]),
  });
  const nesting = [...MEASUREMENTS, loop, branch] as const;
  const names = [...NAMES, 'loop', 'branch'];
  if (depth < NESTED_MAX) {
    return z.discriminatedUnion('technique', nesting, { error: unknownTechnique(names) });
  }
  const screen = closedObject({
    name: recipeName,
    technique: z.literal('screen'),
    candidates: z
      .array(quantityText('candidate', 'expected a value with its unit, such as "0.8 mA/cm²"'))
      .min(2)
      .max(CANDIDATES_MAX),
    reject: z.array(recipeName).min(1).max(8),
    choose: z.enum(['first', 'last']).default('first'),
    within: quantity('time').default(FRESH_CELL_WITHIN_SECOND),
    steps: inner.min(1),
  });
  return z.discriminatedUnion('technique', [...nesting, screen], {
    error: unknownTechnique([...names, 'screen']),
  });
}

/** The steps of a recipe, in order. */
export const recipeSteps = z.array(stepAt(NESTED_MAX)).min(1).max(STEPS_MAX);
