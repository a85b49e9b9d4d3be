import { crc32 } from 'node:zlib';
import type { Frame } from '../domain/scan.ts';

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

/** The bytes a frames file begins with. */
export function encodeFileHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.write(FILE_MAGIC, 'latin1');
  header.writeUInt32LE(FILE_VERSION, 8);
  return header;
}

/** What stands before the pixels of a frame. */
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

/** What the header of a frame says of it. */
export interface FrameHeader {
  readonly kind: Frame['kind'];
  readonly index: number;
  readonly rows: number;
  readonly columns: number;
  /** CRC-32 of the pixel bytes. */
  readonly checksum: number;
  readonly angleRadian: number;
  readonly timeSecond: number;
}

/** True for the bytes that `encodeFileHeader` makes. */
export function isFileHeader(header: Buffer): boolean {
  const isFrames = header.toString('latin1', 0, 8) === FILE_MAGIC;
  return isFrames && header.readUInt32LE(8) === FILE_VERSION;
}

/** What a frame's header says, or undefined when these bytes are none. */
export function decodeFrameHeader(header: Buffer): FrameHeader | undefined {
  const kind = KINDS[header.readUInt32LE(4)];
  const rows = header.readUInt32LE(12);
  const columns = header.readUInt32LE(16);
  const angleRadian = header.readDoubleLE(24);
  const pixels = rows * columns;
  if (header.readUInt32LE(0) !== FRAME_MARK || !kind) return undefined;
  if (pixels === 0 || pixels > FRAME_PIXELS_MAX || !Number.isFinite(angleRadian)) return undefined;
  return {
    kind,
    index: header.readUInt32LE(8),
    rows,
    columns,
    checksum: header.readUInt32LE(20),
    angleRadian,
    timeSecond: header.readDoubleLE(32),
  };
}
