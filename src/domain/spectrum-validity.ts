/** The verdict on a measured spectrum before any circuit: is it an impedance at all? */
export interface SpectrumValidity {
  readonly verdict: 'pass' | 'fail';
  /** Sentences for people, one per reason to doubt; empty when it passes without remark. */
  readonly reasons: readonly string[];
  /** Elements of the Kramers-Kronig test's chain (Lin-KK, Schönleber 2014). */
  readonly elementCount: number;
  /** 1 - Σ|R_k < 0| / Σ|R_k ≥ 0|: near 1 underfit, near 0 overfit. */
  readonly mu: number;
  readonly rmsPercent: number;
  /** Largest residual and where it is. */
  readonly worstPercent: number;
  readonly worstFrequencyHertz: number;
  /** Lowest frequencies where Z-HIT disagrees with |Z|: the cell changed meanwhile. */
  readonly driftPercent: number;
  /** What the samples behind its points say; absent where there were none. */
  readonly waveforms?: readonly WaveformFinding[];
}

/** What the samples behind one point say by themselves; null for what they do not show. */
export interface WaveformFinding {
  readonly frequencyHertz: number;
  /** Impedance from the samples. */
  readonly zRealOhm: number | null;
  readonly zImagOhm: number | null;
  /** Its distance from the instrument's own, of |Z|. */
  readonly disagreementPercent: number | null;
  /** Total harmonic distortion of the response, noise taken out. */
  readonly distortionPercent: number | null;
}
