import { z } from 'zod';
import { type AbsorptionSettings, absorptionSettings } from './absorption.ts';
import { closedObject } from './closed-object.ts';
import { type PeakSetting, peakSettings } from './peak.ts';
import { CELL_EVENTS, type Condition, conditionSchema } from './recipe-conditions.ts';
import { type ChargeSetting, parseCharge } from './recipe-values.ts';
import { ELECTRODE_FACES, ELECTRODE_PHASES } from './segmentation.ts';
import { parseQuantity, QUANTITY_MARK, quantity, quantityText } from './units.ts';
import { COMPARED_WITH } from './volume-results.ts';

/** What is measured beside a step or as one: spectra, scans. */

/** Message of a step whose technique is missing or not known. */
export function unknownTechnique(names: readonly string[]) {
  return ({ input }: { readonly input?: unknown }): string => {
    const expected = `expected one of ${names.join(', ')}`;
    if (typeof input !== 'object' || input === null) return 'expected a step with its technique';
    const { technique } = input as { readonly technique?: unknown };
    if (technique === undefined) return `is missing: ${expected}`;
    if (typeof technique !== 'string') return expected;
    return `"${technique}" is no technique that can stand here: ${expected}`;
  };
}

export const impedanceSettings = {
  technique: z.literal('impedance'),
  mode: z.enum(['galvanostatic', 'potentiostatic']).default('potentiostatic'),
  from: quantity('frequency'),
  to: quantity('frequency'),
  pointsPerDecade: z.int().min(1).max(50).default(8),
  /** Root mean square: volts when potentiostatic, amperes when galvanostatic. */
  amplitude: quantityText(
    'amplitude',
    'expected a voltage such as "10 mV", or a current such as "20 µA" for a galvanostatic sweep',
  ),
  /** Equivalent circuit fitted while the points arrive. */
  fit: z.string().optional(),
  /** The samples behind each point are measured and kept too. */
  waveforms: z.boolean().optional(),
};

/** What is found out from the volume of each scan while the experiment goes on. */
const analyse = closedObject({
  /** Phases, voids and protrusions. */
  segment: z.boolean().default(true),
  /** How much a phase has grown since that volume of the same cell. */
  compareWith: z.enum(COMPARED_WITH).optional(),
  /** Grey side of the electrode: lithium is dark, indium is bright. */
  electrode: z.enum(ELECTRODE_PHASES).default('dark'),
  /** The face of the volume that lies in the electrode; top is the first detector row. */
  face: z.enum(ELECTRODE_FACES).optional(),
  /** Between the phases; found in the first volume of the cell (Otsu 1979) unless given. */
  threshold: quantity('attenuation').optional(),
  /** Around the rotation axis; what the electrode's area spans, less 3 %, unless given. */
  radius: quantity('length').optional(),
  /** What a mole of charge makes; lithium metal unless given. */
  molarVolume: quantity('molarVolume').optional(),
  /** Side of a voxel, where the scanner does not know it. */
  voxel: quantity('length').optional(),
});

export const scanSettings = {
  technique: z.literal('scan'),
  views: z.int().min(2).max(10_000),
  span: quantity('angle'),
  duration: quantity('time'),
  /** One scan at each photon energy, in this order, for spectroscopic tomography. */
  energies: z
    .array(quantity('photonEnergy'))
    .min(1)
    .max(500)
    .meta({ [QUANTITY_MARK]: 'list of photon energies' })
    .optional(),
  /** Shares of phases from the absorption at these energies. */
  absorption: absorptionSettings.optional(),
  analyse: analyse.optional(),
};

export const spectrumSettings = {
  technique: z.literal('spectrum'),
  /** Names of regions the detector knows, measured one after another: "edxrd", "S 2p". */
  regions: z.array(z.string().min(1).max(40)).min(1).max(50),
  /** Of each region. */
  duration: quantity('time'),
  /** Fitted in each spectrum as soon as it is counted. */
  peaks: peakSettings,
};

/** What an impedance step and an impedance acquisition share. */
export interface ImpedanceSettings {
  readonly mode: 'galvanostatic' | 'potentiostatic';
  readonly from: number;
  readonly to: number;
  readonly pointsPerDecade: number;
  readonly amplitude: string;
  readonly fit?: string | undefined;
  readonly waveforms?: boolean | undefined;
}

/** What a scan step and a scan acquisition share. */
export interface ScanSettings {
  readonly views: number;
  readonly span: number;
  readonly duration: number;
  readonly energies?: readonly number[] | undefined;
  readonly absorption?: AbsorptionSettings | undefined;
  readonly analyse?: z.output<typeof analyse> | undefined;
}

/** What a spectrum step and a spectrum acquisition share. */
export interface SpectrumSettings {
  readonly regions: readonly string[];
  readonly duration: number;
  readonly peaks: readonly PeakSetting[];
}

/** The step between two acquisitions. */
export type Interval =
  | { readonly kind: 'time'; readonly second: number }
  /** Passed in this step, whatever its sign. */
  | { readonly kind: 'charge'; readonly charge: ChargeSetting }
  /** Away from where the last one was taken. */
  | { readonly kind: 'voltage'; readonly volt: number };

function parseInterval(text: string): Interval | undefined {
  const second = parseQuantity(text, 'time');
  if (second !== undefined) return { kind: 'time', second };
  const volt = parseQuantity(text, 'voltage');
  if (volt !== undefined) return { kind: 'voltage', volt };
  const charge = parseCharge(text);
  return charge && { kind: 'charge', charge };
}

const interval = quantityText(
  'interval',
  'expected a time, charge or voltage step, such as "30 min" or "100 mV"',
).transform((text, context): Interval => {
  const parsed = parseInterval(text);
  if (parsed) return parsed;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not understood: expected a time ("30 min"), a charge ("0.1 mAh/cm²", "5 %") or a voltage ("100 mV")`,
  });
  return z.NEVER;
});

/** What an acquisition may answer besides the events of a cell. */
export const ACQUISITION_EVENTS = [...CELL_EVENTS, 'stepEnd', 'voltagePeak'] as const;
export type AcquisitionEvent = (typeof ACQUISITION_EVENTS)[number];

/** When an acquisition of a `during` list is taken. At least one of `every` and `on`. */
const cadence = {
  every: interval.optional(),
  on: z.array(z.enum(ACQUISITION_EVENTS)).default([]),
  /** A shorter interval while a condition holds. */
  faster: closedObject({ every: quantity('time'), while: conditionSchema }).optional(),
};

export interface Faster {
  readonly every: number;
  readonly while: Condition;
}

export const acquisition = z.discriminatedUnion(
  'technique',
  [
    closedObject({ ...impedanceSettings, ...cadence }),
    closedObject({ ...scanSettings, ...cadence }),
    closedObject({ ...spectrumSettings, ...cadence }),
  ],
  { error: unknownTechnique(['impedance', 'scan', 'spectrum']) },
);
export type Acquisition = z.output<typeof acquisition>;
