import { Fault } from '../domain/fault.ts';
import type { ScanData } from '../domain/scan.ts';
import type { TomographyKernel } from '../kernels/tomography-kernel.ts';
import {
  type FlatMoment,
  flatMomentsOf,
  referenceAt,
  sinogramOf,
} from './tomography-flat-field.ts';
import { inspectViews, type ViewInspection } from './tomography-views.ts';

/** Attenuation of a whole scan is held in memory for the phase filter, and no more than this. */
export const ATTENUATION_BYTES_MAX = 2 ** 32;

/** A zinger is this much brighter than around it at least, in attenuation. */
const ZINGER_MIN = 0.05;
/** And stands out of the noise by this many standard deviations. */
const ZINGER_DEVIATIONS = 8;
/** The noise is estimated on about this many pairs of neighbouring views. */
const NOISE_SAMPLES = 4096;
/** Median of |a - b| of two normal values, in standard deviations. */
const MEDIAN_DIFFERENCE = 0.6745 * Math.SQRT2;
/** Transmissions of the phase filter are held above this, as those of the detector are. */
const TRANSMISSION_MIN = 1e-4;

export interface AttenuationOptions {
  /** False to keep zingers; they are taken out unless said otherwise. */
  readonly removesZingers?: boolean;
  /** Columns at each end of the detector that no sample ever covers: there the beam is measured. */
  readonly airMarginColumns?: number;
  /** Beam of each view relative to that of the flats, such as the ring current's. */
  readonly beamScale?: ArrayLike<number>;
  /** Distance times delta / mu in square pixels: filters the phase (Paganin et al. 2002). */
  readonly phaseAreaPixel?: number;
}

/** -log data of a scan, row by row, of the views that are fit for use. */
export interface ScanAttenuation {
  readonly inspection: ViewInspection;
  readonly anglesRadian: Float64Array;
  readonly flatMoments: number;
  readonly isBeamNormalised: boolean;
  /** [view, column] of one detector row, and the zingers taken out of it. */
  sinogram(row: number): RowAttenuation;
  /** The same before the phase filter: what the axis is found on. */
  sharpSinogram(row: number): RowAttenuation;
}

export interface RowAttenuation {
  readonly sinogram: Float32Array;
  readonly zingers: number;
}

/**
 * Attenuation from counts: dark and flat fields, the flats interpolated in time; beam; zingers;
 * phase.
 * @throws Fault badInput when flats, darks, beam or margin do not fit the scan; capacity when the
 * phase filter would need more than ATTENUATION_BYTES_MAX
 */
export function attenuationOfScan(
  kernel: TomographyKernel,
  scan: ScanData,
  options: AttenuationOptions & { readonly viewsMin: number },
): ScanAttenuation {
  const moments = flatMomentsOf(scan);
  const [first] = moments;
  if (!first) throw new Fault('badInput', { where: 'flat fields', message: 'the scan has none' });
  const inspection = inspectViews(scan, first.field, options.viewsMin);
  const beam = beamOffsets(scan, moments, inspection.used, options);
  const { removesZingers = true, phaseAreaPixel = 0 } = options;
  const fromCounts = (row: number): RowAttenuation => {
    const sinogram = sinogramOf(kernel, scan, moments, row, inspection.used);
    if (beam) addBeam(sinogram, scan.columns, beam);
    const zingers = removesZingers
      ? kernel.removeZingers(sinogram, scan.columns, zingerThreshold(sinogram, scan.columns))
      : 0;
    return { sinogram, zingers };
  };
  return {
    inspection,
    anglesRadian: Float64Array.from(inspection.used, (view) => scan.anglesRadian[view] ?? 0),
    flatMoments: moments.length,
    isBeamNormalised: beam !== undefined,
    sharpSinogram: fromCounts,
    sinogram:
      phaseAreaPixel > 0
        ? phaseFiltered(kernel, scan, { fromCounts, phaseAreaPixel, views: inspection.used.length })
        : fromCounts,
  };
}

function addBeam(sinogram: Float32Array, columns: number, beam: Float64Array): void {
  for (let at = 0; at < sinogram.length; at++) {
    sinogram[at] = (sinogram[at] ?? 0) + (beam[Math.floor(at / columns)] ?? 0);
  }
}

/** Above the noise of the sinogram, as it shows between neighbouring views. */
function zingerThreshold(sinogram: Float32Array, columns: number): number {
  const pairs = sinogram.length - columns;
  const step = Math.max(1, Math.floor(pairs / NOISE_SAMPLES));
  const differences = Float64Array.from({ length: Math.ceil(pairs / step) }, (_, k) =>
    Math.abs((sinogram[k * step + columns] ?? 0) - (sinogram[k * step] ?? 0)),
  ).sort();
  const noise = (differences[differences.length >> 1] ?? 0) / MEDIAN_DIFFERENCE;
  return Math.max(ZINGER_MIN, ZINGER_DEVIATIONS * noise);
}

