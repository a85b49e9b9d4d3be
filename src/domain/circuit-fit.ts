/** A fitted equivalent circuit, as the database, MQTT, the panel and `--json` all carry it. */
export interface FitParameter {
  /** Element and index as written in the circuit: `R1`, `CPE1.Q`, `CPE1.n`, `Wo1.tau`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** One standard error in the parameter's unit; null when the data do not determine it. */
  readonly standardError: number | null;
  readonly identifiable: boolean;
}

export interface CircuitFit {
  readonly circuit: string;
  /** Number of frequencies the fit has seen. */
  readonly points: number;
  readonly status: 'converged' | 'notIdentifiable' | 'failed';
  /** Sum over frequencies of |Z_fit - Z|² / |Z|² (modulus weighting). */
  readonly chiSquare: number;
  /** 100 √(chiSquare / points). */
  readonly rmsPercent: number;
  readonly parameters: readonly FitParameter[];
  /** Fitted impedance at the measured frequencies, in their order, for plotting. */
  readonly curve: readonly { readonly zRealOhm: number; readonly zImagOhm: number }[];
  readonly durationMs: number;
}
