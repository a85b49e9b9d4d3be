import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';
import { temporaryFolder } from './sample-run.ts';
import {
  COLUMNS,
  FRAME_BYTES,
  frame,
  openedFrames,
  pixelsOf,
  projectionsOf,
  ROWS,
  spoolScan,
} from './sample-scan.ts';

describe('a scan spool', () => {
  it('writes every frame with its kind, angle and time', async () => {
    const path = spoolScan(temporaryFolder());
    expect(path).toMatch(/scan-1\.frames$/);
    const scan = await openedFrames(path);
    expect([scan.rows, scan.columns]).toEqual([ROWS, COLUMNS]);
    expect([...scan.anglesRadian]).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => index * 0.1));
    expect([...scan.timesSecond]).toEqual([100, 100.5, 101, 101.5, 102, 102.5, 103]);
    expect(await projectionsOf(scan)).toEqual(pixelsOf('projection'));
    expect([...scan.flats]).toEqual(pixelsOf('flat'));
    expect([...scan.darks]).toEqual(pixelsOf('dark'));
    expect([scan.trailingBytes, scan.problems]).toEqual([0, []]);
  });

  it('writes the pixels of a view into a larger buffer and not its neighbours', async () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder).open('s');
    const pool = Uint16Array.from({ length: 100 }, (_, at) => at);
    spool.add({ ...frame('projection', 0), pixels: pool.subarray(40, 40 + ROWS * COLUMNS) });
    const scan = await openedFrames(join(folder, spool.finish()));
    expect(await projectionsOf(scan)).toEqual([...pool.subarray(40, 55)]);
  });

  it('stops with a capacity fault at its byte maximum and leaves the frames before it good', async () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder, 16 + 2 * FRAME_BYTES).open('s');
    spool.add(frame('projection', 0));
    spool.add(frame('projection', 1));
    expect(() => spool.add(frame('projection', 2))).toThrow(
      expect.objectContaining({ code: 'capacity' }),
    );
    expect((await openedFrames(join(folder, spool.finish()))).anglesRadian).toHaveLength(2);
  });

  it('refuses a frame whose pixels do not fill it, an id that is no file name and a second file', () => {
    const folder = temporaryFolder();
    const factory = new FileScanSpoolFactory(folder);
    const spool = factory.open('s');
    expect(() => spool.add({ ...frame('flat', 0), rows: 4 })).toThrow(/15 pixels, expected 4 × 5/);
    for (const id of ['', '../escape', 'a/b', '.hidden', 'x'.repeat(101)]) {
      expect(() => factory.open(id)).toThrow(expect.objectContaining({ code: 'badInput' }));
    }
    expect(() => factory.open('s')).toThrow(expect.objectContaining({ code: 'storage' }));
    spool.finish();
    expect(spool.finish()).toBe('s.frames');
    expect(() => spool.add(frame('flat', 0))).toThrow(/is finished or failed/);
  });
});
