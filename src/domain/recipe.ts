import { z } from 'zod';
import { expectedQuantity, parseQuantity, quantity } from './units.ts';

/** A recipe as its YAML file is checked and held. Unknown keys are errors. */

const name = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "plate-1"');

/** "0.8 mA/cm²" (needs the cell's area) or "1.2 mA". */
const currentSetting = z
  .string({ error: 'expected a current with its unit, such as "0.8 mA/cm²" or "1.2 mA"' })
  .transform((text, context) => {
    const ampere = parseQuantity(text, 'current');
    if (ampere !== undefined) return { kind: 'absolute' as const, ampere };
    const density = parseQuantity(text, 'currentDensity');
    if (density !== undefined) {
      return { kind: 'density' as const, amperePerSquareMetre: density };
    }
    context.addIssue({
      code: 'custom',
      message: `"${text}" is not understood: ${expectedQuantity('current')} or "0.8 mA/cm²"`,
    });
    return z.NEVER;
  });

/** "> 0.5 V": a comparison that ends a step. */
const voltageComparison = z.string().transform((text, context) => {
  const match = /^\s*([<>])\s*(.+)$/.exec(text);
  const volt = match ? parseQuantity(match[2] ?? '', 'voltage') : undefined;
  if (match && volt !== undefined) {
    return { above: match[1] === '>', volt };
  }
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not understood: expected < or > and a voltage, such as "> 0.5 V"`,
  });
  return z.NEVER;
});

/** Things that happen to a cell, which a step may end on and an acquisition may answer. */
export const CELL_EVENTS = ['short'] as const;
export type CellEvent = (typeof CELL_EVENTS)[number];

const condition = z.union(
  [
    z.strictObject({ time: quantity('time') }),
    z.strictObject({ voltage: voltageComparison }),
    z.strictObject({ event: z.enum(CELL_EVENTS) }),
  ],
  {
    error: 'expected one of { time: "10 min" }, { voltage: "> 0.5 V" } or { event: short }',
  },
);
export type Condition = z.infer<typeof condition>;

const until = z.strictObject({ any: z.array(condition).min(1).max(8) });
const record = z.strictObject({ every: quantity('time') }).default({ every: 10 });

const impedanceSettings = {
  technique: z.literal('impedance'),
  mode: z.enum(['galvanostatic', 'potentiostatic']).default('potentiostatic'),
  from: quantity('frequency'),
  to: quantity('frequency'),
  pointsPerDecade: z.int().min(1).max(50).default(8),
  /** Root mean square: volts when potentiostatic, amperes when galvanostatic. */
  amplitude: z.string(),
  /** Equivalent circuit fitted while the points arrive. */
  fit: z.string().optional(),
};

const scanSettings = {
  technique: z.literal('scan'),
  views: z.int().min(2).max(10_000),
  span: quantity('angle'),
  duration: quantity('time'),
};

/** When an acquisition of a `during` list is taken. At least one of the two. */
const cadence = {
  every: quantity('time').optional(),
  on: z.array(z.enum(CELL_EVENTS)).default([]),
};

const acquisition = z.discriminatedUnion('technique', [
  z.strictObject({ ...impedanceSettings, ...cadence }),
  z.strictObject({ ...scanSettings, ...cadence }),
]);
export type Acquisition = z.infer<typeof acquisition>;

const soak = z.strictObject({
  name,
  technique: z.literal('soak'),
  temperature: quantity('temperature'),
  tolerance: quantity('temperature').default(0.5),
  dwell: quantity('time'),
  /** The run faults if the soak has not ended by then. */
  within: quantity('time'),
});

const openCircuit = z.strictObject({
  name,
  technique: z.literal('openCircuit'),
  record,
  until,
});

const constantCurrent = z.strictObject({
  name,
  technique: z.literal('constantCurrent'),
  current: currentSetting,
  record,
  until,
  during: z.array(acquisition).max(8).default([]),
});

const impedance = z.strictObject({ name, ...impedanceSettings });
const scan = z.strictObject({ name, ...scanSettings });

const measurementStep = z.discriminatedUnion('technique', [
  soak,
  openCircuit,
  constantCurrent,
  impedance,
  scan,
]);
export type MeasurementStep = z.infer<typeof measurementStep>;

/** Steps done over and over, `repeat` passes in total. */
const loop = z.strictObject({
  name,
  technique: z.literal('loop'),
  repeat: z.int().min(1).max(10_000),
  steps: z.array(measurementStep).min(1).max(100),
});
export type LoopStep = z.infer<typeof loop>;

const step = z.discriminatedUnion('technique', [
  soak,
  openCircuit,
  constantCurrent,
  impedance,
  scan,
  loop,
]);
export type RecipeStep = z.infer<typeof step>;

/** Host interlocks: leaving any of these trips the run into its safe state. */
const safety = z.strictObject({
  temperature: z.strictObject({ max: quantity('temperature') }).optional(),
  voltage: z.strictObject({ min: quantity('voltage'), max: quantity('voltage') }),
  current: z.strictObject({ max: quantity('current') }),
});
export type Safety = z.infer<typeof safety>;

export const recipeSchema = z.strictObject({
  recipe: name,
  title: z.string().min(1).max(200),
  safety,
  steps: z.array(step).min(1).max(200),
});
export type Recipe = z.infer<typeof recipeSchema>;
