import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { CellContents, CellInterior } from './cell-interior.ts';
import type { Cylinder, Ellipsoid, Solid } from './phantom-solids.ts';

/** What the simulated scanner sees: the cell in its tube, with voids, lithium and its filaments. */

/**
 * Attenuation at 40 keV in 1/m: NIST mass attenuation coefficients, rounded, times density
 * (PEEK 1.30, glassy carbon 1.5, lithium 0.534, pressed Li3PS4 1.7 g/cm³).
 */
export const ATTENUATION = { tube: 27, pin: 31, lithium: 7.9, electrolyte: 88 } as const;
/** InLi in the same way: 5.1 g/cm³, 94 % indium by mass. */
const PROTRUSION_ATTENUATION = 9300;
/** Half its width, as a share of the bore's radius. */
const PROTRUSION_WIDTH = 0.1;

const TUBE_WALL_METRE = 0.5e-3;
const FOIL_METRE = 200e-6;
/** Pins reach past any detector. */
const PIN_END_METRE = 1;
const FILAMENTS = 8;
const VOIDS = 16;
/** Park 2023: lithium seen in the electrolyte is near all that was plated when the cell shorts. */
const SHARE_IN_FILAMENTS = 0.9;
/** A void that finds no free place after so many draws is left out. */
const PLACINGS_MAX = 200;
/** Park 2023: most voids lie 100-120 µm from the plated side. */
const VOID_DEPTH_METRE = 110e-6;

export interface CellGeometry {
  readonly areaSquareMetre: number;
  readonly electrolyteMetre: number;
  /** Dense thickness of the lithium plated when a cell of this kind shorts. */
  readonly lithiumAtShortMetre: number;
}

/** What of the cell's interior a picture shows. */
export type PhantomState = CellInterior & Partial<Pick<CellContents, 'protrusionMetre'>>;

/** One void or fully grown filament; z counts from the plated electrode. */
type Feature = Pick<Ellipsoid, 'x' | 'y' | 'z' | 'a' | 'b' | 'c' | 'turn'>;

/** The cell's own arrangement of voids and filaments, which the seed repeats. */
export class Phantom {
  readonly #geometry: CellGeometry;
  readonly #boreMetre: number;
  readonly #filaments: readonly Feature[];
  readonly #voids: readonly Feature[];

  constructor(geometry: CellGeometry, seed: number) {
    this.#geometry = geometry;
    this.#boreMetre = Math.sqrt(geometry.areaSquareMetre / Math.PI);
    const random = new Random(deriveSeed(seed, 'phantom'));
    this.#filaments = withVolume(
      drawFilaments(random, this.#boreMetre, geometry.electrolyteMetre),
      SHARE_IN_FILAMENTS * geometry.lithiumAtShortMetre * geometry.areaSquareMetre,
    );
    this.#voids = drawVoids(random, this.#boreMetre, {
      electrolyteMetre: geometry.electrolyteMetre,
      keepClear: this.#filaments,
    });
  }

  /** Diameter of the tube, the widest thing in the beam. */
  get widthMetre(): number {
    return 2 * (this.#boreMetre + TUBE_WALL_METRE);
  }

  /** Everything in the beam; the electrolyte's middle was at height 0 before plating. */
  solids(interior: PhantomState): readonly Solid[] {
    const grown = this.#filaments.map((filament) => growFilament(filament, interior));
    const lift = this.#foilGrowthMetre(interior, grown);
    const base = lift - this.#geometry.electrolyteMetre / 2;
    return [
      ...this.#stack(lift),
      ...this.#voids.map((hole) => ellipsoid(hole, base, -ATTENUATION.electrolyte)),
      ...grown
        .filter((filament) => filament.c > 0)
        .map((filament) =>
          ellipsoid(filament, base, ATTENUATION.lithium - ATTENUATION.electrolyte),
        ),
      ...this.#protrusion(interior, base),
    ];
  }

  /**
   * What an alloy electrode pushes into the electrolyte; a void in its way stays where it was.
   * Lithium that has grown through is drawn as filaments already.
   */
  #protrusion({ protrusionMetre, filamentFraction }: PhantomState, base: number) {
    const lengthMetre = filamentFraction > 0 ? 0 : (protrusionMetre ?? 0);
    if (lengthMetre <= 0) return [];
    const half = PROTRUSION_WIDTH * this.#boreMetre;
    const shape = { x: 0, y: 0, z: 0, a: half, b: half, c: lengthMetre, turn: 0 };
    return [ellipsoid(shape, base, PROTRUSION_ATTENUATION - ATTENUATION.electrolyte)];
  }

  /** Lithium in the electrolyte, m³. */
  filamentCubicMetre(interior: CellInterior): number {
    return halfEllipsoids(this.#filaments.map((filament) => growFilament(filament, interior)));
  }

  /** Lithium that is not in filaments thickens the plated foil and lifts what is above. */
  #foilGrowthMetre(interior: CellInterior, grown: readonly Feature[]): number {
    const inFilaments = halfEllipsoids(grown) / this.#geometry.areaSquareMetre;
    const left = interior.platedThicknessMetre - inFilaments;
    // The upper foil cannot give more than it has, nor the lower one.
    return Math.max(-0.9 * FOIL_METRE, Math.min(0.9 * FOIL_METRE, left));
  }

  #stack(lift: number): readonly Cylinder[] {
    const half = this.#geometry.electrolyteMetre / 2;
    const foilBottom = -half - FOIL_METRE;
    const foilTop = half + FOIL_METRE;
    const inBore = (attenuation: number, zMin: number, zMax: number): Cylinder => {
      return { kind: 'cylinder', x: 0, y: 0, radius: this.#boreMetre, zMin, zMax, attenuation };
    };
    return [
      {
        ...inBore(ATTENUATION.tube, -PIN_END_METRE, PIN_END_METRE),
        radius: this.#boreMetre + TUBE_WALL_METRE,
      },
      inBore(ATTENUATION.pin - ATTENUATION.tube, -PIN_END_METRE, foilBottom),
      inBore(ATTENUATION.lithium - ATTENUATION.tube, foilBottom, lift - half),
      inBore(ATTENUATION.electrolyte - ATTENUATION.tube, lift - half, lift + half),
      inBore(ATTENUATION.lithium - ATTENUATION.tube, lift + half, foilTop),
      inBore(ATTENUATION.pin - ATTENUATION.tube, foilTop, PIN_END_METRE),
    ];
  }
}

