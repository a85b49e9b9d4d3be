import { Fault } from '../domain/fault.ts';
import type { AttenuationData } from './tomography-axis-finding.ts';

/** Share of the detector at each of its ends that is looked at for the open beam. */
const END_FRACTION = 0.02;
/** Values that are looked at. */
const SAMPLES_MAX = 40_000;
/** The open beam is this close to 1 in transmissions, and above this in counts. */
const BEAM_OFF_MAX = 0.1;
const COUNTS_MIN = 20;
/** It is this steady, as a share of itself, */
const BEAM_SPREAD_MAX = 0.05;
/** nothing is brighter by more than this share, but noise, */
const BRIGHTER_MAX = 0.1;
/** and so many of the values are darker by this share: there is a sample. */
const SAMPLE_FRACTION_MIN = 0.05;
const SAMPLE_DARKER_MIN = 0.1;

/**
 * Refuses what is no -log data: on transmissions or counts a sample is the wrong way round, and
 * the axis would be wrong by tens of pixels without a sign of it.
 * @throws Fault badInput
 */
export function refuseTransmission({ columns, sinograms }: AttenuationData): void {
  const ends = samplesOf(sinograms, columns, Math.max(1, Math.floor(END_FRACTION * columns)));
  const all = samplesOf(sinograms, columns, columns);
  const beam = quantile(ends, 0.5);
  const isCounts = beam > COUNTS_MIN;
  const isTransmission = Math.abs(beam - 1) <= BEAM_OFF_MAX;
  const spread = quantile(ends, 0.75) - quantile(ends, 0.25);
  const isSteady = spread <= BEAM_SPREAD_MAX * beam;
  const isBrightest = quantile(all, 0.99) <= (1 + BRIGHTER_MAX) * beam;
  const hasSample = quantile(all, SAMPLE_FRACTION_MIN) < (1 - SAMPLE_DARKER_MIN) * beam;
  if (!(isCounts || isTransmission) || !isSteady || !isBrightest || !hasSample) return;
  const what = isCounts ? 'detector counts' : 'transmissions';
  const message = `values look like ${what}: about ${beam.toPrecision(3)} beside the sample, and less within it; expected attenuation: give -log data, -ln((counts - dark) / (flat - dark))`;
  throw new Fault('badInput', { where: 'rotation axis', message });
}

/** Sorted values of the outermost columns at both ends; of all, when they meet. */
function samplesOf(
  sinograms: readonly Float32Array[],
  columns: number,
  taken: number,
): Float64Array {
  const rows = sinograms.reduce((sum, sinogram) => sum + sinogram.length / columns, 0);
  const perRow = Math.min(columns, 2 * taken);
  const step = Math.max(1, Math.ceil((rows * perRow) / SAMPLES_MAX));
  const samples: number[] = [];
  let index = 0;
  for (const sinogram of sinograms) {
    for (let row = 0; row < sinogram.length; row += columns) {
      for (let k = index % step === 0 ? 0 : step - (index % step); k < perRow; k += step) {
        const column = perRow === columns ? k : k < taken ? k : columns - 1 - (k - taken);
        const value = sinogram[row + column] ?? Number.NaN;
        if (Number.isFinite(value)) samples.push(value);
      }
      index += perRow;
    }
  }
  return Float64Array.from(samples).sort();
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