/** ln of each view's beam, to be added to its attenuation; undefined when nothing is asked. */
function beamOffsets(
  scan: ScanData,
  moments: readonly FlatMoment[],
  used: Int32Array,
  { airMarginColumns = 0, beamScale }: AttenuationOptions,
): Float64Array | undefined {
  if (beamScale) return givenBeam(scan, used, beamScale);
  if (airMarginColumns === 0) return undefined;
  const { columns } = scan;
  if (
    !Number.isInteger(airMarginColumns) ||
    airMarginColumns < 1 ||
    2 * airMarginColumns > columns
  ) {
    const message = `${airMarginColumns} columns at each end of ${columns}; expected 1 to ${columns >> 1}`;
    throw new Fault('badInput', { where: 'air margin', message });
  }
  return Float64Array.from(used, (view) =>
    Math.log(Math.max(TRANSMISSION_MIN, marginTransmission(scan, moments, view, airMarginColumns))),
  );
}

function givenBeam(scan: ScanData, used: Int32Array, beamScale: ArrayLike<number>): Float64Array {
  const views = scan.anglesRadian.length;
  const bad = Array.from(beamScale).findIndex((scale) => !(scale > 0 && Number.isFinite(scale)));
  if (beamScale.length !== views || bad >= 0) {
    const message =
      bad < 0
        ? `${beamScale.length} values for ${views} views; expected one for each`
        : `view ${bad + 1} has ${beamScale[bad]}; expected a number above 0`;
    throw new Fault('badInput', { where: 'beam', message });
  }
  return Float64Array.from(used, (view) => Math.log(beamScale[view] ?? 1));
}

/** Mean transmission of a view at both ends of the detector; 1 when all pixels there are dead. */
function marginTransmission(
  { rows, columns, projections }: ScanData,
  moments: readonly FlatMoment[],
  view: number,
  margin: number,
): number {
  let [sum, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const { dark, gain } = referenceAt(moments, view, row, columns);
    const first = (view * rows + row) * columns;
    for (let k = 0; k < 2 * margin; k++) {
      const column = k < margin ? k : columns - 1 - (k - margin);
      const transmission =
        ((projections[first + column] ?? 0) - (dark[column] ?? 0)) * (gain[column] ?? 0);
      if (!Number.isFinite(transmission) || gain[column] === 0) continue;
      sum += transmission;
      count += 1;
    }
  }
  return count > 0 ? sum / count : 1;
}

/** The whole scan through the phase filter, two views at a time; then row by row. */
function phaseFiltered(
  kernel: TomographyKernel,
  { rows, columns }: ScanData,
  options: {
    readonly fromCounts: ScanAttenuation['sinogram'];
    readonly phaseAreaPixel: number;
    readonly views: number;
  },
): ScanAttenuation['sinogram'] {
  const { fromCounts, phaseAreaPixel, views } = options;
  const frameSize = rows * columns;
  const bytes = 4 * views * frameSize;
  if (bytes > ATTENUATION_BYTES_MAX) {
    const message = `the phase filter takes ${bytes} bytes for ${views} views; at most ${ATTENUATION_BYTES_MAX} are held in memory`;
    throw new Fault('capacity', { where: 'phase filter', message });
  }
  const transmission = new Float32Array(views * frameSize);
  const zingers = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const made = fromCounts(row);
    zingers[row] = made.zingers;
    for (let view = 0; view < views; view++) {
      const to = (view * rows + row) * columns;
      for (let column = 0; column < columns; column++) {
        transmission[to + column] = Math.exp(-(made.sinogram[view * columns + column] ?? 0));
      }
    }
  }
  for (let view = 0; view < views; view += 2) {
    const image = (at: number) => transmission.subarray(at * frameSize, (at + 1) * frameSize);
    const second = view + 1 < views ? { second: image(view + 1) } : {};
    kernel.filterPhase({ rows, columns, areaPixel: phaseAreaPixel, first: image(view), ...second });
  }
  return (row) => {
    const sinogram = new Float32Array(views * columns);
    for (let view = 0; view < views; view++) {
      const from = (view * rows + row) * columns;
      for (let column = 0; column < columns; column++) {
        const value = transmission[from + column] ?? 0;
        sinogram[view * columns + column] = -Math.log(Math.max(TRANSMISSION_MIN, value));
      }
    }
    return { sinogram, zingers: zingers[row] ?? 0 };
  };
}
