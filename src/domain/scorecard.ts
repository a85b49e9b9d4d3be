import { z } from 'zod';
import { closedObject } from './closed-object.ts';
import { peakSetting } from './peak.ts';
import { type Dimension, quantity, UNITS } from './units.ts';

/**
 * What a paper says its experiment gave, as data: `recipes/scorecards/*.yaml`. A run of the
 * paper's recipe is held against it, and against what the simulated cell was given.
 */

const DIMENSIONS = Object.keys(UNITS) as [Dimension, ...Dimension[]];
const text = z.string().min(1).max(400);
/** Steps of the recipe by name, with `*`, `?` and `[ab]` as in a shell: `eis-3?`, `plate-*`. */
const steps = z.string().regex(/^[a-z0-9*?[\]-]{1,40}$/, 'expected the name of a steps, or eis-*');
/** Key path below `simulation` of the cell file: `diffusion.diffusivity`. */
const path = z.string().regex(/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$/, 'expected a path such as a.b');

/** One of the scans of the steps: its number from 1, or the last of them. */
const scanChoice = z.union([z.int().min(1), z.literal('last')]).default('last');

/** How a figure is worked out from a run. */
const recover = z.discriminatedUnion('method', [
  /** Median over the pulses of a titration. */
  closedObject({
    method: z.literal('diffusivity'),
    steps,
    reading: z.enum(['slope', 'tauPulse', 'tauRest']),
  }),
  /** Median over the interruptions of a steps, at this current unless they differ. */
  closedObject({ method: z.literal('ohmicDrop'), steps }),
  /** Of the arc that its capacitance assigns, in the spectra taken during a step. */
  closedObject({
    method: z.literal('arcResistance'),
    steps,
    arc: z.enum(['interphase', 'chargeTransfer']),
    /** One spectrum of the steps, from 1; the mean of all unless given. */
    spectrum: z.int().min(1).optional(),
  }),
  /** L / (R A) of a fitted resistance, in spectra near a temperature. */
  closedObject({
    method: z.literal('conductivity'),
    steps,
    resistance: z.string().regex(/^R\d+$/),
    near: z.number(),
  }),
  closedObject({
    method: z.literal('activationEnergy'),
    steps,
    resistance: z.string().regex(/^R\d+$/),
    convention: z.enum(['sigma', 'sigmaT']),
  }),
  /** From the start of the step to the short. */
  closedObject({ method: z.literal('shortTime'), steps }),
  closedObject({ method: z.literal('shortChargePerArea'), steps }),
  /** Thickness of dense lithium made by the charge of a step: V/A = j t M / (F rho). */
  closedObject({ method: z.literal('lithiumThickness'), steps }),
  /** Discharge of a step over the active mass; the n-th time it was run, from 1. */
  closedObject({ method: z.literal('specificCapacity'), steps, pass: z.int().min(1).default(1) }),
  /** Charge of a step over the charge of another step. */
  closedObject({ method: z.literal('chargeRatio'), steps, over: steps }),
  closedObject({ method: z.literal('coulombicEfficiency'), cycle: z.int().min(1) }),
  /** Discharge of the last pass of a step over that of the first. */
  closedObject({ method: z.literal('retention'), steps }),
  /** Mean charge voltage minus mean discharge voltage. */
  closedObject({ method: z.literal('hysteresis'), cycle: z.int().min(1) }),
  closedObject({ method: z.literal('peakSeparation'), steps }),
  /** Charge per area passed in all passes of a step. */
  closedObject({ method: z.literal('chargePerArea'), steps }),
  /** Charge of a step times a molar volume over F. */
  closedObject({ method: z.literal('chargeVolume'), steps, molarVolume: z.string() }),
  /** Size of the charge of all passes of the steps. */
  closedObject({ method: z.literal('stepCharge'), steps }),
  /** Size of the current while the steps went on. */
  closedObject({ method: z.literal('stepCurrent'), steps }),
  /** Discharge of a cycle over the active mass. */
  closedObject({ method: z.literal('dischargeCapacity'), cycle: z.int().min(1) }),
  closedObject({ method: z.literal('scanCount') }),
  /** Largest share of voids at any depth, in a volume of the steps. */
  closedObject({ method: z.literal('voidShare'), steps, scan: scanChoice }),
  /** How far the electrode reaches beyond its interface, in a volume of the steps. */
  closedObject({ method: z.literal('protrusionLength'), steps, scan: scanChoice }),
  /** What the electrode has grown by from the first volume of the steps to the last. */
  closedObject({ method: z.literal('volumeGrowth'), steps }),
  /** Lithium that is seen over what the charge makes, in a volume of the steps. */
  closedObject({ method: z.literal('lithiumShare'), steps, scan: scanChoice }),
  /** Median lattice spacing of a diffraction peak in the spectra of the steps: d = hc / (2 E sin θ). */
  closedObject({ method: z.literal('peakSpacing'), steps, peak: peakSetting }),
  /** Share of a phase, by the absorption of the scans in the n-th pass of the steps or the last. */
  closedObject({
    method: z.literal('phaseShare'),
    steps,
    phase: z.string().min(1).max(20),
    scan: scanChoice,
  }),
  /** Median position of a peak in the spectra of the steps, less what the reference is off. */
  closedObject({
    method: z.literal('bindingEnergy'),
    steps,
    peak: peakSetting,
    /** Of the same step, such as C 1s of adventitious carbon, and where it belongs. */
    reference: closedObject({ peak: peakSetting, energy: quantity('photonEnergy') }),
  }),
  /** Volume share of the products that conduct electrons and ions; needs no run. */
  closedObject({
    method: z.literal('conductingShare'),
    products: z
      .array(
        closedObject({
          name: z.string().min(1).max(20),
          moles: z.number().positive(),
          gramPerMole: z.number().positive(),
          gramPerCubicCentimetre: z.number().positive(),
          conducts: z.boolean(),
        }),
      )
      .min(2)
      .max(8),
  }),
]);
export type Recover = z.output<typeof recover>;

