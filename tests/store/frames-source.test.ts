import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/domain/scan.ts';
import { FRAME_HEADER_BYTES } from '../../src/store/frame-file.ts';
import { FramesLibrary, openFrames } from '../../src/store/frames-source.ts';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';
import { caughtFault } from '../support/caught-fault.ts';
import { temporaryFolder } from './sample-run.ts';
import {
  COLUMNS,
  FRAME_BYTES,
  FRAMES,
  frame,
  openedFrames,
  pixelsOf,
  projectionsOf,
  ROWS,
  spoolScan,
} from './sample-scan.ts';

const PIXELS = ROWS * COLUMNS;
const REFERENCES = 3;
const VIEWS = FRAMES.length - REFERENCES;

/** Changes one byte of frame `at`, counted from its header. */
function damage(path: string, at: number, byte: number): void {
  const bytes = readFileSync(path);
  const place = 16 + at * FRAME_BYTES + byte;
  bytes[place] = (bytes[place] ?? 0) ^ 0x5a;
  writeFileSync(path, bytes);
}

describe('a frames file', () => {
  it('gives bands of rows of every view, whatever their height', async () => {
    const scan = await openedFrames(spoolScan(temporaryFolder()));
    const views = FRAMES.filter(({ kind }) => kind === 'projection');
    for (let first = 0; first < ROWS; first += 1) {
      for (let count = 1; first + count <= ROWS; count += 1) {
        const band = new Uint16Array(VIEWS * count * COLUMNS);
        await scan.readRows(first, count, band);
        const rowsOf = ({ pixels }: Frame) =>
          pixels.subarray(first * COLUMNS, (first + count) * COLUMNS);
        expect([...band]).toEqual(views.flatMap((view) => [...rowsOf(view)]));
      }
    }
  });

  it('writes into a part of a larger array and not its neighbours', async () => {
    const scan = await openedFrames(spoolScan(temporaryFolder()));
    const pool = new Uint16Array(PIXELS + 10).fill(7);
    await scan.readView(2, pool.subarray(5, 5 + PIXELS));
    expect([...pool]).toEqual([
      ...Array(5).fill(7),
      ...frame('projection', 2).pixels,
      ...Array(5).fill(7),
    ]);
  });

  it('knows after how many views each flat was taken', async () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder).open('s');
    spool.add(frame('flat', 0));
    for (let index = 0; index < 4; index += 1) spool.add(frame('projection', index));
    spool.add(frame('flat', 1));
    spool.add(frame('projection', 4));
    const scan = await openedFrames(join(folder, spool.finish()));
    expect(Array.from(scan.flatsAfterViews ?? [])).toEqual([0, 4]);
    expect(await projectionsOf(scan)).toEqual(pixelsOf('projection').slice(0, 5 * PIXELS));
  });

  it('is good up to the cut, wherever it was cut off', async () => {
    const path = spoolScan(temporaryFolder());
    for (let size = statSync(path).size - 1; size > 16 + FRAME_BYTES; size -= 17) {
      truncateSync(path, size);
      const scan = await openFrames(path);
      const frames = Math.floor((size - 16) / FRAME_BYTES);
      expect(scan.anglesRadian.length + (scan.flats.length + scan.darks.length) / PIXELS).toBe(
        frames,
      );
      expect(scan.trailingBytes).toBe((size - 16) % FRAME_BYTES);
      expect(scan.problems).toEqual([]);
      const views = Math.max(0, frames - REFERENCES);
      expect(await projectionsOf(scan)).toEqual(pixelsOf('projection').slice(0, views * PIXELS));
      await scan.close();
    }
  });

  it('leaves out a frame whose header is damaged, and names it', async () => {
    for (let byte = 0; byte < 32; byte += 1) {
      const path = spoolScan(temporaryFolder());
      damage(path, REFERENCES + 1, byte);
      const scan = await openedFrames(path);
      const good = scan.anglesRadian.length === VIEWS - 1;
      const seen = await projectionsOf(scan);
      // An index or an angle of another value is no damage that can be seen; all else is.
      if ((byte >= 8 && byte < 12) || byte >= 24) continue;
      if (byte >= 20) {
        expect(seen.slice(PIXELS, 2 * PIXELS)).toEqual(Array(PIXELS).fill(0));
        expect(scan.problems.map(({ where }) => where)).toEqual([`${path}, projection 1`]);
      } else {
        expect([byte, good]).toEqual([byte, true]);
        expect(seen).toEqual(
          pixelsOf('projection').filter((_, at) => Math.floor(at / PIXELS) !== 1),
        );
        expect(scan.problems).toEqual([
          { where: `${path}, frame 5 of 10`, message: 'has a damaged header and is left out' },
        ]);
      }
    }
  });

  it('reads a view whose pixels are not what was written as zeros, from then on', async () => {
    const path = spoolScan(temporaryFolder());
    damage(path, REFERENCES + 2, FRAME_HEADER_BYTES + 3);
    const scan = await openedFrames(path);
    expect(scan.problems).toEqual([]);
    const expected = pixelsOf('projection').map((value, at) =>
      Math.floor(at / PIXELS) === 2 ? 0 : value,
    );
    expect(await projectionsOf(scan)).toEqual(expected);
    expect(await projectionsOf(scan)).toEqual(expected);
    const band = new Uint16Array(VIEWS * PIXELS);
    await scan.readRows(0, ROWS, band);
    expect([...band]).toEqual(expected);
    expect(scan.problems).toEqual([
      {
        where: `${path}, projection 2`,
        message: 'has pixels that are not what was written, and is left out',
      },
    ]);
  });

  it('leaves out a damaged flat field', async () => {
    const path = spoolScan(temporaryFolder());
    damage(path, 0, FRAME_HEADER_BYTES + 3);
    const scan = await openedFrames(path);
    expect([...scan.flats]).toEqual([...frame('flat', 1).pixels]);
    expect(scan.flatsAfterViews).toEqual([0]);
    expect(scan.problems.map(({ where }) => where)).toEqual([`${path}, flat 0`]);
  });

  it('with a stretch of zeros, as a power cut leaves them, is good before and behind it', async () => {
    const path = spoolScan(temporaryFolder());
    const bytes = readFileSync(path);
    bytes.fill(0, 16 + 5 * FRAME_BYTES + 20, 16 + 7 * FRAME_BYTES + 3);
    writeFileSync(path, bytes);
    const scan = await openedFrames(path);
    const views = await projectionsOf(scan);
    expect([scan.anglesRadian.length, scan.problems.length]).toEqual([5, 3]);
    expect(views.slice(0, 2 * PIXELS)).toEqual(pixelsOf('projection').slice(0, 2 * PIXELS));
    expect(views.slice(-2 * PIXELS)).toEqual(pixelsOf('projection').slice(-2 * PIXELS));
  });

  it('is refused when its frames differ in size', async () => {
    const folder = temporaryFolder();
    const spool = new FileScanSpoolFactory(folder).open('s');
    spool.add(frame('projection', 0));
    spool.add(frame('projection', 1));
    spool.add({ ...frame('projection', 2), rows: 2, pixels: new Uint16Array(2 * COLUMNS) });
    spool.add({ ...frame('projection', 3), rows: 2, pixels: new Uint16Array(2 * COLUMNS) });
    const fault = await caughtFault(() => openFrames(join(folder, spool.finish())));
    expect(fault.code).toBe('fileFormat');
    expect(fault.message).toMatch(/projection 2: is 2 × 5 pixels, expected 3 × 5 as the first/);
  });

  it('cut off while it is read is a fault, not zeros', async () => {
    const path = spoolScan(temporaryFolder());
    const scan = await openedFrames(path);
    truncateSync(path, 16 + 5 * FRAME_BYTES);
    const fault = await caughtFault(() => scan.readRows(0, 1, new Uint16Array(VIEWS * COLUMNS)));
    expect(fault.code).toBe('storage');
    expect(fault.message).toContain('was cut off meanwhile');
  });

  it('is not any other file', async () => {
    const path = join(temporaryFolder(), 'x.frames');
    expect((await caughtFault(() => openFrames(path))).code).toBe('fileMissing');
    for (const content of ['', 'P5 640 480 65535 and so on']) {
      writeFileSync(path, content);
      const fault = await caughtFault(() => openFrames(path));
      expect([fault.code, fault.message]).toEqual([
        'fileFormat',
        `${path}: expected a frames file, version 1`,
      ]);
    }
    writeFileSync(
      path,
      readFileSync(spoolScan(temporaryFolder())).subarray(0, 16 + FRAME_BYTES - 1),
    );
    expect((await caughtFault(() => openFrames(path))).message).toContain('holds no whole frame');
  });
});

describe('the scans of a run', () => {
  it('are found by their id', async () => {
    const folder = temporaryFolder();
    spoolScan(folder);
    const scan = await new FramesLibrary(folder).open('scan-1');
    expect(scan.anglesRadian).toHaveLength(VIEWS);
    await scan.close();
    await scan.close();
  });

  it('are refused when they are not there, or their id is no file name', async () => {
    const library = new FramesLibrary(temporaryFolder());
    expect((await caughtFault(() => library.open('scan-1'))).code).toBe('fileMissing');
    expect((await caughtFault(() => library.open('../scan-1'))).code).toBe('badInput');
  });
});
