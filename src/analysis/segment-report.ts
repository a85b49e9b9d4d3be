import type {
  ComponentTable,
  InterfaceSurface,
  PhaseFraction,
  Segmentation,
  SegmentationSeries,
  SegmentationThreshold,
  VolumeComponent,
  VoxelLabel,
} from '../domain/segmentation.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type { MergedComponent, MergedTable } from './components-merge.ts';
import { porosityBins } from './porosity-profile.ts';
import { remarksOn } from './segment-choose.ts';
import { protrusionOf } from './segment-features.ts';
import { cosineAt, heightAt, turned } from './segment-interface.ts';
import type { DepthTotals } from './segment-jobs.ts';
import { spanVoxels } from './segment-mask.ts';

/** What the passes over a volume have found; slices are counted from the electrode's face. */
export interface CountedVolume {
  readonly volume: VolumeSource;
  readonly voxelSizeMetre: number | null;
  readonly threshold: SegmentationThreshold;
  readonly seriesBefore: SegmentationSeries | undefined;
  readonly counted: readonly {
    readonly name: 'void' | 'particle';
    readonly merged: MergedTable;
    /** What of this phase reaches the electrode's face, where there is one. */
    readonly electrode: { readonly voxels: number } | undefined;
  }[];
  readonly surface: InterfaceSurface;
  readonly hasFace: boolean;
  /** True when the electrode's face is the volume's last slice. */
  readonly isReversed: boolean;
  readonly totals: DepthTotals;
  readonly binVoxel: number;
  readonly spans: Int32Array;
}

/** The result, in the volume's own slices. */
export function segmentationOf(found: CountedVolume): Segmentation {
  const { volume, voxelSizeMetre, threshold, counted, surface, hasFace, totals, spans } = found;
  const { where, slices, rows, columns } = volume;
  const maskVoxels = spanVoxels(spans) * slices;
  const lastSlice = found.isReversed ? slices - 1 : undefined;
  const depthOf = (column: number, row: number, slice: number) =>
    (slice - heightAt(surface, column, row)) * cosineAt(surface, column, row);
  const voids = counted.find(({ name }) => name === 'void');
  const electrodeVoxels = counted.find(({ electrode }) => electrode)?.electrode?.voxels;
  const place = { depthOf: hasFace ? depthOf : undefined, lastSlice };
  const voidDepths = voids?.merged.listed.map(({ voxels, column, row, slice }) => ({
    voxels,
    depthVoxel: depthOf(column, row, slice),
  }));
  return {
    where,
    slices,
    rows,
    columns,
    voxelSizeMetre,
    maskVoxels,
    threshold,
    phases: phaseFractions({
      maskVoxels,
      electrodeVoxels: electrodeVoxels ?? 0,
      tables: counted,
      voxelSizeMetre,
    }),
    tables: counted.map(({ name, merged }) => componentTable(name, merged, place)),
    interface: !hasFace ? null : found.isReversed ? turned(surface, slices) : surface,
    porosity: voidDepths
      ? porosityBins({ totals, voids: voidDepths, binVoxel: found.binVoxel, voxelSizeMetre })
      : [],
    protrusion:
      hasFace && electrodeVoxels
        ? protrusionOf({
            reaches: totals.reaches,
            surface,
            columns,
            spans,
            voxelSizeMetre,
            lastSlice,
          })
        : null,
    remarks: remarksOn({
      threshold,
      series: found.seriesBefore,
      surface: hasFace ? surface : undefined,
      electrodeVoxels: hasFace ? electrodeVoxels : undefined,
    }),
  };
}

/**
 * The components of one kind in the volume's own slices.
 * @param place.depthOf distance of a point to the interface, where there is one
 * @param place.lastSlice of the volume, when slices were counted from it
 */
export function componentTable(
  label: 'void' | 'particle',
  merged: MergedTable,
  place: {
    readonly depthOf: ((column: number, row: number, slice: number) => number) | undefined;
    readonly lastSlice: number | undefined;
  },
): ComponentTable {
  const { components, voxels, sizes } = merged;
  const listed = merged.listed.map((component): VolumeComponent => {
    const { column, row, slice } = component;
    return {
      voxels: component.voxels,
      centroidColumn: column,
      centroidRow: row,
      centroidSlice: place.lastSlice === undefined ? slice : place.lastSlice - slice,
      bounds: boundsOf(component, place.lastSlice),
      touchesBorder: component.touchesBorder,
      depthVoxel: place.depthOf?.(column, row, slice) ?? null,
    };
  });
  return { label, listed, components, voxels, unlisted: components - listed.length, sizes };
}

/** Phases as shares of the mask; those that were not looked for are left out. */
export function phaseFractions(found: {
  readonly maskVoxels: number;
  readonly electrodeVoxels: number;
  readonly tables: readonly {
    readonly name: 'void' | 'particle';
    readonly merged: MergedTable;
  }[];
  readonly voxelSizeMetre: number | null;
}): PhaseFraction[] {
  const { maskVoxels, electrodeVoxels, tables, voxelSizeMetre } = found;
  const others = tables.reduce((sum, { merged }) => sum + merged.voxels, 0);
  const phase = (label: VoxelLabel, voxels: number): PhaseFraction => ({
    label,
    voxels,
    fraction: voxels / maskVoxels,
    volumeCubicMetre: voxelSizeMetre === null ? null : voxels * voxelSizeMetre ** 3,
  });
  return [
    phase('electrode', electrodeVoxels),
    ...tables.map(({ name, merged }) => phase(name, merged.voxels)),
    phase('solid', maskVoxels - electrodeVoxels - others),
  ];
}

function boundsOf({ bounds }: MergedComponent, lastSlice: number | undefined) {
  if (lastSlice === undefined) return bounds;
  const [x0, x1, y0, y1, z0, z1] = bounds;
  return [x0, x1, y0, y1, lastSlice - z1, lastSlice - z0] as const;
}
