import { describe, expect, test } from 'vitest';
import type { CellInterior } from '../../../hardware/simulated/cell-interior.ts';
import { ATTENUATION, Phantom } from '../../../hardware/simulated/phantom.ts';
import {
  type DetectorGrid,
  type Ellipsoid,
  projectSolids,
  type Solid,
} from '../../../hardware/simulated/phantom-solids.ts';

const GEOMETRY = {
  areaSquareMetre: 0.785e-4,
  electrolyteMetre: 600e-6,
  lithiumAtShortMetre: 12.41e-6,
};
const GRID: DetectorGrid = {
  rows: 64,
  columns: 192,
  columnPitchMetre: 60e-6,
  rowPitchMetre: 20e-6,
  axisColumn: 95.5 + 3.4,
};
const FRESH: CellInterior = {
  platedCharge: 0,
  platedThicknessMetre: 0,
  filamentFraction: 0,
  shorted: false,
};
const SHORTED: CellInterior = {
  platedCharge: 2.56 * 3.6e4,
  platedThicknessMetre: 12.41e-6,
  filamentFraction: 1,
  shorted: true,
};
const ANGLES = [0, 0.3, 1.1, Math.PI / 2, 2.7, Math.PI];

function project(solids: readonly Solid[], angleRadian: number, grid = GRID): Float64Array {
  const sums = new Float64Array(grid.rows * grid.columns);
  projectSolids(solids, angleRadian, grid, sums);
  return sums;
}

