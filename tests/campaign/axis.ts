import { findRotationAxis } from '../../src/analysis/rotation-axis.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import { SyntheticScan } from '../bench/synthetic-scan.ts';
import {
  type Campaign,
  type CampaignOptions,
  checkAll,
  checkAtMost,
  checkShare,
  digits,
  type Findings,
  quantile,
} from './campaign.ts';

const TRIALS = 200;
const SIZE = { rows: 60, columns: 512, views: 360 } as const;
/** Detector rows in the middle half, as `scan reconstruct` looks at. */
const ROWS = [18, 24, 30, 36, 42] as const;
const OFFSET_PIXEL_MAX = 30;
/** The strongest attenuation over the standard deviation of the noise. */
const SIGNAL_TO_NOISE = 20;
/** Share of the columns that are off in every view, and by how much of the strongest attenuation. */
const RING_SHARE = 0.02;
const RING_STRENGTH = 0.05;
const ERROR_PIXEL_MAX = 0.1;
const AGREED_SHARE_MIN = 0.95;
/** Beyond this offset the axis lies outside all that is looked at: 0.1 to 0.9 of the detector. */
const OUTSIDE_OFFSET_PIXEL = 210;
/** One trial in so many has its axis there. */
const OUTSIDE_EVERY = 10;

interface Trial {
  readonly seed: number;
  readonly offsetPixel: number;
  readonly isOutside: boolean;
  readonly errorPixel: number;
  readonly agreed: boolean;
  readonly atRangeEdge: boolean;
}

/** The axis of many synthetic cells, each with its own offset, noise and rings. */
export const AXIS_CAMPAIGN: Campaign = {
  name: 'axis',
  about: 'The rotation axis of synthetic cells with noise and rings, each with its own offset',
  async run(options) {
    const count = options.trials ?? TRIALS;
    const trials = Array.from({ length: count }, (_, at) => {
      if (at % 10 === 0) options.tell(`trial ${at + 1} of ${count}`);
      return axisTrial(options, at);
    });
    return findingsOf(trials);
  },
};

function findingsOf(trials: readonly Trial[]): Findings {
  const inside = trials.filter(({ isOutside }) => !isOutside);
  const outside = trials.filter(({ isOutside }) => isOutside);
  const agreed = inside.filter((trial) => trial.agreed);
  const errors = (some: readonly Trial[]) => some.map(({ errorPixel }) => Math.abs(errorPixel));
  const flagged = outside.filter((trial) => !trial.agreed);
  return {
    trials: trials.length,
    method: [
      `Cells as of the full-scan bench, ${SIZE.columns} columns, ${SIZE.views} views over half a turn, rows ${ROWS.join(', ')} of ${SIZE.rows}; every trial another cell.`,
      `Offset of the axis from the middle of the detector even in -${OFFSET_PIXEL_MAX} to ${OFFSET_PIXEL_MAX} px; every ${OUTSIDE_EVERY}th trial beyond ${OUTSIDE_OFFSET_PIXEL} px, outside the range in which the axis is looked for.`,
      `Normal noise, the strongest attenuation over its standard deviation ${SIGNAL_TO_NOISE}; ${100 * RING_SHARE} % of the columns off by a normal number of standard deviation ${100 * RING_STRENGTH} % of the strongest attenuation.`,
      'Agreed means that the finders agree and none is at the edge of its range.',
    ],
    checks: [
      ...(agreed.length > 0
        ? [
            checkAtMost(
              'largest error where agreed',
              Math.max(...errors(agreed)),
              ERROR_PIXEL_MAX,
              'px',
            ),
            checkAtMost(
              '95th percentile of all errors',
              quantile(errors(inside), 0.95),
              ERROR_PIXEL_MAX,
              'px',
            ),
          ]
        : []),
      checkShare('agreed, axis within range', agreed.length, inside.length, AGREED_SHARE_MIN),
      checkAll('flagged, axis outside the range', flagged.length, outside.length),
    ],
    headings: ['seed', 'offset px', 'error px', 'agreed', 'at range edge'],
    rows: trials.map(({ seed, offsetPixel, errorPixel, agreed: isAgreed, atRangeEdge }) => [
      String(seed),
      offsetPixel.toFixed(3),
      digits(errorPixel),
      isAgreed ? 'yes' : 'no',
      atRangeEdge ? 'yes' : 'no',
    ]),
  };
}

function axisTrial(options: CampaignOptions, at: number): Trial {
  const seed = options.seed + at;
  const random = new Random(deriveSeed(seed, 'axis'));
  const isOutside = at % OUTSIDE_EVERY === OUTSIDE_EVERY - 1;
  const offsetPixel = isOutside
    ? OUTSIDE_OFFSET_PIXEL + 10 * random.uniform()
    : OFFSET_PIXEL_MAX * (2 * random.uniform() - 1);
  const scan = new SyntheticScan({ ...SIZE, seed, axisOffsetPixel: offsetPixel });
  const { anglesRadian } = scan;
  const sinograms = noisySinograms(scan, random);
  const found = findRotationAxis({
    kind: 'attenuation',
    columns: SIZE.columns,
    anglesRadian,
    sinograms,
  });
  return {
    seed,
    offsetPixel,
    isOutside,
    errorPixel: found.axisPixel - scan.axisPixel,
    agreed: found.agreed,
    atRangeEdge: found.atRangeEdge,
  };
}

/** -log data of the chosen rows, [view, column] each, with noise and rings. */
function noisySinograms(scan: SyntheticScan, random: Random): Float32Array[] {
  const { columns, rows, views } = SIZE;
  const sinograms = ROWS.map(() => new Float32Array(views * columns));
  const view = new Float32Array(rows * columns);
  for (const [at, angle] of scan.anglesRadian.entries()) {
    scan.project(angle, view);
    for (const [k, row] of ROWS.entries()) {
      sinograms[k]?.set(view.subarray(row * columns, (row + 1) * columns), at * columns);
    }
  }
  for (const sinogram of sinograms) addNoise(sinogram, random);
  return sinograms;
}

function addNoise(sinogram: Float32Array, random: Random): void {
  const strongest = sinogram.reduce((most, value) => Math.max(most, value), 0);
  const rings = Float64Array.from({ length: SIZE.columns }, () =>
    random.uniform() < RING_SHARE ? RING_STRENGTH * strongest * random.normal() : 0,
  );
  const deviation = strongest / SIGNAL_TO_NOISE;
  for (let at = 0; at < sinogram.length; at++) {
    const ring = rings[at % SIZE.columns] ?? 0;
    sinogram[at] = (sinogram[at] ?? 0) + ring + deviation * random.normal();
  }
}
