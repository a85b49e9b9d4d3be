/**
 * The samples behind one point of an impedance spectrum: potential and current of the same
 * moments, evenly in time, as many of the one as of the other.
 */
export interface ImpedanceWaveform {
  readonly samplingHertz: number;
  readonly potentialVolt: Float64Array;
  readonly currentAmpere: Float64Array;
}

/** Samples of one point at most: what the maker's script keeps in its arrays. */
export const WAVEFORM_SAMPLES_MAX = 4096;

/** What a sample takes in the file it is kept in, as text, at most. */
const BYTES_PER_SAMPLE = 64;
/** What the waveform of one point takes there at most. */
export const WAVEFORM_BYTES_MAX = WAVEFORM_SAMPLES_MAX * BYTES_PER_SAMPLE;
