import { CHANNELS } from '../domain/channel.ts';
import type { Instruments } from '../domain/instrument.ts';
import type { RunPlan } from '../run/plan.ts';
import { everyMeasurement } from '../run/plan-needs.ts';

/** What a run to its longest end leaves on the disk, byte. */
export interface DataVolume {
  /** Samples, spectra, fits and events in the run database. */
  readonly databaseBytes: number;
  /** Raw frames of the scans. */
  readonly framesBytes: number;
  /** Reconstructed volumes with their pictures. */
  readonly volumesBytes: number;
}

/**
 * Sizes of rows in the run database, with their share of its pages, from a run of first-light on
 * the simulated rig: each table copied into a file of its own. A sample takes so much beside the
 * name of its channel, and less where its time falls on a whole second, as simulated sensors have it.
 */
const BYTES_PER_SAMPLE = 36;
const BYTES_PER_WHOLE_SECOND_SAMPLE = 26;
const BYTES_PER_SPECTRUM_POINT = 78;
const BYTES_PER_SPECTRUM = 585;
/** A fit while points arrive: its parameters and, for each point, the fitted curve as text. */
const BYTES_PER_FIT = 2100;
const BYTES_PER_FIT_POINT = 78;
/** The final fit has diagnostics and validity as well. */
const BYTES_PER_FINAL_FIT = 8200;
/** A detector spectrum, and each of its channels: place on the axis and counts as text. */
const BYTES_PER_DETECTOR_SPECTRUM = 2500;
const BYTES_PER_DETECTOR_CHANNEL = 11;
/** What a detector is taken to have that does not say. */
const DETECTOR_CHANNELS = 2048;
/** Two step records and about three events. */
const BYTES_PER_STEP = 900;
/** The tables without a row, the run's own files and the engine state. */
const BYTES_AT_LEAST = 95_000;

const BYTES_PER_PIXEL = 2;
/** Volumes hold 32-bit floats. */
const BYTES_PER_VOXEL = 4;
const BYTES_PER_PICTURE = 52_000;

/** Adds up what a plan taken to its longest end writes. */
export function dataVolumeOf(plan: RunPlan, instruments: Instruments): DataVolume {
  const { views, scans } = plan.estimates;
  const { rows, columns } = instruments.scanner ?? { rows: 0, columns: 0 };
  return {
    databaseBytes: databaseBytes(plan, instruments),
    framesBytes: views * rows * columns * BYTES_PER_PIXEL,
    volumesBytes: scans * (rows * columns * columns * BYTES_PER_VOXEL + BYTES_PER_PICTURE),
  };
}

function databaseBytes(plan: RunPlan, instruments: Instruments): number {
  const { samples, spectra, spectrumPoints, detectorSpectra } = plan.estimates;
  const { voltage, current, charge } = CHANNELS;
  const names = [voltage, current, charge].map(({ name }) => name.length);
  const nameBytes = names.reduce((total, length) => total + length, 0) / names.length;
  const channels = instruments.spectrometer?.channelsMax ?? DETECTOR_CHANNELS;
  const pointsEach = spectra > 0 ? spectrumPoints / spectra : 0;
  const fitBytes = pointsEach * BYTES_PER_FIT + (pointsEach ** 2 / 2) * BYTES_PER_FIT_POINT;
  return Math.round(
    BYTES_AT_LEAST +
      plan.stepCount * BYTES_PER_STEP +
      samples * (BYTES_PER_SAMPLE + nameBytes) +
      sensorBytes(plan.longestSecond, instruments) +
      spectrumPoints * BYTES_PER_SPECTRUM_POINT +
      spectra * BYTES_PER_SPECTRUM +
      spectra * fittedShare(plan) * (fitBytes + BYTES_PER_FINAL_FIT) +
      detectorSpectra * (BYTES_PER_DETECTOR_SPECTRUM + channels * BYTES_PER_DETECTOR_CHANNEL),
  );
}

function sensorBytes(longestSecond: number, { sensors, heater }: Instruments): number {
  let total = 0;
  for (const { channels, everySecond, info } of [...sensors, ...(heater ? [heater] : [])]) {
    const isWhole = info.provenance === 'simulated' && Number.isInteger(everySecond ?? 0.5);
    const each = isWhole ? BYTES_PER_WHOLE_SECOND_SAMPLE : BYTES_PER_SAMPLE;
    const times = everySecond ? Math.ceil(longestSecond / everySecond) : 0;
    for (const { name } of channels) total += times * (each + name.length);
  }
  return total;
}

/** How many of the spectra a circuit is fitted to: those without one have no fits to keep. */
function fittedShare(plan: RunPlan): number {
  let all = 0;
  let fitted = 0;
  for (const step of everyMeasurement(plan.steps)) {
    const measures = step.kind === 'impedance' ? [step] : 'during' in step ? step.during : [];
    for (const one of measures) {
      const what = 'what' in one ? one.what : one;
      if (what.kind !== 'impedance') continue;
      all += 1;
      if (what.circuit !== undefined) fitted += 1;
    }
  }
  return all === 0 ? 0 : fitted / all;
}
