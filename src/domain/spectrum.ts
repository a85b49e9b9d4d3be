/** One frequency of an impedance spectrum. Imaginary part negative when capacitive. */
export interface ImpedancePoint {
  readonly frequencyHertz: number;
  readonly zRealOhm: number;
  readonly zImagOhm: number;
}

/** An impedance spectrum in the order it was measured. */
export interface Spectrum {
  readonly points: readonly ImpedancePoint[];
}
