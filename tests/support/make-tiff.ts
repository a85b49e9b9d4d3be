export interface TiffOptions {
  readonly rows: number;
  readonly columns: number;
  /** One array per page, row-major; floats are written as 32-bit floats, the rest as 16 bits. */
  readonly pages: readonly (Uint16Array | Float32Array)[];
  /** Overrides SampleFormat; 2 declares signed integers. */
  readonly sampleFormat?: number;
  /** Overrides RowsPerStrip, to make a page whose only strip is too short. */
  readonly rowsPerStrip?: number;
}

const SHORT = 3;
const LONG = 4;

/** Bytes of an uncompressed little-endian TIFF file, one strip per page (TIFF 6.0, section 2). */
export function makeTiff({ rows, columns, pages, ...overrides }: TiffOptions): Uint8Array {
  const parts: Buffer[] = [header()];
  let offset = 8;
  for (const [index, pixels] of pages.entries()) {
    const strip = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    const isFloat = pixels instanceof Float32Array;
    const tags: readonly (readonly [number, number, number])[] = [
      [256, LONG, columns],
      [257, LONG, rows],
      [258, SHORT, isFloat ? 32 : 16],
      [259, SHORT, 1],
      [262, SHORT, 1],
      [273, LONG, offset + directoryBytes(10)],
      [277, SHORT, 1],
      [278, LONG, overrides.rowsPerStrip ?? rows],
      [279, LONG, strip.length],
      [339, SHORT, overrides.sampleFormat ?? (isFloat ? 3 : 1)],
    ];
    const end = offset + directoryBytes(tags.length) + strip.length;
    parts.push(directory(tags, index === pages.length - 1 ? 0 : end), strip);
    offset = end;
  }
  return Buffer.concat(parts);
}

function header(): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.write('II');
  bytes.writeUInt16LE(42, 2);
  bytes.writeUInt32LE(8, 4);
  return bytes;
}

function directoryBytes(tags: number): number {
  return 2 + 12 * tags + 4;
}

function directory(
  tags: readonly (readonly [number, number, number])[],
  nextOffset: number,
): Buffer {
  const bytes = Buffer.alloc(directoryBytes(tags.length));
  bytes.writeUInt16LE(tags.length, 0);
  for (const [index, [tag, type, value]] of tags.entries()) {
    const at = 2 + 12 * index;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    if (type === SHORT) bytes.writeUInt16LE(value, at + 8);
    else bytes.writeUInt32LE(value, at + 8);
  }
  bytes.writeUInt32LE(nextOffset, 2 + 12 * tags.length);
  return bytes;
}
