import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Frame } from '../../src/domain/scan.ts';
import { FRAME_HEADER_BYTES } from '../../src/store/frame-file.ts';
import { type FramesSource, openFrames } from '../../src/store/frames-source.ts';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';

export const ROWS = 3;
export const COLUMNS = 5;
export const FRAME_BYTES = FRAME_HEADER_BYTES + ROWS * COLUMNS * 2;

/** A frame whose every pixel tells its kind, index and place. */
export function frame(kind: Frame['kind'], index: number): Frame {
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

export const FRAMES: readonly Frame[] = [
  frame('flat', 0),
  frame('flat', 1),
  frame('dark', 0),
  ...Array.from({ length: 7 }, (_, index) => frame('projection', index)),
];

/** Spools FRAMES into a folder; the path of the file. */
export function spoolScan(folder: string): string {
  const spool = new FileScanSpoolFactory(folder).open('scan-1');
  for (const one of FRAMES) spool.add(one);
  return join(folder, spool.finish());
}

export const pixelsOf = (kind: Frame['kind']): number[] =>
  FRAMES.filter((one) => one.kind === kind).flatMap((one) => [...one.pixels]);

/** A frames file, closed when the running test ends. */
export async function openedFrames(path: string): Promise<FramesSource> {
  const scan = await openFrames(path);
  onTestFinished(() => scan.close());
  return scan;
}

/** Every pixel of every view, read view by view. */
export async function projectionsOf(scan: FramesSource): Promise<number[]> {
  const all: number[] = [];
  for (let view = 0; view < scan.anglesRadian.length; view += 1) {
    const pixels = new Uint16Array(scan.rows * scan.columns);
    await scan.readView(view, pixels);
    all.push(...pixels);
  }
  return all;
}
