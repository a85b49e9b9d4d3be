import type { SpectrumValidity } from './spectrum-validity.ts';

/** A fitted equivalent circuit, as the database, MQTT, the panel and `--json` all carry it. */
export interface FitParameter {
  /** Element and index as written in the circuit: `R1`, `CPE1.Q`, `CPE1.n`, `Wo1.tau`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** One standard error in the parameter's unit; null when the data do not determine it. */
  readonly standardError: number | null;
  readonly identifiable: boolean;
  /** 95 % interval, asymmetric for positive parameters; null when not determined or not free. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly state: 'free' | 'fixed' | 'atBound';
  /** True when the prior of an online fit says more about it than the points so far. */
  readonly priorDominated: boolean;
}

/** How residuals are weighted; `modulus` divides by the measured |Z|. */
export const WEIGHTINGS = ['modulus', 'unit', 'proportional', 'sigma', 'errorModel'] as const;
export type Weighting = (typeof WEIGHTINGS)[number];

/** Why a fit ended. All but `converged` give the best that was found until then. */
export type FitReason = 'converged' | 'iterationCap' | 'timeCap' | 'stalled';

/** A resistance with the capacitance beside it, fast arcs first. */
export interface FittedArc {
  /** The resistance's name: `R1`. */
  readonly resistance: string;
  readonly timeConstantSecond: number;
  /** Effective capacitance C = (R^(1-n) Q)^(1/n), Hsu and Mansfeld 2001. */
  readonly capacitanceFarad: number;
  /** By capacitance: interphase about 0.01 µF, charge transfer about 10 µF (Park 2023). */
  readonly assignment: 'interphase' | 'chargeTransfer' | 'unassigned';
}

/** What a finished fit knows about itself. */
export interface FitDiagnostics {
  /** Names of the rows and columns of `correlation`: the free parameters. */
  readonly correlated: readonly string[];
  readonly correlation: readonly (readonly number[])[];
  readonly aic: number;
  readonly bic: number;
  /** Of the scaled normal matrix; large means that some combination is not determined. */
  readonly conditionNumber: number;
  /** The parameters of the least determined combination, most involved first. */
  readonly weakest: readonly string[];
}

export interface CircuitFit {
  readonly circuit: string;
  /** Number of frequencies the fit has seen. */
  readonly points: number;
  readonly status: 'converged' | 'notIdentifiable' | 'failed';
  readonly reason: FitReason;
  readonly weighting: Weighting;
  /** Sum of squared weighted residuals; with modulus weights Σ |Z_fit - Z|² / |Z|². */
  readonly chiSquare: number;
  /** 100 √(Σ |Z_fit - Z|² / |Z|² / points), whatever the weights of the fit. */
  readonly rmsPercent: number;
  readonly parameters: readonly FitParameter[];
  readonly arcs: readonly FittedArc[];
  /** Null for a fit of a spectrum that is still being measured. */
  readonly diagnostics: FitDiagnostics | null;
  /** Whether the data are those of a linear, stable, causal cell; null when not tested. */
  readonly validity: SpectrumValidity | null;
  /** Fitted impedance at the measured frequencies, in their order, for plotting. */
  readonly curve: readonly { readonly zRealOhm: number; readonly zImagOhm: number }[];
  readonly durationMs: number;
}
