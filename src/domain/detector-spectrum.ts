/** Counts over an axis: diffracted energies, photoelectrons, fluorescence. */
export interface DetectorSpectrum {
  /** What the detector was asked for: "edxrd", "S 2p". */
  readonly region: string;
  readonly axis: Float64Array;
  /** What the axis is: "photon energy", "binding energy". */
  readonly axisLabel: string;
  /** Unit of the axis: "keV", "eV". */
  readonly axisUnit: string;
  /** As long as the axis. */
  readonly counts: Float64Array;
  /** How long the detector really counted. */
  readonly liveSecond: number;
}
