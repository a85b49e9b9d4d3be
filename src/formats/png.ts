import { crc32, deflateSync } from 'node:zlib';
import { Fault } from '../domain/fault.ts';

/** The largest side a PNG header can name (PNG specification, 11.2.2). */
const SIDE_MAX = 2 ** 31 - 1;
const SIGNATURE = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Colours a palette can hold: one for each value of a byte. */
const PALETTE_COLOURS = 256;

/** An image of 8-bit grey values, row-major [row, column]. */
export interface GreyImage {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: Uint8Array;
  /** Red, green and blue for each value; grey unless given. */
  readonly palette?: Uint8Array;
}

/**
 * A PNG file of 8-bit grey values or of colours of a palette, without interlace.
 * @throws Fault badInput when pixels, palette and size do not agree
 */
export function encodePng({ rows, columns, pixels, palette }: GreyImage): Uint8Array {
  const isSide = (side: number) => Number.isInteger(side) && side > 0 && side <= SIDE_MAX;
  if (!isSide(rows) || !isSide(columns) || pixels.length !== rows * columns) {
    const message = `${pixels.length} pixels cannot fill an image of ${rows} × ${columns}`;
    throw new Fault('badInput', { where: 'PNG', message });
  }
  if (palette && palette.length !== 3 * PALETTE_COLOURS) {
    const message = `a palette of ${palette.length} bytes; expected ${3 * PALETTE_COLOURS}`;
    throw new Fault('badInput', { where: 'PNG', message });
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, columns);
  header.setUint32(4, rows);
  // Eight bits, grey (0) or palette (3); compression, filter and interlace methods are 0.
  header.setUint8(8, 8);
  header.setUint8(9, palette ? 3 : 0);
  // Each row begins with the type of its filter: 0, none.
  const lines = new Uint8Array(rows * (columns + 1));
  for (let row = 0; row < rows; row++) {
    lines.set(pixels.subarray(row * columns, (row + 1) * columns), row * (columns + 1) + 1);
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', new Uint8Array(header.buffer)),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Length, type, content, and the check sum of type and content. */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
