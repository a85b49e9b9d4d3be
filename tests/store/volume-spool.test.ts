import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import type { VolumeShape, VolumeSpool, Voxels } from '../../src/domain/volume.ts';
import {
  FileVolumeSpoolFactory,
  VOLUME_FILE_BYTES_MAX,
  WRITES_IN_FLIGHT_MAX,
} from '../../src/store/volume-spool.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { killableProgram } from './child-program.ts';
import { temporaryFolder } from './sample-run.ts';
import { KILLED_FINGERPRINT, KILLED_SHAPE, killedSlice } from './sample-volume.ts';

const BYTES: VolumeShape = {
  slices: 7,
  rows: 3,
  columns: 5,
  scale: { type: 'uint8', offset: -0.25, step: 1 / 512 },
};
const PLANE = 15;
const VOXELS_AT = 2 * 4096;

const slice = (at: number) => Uint8Array.from({ length: PLANE }, (_, k) => 20 * at + k);

/** Opens the volume `v` of a folder, and closes it when the running test ends. */
async function opened(folder: string, shape = BYTES, fingerprint = 'f'): Promise<VolumeSpool> {
  const spool = await new FileVolumeSpoolFactory(folder).open('v', shape, fingerprint);
  onTestFinished(() => spool.close());
  return spool;
}

const written = (spool: VolumeSpool) =>
  Array.from({ length: spool.slices }, (_, at) => at).filter((at) => spool.isWritten(at));

