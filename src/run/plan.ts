import type { AbsorptionPlace } from '../domain/absorption.ts';
import type { PeakRequest } from '../domain/peak.ts';
import type { Resource, Resume, Safety, Suspender } from '../domain/recipe.ts';
import type { AcquisitionEvent } from '../domain/recipe-acquisitions.ts';
import type { Condition } from '../domain/recipe-conditions.ts';
import type { Comparison } from '../domain/recipe-values.ts';
import type { SamplingEdge } from '../domain/sampling.ts';
import type { Assumption } from '../domain/unknowns.ts';
import type { VolumeAnalysis } from '../domain/volume-results.ts';

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
  /** The samples behind each point are measured and kept too. */
  readonly waveforms?: true;
  readonly expectedSecond: number;
}

export interface PlannedScan {
  readonly kind: 'scan';
  readonly views: number;
  readonly spanRadian: number;
  /** Of one scan; there are as many as photon energies. */
  readonly durationSecond: number;
  /** One scan each; empty for one scan at whatever energy the beam has. */
  readonly energiesJoule: readonly number[];
  /** What each energy is to the shares of phases; absent where nobody asks for them. */
  readonly absorption?: readonly AbsorptionPlace[];
  /** What is found out from its volume; absent for nothing. */
  readonly analysis?: VolumeAnalysis;
}

export interface PlannedSpectrum {
  readonly kind: 'spectrum';
  readonly regions: readonly string[];
  /** Of each region. */
  readonly durationSecond: number;
  readonly peaks: readonly PeakRequest[];
}

export type PlannedMeasure = PlannedSweep | PlannedScan | PlannedSpectrum;

/** The step between two acquisitions, in absolute values. */
export type PlannedInterval =
  | { readonly kind: 'time'; readonly second: number }
  | { readonly kind: 'charge'; readonly coulomb: number }
  | { readonly kind: 'voltage'; readonly volt: number };

/** A measurement taken while a step goes on. */
export interface PlannedAcquisition {
  readonly what: PlannedMeasure;
  /** First at the start of the step, then after each such interval. */
  readonly every: PlannedInterval | undefined;
  readonly on: readonly AcquisitionEvent[];
  /** A shorter interval while a condition holds. */
  readonly faster: { readonly everySecond: number; readonly while: PlannedCondition } | undefined;
}

/** A condition whose charge and current are absolute and whose voltage is against the cell's reference. */
export type PlannedCondition =
  | Exclude<
      Condition,
      | { charge: unknown }
      | { voltage: unknown }
      | { current: unknown }
      | { all: unknown }
      | { any: unknown }
    >
  | (Pick<Condition, 'for' | 'as'> & { readonly voltage: Comparison })
  | (Pick<Condition, 'for' | 'as'> & { readonly current: Comparison })
  | (Pick<Condition, 'for' | 'as'> & { readonly charge: { readonly coulomb: number } })
  | (Pick<Condition, 'for' | 'as'> & { readonly all: readonly PlannedCondition[] })
  | (Pick<Condition, 'for' | 'as'> & { readonly any: readonly PlannedCondition[] });

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
  readonly rampKelvinPerSecond: number | undefined;
  readonly withinSecond: number;
}

/** What rest, current and voltage steps share. */
interface PlannedElectrical extends PlannedStepCommon {
  readonly sampleEverySecond: number;
  /** How finely the beginning of each stretch of current, voltage or rest is recorded. */
  readonly edge?: SamplingEdge | undefined;
  readonly until: readonly PlannedCondition[];
  readonly during: readonly PlannedAcquisition[];
}

export interface PlannedOpenCircuit extends PlannedElectrical {
  readonly kind: 'openCircuit';
}

export interface PlannedConstantCurrent extends PlannedElectrical {
  readonly kind: 'constantCurrent';
  readonly currentAmpere: number;
}

export interface PlannedConstantVoltage extends PlannedElectrical {
  readonly kind: 'constantVoltage';
  readonly voltageVolt: number;
}

export interface PlannedConstantCurrentConstantVoltage extends PlannedElectrical {
  readonly kind: 'constantCurrentConstantVoltage';
  readonly currentAmpere: number;
  readonly voltageVolt: number;
}

export interface PlannedVoltammetry extends PlannedStepCommon {
  readonly kind: 'cyclicVoltammetry';
  /** Undefined: from the open-circuit potential. */
  readonly startVolt: number | undefined;
  readonly verticesVolt: readonly [number, number];
  readonly rateVoltPerSecond: number;
  readonly cycles: number;
}

