import { describe, expect, it } from 'vitest';
import {
  ironAttenuation,
  JOULE_PER_ELECTRONVOLT,
} from '../../../hardware/simulated/iron-absorption.ts';
import { particleSolids } from '../../../hardware/simulated/particle-phantom.ts';
import { projectSolids } from '../../../hardware/simulated/phantom-solids.ts';

const at = (electronvolt: number): number => electronvolt * JOULE_PER_ELECTRONVOLT;

/** Energy of the steepest rise, eV. */
function edgeOf(phase: 'FeS2' | 'Fe'): number {
  let best = { energy: 0, rise: 0 };
  for (let energy = 7100; energy < 7140; energy += 0.1) {
    const rise =
      ironAttenuation(phase, at(energy + 0.05)) - ironAttenuation(phase, at(energy - 0.05));
    if (rise > best.rise) best = { energy, rise };
  }
  return best.energy;
}

describe('attenuation of iron at its K edge', () => {
  it('rises at 7112 eV in the metal and 5 to 7 eV later in pyrite', () => {
    expect(edgeOf('Fe')).toBeCloseTo(7112, 0);
    expect(edgeOf('FeS2') - edgeOf('Fe')).toBeGreaterThan(5);
    expect(edgeOf('FeS2') - edgeOf('Fe')).toBeLessThan(7);
  });

  it('is the same for both phases far from the edge: the same atoms are there', () => {
    for (const energy of [6900, 7600]) {
      const ratio = ironAttenuation('FeS2', at(energy)) / ironAttenuation('Fe', at(energy));
      expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
    }
  });

  it('falls with energy on both sides, and is more than doubled by the edge', () => {
    expect(ironAttenuation('Fe', at(6900))).toBeGreaterThan(ironAttenuation('Fe', at(7000)));
    expect(ironAttenuation('Fe', at(7200))).toBeGreaterThan(ironAttenuation('Fe', at(7600)));
    expect(ironAttenuation('Fe', at(7200)) / ironAttenuation('Fe', at(7050))).toBeGreaterThan(2);
  });
});

describe('the particle', () => {
  const grid = {
    rows: 96,
    columns: 96,
    columnPitchMetre: 0.2e-6,
    rowPitchMetre: 0.2e-6,
    axisColumn: 47.5,
  };
  const sphere = (4 / 3) * Math.PI * 8e-6 ** 3;

  /** Integral of the attenuation over the volume, from one projection. */
  function massOf(pyriteShare: number, energy: number, angleRadian = 0.3): number {
    const sums = new Float64Array(grid.rows * grid.columns);
    const solids = particleSolids({ radiusMetre: 8e-6, pyriteShare, energyJoule: at(energy) });
    projectSolids(solids, angleRadian, grid, sums);
    return sums.reduce((total, one) => total + one, 0) * grid.columnPitchMetre * grid.rowPitchMetre;
  }

  it.each([
    0, 0.2, 0.5, 0.9, 1,
  ])('attenuates as its share %d of pyrite says, by volume', (share) => {
    const expected =
      sphere *
      (share * ironAttenuation('FeS2', at(7120)) + (1 - share) * ironAttenuation('Fe', at(7120)));
    expect(massOf(share, 7120) / expected).toBeCloseTo(1, 2);
    expect(massOf(share, 7120, 1.4) / massOf(share, 7120)).toBeCloseTo(1, 3);
  });

  it('has its core inside at every share', () => {
    for (const share of [0.01, 0.3, 0.99]) {
      const [whole, core] = particleSolids({
        radiusMetre: 1,
        pyriteShare: share,
        energyJoule: at(7120),
      });
      if (whole?.kind !== 'ellipsoid' || core?.kind !== 'ellipsoid')
        throw new Error('no ellipsoids');
      for (const axis of ['a', 'b', 'c'] as const)
        expect(core[axis]).toBeLessThanOrEqual(whole[axis]);
      expect(core.a).toBeGreaterThan(core.c);
    }
  });
});
