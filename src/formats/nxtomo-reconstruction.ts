import type { Group } from 'h5wasm/node';
import type { ReconstructionSummary, ScanConditioning } from '../domain/scan.ts';

/** A value of the NXprocess group, and what it is. */
interface Entry {
  readonly name: string;
  readonly value: number | boolean | string | undefined;
  /** Whole numbers are counts. */
  readonly isCount?: boolean;
  readonly units?: string;
  readonly longName?: string;
}

type Description = Omit<Entry, 'value'>;

const CONDITIONING = {
  viewsLost: count('views_lost', 'views without light, left out'),
  viewsRepeated: count('views_repeated', 'views with the pixels of the one before, left out'),
  viewsSaturated: count('views_saturated', 'views with saturated pixels, kept'),
  zingers: count('zingers', 'pixels brighter than any ray could make them, replaced'),
  stripeRemoval: { name: 'stripe_removal', longName: 'how rings were prevented' },
  stripedColumns: count('striped_columns', 'detector columns changed, summed over the rows'),
  stripeFraction: {
    name: 'stripe_fraction',
    units: '1',
    longName: 'root mean square of what stripe removal took off, over that of the attenuation',
  },
  flatMoments: count('flat_moments', 'moments of flat fields, interpolated between'),
  beamNormalised: { name: 'beam_normalised', longName: 'views were scaled to the same beam' },
  phaseAreaPixel: {
    name: 'phase_area',
    units: 'pixel^2',
    longName: 'distance times delta / mu of the phase filter; 0 without it',
  },
  edgesExtended: {
    name: 'edges_extended',
    longName: 'the sample is wider than the detector, so rows go on beyond its ends',
  },
} as const satisfies Record<keyof ScanConditioning, Description>;

/** Writes everything a reconstruction says of itself into its NXprocess group. */
export function writeReconstruction(process: Group, summary: ReconstructionSummary): void {
  const entries: Entry[] = [
    { name: 'program', value: 'operando-edge' },
    { name: 'algorithm', value: summary.algorithm },
    { name: 'views', value: summary.views, isCount: true },
    {
      name: 'axis_pixel',
      value: summary.axisPixel,
      units: 'pixel',
      longName: 'detector column of the rotation axis, pixel centres at integers',
    },
    {
      name: 'axis_agreed',
      value: summary.axisAgreed,
      longName: 'the finders of the rotation axis agree',
    },
    { name: 'duration', value: summary.durationMs, units: 'ms' },
    {
      ...count('voxels_clipped', 'voxels beyond the scale they are stored on'),
      value: summary.voxelsClipped,
    },
  ];
  const { conditioning } = summary;
  if (conditioning) {
    for (const key of Object.keys(CONDITIONING) as (keyof ScanConditioning)[]) {
      entries.push({ ...CONDITIONING[key], value: conditioning[key] });
    }
  }
  for (const entry of entries) writeEntry(process, entry);
}

function count(name: string, longName: string) {
  return { name, longName, isCount: true, units: '1' };
}

/** Nothing is written for a value that is not known. */
function writeEntry(process: Group, { name, value, isCount, units, longName }: Entry): void {
  if (value === undefined) return;
  const dataset = process.create_dataset({ name, ...asData(value, isCount === true) });
  if (units !== undefined) dataset.create_attribute('units', units);
  if (longName !== undefined) dataset.create_attribute('long_name', longName);
}

/**
 * Counts may exceed 32 bits: voxels of a large volume. Measures are doubles even where they happen
 * to be whole, of which the library would make int32.
 */
function asData(value: number | boolean | string, isCount: boolean) {
  if (typeof value === 'string') return { data: value };
  if (typeof value === 'boolean') return { data: Uint8Array.of(value ? 1 : 0), shape: [] };
  return isCount
    ? { data: BigInt64Array.of(BigInt(value)), shape: [] }
    : { data: Float64Array.of(value), shape: [] };
}
