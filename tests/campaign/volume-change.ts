import { compareVolumes } from '../../src/analysis/volume-change.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { MeasuredVolume } from '../../src/domain/volume-change.ts';
import { RegistrationKernel } from '../../src/kernels/registration-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  type Growth,
  grownVoxels,
  NO_GROWTH,
  type Phantom,
  phantomVolume,
} from '../analysis/two-state-phantom.ts';
import {
  type Campaign,
  type CampaignOptions,
  checkAtMost,
  checkShare,
  digits,
  type Findings,
} from './campaign.ts';

const TRIALS = 30;
/** One trial in so many is also made without any growth. */
const UNCHANGED_EVERY = 3;
const VOXEL_SIZE_UM = 2.5;
const TRUE_GROWTH_UM3 = 4.58e7;
/** A disc of 3 mm; the image goes on a little beyond it. */
const FULL_RADIUS_VOXEL = 600;
const FULL_SLICES = 160;
/** So that parts of the electrolyte lie away from whatever grows. */
const SLICES_MIN = 96;
const MARGIN_VOXEL = 30;
const INTERFACE_SHARE = 0.3;
const PROTRUSION = { heightVoxel: 60, radiusVoxel: 140 } as const;
const BLUR_VOXEL = 1;
/** A contrast of 1 / 0.15 = 6.7 standard deviations: 2016 x 2016 x 1000 at 100 000 electrons. */
const NOISE = 0.15;
const PARTICLES = { perThousandVoxels: 2, contrast: 0.3 } as const;
/** The sample moves between the scans by up to so much. */
const SHIFT_VOXEL_MAX = 1.5;
const TURN_RADIAN_MAX = 0.0005;
const GREY_ERROR_MAX = 0.03;
const BINARY_ERROR_MAX = 0.06;
const UNCHANGED_MAX = 0.005;
const COVERED_SHARE_MIN = 0.9;

interface Trial {
  readonly seed: number;
  readonly truthUm3: number;
  readonly grey: MeasuredVolume;
  readonly binary: MeasuredVolume;
  readonly doubts: readonly string[];
}

/** Two states of a cell whose growth is known, at full size. */
export const VOLUME_CHANGE_CAMPAIGN: Campaign = {
  name: 'volume-change',
  about: 'Growth of 4.58e7 um3 and of nothing between two volumes of a disc of 3 mm',
  run: (options) => volumeChangeCampaign(options, 1),
};

/** The campaign on a sample of a share of the size, with a growth of its cube. */
export async function volumeChangeCampaign(
  options: CampaignOptions,
  scale: number,
): Promise<Findings> {
  const count = options.trials ?? TRIALS;
  const kernel = new RegistrationKernel(loadKernelModule('registration'));
  const [grown, unchanged]: [Trial[], Trial[]] = [[], []];
  for (let at = 0; at < count; at++) {
    options.tell(`trial ${at + 1} of ${count}`);
    const seed = options.seed + at;
    const phantom = phantomOf(seed, scale);
    grown.push(await trial(kernel, phantom, growthOf(phantom, scale)));
    if (at % UNCHANGED_EVERY === 0) unchanged.push(await trial(kernel, phantom, NO_GROWTH));
  }
  return findingsOf(grown, unchanged, scale);
}

function phantomOf(seed: number, scale: number): Phantom {
  const radius = Math.round(FULL_RADIUS_VOXEL * scale);
  const slices = Math.max(SLICES_MIN, Math.round(FULL_SLICES * scale));
  return {
    columns: 2 * (radius + Math.max(8, Math.round(MARGIN_VOXEL * scale))),
    slices,
    radius,
    interfaceSlice: INTERFACE_SHARE * slices,
    blur: BLUR_VOXEL,
    noise: NOISE,
    particles: PARTICLES.perThousandVoxels,
    particleContrast: PARTICLES.contrast,
    seed,
  };
}

/** A protrusion, and a layer for the rest. */
function growthOf(phantom: Phantom, scale: number): Growth {
  const protrusionHeight = PROTRUSION.heightVoxel * scale;
  const protrusionRadius = PROTRUSION.radiusVoxel * scale;
  const protrusion = grownVoxels(phantom, { layer: 0, protrusionHeight, protrusionRadius });
  const wanted = (TRUE_GROWTH_UM3 * scale ** 3) / VOXEL_SIZE_UM ** 3;
  const layer = (wanted - protrusion) / (Math.PI * phantom.radius ** 2);
  return { layer, protrusionHeight, protrusionRadius };
}

