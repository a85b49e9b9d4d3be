import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/domain/scan.ts';
import { FRAME_HEADER_BYTES, readScan } from '../../src/store/frame-file.ts';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';
import { temporaryFolder } from './sample-run.ts';

const ROWS = 3;
const COLUMNS = 5;
const FRAME_BYTES = FRAME_HEADER_BYTES + ROWS * COLUMNS * 2;

function frame(kind: Frame['kind'], index: number): Frame {
  const base = { projection: 1000, flat: 60_000, dark: 10 }[kind];
  return {
    scanId: 'scan-1',
    kind,
    index,
    angleRadian: kind === 'projection' ? index * 0.1 : 0,
    timeSecond: 100 + index / 2,
    rows: ROWS,
    columns: COLUMNS,
    pixels: Uint16Array.from({ length: ROWS * COLUMNS }, (_, at) => base + index * 20 + at),
  };
}

const FRAMES: readonly Frame[] = [
  frame('flat', 0),
  frame('flat', 1),
  frame('dark', 0),
  ...Array.from({ length: 7 }, (_, index) => frame('projection', index)),
];

function spoolScan(folder: string): string {
  const spool = new FileScanSpoolFactory(folder).open('scan-1');
  for (const one of FRAMES) spool.add(one);
  return join(folder, spool.finish());
}

const pixelsOf = (kind: Frame['kind']): number[] =>
  FRAMES.filter((one) => one.kind === kind).flatMap((one) => [...one.pixels]);

describe('a scan spool', () => {
  it('gives back every frame with its kind, angle and time', () => {
    const path = spoolScan(temporaryFolder());
    expect(path).toMatch(/scan-1\.frames$/);
    const { data, timesSecond, trailingBytes } = readScan(path);
    expect([data.rows, data.columns]).toEqual([ROWS, COLUMNS]);
    expect([...data.anglesRadian]).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => index * 0.1));
    expect([...timesSecond]).toEqual([100, 100.5, 101, 101.5, 102, 102.5, 103]);
    expect([...data.projections]).toEqual(pixelsOf('projection'));
    expect([...data.flats]).toEqual(pixelsOf('flat'));
    expect([...data.darks]).toEqual(pixelsOf('dark'));
    expect(trailingBytes).toBe(0);
  });

  it('writes the pixels of a view into a larger buffer and not its neighbours', () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder).open('s');
    const pool = Uint16Array.from({ length: 100 }, (_, at) => at);
    spool.add({ ...frame('projection', 0), pixels: pool.subarray(40, 40 + ROWS * COLUMNS) });
    const { data } = readScan(join(folder, spool.finish()));
    expect([...data.projections]).toEqual([...pool.subarray(40, 55)]);
  });

  it('is good up to the cut, wherever it was cut off', () => {
    const path = spoolScan(temporaryFolder());
    const whole = statSync(path).size;
    for (let size = whole - 1; size > 16 + FRAME_BYTES; size -= 17) {
      truncateSync(path, size);
      const { data, trailingBytes } = readScan(path);
      const frameCount =
        (data.projections.length + data.flats.length + data.darks.length) / (ROWS * COLUMNS);
      expect(frameCount).toBe(Math.floor((size - 16) / FRAME_BYTES));
      expect(trailingBytes).toBe((size - 16) % FRAME_BYTES);
    }
  });

  it('stops at a frame whose pixels are not what was written', () => {
    const path = spoolScan(temporaryFolder());
    const bytes = readFileSync(path);
    const at = 16 + 5 * FRAME_BYTES + FRAME_HEADER_BYTES + 3;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { data, trailingBytes } = readScan(path);
    expect(data.anglesRadian).toHaveLength(2);
    expect(trailingBytes).toBe(5 * FRAME_BYTES);
  });

  it('stops with a capacity fault at its byte maximum and leaves the frames before it good', () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder, 16 + 2 * FRAME_BYTES).open('s');
    spool.add(frame('projection', 0));
    spool.add(frame('projection', 1));
    expect(() => spool.add(frame('projection', 2))).toThrow(
      expect.objectContaining({ code: 'capacity' }),
    );
    expect(readScan(join(folder, spool.finish())).data.anglesRadian).toHaveLength(2);
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

  it('reads no other file as a scan', () => {
    const path = join(temporaryFolder(), 'x.frames');
    expect(() => readScan(path)).toThrow(expect.objectContaining({ code: 'storage' }));
    writeFileSync(path, '');
    expect(() => readScan(path)).toThrow(/expected a frames file/);
    writeFileSync(path, 'P5 640 480 65535 and so on');
    expect(() => readScan(path)).toThrow(expect.objectContaining({ code: 'fileFormat' }));
  });
});