describe('the work file of a volume', () => {
  it('takes slices in any order, several at a time, and gives them back', async () => {
    const spool = await opened(temporaryFolder());
    await spool.writeSlices(5, slice(5));
    await spool.writeSlices(1, Uint8Array.of(...slice(1), ...slice(2)));
    expect(written(spool)).toEqual([1, 2, 5]);
    expect(await spool.readSlices(1, 2)).toEqual(Uint8Array.of(...slice(1), ...slice(2)));
    expect(await spool.readSlices(5, 1)).toEqual(slice(5));
    expect([spool.slices, spool.rows, spool.columns, spool.scale]).toEqual([7, 3, 5, BYTES.scale]);
  });

  it.each([
    ['float32', Float32Array.of(1.5, -2, Number.NaN, 0.25)],
    ['uint16', Uint16Array.of(0, 65_535, 7, 256)],
    ['uint8', Uint8Array.of(0, 255, 7, 1)],
  ] as const)('holds %s as it is, from a part of a larger array too', async (type, voxels) => {
    const shape = { slices: 2, rows: 2, columns: 2, scale: { type, offset: 0, step: 1 } };
    const folder = temporaryFolder();
    const spool = await opened(folder, shape);
    const pool = new (voxels.constructor as new (length: number) => Voxels)(10);
    pool.set(voxels, 3);
    await spool.writeSlices(1, pool.subarray(3, 7));
    await spool.close();
    expect(await (await opened(folder, shape)).readSlices(1, 1)).toEqual(voxels);
  });

  it('goes on with what was written, under the same shape, scale and fingerprint only', async () => {
    const folder = temporaryFolder();
    const first = await opened(folder);
    await first.writeSlices(3, slice(3));
    await first.close();
    expect(written(await opened(folder))).toEqual([3]);
    const others: readonly [VolumeShape, string][] = [
      [BYTES, 'another'],
      [{ ...BYTES, slices: 8 }, 'f'],
      [{ ...BYTES, rows: 5, columns: 3 }, 'f'],
      [{ ...BYTES, scale: { ...BYTES.scale, offset: 0 } }, 'f'],
      [{ ...BYTES, scale: { ...BYTES.scale, step: 1 } }, 'f'],
    ];
    for (const [shape, fingerprint] of others) {
      const begun = await opened(folder, shape, fingerprint);
      expect(written(begun)).toEqual([]);
      await begun.close();
      const again = await opened(folder);
      expect(written(again)).toEqual([]);
      await again.writeSlices(3, slice(3));
      await again.close();
    }
  });

  it('counts a slice as written only when its voxels and its entry are whole', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder);
    for (let at = 0; at < 7; at += 1) await spool.writeSlices(at, slice(at));
    await spool.close();
    const good = readFileSync(join(folder, 'v.voxels'));
    for (const [at, lost] of [
      [VOXELS_AT + 2 * PLANE, 2],
      [VOXELS_AT + 3 * PLANE - 1, 2],
      ...Array.from({ length: 16 }, (_, byte) => [4096 + 16 * 4 + byte, 4] as const),
    ] as const) {
      const bytes = Buffer.from(good);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(join(folder, 'v.voxels'), bytes);
      const again = await opened(folder);
      expect(written(again)).toEqual([0, 1, 2, 3, 4, 5, 6].filter((one) => one !== lost));
      await again.writeSlices(lost, slice(lost));
      expect(await again.readSlices(lost, 1)).toEqual(slice(lost));
      await again.close();
    }
  });

  it('is begun anew when its header is damaged or the file was cut off', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'v.voxels');
    const spoil = [
      () => truncateSync(path, statSync(path).size - 1),
      () => truncateSync(path, 10),
      () => writeFileSync(path, ''),
      () => writeFileSync(path, readFileSync(path).fill(0, 30, 60)),
    ];
    for (const action of spoil) {
      const spool = await opened(folder);
      await spool.writeSlices(0, slice(0));
      await spool.close();
      action();
      const again = await opened(folder);
      expect(written(again)).toEqual([]);
      await again.close();
    }
  });

  it('says so when a slice is asked for that is not written, or was damaged since', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder);
    await spool.writeSlices(0, slice(0));
    const missing = await caughtFault(() => spool.readSlices(0, 2));
    expect(missing.message).toBe(`${join(folder, 'v.voxels')}: slice 1 is not written yet`);
    const handle = await open(spool.where, 'r+');
    await handle.write(Uint8Array.of(99), 0, 1, VOXELS_AT + 4);
    await handle.close();
    const damaged = await caughtFault(() => spool.readSlices(0, 1));
    expect([damaged.code, damaged.message.includes('slice 0 is damaged on the disk')]).toEqual([
      'storage',
      true,
    ]);
  });

  it('is gone when removed, but not one that was begun under its name since', async () => {
    const folder = temporaryFolder();
    const first = await opened(folder);
    await first.writeSlices(2, slice(2));
    const second = await opened(folder, BYTES, 'another');
    await second.writeSlices(4, slice(4));
    expect(await first.readSlices(2, 1)).toEqual(slice(2));
    await first.remove();
    expect(readdirSync(folder)).toEqual(['v.voxels']);
    expect(await second.readSlices(4, 1)).toEqual(slice(4));
    await second.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes no more writes at a time than it may hold', async () => {
    const shape = { ...BYTES, slices: WRITES_IN_FLIGHT_MAX + 1 };
    const spool = await opened(temporaryFolder(), shape);
    const ended = await Promise.allSettled(
      Array.from({ length: shape.slices }, (_, at) => spool.writeSlices(at, slice(at))),
    );
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(ended.at(-1)).toMatchObject({ reason: { code: 'capacity' } });
    expect(written(spool)).toHaveLength(WRITES_IN_FLIGHT_MAX);
    await spool.writeSlices(WRITES_IN_FLIGHT_MAX, slice(0));
    expect(written(spool)).toHaveLength(shape.slices);
  });

  it('makes writes that come together durable together', async () => {
    const spool = await opened(temporaryFolder());
    const probe = await open('/dev/null');
    onTestFinished(() => probe.close());
    const syncs = vi.spyOn(Object.getPrototypeOf(probe), 'datasync');
    onTestFinished(() => syncs.mockRestore());
    await Promise.all([0, 1, 2, 3, 4, 5, 6].map((at) => spool.writeSlices(at, slice(at))));
    expect(syncs.mock.calls.length).toBeGreaterThan(0);
    expect(syncs.mock.calls.length).toBeLessThan(7);
  });
});

