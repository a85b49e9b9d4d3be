import type { CellEvent, Condition, Safety } from '../domain/recipe.ts';

/** A recipe made definite for one cell on one rig: absolute SI values, every step bounded. */

/** Frequency sweep without its bias, which the step around it gives. */
export interface PlannedSweep {
  readonly kind: 'impedance';
  readonly frequencyHertzMax: number;
  readonly frequencyHertzMin: number;
  readonly pointCount: number;
  readonly mode: 'galvanostatic' | 'potentiostatic';
  /** Root mean square, ampere when galvanostatic, volt when potentiostatic. */
  readonly amplitudeRms: number;
  /** Equivalent circuit to fit while the points arrive. */
  readonly circuit: string | undefined;
  readonly expectedSecond: number;
}

export interface PlannedScan {
  readonly kind: 'scan';
  readonly views: number;
  readonly spanRadian: number;
  readonly durationSecond: number;
}

/** A measurement taken while a step goes on. */
export interface PlannedAcquisition {
  readonly what: PlannedSweep | PlannedScan;
  /** First at the start of the step, then after each such time. */
  readonly everySecond: number | undefined;
  readonly on: readonly CellEvent[];
}

interface PlannedStepCommon {
  readonly name: string;
  /** How long the step may take at most. */
  readonly longestSecond: number;
}

export interface PlannedSoak extends PlannedStepCommon {
  readonly kind: 'soak';
  readonly temperatureCelsius: number;
  readonly toleranceKelvin: number;
  readonly dwellSecond: number;
  readonly withinSecond: number;
}

export interface PlannedOpenCircuit extends PlannedStepCommon {
  readonly kind: 'openCircuit';
  readonly sampleEverySecond: number;
  readonly until: readonly Condition[];
}

export interface PlannedConstantCurrent extends PlannedStepCommon {
  readonly kind: 'constantCurrent';
  readonly currentAmpere: number;
  readonly sampleEverySecond: number;
  readonly until: readonly Condition[];
  readonly during: readonly PlannedAcquisition[];
}

export type PlannedImpedanceStep = PlannedStepCommon & PlannedSweep;
export type PlannedScanStep = PlannedStepCommon & PlannedScan;

export type PlannedMeasurement =
  | PlannedSoak
  | PlannedOpenCircuit
  | PlannedConstantCurrent
  | PlannedImpedanceStep
  | PlannedScanStep;

export interface PlannedLoop {
  readonly kind: 'loop';
  readonly name: string;
  readonly repeat: number;
  readonly steps: readonly PlannedMeasurement[];
  /** All passes together. */
  readonly longestSecond: number;
}

export type PlannedStep = PlannedMeasurement | PlannedLoop;

/** What a run taken to its longest end writes down. */
export interface PlanEstimates {
  /** Samples of the potentiostat: voltage, current and charge. */
  readonly samples: number;
  readonly spectra: number;
  readonly spectrumPoints: number;
  readonly scans: number;
  readonly views: number;
}

export interface RunPlan {
  readonly recipe: string;
  readonly title: string;
  readonly safety: Safety;
  /** Loops stay folded; `walkPlan` unfolds them one step at a time. */
  readonly steps: readonly PlannedStep[];
  /** Steps with every repetition counted. */
  readonly stepCount: number;
  readonly longestSecond: number;
  readonly estimates: PlanEstimates;
}

/** One step of the unfolded plan. */
export interface PlanPosition {
  readonly step: PlannedMeasurement;
  /** Counts from 0 over every step with its repetitions. */
  readonly stepIndex: number;
  /** Pass of the loop the step stands in, from 0; 0 outside a loop. */
  readonly loopPass: number;
  /** `plate`, or `cycle/12/plate` in the twelfth pass of a loop. */
  readonly stepId: string;
}

/** Unfolds the loops lazily, in the order the steps are run. */
export function* walkPlan(plan: Pick<RunPlan, 'steps'>): Generator<PlanPosition> {
  let stepIndex = 0;
  for (const step of plan.steps) {
    if (step.kind !== 'loop') {
      yield { step, stepIndex: stepIndex++, loopPass: 0, stepId: step.name };
      continue;
    }
    for (let loopPass = 0; loopPass < step.repeat; loopPass += 1) {
      for (const inner of step.steps) {
        const stepId = `${step.name}/${loopPass + 1}/${inner.name}`;
        yield { step: inner, stepIndex: stepIndex++, loopPass, stepId };
      }
    }
  }
}
