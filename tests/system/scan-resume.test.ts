import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openVolume } from '../../src/formats/open-volume.ts';
import { operando, startOperando } from '../support/built.ts';
import { writeFramesFile } from '../support/scan-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** More than one band of rows. */
const SIZE = { views: 600, rows: 440, columns: 128 };
/** One worker and back-projection: slow enough to be interrupted in the middle. */
const SLOWLY = ['--algorithm', 'fbp', '--workers', '1'];

const words = (source: string, out: string, ...more: string[]) => [
  'scan',
  'reconstruct',
  source,
  '--out',
  out,
  '--json',
  ...more,
];

/** Every voxel as it is stored, and its scale. */
async function stored(path: string) {
  const volume = await openVolume(path);
  const voxels = await volume.readSlices(0, volume.slices);
  await volume.close();
  return {
    scale: volume.scale,
    voxels: Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength),
  };
}

async function expectSameVolume(path: string, other: string): Promise<void> {
  const [found, expected] = [await stored(path), await stored(other)];
  expect(found.scale).toEqual(expected.scale);
  expect(Buffer.compare(found.voxels, expected.voxels)).toBe(0);
}

describe('a reconstruction that is interrupted', () => {
  const scans = mkdtempSync(join(tmpdir(), 'operando-scan-resume-'));
  let source = '';
  beforeAll(() => {
    source = writeFramesFile(scans, SIZE);
  });
  afterAll(() => rmSync(scans, { recursive: true, force: true }));

  it('by kill -9, twice, gives the very voxels of one that was not', async () => {
    const folder = temporaryFolder();
    const [out, other] = [join(folder, 'killed.h5'), join(folder, 'whole.h5')];
    const options = [...SLOWLY, '--voxels', 'uint8'];
    for (const pattern of [/ [2-9]\d %/, / [5-9]\d %/]) {
      const program = startOperando(words(source, out, ...options));
      await program.seen(pattern);
      program.child.kill('SIGKILL');
      await program.ended;
      expect(existsSync(out)).toBe(false);
      expect(existsSync(`${out}.voxels`)).toBe(true);
    }
    const resumed = await operando(...words(source, out, ...options));
    expect(resumed.code, resumed.errors).toBe(0);
    const { slicesResumed } = JSON.parse(resumed.output) as { slicesResumed: number };
    expect(slicesResumed).toBeGreaterThan(0.2 * SIZE.rows);
    expect(slicesResumed).toBeLessThan(SIZE.rows);
    const whole = await operando(
      ...words(source, other, '--algorithm', 'fbp', '--workers', '2', '--voxels', 'uint8'),
    );
    expect(whole.code, whole.errors).toBe(0);
    expect(JSON.parse(whole.output)).toMatchObject({ slicesResumed: 0, voxels: { type: 'uint8' } });
    await expectSameVolume(out, other);
    expect(readdirSync(folder).sort()).toEqual(['killed.h5', 'whole.h5']);
  });

  it('by Ctrl-C says what is kept and how to go on, and goes on', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'stopped.h5');
    const program = startOperando(words(source, out, ...SLOWLY));
    onTestFinished(() => void program.child.kill('SIGKILL'));
    await program.seen(/ [2-9]\d %/);
    program.child.kill('SIGINT');
    const stopped = await program.ended;
    expect(stopped.code).toBe(3);
    expect(stopped.output).toBe('');
    expect(stopped.errors).toContain(
      `interrupted: finished slices are kept in ${out}.voxels, and the same command goes on from there\n`,
    );
    const resumed = await operando(...words(source, out, ...SLOWLY));
    expect(resumed.code, resumed.errors).toBe(0);
    const { slicesResumed } = JSON.parse(resumed.output) as { slicesResumed: number };
    expect(slicesResumed).toBeGreaterThan(0);
    expect(readdirSync(folder).sort()).toEqual(['stopped.h5']);
  });

  it('and begun again with other options is begun anew', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'v.h5');
    const program = startOperando(words(source, out, ...SLOWLY));
    await program.seen(/ [2-9]\d %/);
    program.child.kill('SIGKILL');
    await program.ended;
    const other = await operando(...words(source, out, '--stripes', 'none'));
    expect(other.code, other.errors).toBe(0);
    expect(JSON.parse(other.output)).toMatchObject({ slicesResumed: 0, algorithm: 'gridding' });
    expect(readdirSync(folder).sort()).toEqual(['v.h5']);
  });
});
