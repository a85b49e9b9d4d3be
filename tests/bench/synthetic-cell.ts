import { deriveSeed, Random } from '../../src/domain/random.ts';

/** Lengths in detector pixels; x and y from the rotation axis, rows from the top of the detector. */

/** A disc on the rotation axis; its attenuation, 1/pixel, is added to what is there. */
export interface Layer {
  readonly radius: number;
  readonly fromRow: number;
  readonly toRow: number;
  readonly attenuation: number;
}

/** An ellipsoid with one axis upright; its attenuation is added to what is there. */
export interface Grain {
  readonly x: number;
  readonly y: number;
  readonly row: number;
  /** Semi-axes: two across the rotation axis, `c` along it. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** From x to semi-axis a. */
  readonly turnRadian: number;
  /** Nothing of it is above. */
  readonly fromRow: number;
  readonly attenuation: number;
}

export interface SyntheticCell {
  readonly layers: readonly Layer[];
  readonly grains: readonly Grain[];
  readonly known: CellTruth;
}

/** What a segmentation of the cell should find. */
export interface CellTruth {
  /** Where the electrode ends, in slices. */
  readonly interfaceSlice: number;
  /** How far the protrusion reaches beyond, in slices. */
  readonly protrusionVoxel: number;
  readonly voids: number;
  readonly voidVoxels: number;
}

/** Where the layers end, in the height of the detector. */
const LAYER_ENDS = { top: 0, interface: 0.3, cathode: 0.72, bottom: 0.96 } as const;
/** Radii in the width of the detector: at 2.5 um a disc of 3 mm in a tube of 4.6 mm. */
const DISC_RADIUS = 0.2976;
const TUBE_RADIUS = 0.46;
/**
 * Attenuation along a whole detector width. The disc of 3 mm then takes out 1.8 in the InLi, 1.0 in
 * the electrolyte and 1.3 in the cathode, as a scan is set up for.
 */
const ATTENUATION = {
  tube: 0.4,
  indiumLithium: 3,
  electrolyte: 1.6,
  cathode: 2.2,
  lithiumSulfide: 3,
} as const;
/** Of the height of the detector. */
const PROTRUSION_REACH = 0.18;
const VOIDS = 160;
const PARTICLES = 120;
/** Semi-axes in the width of the detector: 25 to 75 um. */
const GRAIN_SIZE = { min: 0.005, max: 0.015 } as const;
/** A grain that finds no free place after so many draws is left out. */
const PLACINGS_MAX = 20_000;
/** Grains stay so far from the disc's edge, in its radius. */
const INNER_SHARE = 0.93;

/**
 * A cell like the InLi | LSPS | Li2S one of the EDDI scans: a disc of 3 mm in a plastic tube, with
 * a protrusion of InLi into the electrolyte, voids in the electrolyte and particles in the cathode.
 * What overlaps would be counted twice, so nothing does.
 */
export function syntheticCell(size: {
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
}): SyntheticCell {
  const { rows, columns } = size;
  const per = (share: number): number => share / columns;
  const radius = DISC_RADIUS * columns;
  const disc = (from: number, to: number, attenuation: number): Layer => ({
    radius,
    fromRow: from * rows - 0.5,
    toRow: to * rows - 0.5,
    attenuation: per(attenuation - ATTENUATION.tube),
  });
  const ends = LAYER_ENDS;
  const grains = drawGrains(size, radius, per);
  return {
    grains,
    known: truthOf(grains, rows),
    layers: [
      {
        radius: TUBE_RADIUS * columns,
        fromRow: -0.5,
        toRow: rows - 0.5,
        attenuation: per(ATTENUATION.tube),
      },
      disc(ends.top, ends.interface, ATTENUATION.indiumLithium),
      disc(ends.interface, ends.cathode, ATTENUATION.electrolyte),
      disc(ends.cathode, ends.bottom, ATTENUATION.cathode),
    ],
  };
}

function truthOf(grains: readonly Grain[], rows: number): CellTruth {
  const voids = grains.filter(({ attenuation }) => attenuation < 0);
  return {
    interfaceSlice: LAYER_ENDS.interface * rows - 0.5,
    protrusionVoxel: PROTRUSION_REACH * rows,
    voids: voids.length,
    voidVoxels: voids.reduce((sum, { a, b, c }) => sum + (4 / 3) * Math.PI * a * b * c, 0),
  };
}

