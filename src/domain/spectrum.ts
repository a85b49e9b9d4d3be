/** One frequency of an impedance spectrum. Imaginary part negative when capacitive. */
export interface ImpedancePoint {
  readonly frequencyHertz: number;
  readonly zRealOhm: number;
  readonly zImagOhm: number;
  /** One standard deviation of each part, greater than 0; absent when it is not known. */
  readonly standardErrorOhm?: { readonly real: number; readonly imag: number };
}

/** An impedance spectrum in the order it was measured. */
export interface Spectrum {
  readonly points: readonly ImpedancePoint[];
}
