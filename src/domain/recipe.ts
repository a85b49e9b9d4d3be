import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { recipeSteps } from './recipe-steps.ts';
import { potential, recipeName } from './recipe-values.ts';
import { quantity } from './units.ts';

const EXPECTED_POSITIVE = 'expected a value above zero';
const isPositive = (value: number): boolean => value > 0;

/** A recipe as its YAML file is checked and held. Unknown keys are errors. */

const softShort = closedObject({
  /** How fast its voltage may fall at rest, beside relaxation; 3 mV/h unless given. */
  rate: quantity('voltageRate').refine(isPositive, EXPECTED_POSITIVE).optional(),
  /** What may flow for ever at a held voltage; 5 % of the charging current unless given. */
  residual: quantity('current').refine(isPositive, EXPECTED_POSITIVE).optional(),
  /** How long relaxation may take before that is judged; 1 h unless given. */
  after: quantity('time').refine(isPositive, EXPECTED_POSITIVE).optional(),
});

/** Host interlocks: leaving any of these trips the run into its safe state. */
const safety = closedObject({
  temperature: closedObject({
    max: quantity('temperature'),
    min: quantity('temperature').optional(),
  }).optional(),
  voltage: closedObject({ min: potential, max: potential }),
  current: closedObject({ max: quantity('current') }),
  pressure: closedObject({ max: quantity('pressure') }).optional(),
  /** What a sound cell may do without current and at a held voltage; more is told as a soft short. */
  softShort: softShort.optional(),
});
export type SafetySetting = z.output<typeof safety>;
/** The same with its potentials against the reference of the cell, volt. */
export type Safety = Omit<SafetySetting, 'voltage'> & {
  readonly voltage: { readonly min: number; readonly max: number };
};

export const RESUME_POLICIES = ['resume', 'hold', 'abort'] as const;
export type ResumePolicy = (typeof RESUME_POLICIES)[number];

/** What happens after a power cut. */
const resume = closedObject({
  /** Go on by itself, wait for a person, or end. Nothing is ever energised after a trip. */
  policy: z.enum(RESUME_POLICIES).default('hold'),
  /** A longer gap is not gone on from without a person. */
  maxGap: quantity('time').default(1800),
}).prefault({});
export type Resume = z.output<typeof resume>;

/** Waits, with the current off, while a channel is where nothing can be measured. */
const suspender = closedObject({
  /** Name of a channel of the rig: `applied_pressure_pa`. */
  channel: z.string().regex(/^[a-z0-9_]{1,64}$/, 'expected a channel such as applied_pressure_pa'),
  /** Suspends below this value, or above that one, in the channel's own unit. */
  floor: z.number().optional(),
  ceiling: z.number().optional(),
  /** How far back inside it must be before the run goes on. */
  margin: z.number().min(0).default(0),
  /** And for how long. */
  settle: quantity('time').default(60),
  /** Suspended longer than this, the run faults. */
  atMost: quantity('time').default(6 * 3600),
}).refine(({ floor, ceiling }) => floor !== undefined || ceiling !== undefined, {
  error: 'expected a floor, a ceiling or both',
});
export type Suspender = z.output<typeof suspender>;

/** Things that may not happen at the same time. */
export const RESOURCES = ['current', 'impedance', 'scan', 'spectrum'] as const;
export type Resource = (typeof RESOURCES)[number];

export const recipeSchema = closedObject({
  recipe: recipeName,
  title: z.string().min(1).max(200),
  /** Where it comes from: a paper, a standard, a colleague. */
  source: z.string().max(400).optional(),
  safety,
  resume,
  suspend: z.array(suspender).max(8).default([]),
  /** Each list names resources of which one at most is in use. */
  exclusive: z
    .array(z.array(z.enum(RESOURCES)).min(2).max(4))
    .max(4)
    .default([]),
  steps: recipeSteps,
});
export type Recipe = z.output<typeof recipeSchema>;
