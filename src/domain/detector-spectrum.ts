import { UNITS } from './units.ts';

/** What an axis of a detector shows, before anything is counted on it. */
export interface DetectorAxis {
  /** In `unit`, the centres of the first and the last channel. */
  readonly from: number;
  readonly to: number;
  /** "keV", "eV". */
  readonly unit: string;
  readonly channels: number;
}

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

/** Joule in one unit of an energy axis, "eV" or "keV"; undefined for an axis of something else. */
export function energyJoulePer(axisUnit: string): number | undefined {
  const table: Readonly<Record<string, number>> = UNITS.photonEnergy;
  return Object.hasOwn(table, axisUnit) ? table[axisUnit] : undefined;
}
