import { type FileHandle, open } from 'node:fs/promises';
import { type DecodeOptions, decode, type TiffIfd } from 'tiff';
import type { ScanPixels } from '../domain/scan-source.ts';
import { badFile, fileFacts, readBytes } from './file-access.ts';

/** A file is held in memory whole while its pages are read. */
export const TIFF_BYTES_MAX = 2 ** 30;
/** Pixels of one page: 16 384 × 16 384. */
export const TIFF_PAGE_PIXELS_MAX = 2 ** 28;
/** Pages of one file. */
export const TIFF_PAGES_MAX = 100_000;

/** One page: grey values, row-major [row, column]. */
export interface TiffPage {
  readonly rows: number;
  readonly columns: number;
  readonly pixels: ScanPixels;
}

/**
 * Every page of a TIFF file: one grey channel of 8 or 16 unsigned bits, or 32-bit floats, plain or
 * compressed with LZW or deflate.
 * @throws Fault fileMissing; fileFormat when damaged or of another kind
 */
export async function readTiff(path: string): Promise<readonly TiffPage[]> {
  const pages: TiffPage[] = [];
  for await (const page of tiffPages(path)) pages.push(page);
  return pages;
}

/** The pages of a TIFF file one by one, as readTiff has them. */
export async function* tiffPages(path: string): AsyncGenerator<TiffPage> {
  const pages = await countTiffPages(path);
  const bytes = await readBytes(path, TIFF_BYTES_MAX);
  for (let page = 0; page < pages; page += 1) yield readPage(path, bytes, page);
}

/**
 * Counts the pages of a TIFF file, reading nothing but their directories.
 * @throws Fault fileMissing; fileFormat when it is no TIFF file or damaged
 */
export async function countTiffPages(path: string): Promise<number> {
  const { bytes, isFolder } = await fileFacts(path);
  if (isFolder) throw badFile(path, 'is a folder; expected a file');
  if (bytes === 0) throw badFile(path, 'is empty (0 bytes)');
  const handle = await open(path, 'r');
  try {
    return await followDirectories(path, handle, bytes);
  } finally {
    await handle.close();
  }
}

function readPage(path: string, bytes: Uint8Array, page: number): TiffPage {
  const where = `${path}, page ${page + 1}`;
  const { rows, columns, kind, coveredRows } = pageFacts(where, bytes, page);
  if (!(rows > 0 && columns > 0) || rows * columns > TIFF_PAGE_PIXELS_MAX) {
    throw badFile(where, `${rows} × ${columns} pixels; expected 1 to ${TIFF_PAGE_PIXELS_MAX}`);
  }
  if (!READABLE_KINDS.includes(kind)) {
    throw badFile(
      where,
      `pixels of ${kind}; expected one grey channel: unsigned 8 or 16 bit (format 1) or 32-bit float (format 3)`,
    );
  }
  // The decoder leaves rows black that no strip covers.
  if (coveredRows < rows) throw badFile(where, `its strips hold fewer than its ${rows} rows`);
  const data = withPage(where, bytes, { pages: [page] }, (decoded) => decoded.data);
  const pixels = data instanceof Float32Array ? data : Uint16Array.from(data as Uint16Array);
  if (pixels.length !== rows * columns) throw badFile(where, 'damaged: pixels are missing');
  return { rows, columns, pixels };
}

const READABLE_KINDS = [
  '1 × 8 bit, sample format 1',
  '1 × 16 bit, sample format 1',
  '1 × 32 bit, sample format 3',
];

/** What the tags of a page say, before its pixels are touched. */
function pageFacts(where: string, bytes: Uint8Array, page: number) {
  return withPage(where, bytes, { pages: [page], ignoreImageData: true }, (header) => ({
    rows: header.height,
    columns: header.width,
    kind: `${header.samplesPerPixel} × ${header.bitsPerSample} bit, sample format ${header.sampleFormat}`,
    coveredRows: header.tiled ? header.height : header.stripOffsets.length * header.rowsPerStrip,
  }));
}

/** Decodes one page and looks at it; whatever the package throws on the way becomes a Fault. */
function withPage<T>(
  where: string,
  bytes: Uint8Array,
  options: DecodeOptions,
  look: (page: TiffIfd) => T,
): T {
  try {
    const [only] = decode(bytes, options);
    if (only) return look(only);
  } catch (error) {
    throw badFile(where, 'damaged or cut short, or in a compression that is not read', error);
  }
  throw badFile(where, 'no such page');
}

/** Follows the chain of page directories, which damage may have closed to a circle. */
async function followDirectories(path: string, file: FileHandle, size: number): Promise<number> {
  const start = await part(file, 0, 8);
  const mark = start.length === 8 ? start.readUInt16BE(0) : 0;
  const littleEndian = mark === 0x4949;
  const word = (bytes: Buffer) => (littleEndian ? bytes.readUInt16LE(0) : bytes.readUInt16BE(0));
  const long = (bytes: Buffer) => (littleEndian ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0));
  if ((!littleEndian && mark !== 0x4d4d) || word(start.subarray(2)) !== 42) {
    throw badFile(path, 'is not a TIFF file: its mark is missing');
  }
  let pages = 0;
  let at = long(start.subarray(4));
  while (at !== 0) {
    pages += 1;
    if (pages > TIFF_PAGES_MAX) throw badFile(path, `more than ${TIFF_PAGES_MAX} pages`);
    if (at + 2 > size) throw badFile(path, `is cut short: page ${pages} is missing`);
    const next = at + 2 + 12 * word(await part(file, at, 2));
    if (next + 4 > size) throw badFile(path, `is cut short: page ${pages} is missing`);
    at = long(await part(file, next, 4));
  }
  if (pages === 0) throw badFile(path, 'has no page');
  return pages;
}

/** Some bytes of a file; fewer where it ends. */
async function part(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