/** What the simulated cell was given, from its file; for a measured cell there is none. */
const given = z.union([
  path,
  closedObject({
    /** Paths whose values add up. */
    sum: z.array(path).min(1).max(8),
    /** Adds thickness over conductivity and area. */
    electrolyte: z.boolean().default(false),
    /** Adds what a part has grown by: its value times its growth, as far as that was done. */
    grown: closedObject({
      path,
      /** Path of the whole growth, as a share of the value. */
      by: path,
      /** How much of it was done, as a share, */
      share: z.number().min(0).optional(),
      /** or path of the cycles it takes: the run's equivalent cycles before a step count. */
      overCycles: path.optional(),
      beforeStep: steps.optional(),
    })
      .refine(({ share, overCycles }) => (share === undefined) !== (overCycles === undefined), {
        error: 'expected either share or overCycles',
      })
      .optional(),
    /** Multiplies by this current, so that a resistance becomes a voltage. */
    atCurrent: z.string().optional(),
    /** Divides by this current density, so that a charge per area becomes a time. */
    overCurrentDensity: z.string().optional(),
    /** 1 minus it: a share that is lost becomes one that is kept. */
    complement: z.boolean().default(false),
    factor: z.number().positive().default(1),
    /** Of the values that are added. */
    dimension: z.enum(DIMENSIONS),
  }),
]);
export type Given = z.output<typeof given>;

const figure = closedObject({
  quantity: text,
  dimension: z.enum(DIMENSIONS),
  paper: closedObject({
    /** With its unit, which the scorecard is written in: "31.8 mV". */
    value: z.string().optional(),
    /** Or one for each cell of the paper, by the name of the cell file. */
    cells: z.record(z.string(), z.string()).optional(),
    where: text,
  }).refine(({ value, cells }) => value === undefined || cells === undefined, {
    error: 'expected value or cells, not both',
  }),
  /** Of the row, where the paper gives no number. */
  unit: z.string().min(1).max(20).optional(),
  given: given.optional(),
  recover: recover.optional(),
  /** Largest difference from what was given, as a share; absolute in `toleranceValue`. */
  tolerance: z.number().positive().max(1).optional(),
  toleranceValue: z.string().optional(),
  note: text.optional(),
}).refine(({ paper, unit }) => (unit === undefined) !== (!paper.value && !paper.cells), {
  error: 'expected a unit where the paper gives no number, and there only',
});
export type ScorecardFigure = z.output<typeof figure>;

/** Two statements of a source that cannot both hold. */
const contradiction = closedObject({
  about: text,
  says: z
    .array(closedObject({ value: text, where: text }))
    .min(2)
    .max(4),
  /** What follows for this recipe. */
  decided: text,
});
export type Contradiction = z.output<typeof contradiction>;

export const scorecardSchema = closedObject({
  scorecard: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected the name of a recipe'),
  source: text,
  figures: z.array(figure).min(1).max(60),
  contradictions: z.array(contradiction).max(20).default([]),
});
export type Scorecard = z.output<typeof scorecardSchema>;

export type Verdict =
  /** Within the tolerance of what the simulated cell was given. */
  | 'recovered'
  | 'off'
  /** Nothing to compare it with but the paper. */
  | 'measured'
  /** The run holds nothing it could be worked out from. */
  | 'missing'
  /** Nothing here works it out. */
  | 'notRecovered';

/** One line of a scorecard; values in the unit of the paper. */
export interface ScorecardRow {
  readonly quantity: string;
  readonly unit: string;
  /** Null where the paper gives no number. */
  readonly paper: number | null;
  readonly where: string;
  readonly given: number | null;
  readonly recovered: number | null;
  /** One standard error of the recovered value; null when it is not known. */
  readonly standardError: number | null;
  /** How many values it was worked out from. */
  readonly count: number;
  /** (recovered - given) / given. */
  readonly fromGiven: number | null;
  /** (recovered - paper) / paper. */
  readonly fromPaper: number | null;
  readonly verdict: Verdict;
  readonly note: string | null;
}
