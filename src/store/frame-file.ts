import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { asFault, Fault } from '../domain/fault.ts';
import type { Frame, ScanData } from '../domain/scan.ts';

/*
 * The layout of a `.frames` file, little-endian throughout:
 *
 *   file header    8 bytes "OPFRAMES", u32 version (1), u32 zero
 *   each frame     u32 0x4d415246 ("FRAM")
 *                  u32 kind: 0 projection, 1 flat, 2 dark (the image_key of NXtomo)
 *                  u32 index within its kind, u32 rows, u32 columns
 *                  u32 CRC-32 of the pixel bytes
 *                  f64 angle in radian, f64 time in second on the experiment's clock
 *                  u16 pixels [row, column]
 *
 * Every frame describes itself, so a file that was cut off anywhere is good up to the cut.
 */

export const FILE_HEADER_BYTES = 16;
export const FRAME_HEADER_BYTES = 40;
const FILE_MAGIC = 'OPFRAMES';
const FILE_VERSION = 1;
const FRAME_MARK = 0x4d415246;
const KINDS = ['projection', 'flat', 'dark'] as const satisfies readonly Frame['kind'][];
/** Most pixels in one frame: a detector of 16384 × 16384. */
const FRAME_PIXELS_MAX = 2 ** 28;
/** Most bytes a scan may take in memory when it is read back. */
const SCAN_BYTES_MAX = 8 * 2 ** 30;

export function encodeFileHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.write(FILE_MAGIC, 'latin1');
  header.writeUInt32LE(FILE_VERSION, 8);
  return header;
}

export function encodeFrameHeader(frame: Frame, pixels: Uint8Array): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(FRAME_MARK, 0);
  header.writeUInt32LE(KINDS.indexOf(frame.kind), 4);
  header.writeUInt32LE(frame.index, 8);
  header.writeUInt32LE(frame.rows, 12);
  header.writeUInt32LE(frame.columns, 16);
  header.writeUInt32LE(crc32(pixels), 20);
  header.writeDoubleLE(frame.angleRadian, 24);
  header.writeDoubleLE(frame.timeSecond, 32);
  return header;
}

/** The pixels as they lie in memory: every machine we run on is little-endian. */
export function pixelBytes(pixels: Uint16Array): Uint8Array {
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

/** A scan as far as its file is good. */
export interface SpooledScan {
  readonly data: ScanData;
  /** Time of each projection on the experiment's clock. */
  readonly timesSecond: Float64Array;
  /** Bytes after the last good frame: 0 unless the file was cut off or damaged. */
  readonly trailingBytes: number;
}

/**
 * Reads a spooled scan back, up to the first frame that is cut off or damaged.
 * @throws Fault fileFormat when it is no frames file, its frames differ in size or it holds none;
 * capacity when it is too large for memory; storage when it cannot be read
 */
export function readScan(path: string): SpooledScan {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    throw asFault(error, path, 'storage');
  }
  try {
    return collect(path, handle, fstatSync(handle).size);
  } catch (error) {
    throw asFault(error, path, 'storage');
  } finally {
    closeSync(handle);
  }
}

function collect(path: string, handle: number, fileBytes: number): SpooledScan {
  if (fileBytes > SCAN_BYTES_MAX) {
    throw new Fault('capacity', {
      where: path,
      message: `${fileBytes} bytes, expected at most ${SCAN_BYTES_MAX} to fit into memory`,
    });
  }
  checkFileHeader(path, handle);
  const frames: Frame[] = [];
  let offset = FILE_HEADER_BYTES;
  for (;;) {
    const frame = readFrame(path, handle, offset, fileBytes);
    if (!frame) break;
    frames.push(frame);
    offset += FRAME_HEADER_BYTES + frame.pixels.byteLength;
  }
  return { ...assemble(path, frames), trailingBytes: fileBytes - offset };
}

function checkFileHeader(path: string, handle: number): void {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  readSync(handle, header, 0, FILE_HEADER_BYTES, 0);
  const isFrames = header.toString('latin1', 0, 8) === FILE_MAGIC;
  if (isFrames && header.readUInt32LE(8) === FILE_VERSION) return;
  throw new Fault('fileFormat', { where: path, message: 'expected a frames file, version 1' });
}

/** The frame at `offset`, or undefined when it is cut off or damaged. */
function readFrame(path: string, handle: number, offset: number, end: number): Frame | undefined {
  if (end - offset < FRAME_HEADER_BYTES) return undefined;
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  readSync(handle, header, 0, FRAME_HEADER_BYTES, offset);
  const kind = KINDS[header.readUInt32LE(4)];
  const rows = header.readUInt32LE(12);
  const columns = header.readUInt32LE(16);
  if (header.readUInt32LE(0) !== FRAME_MARK || !kind || rows * columns > FRAME_PIXELS_MAX) {
    return undefined;
  }
  const pixels = new Uint16Array(rows * columns);
  if (end - offset - FRAME_HEADER_BYTES < pixels.byteLength) return undefined;
  const bytes = pixelBytes(pixels);
  readSync(handle, bytes, 0, bytes.length, offset + FRAME_HEADER_BYTES);
  if (crc32(bytes) !== header.readUInt32LE(20)) return undefined;
  return {
    scanId: path,
    kind,
    index: header.readUInt32LE(8),
    angleRadian: header.readDoubleLE(24),
    timeSecond: header.readDoubleLE(32),
    rows,
    columns,
    pixels,
  };
}

function assemble(
  path: string,
  frames: readonly Frame[],
): { data: ScanData; timesSecond: Float64Array } {
  const [first] = frames;
  if (!first) throw new Fault('fileFormat', { where: path, message: 'holds no whole frame' });
  const { rows, columns } = first;
  const odd = frames.find((frame) => frame.rows !== rows || frame.columns !== columns);
  if (odd) {
    throw new Fault('fileFormat', {
      where: `${path}, ${odd.kind} ${odd.index}`,
      message: `is ${odd.rows} × ${odd.columns} pixels, expected ${rows} × ${columns} as the first`,
    });
  }
  const projections = frames.filter((frame) => frame.kind === 'projection');
  const data: ScanData = {
    rows,
    columns,
    anglesRadian: Float64Array.from(projections, (frame) => frame.angleRadian),
    projections: stack(projections, rows * columns),
    flats: stack(
      frames.filter((frame) => frame.kind === 'flat'),
      rows * columns,
    ),
    darks: stack(
      frames.filter((frame) => frame.kind === 'dark'),
      rows * columns,
    ),
  };
  return { data, timesSecond: Float64Array.from(projections, (frame) => frame.timeSecond) };
}

function stack(frames: readonly Frame[], pixelCount: number): Uint16Array {
  const all = new Uint16Array(frames.length * pixelCount);
  frames.forEach((frame, at) => {
    all.set(frame.pixels, at * pixelCount);
  });
  return all;
}
