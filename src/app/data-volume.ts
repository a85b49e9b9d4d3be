import { CHANNELS } from '../domain/channel.ts';
import type { Instruments } from '../domain/instrument.ts';
import { WAVEFORM_BYTES_MAX } from '../domain/waveform.ts';
import type { PlannedScan, RunPlan } from '../run/plan.ts';
import { everyMeasurement } from '../run/plan-needs.ts';

/** What a run to its longest end leaves on the disk, byte. */
export interface DataVolume {
  /** Samples, spectra, fits and events in the run database. */
  readonly databaseBytes: number;
  /** Samples behind the points of spectra, at most. */
  readonly waveformsBytes: number;
  /** Raw frames of the scans. */
  readonly framesBytes: number;
  /** Reconstructed volumes with their pictures. */
  readonly volumesBytes: number;
  /** Memory that looking into one volume takes at most: one after another, never two. */
  readonly analysisMemoryBytes: number;
}

/**
 * Sizes of rows in the run database, with their share of its pages, from a run of first-light on
 * the simulated rig: each table copied into a file of its own. A sample takes so much beside the
 * name of its channel, and less where its time falls on a whole second, as simulated sensors have it.
 */
const BYTES_PER_SAMPLE = 38;
const BYTES_PER_WHOLE_SECOND_SAMPLE = 28;
/** The error of a sample, or the range it was taken in, where the instrument tells. */
const BYTES_PER_TOLD = 8;
const BYTES_PER_SPECTRUM_POINT = 78;
const BYTES_PER_SPECTRUM = 585;
/** A fit while points arrive: its parameters and, for each point, the fitted curve as text. */
const BYTES_PER_FIT = 2100;
const BYTES_PER_FIT_POINT = 78;
/** The final fit has diagnostics and validity as well. */
const BYTES_PER_FINAL_FIT = 8200;
/** What the verdict of a fit says of one waveform, as text. */
const BYTES_PER_WAVEFORM_FINDING = 170;
/** A detector spectrum, and each of its channels: place on the axis and counts as text. */
const BYTES_PER_DETECTOR_SPECTRUM = 2500;
const BYTES_PER_DETECTOR_CHANNEL = 11;
/** Up to four derived quantities of a peak. */
const BYTES_PER_PEAK = 285;
/** What a detector is taken to have that does not say. */
const DETECTOR_CHANNELS = 2048;
/** What a volume came to: its phases with the voids by depth, and its growth. */
const BYTES_PER_VOLUME_RESULT = 5200;
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
  const { views, scans, waveforms } = plan.estimates;
  const { rows, columns } = instruments.scanner ?? { rows: 0, columns: 0 };
  return {
    databaseBytes: databaseBytes(plan, instruments),
    waveformsBytes: waveforms * WAVEFORM_BYTES_MAX,
    framesBytes: views * rows * columns * BYTES_PER_PIXEL,
    analysisMemoryBytes: hasAnalysis(plan) ? analysisMemoryBytes(rows, columns) : 0,
    volumesBytes: scans * (rows * columns * columns * BYTES_PER_VOXEL + BYTES_PER_PICTURE),
  };
}

function databaseBytes(plan: RunPlan, instruments: Instruments): number {
  const { samples, spectra, spectrumPoints, waveforms, detectorSpectra } = plan.estimates;
  const { voltage, current, charge } = CHANNELS;
  const names = [voltage, current, charge].map(({ name }) => name.length);
  const nameBytes = names.reduce((total, length) => total + length, 0) / names.length;
  const channels = instruments.spectrometer?.channelsMax ?? DETECTOR_CHANNELS;
  const pointsEach = spectra > 0 ? spectrumPoints / spectra : 0;
  const fitBytes = pointsEach * BYTES_PER_FIT + (pointsEach ** 2 / 2) * BYTES_PER_FIT_POINT;
  return Math.round(
    BYTES_AT_LEAST +
      plan.stepCount * BYTES_PER_STEP +
      samples * (BYTES_PER_SAMPLE + nameBytes + toldBytes(instruments)) +
      sensorBytes(plan.longestSecond, instruments) +
      spectrumPoints * BYTES_PER_SPECTRUM_POINT +
      spectra * BYTES_PER_SPECTRUM +
      spectra * fittedShare(plan) * (fitBytes + BYTES_PER_FINAL_FIT) +
      waveforms * fittedShare(plan) * BYTES_PER_WAVEFORM_FINDING +
      analysedScans(plan) * BYTES_PER_VOLUME_RESULT +
      detectorSpectra * (BYTES_PER_DETECTOR_SPECTRUM + channels * BYTES_PER_DETECTOR_CHANNEL) +
      detectorSpectra * peaksEach(plan) * BYTES_PER_PEAK,
  );
}

/** Of a sample of the potentiostat, on average over voltage, current and charge. */
function toldBytes({ potentiostat }: Instruments): number {
  const { voltageVolt, currentAmpere } = potentiostat.capability.accuracy;
  const ofVoltage = voltageVolt.length > 0 ? BYTES_PER_TOLD : 0;
  // Who knows the error of a current knows its range too.
  const ofCurrent = currentAmpere.length > 0 ? 2 * BYTES_PER_TOLD : 0;
  return (ofVoltage + ofCurrent) / 3;
}

/** Slabs of a volume that are read, labelled and waited for at once, and their bytes at most. */
const SLABS = 3;
const SLAB_BYTES_MAX = 48 * 2 ** 20;
/** Slices of each of two volumes that are compared, at most; a share of each beside them. */
const COMPARED_BYTES_MAX = 2 ** 29;
const TILED_SHARE = 1 / 8;
/** Kernels stand in memory of their own, whatever the volume, and so does the file's library. */
const KERNEL_BYTES = 160 * 2 ** 20;

function analysisMemoryBytes(rows: number, columns: number): number {
  const volume = rows * columns * columns * BYTES_PER_VOXEL;
  const segmenting = SLABS * Math.min(volume, SLAB_BYTES_MAX);
  const comparing = 2 * (Math.min(volume, COMPARED_BYTES_MAX) + TILED_SHARE * volume);
  return Math.round(KERNEL_BYTES + Math.max(segmenting, comparing));
}

function hasAnalysis({ steps }: RunPlan): boolean {
  return scansOf(steps).some(({ analysis }) => analysis);
}

/** Peaks that are fitted in one spectrum of a detector, on average over the kinds of them. */
function peaksEach({ steps }: RunPlan): number {
  const spectra = [...everyMeasurement(steps)].flatMap((step) => {
    const inner = 'during' in step ? step.during.map(({ what }) => what) : [];
    return [step, ...inner].flatMap((one) => (one.kind === 'spectrum' ? [one] : []));
  });
  const regions = spectra.reduce((sum, one) => sum + one.regions.length, 0);
  return regions === 0 ? 0 : spectra.reduce((sum, { peaks }) => sum + peaks.length, 0) / regions;
}

/** As the estimates count scans, in the share of those that ask for it. */
function analysedScans({ estimates, steps }: RunPlan): number {
  const scans = scansOf(steps);
  if (scans.length === 0) return 0;
  return (estimates.scans * scans.filter(({ analysis }) => analysis).length) / scans.length;
}

function scansOf(steps: RunPlan['steps']): PlannedScan[] {
  return [...everyMeasurement(steps)].flatMap((step) => {
    if (step.kind === 'scan') return [step];
    if (!('during' in step)) return [];
    return step.during.flatMap(({ what }) => (what.kind === 'scan' ? [what] : []));
  });
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
