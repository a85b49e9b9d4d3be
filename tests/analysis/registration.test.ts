import { describe, expect, it } from 'vitest';
import { registerVolumes } from '../../src/analysis/registration.ts';
import { moved } from '../../src/analysis/registration-motion.ts';
import { readTiles, tileSide } from '../../src/analysis/registration-pyramid.ts';
import { Random } from '../../src/domain/random.ts';
import type { VolumeSource } from '../../src/domain/volume.ts';
import { RegistrationKernel } from '../../src/kernels/registration-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  ELECTRODE_ATTENUATION,
  NO_GROWTH,
  type Phantom,
  phantomVolume,
  type State,
  volumeOf,
} from './two-state-phantom.ts';

const COLUMNS = 112;
const SLICES = 72;
const GROWTH = { layer: 0.4, protrusionHeight: 16, protrusionRadius: 24 };
const kernel = new RegistrationKernel(loadKernelModule('registration'));

function phantomOf(seed: number, change: Partial<Phantom> = {}): Phantom {
  const interfaceSlice = 0.28 * SLICES;
  return {
    columns: COLUMNS,
    slices: SLICES,
    radius: 0.46 * COLUMNS,
    interfaceSlice,
    blur: 0.8,
    noise: 0.1,
    particles: 4,
    particleContrast: 0.25,
    seed,
    ...change,
  };
}

async function register(before: VolumeSource, after: VolumeSource) {
  const side = tileSide(before);
  const threshold = 0.7 * ELECTRODE_ATTENUATION;
  return registerVolumes(kernel, {
    before,
    after,
    tilesBefore: await readTiles(before, side),
    tilesAfter: await readTiles(after, side),
    mask: { cylinderRadius: Number.POSITIVE_INFINITY, firstSlice: 0, slices: before.slices },
    thresholds: [threshold, threshold],
  });
}

async function registerStates(phantom: Phantom, state: Omit<State, 'name'>) {
  const before = phantomVolume(phantom, { name: 'before' });
  return register(before, phantomVolume(phantom, { name: 'after', ...state }));
}

describe('registration of two volumes', () => {
  it('finds shifts to 0.05 voxel on 30 noisy samples whose electrode grew, with honest errors', async () => {
    const squares: number[] = [];
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const shift = [0, 1, 2].map(() => 3 * (2 * random.uniform() - 1));
      const [x = 0, y = 0, z = 0] = shift;
      const { registration } = await registerStates(phantomOf(seed), {
        shift: [x, y, z],
        growth: GROWTH,
      });
      for (const [axis, name] of (['x', 'y', 'z'] as const).entries()) {
        const error = registration.shiftVoxel[name] - (shift[axis] ?? 0);
        expect(Math.abs(error), `seed ${seed}, ${name}`).toBeLessThan(0.05);
        squares.push((error / registration.shiftErrorVoxel[name]) ** 2);
      }
      expect(registration.doubts).toEqual([]);
      expect(registration.rotationRadian).toEqual({ x: 0, y: 0, z: 0 });
    }
    // Errors in units of the stated standard deviation: 1 when it tells the truth.
    const size = Math.sqrt(squares.reduce((sum, square) => sum + square) / squares.length);
    expect(size).toBeGreaterThan(0.6);
    expect(size).toBeLessThan(1.6);
  });

  it('finds the same motion whether or not the electrode grew', async () => {
    const phantom = phantomOf(31, { noise: 0.02 });
    const shift = [0.3, -0.2, 0.45] as const;
    const [still, grown] = [
      await registerStates(phantom, { shift, growth: NO_GROWTH }),
      await registerStates(phantom, { shift, growth: { ...GROWTH, layer: 1 } }),
    ];
    expect(Math.abs(still.registration.shiftVoxel.z - shift[2])).toBeLessThan(0.01);
    expect(Math.abs(grown.registration.shiftVoxel.z - shift[2])).toBeLessThan(0.01);
  });

  it('does not mind another gain and another offset of the grey levels', async () => {
    const shift = [1.2, 0.4, -0.7] as const;
    const { registration } = await registerStates(phantomOf(32), {
      shift,
      gain: 1.05,
      offset: 0.0005,
    });
    expect(Math.abs(registration.shiftVoxel.x - shift[0])).toBeLessThan(0.05);
    expect(Math.abs(registration.shiftVoxel.z - shift[2])).toBeLessThan(0.05);
  });

  it('finds a rotation about the axis and puts every corner where it belongs', async () => {
    const turn = 0.012;
    const shift = [0.6, -0.4, 0.2] as const;
    const phantom = phantomOf(33, { noise: 0.03 });
    const { motion, registration } = await registerStates(phantom, { shift, turn });
    expect(registration.rotationRadian.z).toBeCloseTo(turn, 3);
    const middle = (COLUMNS - 1) / 2;
    const [x, y, z] = moved(motion, [middle + 40, middle, 50]);
    expect(x - (middle + shift[0] + 40 * Math.cos(turn))).toBeCloseTo(0, 1);
    expect(y - (middle + shift[1] + 40 * Math.sin(turn))).toBeCloseTo(0, 1);
    expect(z - 50 - shift[2]).toBeCloseTo(0, 1);
  });

  it('refuses or doubts volumes of two different samples', async () => {
    const before = phantomVolume(phantomOf(34), { name: 'before' });
    const after = phantomVolume(phantomOf(35), { name: 'after' });
    const outcome = await register(before, after).then(
      ({ registration }) => registration.doubts.join('; '),
      (error: Error) => error.message,
    );
    expect(outcome).not.toBe('');
  });

  it('says that it rests on boundaries when nothing else shows any structure', async () => {
    const bare = phantomOf(36, { particles: 0 });
    const { registration } = await registerStates(bare, { shift: [0.4, 0.2, 0.1] });
    expect(registration.doubts.join('; ')).toMatch(/boundaries|uncertain/);
  });

  it('refuses volumes with nothing in them', async () => {
    const empty = (name: string) =>
      volumeOf(new Float32Array(COLUMNS * COLUMNS * SLICES), COLUMNS, SLICES, name);
    await expect(register(empty('before'), empty('after'))).rejects.toThrow(/cannot be registered/);
  });

  it('refuses volumes with too few slices', async () => {
    const thin = phantomOf(37, { slices: 16, interfaceSlice: 4 });
    await expect(registerStates(thin, {})).rejects.toThrow(
      /16 of 16 slices .* too few to register/,
    );
  });
});