function rowOf(sums: Float64Array, row: number, grid = GRID): number[] {
  return [...sums.subarray(row * grid.columns, (row + 1) * grid.columns)];
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

describe('projections of the cell', () => {
  test('hold the same attenuating mass in every row at every angle', () => {
    const solids = new Phantom(GEOMETRY, 4).solids(SHORTED);
    const reference = project(solids, 0);
    for (const angle of ANGLES) {
      const sums = project(solids, angle);
      for (const row of [0, 17, 25, 32, 40, 46, 63]) {
        const mass = sumOf(rowOf(reference, row));
        expect(sumOf(rowOf(sums, row)) / mass).toBeCloseTo(1, 9);
      }
    }
  });

  test('turn about the axis the grid names', () => {
    const lone: Solid = {
      kind: 'cylinder',
      x: 2e-3,
      y: 1e-3,
      radius: 0.4e-3,
      zMin: -1,
      zMax: 1,
      attenuation: 50,
    };
    for (const angle of ANGLES) {
      const profile = rowOf(project([lone], angle), 10);
      const centre = sumOf(profile.map((value, column) => value * column)) / sumOf(profile);
      const across = 2e-3 * Math.cos(angle) + 1e-3 * Math.sin(angle);
      // A pixel's mean is put at its middle, so a centroid is good to some 1e-3 pixel only.
      expect(centre).toBeCloseTo(GRID.axisColumn + across / GRID.columnPitchMetre, 2);
    }
  });

  test('mirror about the axis after half a turn', () => {
    const whole = { ...GRID, axisColumn: 95.5 };
    const solids = new Phantom(GEOMETRY, 4).solids(SHORTED);
    const front = rowOf(project(solids, 0.4, whole), 40, whole);
    const back = rowOf(project(solids, 0.4 + Math.PI, whole), 40, whole).reverse();
    for (const [column, value] of front.entries()) expect(back[column]).toBeCloseTo(value, 9);
  });

  test('attenuate in the middle of the electrolyte as its thickness says', () => {
    const grid = { ...GRID, rows: 1, columns: 193, axisColumn: 96, rowPitchMetre: 1e-6 };
    const solids = new Phantom(GEOMETRY, 4).solids(FRESH).filter(({ kind }) => kind === 'cylinder');
    const bore = 2 * Math.sqrt(GEOMETRY.areaSquareMetre / Math.PI);
    const expected = ATTENUATION.electrolyte * bore + ATTENUATION.tube * 2 * 0.5e-3;
    expect(project(solids, 0.7, grid)[96]).toBeCloseTo(expected, 3);
  });

  test('hold the volume of an ellipsoid, whichever way it is turned', () => {
    const fine = { ...GRID, rows: 600, rowPitchMetre: 2e-6 };
    const lone: Ellipsoid = {
      kind: 'ellipsoid',
      x: 1e-3,
      y: -2e-3,
      z: 0,
      a: 0.7e-3,
      b: 0.2e-3,
      c: 0.3e-3,
      turn: 0.5,
      zFloor: -1,
      attenuation: 1,
    };
    const volume = (4 / 3) * Math.PI * lone.a * lone.b * lone.c;
    const pixel = fine.columnPitchMetre * fine.rowPitchMetre;
    for (const angle of ANGLES) {
      expect((sumOf(project([lone], angle, fine)) * pixel) / volume).toBeCloseTo(1, 4);
      const half = project([{ ...lone, zFloor: 0 }], angle, fine);
      expect((sumOf(half) * pixel) / volume).toBeCloseTo(0.5, 4);
    }
  });
});

describe('the phantom of the cell', () => {
  test('has no filament when fresh and holds nearly all plated lithium in them at the short', () => {
    const phantom = new Phantom(GEOMETRY, 4);
    expect(phantom.filamentCubicMetre(FRESH)).toBe(0);
    const plated = SHORTED.platedThicknessMetre * GEOMETRY.areaSquareMetre;
    expect(phantom.filamentCubicMetre(SHORTED) / plated).toBeCloseTo(0.9, 6);
  });

  test('grows lithium in the electrolyte from scan to scan', () => {
    const phantom = new Phantom(GEOMETRY, 4);
    const volumes = [0, 0.25, 0.5, 0.75, 1].map((filamentFraction) =>
      phantom.filamentCubicMetre({ ...SHORTED, filamentFraction }),
    );
    for (const [at, volume] of volumes.entries()) {
      if (at > 0) expect(volume).toBeGreaterThan(volumes[at - 1] ?? 0);
    }
  });

  test('reaches the other electrode with its longest filament at the short and not before', () => {
    const phantom = new Phantom(GEOMETRY, 4);
    const tip = (interior: CellInterior): number => {
      const filaments = phantom
        .solids(interior)
        .filter((solid) => solid.kind === 'ellipsoid')
        .filter(({ attenuation }) => attenuation > -ATTENUATION.electrolyte);
      return Math.max(...filaments.map(({ zFloor, c }) => zFloor + c));
    };
    const lift = 0.1 * SHORTED.platedThicknessMetre;
    expect(tip(SHORTED)).toBeCloseTo(300e-6 + lift, 9);
    expect(tip({ ...SHORTED, filamentFraction: 0.9 })).toBeLessThan(280e-6);
  });

  test('keeps voids and filaments apart and inside the bore, for many seeds', () => {
    const bore = Math.sqrt(GEOMETRY.areaSquareMetre / Math.PI);
    for (let seed = 0; seed < 30; seed += 1) {
      const features = new Phantom(GEOMETRY, seed)
        .solids(SHORTED)
        .filter((solid) => solid.kind === 'ellipsoid');
      const holes = features.filter(({ attenuation }) => attenuation === -ATTENUATION.electrolyte);
      expect(holes.length).toBeGreaterThan(4);
      for (const feature of features) {
        const reach = Math.hypot(feature.x, feature.y) + Math.max(feature.a, feature.b);
        expect(reach).toBeLessThan(bore);
      }
    }
  });

  test('is the same for the same seed and another for another', () => {
    expect(new Phantom(GEOMETRY, 9).solids(SHORTED)).toEqual(
      new Phantom(GEOMETRY, 9).solids(SHORTED),
    );
    expect(new Phantom(GEOMETRY, 9).solids(SHORTED)).not.toEqual(
      new Phantom(GEOMETRY, 10).solids(SHORTED),
    );
  });

  test('shows a filament crossing row 32 as missing attenuation', () => {
    const phantom = new Phantom(GEOMETRY, 4);
    const fresh = sumOf(rowOf(project(phantom.solids(FRESH), 0.2), 32));
    const shorted = sumOf(rowOf(project(phantom.solids(SHORTED), 0.2), 32));
    expect(shorted).toBeLessThan(0.99 * fresh);
  });
});

describe('a protrusion of an alloy electrode', () => {
  const phantom = new Phantom(GEOMETRY, 4);
  const bottomRow = Math.round(31.5 + 300 / 20);

  test('reaches as far into the electrolyte as the cell says, in the middle', () => {
    const bare = project(phantom.solids(FRESH), 0);
    const with233 = project(phantom.solids({ ...FRESH, protrusionMetre: 233e-6 }), 0);
    const middle = Math.round(GRID.axisColumn);
    const rows = Array.from({ length: GRID.rows }, (_, row) => row).filter((row) => {
      const at = row * GRID.columns + middle;
      return (with233[at] ?? 0) - (bare[at] ?? 0) > 0.1;
    });
    // 233 µm in rows of 20 µm: at most one row more, and the thin tip may be missed.
    expect(rows.length).toBeGreaterThanOrEqual(10);
    expect(rows.length).toBeLessThanOrEqual(12);
    expect(Math.max(...rows)).toBe(bottomRow - 1);
  });

  test('is not there in a cell without one, nor twice where filaments are drawn', () => {
    expect(phantom.solids({ ...FRESH, protrusionMetre: 0 })).toEqual(phantom.solids(FRESH));
    const grown = { ...SHORTED, protrusionMetre: 600e-6 };
    expect(phantom.solids(grown)).toEqual(phantom.solids(SHORTED));
  });
});