function drawGrains(
  { rows, columns, seed }: { rows: number; columns: number; seed: number },
  discRadius: number,
  per: (share: number) => number,
): Grain[] {
  const random = new Random(deriveSeed(seed, 'grains'));
  const interfaceRow = LAYER_ENDS.interface * rows - 0.5;
  const protrusion: Grain = {
    x: 0.2 * discRadius,
    y: -0.1 * discRadius,
    row: interfaceRow,
    a: 0.14 * discRadius,
    b: 0.07 * discRadius,
    c: PROTRUSION_REACH * rows,
    turnRadian: 0.6,
    fromRow: interfaceRow,
    attenuation: per(ATTENUATION.indiumLithium - ATTENUATION.electrolyte),
  };
  const grains = [protrusion];
  const sorts = [
    {
      count: VOIDS,
      from: LAYER_ENDS.interface,
      to: LAYER_ENDS.cathode,
      attenuation: per(-ATTENUATION.electrolyte),
    },
    {
      count: PARTICLES,
      from: LAYER_ENDS.cathode,
      to: LAYER_ENDS.bottom,
      attenuation: per(ATTENUATION.lithiumSulfide - ATTENUATION.cathode),
    },
  ];
  for (const { count, from, to, attenuation } of sorts) {
    const wanted = grains.length + count;
    const layer = { fromRow: from * rows, toRow: to * rows, attenuation, discRadius, columns };
    for (let placing = 0; placing < PLACINGS_MAX && grains.length < wanted; placing++) {
      const grain = drawGrain(random, layer);
      if (grain && grains.every((other) => areApart(grain, other))) grains.push(grain);
    }
  }
  return grains;
}

/** Undefined when it does not fit into its layer. */
function drawGrain(
  random: Random,
  layer: {
    readonly fromRow: number;
    readonly toRow: number;
    readonly attenuation: number;
    readonly discRadius: number;
    readonly columns: number;
  },
): Grain | undefined {
  const { columns, fromRow, toRow } = layer;
  const { min, max } = GRAIN_SIZE;
  const semiAxis = (): number => columns * (min + (max - min) * random.uniform());
  const [a, b, c] = [semiAxis(), semiAxis(), semiAxis()];
  const direction = 2 * Math.PI * random.uniform();
  const reach = INNER_SHARE * layer.discRadius - Math.max(a, b);
  const distance = reach * Math.sqrt(random.uniform());
  const row = fromRow + (toRow - fromRow) * random.uniform();
  const turnRadian = Math.PI * random.uniform();
  // One row of the layer is left free on both sides.
  if (row - c < fromRow + 1 || row + c > toRow - 2) return undefined;
  return {
    x: distance * Math.cos(direction),
    y: distance * Math.sin(direction),
    row,
    a,
    b,
    c,
    turnRadian,
    fromRow: Number.NEGATIVE_INFINITY,
    attenuation: layer.attenuation,
  };
}

/** No point of one is in the other: their upright cylinders do not meet, or their heights. */
function areApart(one: Grain, other: Grain): boolean {
  const reach = Math.max(one.a, one.b) + Math.max(other.a, other.b);
  if (Math.hypot(one.x - other.x, one.y - other.y) > reach) return true;
  return Math.abs(one.row - other.row) > one.c + other.c;
}

/** An ellipse that a row cuts out of a grain. */
export interface GrainCut {
  readonly grain: Grain;
  /** Its size in that of the grain at its middle. */
  readonly share: number;
}

/** The grains that the middle of each row cuts. */
export function cutsByRow({ grains }: SyntheticCell, rows: number): readonly GrainCut[][] {
  const cuts = Array.from({ length: rows }, (): GrainCut[] => []);
  for (const grain of grains) {
    const first = Math.max(0, Math.ceil(Math.max(grain.row - grain.c, grain.fromRow)));
    const last = Math.min(rows - 1, Math.floor(grain.row + grain.c));
    for (let row = first; row <= last; row++) {
      const share = Math.sqrt(Math.max(0, 1 - ((row - grain.row) / grain.c) ** 2));
      if (share > 0) cuts[row]?.push({ grain, share });
    }
  }
  return cuts;
}

/** The share of a row's height that a layer fills. */
export function layerShare({ fromRow, toRow }: Layer, row: number): number {
  return Math.max(0, Math.min(toRow, row + 0.5) - Math.max(fromRow, row - 0.5));
}