describe('a disk without room for a volume', () => {
  it('is noticed before anything is written, with what is needed and what there is', async () => {
    const folder = temporaryFolder();
    const fileBytes = VOXELS_AT + 7 * PLANE;
    const factory = new FileVolumeSpoolFactory(folder, async () => 2 * fileBytes - 1);
    const fault = await caughtFault(() => factory.open('v', BYTES, 'f'));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain(
      `v.voxels: the volume and the file made of it need ${2 * fileBytes} bytes more, but ${2 * fileBytes - 1} are free`,
    );
    expect(readdirSync(folder)).toEqual([]);
    await (
      await new FileVolumeSpoolFactory(folder, async () => 2 * fileBytes).open('v', BYTES, 'f')
    ).remove();
  });

  it('counts what an interrupted volume has taken already', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder);
    await spool.writeSlices(0, slice(0));
    await spool.close();
    const taken = 512 * statSync(spool.where).blocks;
    const needed = 2 * (VOXELS_AT + 7 * PLANE) - taken;
    const tight = new FileVolumeSpoolFactory(folder, async () => needed - 1);
    expect((await caughtFault(() => tight.open('v', BYTES, 'f'))).code).toBe('storage');
    const enough = await new FileVolumeSpoolFactory(folder, async () => needed).open(
      'v',
      BYTES,
      'f',
    );
    expect(written(enough)).toEqual([0]);
    await enough.close();
  });

  it('that fills up meanwhile ends the write with a fault, and keeps what was written', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder);
    await spool.writeSlices(0, slice(0));
    const probe = await open('/dev/null');
    onTestFinished(() => probe.close());
    const write = vi.spyOn(Object.getPrototypeOf(probe), 'write');
    onTestFinished(() => write.mockRestore());
    write.mockRejectedValueOnce(new Error('ENOSPC: no space left on device, write'));
    const fault = await caughtFault(() => spool.writeSlices(1, slice(1)));
    expect(fault.code).toBe('storage');
    expect(fault.message).toBe(
      `${spool.where}: cannot be written: ENOSPC: no space left on device, write; it needs ${6 * PLANE} bytes more`,
    );
    expect(written(spool)).toEqual([0]);
    await spool.writeSlices(1, slice(1));
    expect(written(spool)).toEqual([0, 1]);
  });

  it('does not get a volume of more than the maximum', async () => {
    const shape = { ...BYTES, slices: 2 ** 20, rows: 2048, columns: 2048 };
    const factory = new FileVolumeSpoolFactory(temporaryFolder());
    const fault = await caughtFault(() => factory.open('v', shape, 'f'));
    expect(fault.code).toBe('capacity');
    expect(fault.message).toContain(`at most ${VOLUME_FILE_BYTES_MAX}`);
  });

  it('or a folder that takes no files is a storage fault; a name that is no file name bad input', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const factory = new FileVolumeSpoolFactory(join(file, 'below'));
    expect((await caughtFault(() => factory.open('v', BYTES, 'f'))).code).toBe('storage');
    for (const name of ['', '../v', 'a/b', '.v', 'x'.repeat(201)]) {
      const fault = await caughtFault(() =>
        new FileVolumeSpoolFactory(temporaryFolder()).open(name, BYTES, 'f'),
      );
      expect(fault.code).toBe('badInput');
    }
  });
});

describe('a volume whose writer was killed with SIGKILL', () => {
  const writeAndKill = killableProgram('killed-volume-writer');

  it.each([1, 2, 3])('has every slice that was promised, bit for bit (seed %i)', async (seed) => {
    const random = new Random(seed);
    const folder = temporaryFolder();
    const promised = new Set<number>();
    for (let kill = 0; kill < 4; kill += 1) {
      const lines = 1 + Math.floor(12 * random.uniform());
      for (const line of await writeAndKill(folder, lines)) {
        if (line !== 'begun') promised.add(Number(line));
      }
      if (!existsSync(join(folder, 'volume.voxels'))) continue;
      const spool = await new FileVolumeSpoolFactory(folder).open(
        'volume',
        KILLED_SHAPE,
        KILLED_FINGERPRINT,
      );
      const there = written(spool);
      for (const at of promised) expect(there).toContain(at);
      for (const at of there) expect(await spool.readSlices(at, 1)).toEqual(killedSlice(at));
      await spool.close();
    }
    expect(promised.size).toBeGreaterThan(0);
    expect(promised.size).toBeLessThan(KILLED_SHAPE.slices);
  });
});