/** One sweep of the potential. */
export interface PlannedLinearSweep extends PlannedStepCommon {
  readonly kind: 'linearSweep';
  /** Undefined: from the open-circuit potential. */
  readonly startVolt: number | undefined;
  readonly endVolt: number;
  readonly rateVoltPerSecond: number;
  /** Between two points; undefined: an even share of the sweep. */
  readonly stepVolt: number | undefined;
  /** The step ends there, whatever the sign; undefined: that of the recipe's safety, as a fault. */
  readonly limitAmpere: number | undefined;
}

export interface PlannedTitration extends PlannedStepCommon {
  readonly kind: 'gitt';
  readonly currentAmpere: number;
  readonly pulseSecond: number;
  readonly restSecond: number;
  readonly sampleEverySecond: number;
  readonly edgeEverySecond: number;
  readonly edgeSecond: number;
  readonly pulsesMax: number;
  readonly until: readonly PlannedCondition[];
}

export type PlannedImpedanceStep = PlannedStepCommon & PlannedSweep;
export type PlannedScanStep = PlannedStepCommon & PlannedScan;
export type PlannedSpectrumStep = PlannedStepCommon & PlannedSpectrum;

/** The specimen is exchanged for a new one: charge counts from 0, a latched short is over. */
export interface PlannedFreshCell extends PlannedStepCommon {
  readonly kind: 'freshCell';
  /** The run faults when the new cell is not in by then. */
  readonly withinSecond: number;
}

export type PlannedMeasurement =
  | PlannedFreshCell
  | PlannedSoak
  | PlannedOpenCircuit
  | PlannedConstantCurrent
  | PlannedConstantVoltage
  | PlannedConstantCurrentConstantVoltage
  | PlannedVoltammetry
  | PlannedLinearSweep
  | PlannedTitration
  | PlannedImpedanceStep
  | PlannedScanStep
  | PlannedSpectrumStep;

export interface PlannedLoop {
  readonly kind: 'loop';
  readonly name: string;
  readonly repeat: number;
  /** Looked at after each pass; empty when only the count ends the loop. */
  readonly until: readonly PlannedCondition[];
  readonly steps: readonly PlannedStep[];
  /** All passes together. */
  readonly longestSecond: number;
}

export interface PlannedBranch {
  readonly kind: 'branch';
  readonly name: string;
  readonly on: string;
  readonly cases: ReadonlyMap<string, readonly PlannedStep[]>;
  readonly otherwise: readonly PlannedStep[];
  /** The longest of the ways. */
  readonly longestSecond: number;
}

/** One value that a screen tries, with the steps made definite for it. */
export interface PlannedCandidate {
  /** The value as the recipe writes it: `0.8 mA/cm²`. What branches call it. */
  readonly label: string;
  /** Begin with a `freshCell`. */
  readonly steps: readonly PlannedStep[];
}

/**
 * The same steps with one value after another, each on a fresh cell. A candidate is rejected as
 * soon as one of its steps has ended by a name of `reject`; the rest of its steps is passed over.
 * The label of the chosen one becomes the end of the screen, under its own name: steps that use
 * the value are planned as a branch on the screen, with one case for each candidate. When all are
 * rejected the run faults, for nothing after the screen has a value. A `freshCell` step follows
 * every screen. Screens stand in the outermost list only.
 */
export interface PlannedScreen {
  readonly kind: 'screen';
  readonly name: string;
  readonly candidates: readonly PlannedCandidate[];
  /** Names of ends, as a branch knows them, which reject a candidate. */
  readonly reject: readonly string[];
  /** `first` ends the screen at the first accepted candidate; `last` tries all of them. */
  readonly choose: 'first' | 'last';
  readonly longestSecond: number;
}

export type PlannedStep = PlannedMeasurement | PlannedLoop | PlannedBranch | PlannedScreen;

/** What a run taken to its longest end writes down. */
export interface PlanEstimates {
  /** Samples of the potentiostat: voltage, current and charge. */
  readonly samples: number;
  /** Samples of sensors and heater, at their own rhythm. */
  readonly sensorSamples: number;
  readonly spectra: number;
  readonly spectrumPoints: number;
  /** Of those points, how many with the samples behind them. */
  readonly waveforms: number;
  readonly scans: number;
  readonly views: number;
  readonly detectorSpectra: number;
}

export interface RunPlan {
  readonly recipe: string;
  readonly title: string;
  readonly safety: Safety;
  readonly resume: Resume;
  readonly suspend: readonly Suspender[];
  readonly exclusive: readonly (readonly Resource[])[];
  /** Loops and branches stay folded; `PlanWalk` unfolds them one step at a time. */
  readonly steps: readonly PlannedStep[];
  /** Measurements with every repetition counted, on the longest way. */
  readonly stepCount: number;
  readonly longestSecond: number;
  readonly estimates: PlanEstimates;
  /** What the recipe and the cell assume because their source does not say. */
  readonly assumptions: readonly Assumption[];
}
