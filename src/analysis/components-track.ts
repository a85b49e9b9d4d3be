import type {
  FeatureLength,
  Segmentation,
  TrackedParticle,
  VolumeComponent,
} from '../domain/segmentation.ts';
import { featureLength } from './segment-features.ts';

/** How a component may change from one scan to the next. */
export interface TrackLimits {
  /** Of the centroid. */
  readonly displacementMaxVoxel: number;
  /** Volume of one over the other, whichever is larger; 2 unless given. */
  readonly volumeRatioMax?: number;
}

/** A component found again; `undefined` where it was lost. */
export type Track = readonly (VolumeComponent | undefined)[];

/**
 * Follows components through the scans of a series. Those whose boxes overlap most are taken
 * first, then those with the nearest centroids; no component is taken twice. A lost component is
 * looked for again where it was last seen.
 * @param scans the listed components of each scan
 * @param chosen the components of the first scan to follow
 */
export function trackComponents(
  scans: readonly (readonly VolumeComponent[])[],
  chosen: readonly VolumeComponent[],
  limits: TrackLimits,
): Track[] {
  const tracks: (VolumeComponent | undefined)[][] = chosen.map((component) => [component]);
  const lastSeen = [...chosen];
  for (const components of scans.slice(1)) {
    const found = matched(lastSeen, components, limits);
    for (const [index, track] of tracks.entries()) {
      const component = found.get(index);
      track.push(component);
      if (component) lastSeen[index] = component;
    }
  }
  return tracks;
}

/** Finds the particles of an earlier scan again among those of a segmentation. */
export function trackParticles(
  before: readonly VolumeComponent[],
  { tables, slices, voxelSizeMetre }: Segmentation,
  limits: TrackLimits,
): TrackedParticle[] {
  const now = tables.find(({ label }) => label === 'particle')?.listed ?? [];
  return trackComponents([before, now], before, limits).map(([one, after], at) => {
    const sought = one ?? before[at];
    if (!sought) throw new Error('a track without its first component');
    return {
      before: sought,
      after: after ?? null,
      movedVoxel: after ? distanceVoxel(sought, after) : null,
      toBottom: after ? distanceToBottom(after, { slices, voxelSizeMetre }) : null,
    };
  });
}

function distanceVoxel(a: VolumeComponent, b: VolumeComponent): number {
  return Math.hypot(
    a.centroidColumn - b.centroidColumn,
    a.centroidRow - b.centroidRow,
    a.centroidSlice - b.centroidSlice,
  );
}

/**
 * Distance from a component's lower side to the last slice's far face: how much there is left to
 * the bottom of the field of view.
 * @param place.atOtherThresholds the same component, segmented one standard error lower and higher
 */
export function distanceToBottom(
  component: VolumeComponent,
  place: {
    readonly slices: number;
    readonly voxelSizeMetre: number | null;
    readonly atOtherThresholds?: readonly VolumeComponent[];
  },
): FeatureLength {
  const { slices, voxelSizeMetre, atOtherThresholds = [] } = place;
  const all = [component, ...atOtherThresholds];
  return featureLength(
    all.map(({ bounds: [, , , , , lowest] }) => slices - 1 - lowest),
    voxelSizeMetre,
  );
}

interface Pair {
  readonly index: number;
  readonly component: VolumeComponent;
  readonly overlap: number;
  readonly apartVoxel: number;
}

function matched(
  sought: readonly VolumeComponent[],
  components: readonly VolumeComponent[],
  { displacementMaxVoxel, volumeRatioMax = 2 }: TrackLimits,
): Map<number, VolumeComponent> {
  const pairs: Pair[] = [];
  for (const [index, one] of sought.entries()) {
    for (const component of components) {
      const ratio = component.voxels / one.voxels;
      const apartVoxel = distanceVoxel(one, component);
      const fits = Math.max(ratio, 1 / ratio) <= volumeRatioMax;
      if (!fits || apartVoxel > displacementMaxVoxel) continue;
      pairs.push({ index, component, overlap: overlapOf(one, component), apartVoxel });
    }
  }
  pairs.sort((a, b) => b.overlap - a.overlap || a.apartVoxel - b.apartVoxel);
  const found = new Map<number, VolumeComponent>();
  const taken = new Set<VolumeComponent>();
  for (const { index, component } of pairs) {
    if (found.has(index) || taken.has(component)) continue;
    found.set(index, component);
    taken.add(component);
  }
  return found;
}

/** What two boxes share, over what they cover together. */
function overlapOf({ bounds: a }: VolumeComponent, { bounds: b }: VolumeComponent): number {
  let shared = 1;
  let sizeA = 1;
  let sizeB = 1;
  for (const [low, high] of [
    [0, 1],
    [2, 3],
    [4, 5],
  ] as const) {
    shared *= Math.max(0, Math.min(a[high], b[high]) - Math.max(a[low], b[low]) + 1);
    sizeA *= a[high] - a[low] + 1;
    sizeB *= b[high] - b[low] + 1;
  }
  return shared / (sizeA + sizeB - shared);
}