async function trial(kernel: RegistrationKernel, phantom: Phantom, growth: Growth): Promise<Trial> {
  const random = new Random(deriveSeed(phantom.seed, 'motion'));
  const within = (most: number): number => most * (2 * random.uniform() - 1);
  const shift = [within(SHIFT_VOXEL_MAX), within(SHIFT_VOXEL_MAX), within(1)] as const;
  const before = phantomVolume(phantom, { name: 'before' });
  const after = phantomVolume(phantom, {
    name: 'after',
    shift,
    turn: within(TURN_RADIAN_MAX),
    growth,
  });
  const { change } = await compareVolumes(kernel, before, after, { voxelSizeUm: VOXEL_SIZE_UM });
  return {
    seed: phantom.seed,
    truthUm3: grownVoxels(phantom, growth) * VOXEL_SIZE_UM ** 3,
    grey: change.grey,
    binary: change.binary,
    doubts: change.registration.doubts,
  };
}

function findingsOf(grown: readonly Trial[], unchanged: readonly Trial[], scale: number): Findings {
  const wanted = TRUE_GROWTH_UM3 * scale ** 3;
  const percent = (trials: readonly Trial[], kind: 'grey' | 'binary'): number =>
    100 * Math.max(...trials.map((one) => Math.abs(errorOf(one, kind)) / wanted));
  const covered = (kind: 'grey' | 'binary'): number =>
    grown.filter((one) => Math.abs(errorOf(one, kind)) <= (one[kind].halfWidthUm3 ?? 0)).length;
  return {
    trials: grown.length,
    method: [
      `A tube with an electrode below a tilted, rough interface and an electrolyte with particles above: radius ${FULL_RADIUS_VOXEL * scale} voxels of ${VOXEL_SIZE_UM} um; edges blurred by ${BLUR_VOXEL} voxel, noise ${NOISE} of the contrast of electrode and electrolyte; every trial another sample.`,
      `Growth of ${digits(wanted)} um3: a protrusion of ${PROTRUSION.heightVoxel * scale} voxels, and a layer of the rest, a fraction of two voxels.`,
      `Between the states the sample moves by up to ${SHIFT_VOXEL_MAX} voxels along each axis and turns by up to ${TURN_RADIAN_MAX} rad; nobody says by how much.`,
      `Every ${UNCHANGED_EVERY}rd trial also without growth; its bound is a share of the same ${digits(wanted)} um3.`,
    ],
    checks: [
      checkAtMost('largest error, grey', percent(grown, 'grey'), 100 * GREY_ERROR_MAX, '%'),
      checkAtMost('largest error, binary', percent(grown, 'binary'), 100 * BINARY_ERROR_MAX, '%'),
      checkShare(
        'interval covers the truth, grey',
        covered('grey'),
        grown.length,
        COVERED_SHARE_MIN,
      ),
      checkShare(
        'interval covers the truth, binary',
        covered('binary'),
        grown.length,
        COVERED_SHARE_MIN,
      ),
      checkAtMost(
        'largest change found where there is none, grey',
        percent(unchanged, 'grey'),
        100 * UNCHANGED_MAX,
        '%',
      ),
    ],
    headings: ['seed', 'true um3', 'grey um3', '+-', 'binary um3', '+-', 'doubts'],
    rows: [...grown, ...unchanged].map(({ seed, truthUm3, grey, binary, doubts }) => [
      String(seed),
      short(truthUm3),
      short(grey.volumeUm3),
      short(grey.halfWidthUm3),
      short(binary.volumeUm3),
      short(binary.halfWidthUm3),
      doubts.join('; '),
    ]),
  };
}

function errorOf(one: Trial, kind: 'grey' | 'binary'): number {
  return (one[kind].volumeUm3 ?? Number.NaN) - one.truthUm3;
}

function short(value: number | undefined): string {
  return (value ?? Number.NaN).toExponential(3);
}
