import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { expectedQuantity, parseQuantity, quantity } from './units.ts';

/** A recipe as its YAML file is checked and held. Unknown keys are errors. */

const name = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -, such as "plate-1"');

/** Message of a step whose technique is missing or not known. */
function unknownTechnique(names: readonly string[]): string {
  return `expected a technique, one of ${names.join(', ')}`;
}

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
    closedObject({ time: quantity('time') }),
    closedObject({ voltage: voltageComparison }),
    closedObject({ event: z.enum(CELL_EVENTS) }),
  ],
  {
    error: 'expected one of { time: "10 min" }, { voltage: "> 0.5 V" } or { event: short }',
  },
);
export type Condition = z.infer<typeof condition>;

const until = closedObject({ any: z.array(condition).min(1).max(8) });
const record = closedObject({ every: quantity('time') }).default({ every: 10 });

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

/** What an impedance step and an impedance acquisition share. */
export interface ImpedanceSettings {
  readonly mode: 'galvanostatic' | 'potentiostatic';
  readonly from: number;
  readonly to: number;
  readonly pointsPerDecade: number;
  readonly amplitude: string;
  readonly fit?: string | undefined;
}

/** What a scan step and a scan acquisition share. */
export interface ScanSettings {
  readonly views: number;
  readonly span: number;
  readonly duration: number;
}

/** When an acquisition of a `during` list is taken. At least one of the two. */
const cadence = {
  every: quantity('time').optional(),
  on: z.array(z.enum(CELL_EVENTS)).default([]),
};

const acquisition = z.discriminatedUnion(
  'technique',
  [
    closedObject({ ...impedanceSettings, ...cadence }),
    closedObject({ ...scanSettings, ...cadence }),
  ],
  { error: unknownTechnique(['impedance', 'scan']) },
);
export type Acquisition = z.infer<typeof acquisition>;

const soak = closedObject({
  name,
  technique: z.literal('soak'),
  temperature: quantity('temperature'),
  tolerance: quantity('temperature').default(0.5),
  dwell: quantity('time'),
  /** The run faults if the soak has not ended by then. */
  within: quantity('time'),
});

const openCircuit = closedObject({
  name,
  technique: z.literal('openCircuit'),
  record,
  until,
});

const constantCurrent = closedObject({
  name,
  technique: z.literal('constantCurrent'),
  current: currentSetting,
  record,
  until,
  during: z.array(acquisition).max(8).default([]),
});

const impedance = closedObject({ name, ...impedanceSettings });
const scan = closedObject({ name, ...scanSettings });

const MEASUREMENTS = ['soak', 'openCircuit', 'constantCurrent', 'impedance', 'scan'] as const;

const measurementStep = z.discriminatedUnion(
  'technique',
  [soak, openCircuit, constantCurrent, impedance, scan],
  { error: unknownTechnique(MEASUREMENTS) },
);
export type MeasurementStep = z.infer<typeof measurementStep>;

/** Steps done over and over, `repeat` passes in total. */
const loop = closedObject({
  name,
  technique: z.literal('loop'),
  repeat: z.int().min(1).max(10_000),
  steps: z.array(measurementStep).min(1).max(100),
});
export type LoopStep = z.infer<typeof loop>;

const step = z.discriminatedUnion(
  'technique',
  [soak, openCircuit, constantCurrent, impedance, scan, loop],
  { error: unknownTechnique([...MEASUREMENTS, 'loop']) },
);
export type RecipeStep = z.infer<typeof step>;

/** Host interlocks: leaving any of these trips the run into its safe state. */
const safety = closedObject({
  temperature: closedObject({ max: quantity('temperature') }).optional(),
  voltage: closedObject({ min: quantity('voltage'), max: quantity('voltage') }),
  current: closedObject({ max: quantity('current') }),
});
export type Safety = z.infer<typeof safety>;

export const recipeSchema = closedObject({
  recipe: name,
  title: z.string().min(1).max(200),
  safety,
  steps: z.array(step).min(1).max(200),
});
export type Recipe = z.infer<typeof recipeSchema>;
