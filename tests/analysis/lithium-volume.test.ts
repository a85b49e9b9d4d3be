import { describe, expect, it } from 'vitest';
import {
  balanceOf,
  chargeOf,
  electrochemicalVolume,
  INDIUM_LITHIUM_MOLAR_VOLUME_UM3_PER_MOL,
  LITHIUM_MOLAR_VOLUME_UM3_PER_MOL,
  lithiumByDepth,
  lithiumThicknessUm,
} from '../../src/analysis/lithium-volume.ts';

describe('lithium against Faraday', () => {
  it('plates 4.849 um per mAh/cm2, and 12.4 um in the 3.2 h of Park et al. 2023', () => {
    expect(lithiumThicknessUm(1)).toBeCloseTo(4.849, 3);
    expect(lithiumThicknessUm(0.8)).toBeCloseTo(3.88, 2);
    expect(lithiumThicknessUm(0.8 * 3.2)).toBeCloseTo(12.41, 2);
  });

  it('gives both volumes of Sun et al. 2018 and their ratio of 0.67', () => {
    const balance = balanceOf(
      { volumeUm3: 4.58e7, halfWidthUm3: 0.2e7 },
      { chargeCoulomb: 0.556, molarVolumeUm3PerMol: INDIUM_LITHIUM_MOLAR_VOLUME_UM3_PER_MOL },
    );
    expect(balance.electrochemicalUm3 / 6.8e7).toBeCloseTo(1, 3);
    expect(balance.ratio).toBeCloseTo(0.6735, 3);
    expect(balance.ratioHalfWidth).toBeCloseTo(0.2 / 6.8, 4);
    expect(electrochemicalVolume(chargeOf(0.1544), 11.8e12)).toBeCloseTo(6.798e7, -5);
  });

  it('adds the uncertainty of the charge, and takes lithium metal unless told otherwise', () => {
    const exact = balanceOf({ volumeUm3: 1e7 }, { chargeCoulomb: 0.1 });
    expect(exact.molarVolumeUm3PerMol).toBe(LITHIUM_MOLAR_VOLUME_UM3_PER_MOL);
    expect(exact.ratioHalfWidth).toBe(0);
    const vague = balanceOf(
      { volumeUm3: 1e7 },
      { chargeCoulomb: -0.1, chargeHalfWidthCoulomb: 0.01 },
    );
    expect(vague.ratio).toBeCloseTo(-exact.ratio, 12);
    expect(vague.ratioHalfWidth).toBeCloseTo(0.1 * exact.ratio, 12);
  });

  it('refuses what cannot be compared', () => {
    expect(() => balanceOf({}, { chargeCoulomb: 1 })).toThrow(/give the voxel size/);
    expect(() => balanceOf({ volumeUm3: 1 }, { chargeCoulomb: 0 })).toThrow(/charge that is not 0/);
    expect(() => electrochemicalVolume(Number.NaN)).toThrow(/charge: NaN/);
    expect(() => electrochemicalVolume(1, -1)).toThrow(/molar volume: -1/);
  });

  it('takes the voids of the start off the dark voxels of every depth', () => {
    const edges = [0, 20, 40, 60];
    const table = lithiumByDepth(
      { depthEdgesUm: edges, voxels: [500, 120, 40] },
      { depthEdgesUm: edges, voxels: [20, 20, 41] },
      0.5,
    );
    expect(table.map(({ volumeUm3 }) => volumeUm3)).toEqual([60, 12.5, -0.125]);
    expect(table[2]?.halfWidthUm3).toBeCloseTo(1.96 * 9 * 0.125, 9);
    expect([table[1]?.depthUmMin, table[1]?.depthUmMax]).toEqual([20, 40]);
  });

  it('refuses scans that were counted in different bins', () => {
    const dark = { depthEdgesUm: [0, 20, 40], voxels: [1, 2] };
    const other = { depthEdgesUm: [0, 25, 50], voxels: [1, 2] };
    expect(() => lithiumByDepth(dark, other, 1)).toThrow(/different bins/);
    expect(() => lithiumByDepth(dark, { ...dark, voxels: [1] }, 1)).toThrow(/different bins/);
  });
});