/** Flat blades of lithium in cracks; the first is the one that will short the cell. */
function drawFilaments(random: Random, boreMetre: number, electrolyteMetre: number): Feature[] {
  return Array.from({ length: FILAMENTS }, (_, at) => {
    const direction = (2 * Math.PI * (at + 0.6 * random.uniform())) / FILAMENTS;
    const distance = boreMetre * (0.25 + 0.45 * random.uniform());
    return {
      x: distance * Math.cos(direction),
      y: distance * Math.sin(direction),
      z: 0,
      a: boreMetre * (0.12 + 0.06 * random.uniform()),
      b: boreMetre * (0.025 + 0.02 * random.uniform()),
      c: electrolyteMetre * (at === 0 ? 1 : 0.45 + 0.45 * random.uniform()),
      turn: Math.PI * random.uniform(),
    };
  });
}

/** The same filaments, made thinner or thicker so that together they hold this volume. */
function withVolume(filaments: readonly Feature[], cubicMetre: number): Feature[] {
  const scale = Math.sqrt(cubicMetre / halfEllipsoids(filaments));
  return filaments.map((filament) => ({
    ...filament,
    a: filament.a * scale,
    b: filament.b * scale,
  }));
}

function drawVoids(
  random: Random,
  boreMetre: number,
  around: { readonly electrolyteMetre: number; readonly keepClear: readonly Feature[] },
): Feature[] {
  const voids: Feature[] = [];
  for (let placing = 0; placing < PLACINGS_MAX && voids.length < VOIDS; placing += 1) {
    const direction = 2 * Math.PI * random.uniform();
    const distance = 0.88 * boreMetre * Math.sqrt(random.uniform());
    const c = 25e-6 + 35e-6 * random.uniform();
    const deep = random.uniform() < 0.5;
    const z = deep
      ? VOID_DEPTH_METRE + 20e-6 * random.normal()
      : around.electrolyteMetre * random.uniform();
    const hole: Feature = {
      x: distance * Math.cos(direction),
      y: distance * Math.sin(direction),
      z: Math.min(around.electrolyteMetre - c, Math.max(c, z)),
      a: boreMetre * (0.03 + 0.06 * random.uniform()),
      b: boreMetre * (0.03 + 0.03 * random.uniform()),
      c,
      turn: Math.PI * random.uniform(),
    };
    // Solids add up, so features that overlap would be counted twice.
    const free = [...around.keepClear, ...voids].every((other) => apart(hole, other));
    if (free) voids.push(hole);
  }
  return voids;
}

function apart(one: Feature, other: Feature): boolean {
  const reach = Math.max(one.a, one.b) + Math.max(other.a, other.b);
  return Math.hypot(one.x - other.x, one.y - other.y) > reach;
}

/** Filaments widen as they lengthen. */
function growFilament(filament: Feature, interior: CellInterior): Feature {
  const fraction = Math.min(1, interior.filamentFraction);
  const width = 0.4 + 0.6 * fraction;
  return {
    ...filament,
    a: filament.a * width,
    b: filament.b * width,
    c: filament.c * fraction,
  };
}

function halfEllipsoids(features: readonly Feature[]): number {
  return features.reduce((sum, { a, b, c }) => sum + (2 / 3) * Math.PI * a * b * c, 0);
}

function ellipsoid(feature: Feature, base: number, attenuation: number): Ellipsoid {
  const { x, y, a, b, c, turn } = feature;
  return { kind: 'ellipsoid', x, y, z: base + feature.z, a, b, c, turn, zFloor: base, attenuation };
}
