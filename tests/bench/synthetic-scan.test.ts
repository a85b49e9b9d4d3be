import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { compareSlices } from '../kernels/tomography-phantom.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { attenuationVariance, SyntheticDetector } from './synthetic-detector.ts';
import { SyntheticScan } from './synthetic-scan.ts';

const SIZE = { rows: 90, columns: 256, views: 360, seed: 7 };
const scan = new SyntheticScan(SIZE);
/** In the InLi, through the protrusion, among the voids, and among the particles. */
const ROWS = [12, 30, 50, 75];

/** Line integrals of one row, [view, column]. */
function sinogramOf(row: number): Float32Array {
  const { rows, columns, views } = SIZE;
  const sinogram = new Float32Array(views * columns);
  const view = new Float32Array(rows * columns);
  for (const [at, angle] of scan.anglesRadian.entries()) {
    scan.project(angle, view);
    sinogram.set(view.subarray(row * columns, (row + 1) * columns), at * columns);
  }
  return sinogram;
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('a synthetic scan', () => {
  it.each(ROWS)('sees in every view of row %i as much as there is in its slice', (row) => {
    const { columns } = SIZE;
    const sinogram = sinogramOf(row);
    const there = sum(scan.truth(row));
    for (const view of [0, 77, 180, 359]) {
      const seen = sum(sinogram.subarray(view * columns, (view + 1) * columns));
      expect(Math.abs(seen / there - 1), `view ${view}`).toBeLessThan(1e-3);
    }
  });

  it('is of the slices it says it is of', () => {
    const { columns, views } = SIZE;
    const kernel = new TomographyKernel(loadKernelModule('tomography'));
    const { anglesRadian, axisPixel } = scan;
    const weightsRadian = anglesRadian.map(() => Math.PI / views);
    for (const row of ROWS) {
      const sinogram = sinogramOf(row);
      const geometry = { columns, anglesRadian, weightsRadian, axisPixel };
      const [slice] = kernel.reconstructPair(geometry, sinogram, sinogram);
      const { gain, rmse } = compareSlices(slice, scan.truth(row), columns, 0.95);
      expect(Math.abs(gain - 1), `row ${row}`).toBeLessThan(3e-3);
      expect(rmse * columns, `row ${row}`).toBeLessThan(0.15);
    }
  });

  it('shows something else in each layer, and nothing outside the tube', () => {
    const [first, ...others] = ROWS.map((row) => scan.truth(row));
    for (const other of others) expect(other).not.toEqual(first);
    expect(first?.[0]).toBe(0);
  });

  it('is written the same twice, and otherwise with another seed', () => {
    const write = (name: string, seed: number): Buffer => {
      const made = new SyntheticScan({ ...SIZE, rows: 20, views: 5, seed });
      return readFileSync(join(folder, made.write(folder, name)));
    };
    const folder = temporaryFolder();
    const once = write('once', 1);
    expect(write('twice', 1).equals(once)).toBe(true);
    expect(write('other', 2).equals(once)).toBe(false);
  });
});

describe('the synthetic detector', () => {
  it('gives back the attenuation with the noise it says, and more where it is struck', () => {
    const [rows, columns, attenuation] = [200, 300, 1.2];
    const detector = new SyntheticDetector({ rows, columns, seed: 3 });
    const [flat, dark, seen] = [0, 1, 2].map(() => new Uint16Array(rows * columns));
    if (!flat || !dark || !seen) throw new Error('three exposures');
    detector.exposeFlat(flat);
    detector.exposeDark(dark);
    detector.expose(new Float32Array(rows * columns).fill(attenuation), seen);
    const values = Array.from(seen, (counts, at) => {
      return -Math.log((counts - (dark[at] ?? 0)) / ((flat[at] ?? 0) - (dark[at] ?? 0)));
    });
    const expected = Math.sqrt(attenuationVariance(attenuation) + attenuationVariance(0));
    const errors = values.map((value) => Math.abs(value - attenuation)).sort((a, b) => a - b);
    // Of a normal error, half are within 0.6745 standard deviations.
    const deviation = (errors[errors.length >> 1] ?? 0) / 0.6745;
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.1);
    expect(Math.min(...values)).toBeLessThan(attenuation - 10 * expected);
  });
});
