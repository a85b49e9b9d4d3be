import { ok as assert } from 'node:assert';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { asFault, Fault, type Problem } from '../domain/fault.ts';
import { eachInFlight } from '../domain/in-flight.ts';
import type { ScanLibrary, ScanPixels, ScanSource } from '../domain/scan-source.ts';
import { readFully } from './file-bytes.ts';
import {
  decodeFrameHeader,
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  isFileHeader,
} from './frame-file.ts';
import { checkScanId } from './scan-spool.ts';

/** Most frames of one file: a scan of 100 000 views has its angles to a fiftieth of a minute. */
export const FRAMES_MAX = 200_000;
/** Most bytes that flat and dark frames, which are held in memory, may take: 130 of 2016 × 2016. */
export const REFERENCE_BYTES_MAX = 2 ** 30;

/** A scan in a `.frames` file, as far as the file is good. */
export interface FramesSource extends ScanSource {
  /** Time of each projection on the experiment's clock. */
  readonly timesSecond: Float64Array;
  /** Bytes after the last whole frame: 0 unless the file was cut off. */
  readonly trailingBytes: number;
  readonly problems: readonly Problem[];
}

/** A frame of the file and where its pixels begin. */
interface Indexed extends FrameHeader {
  readonly position: number;
}

interface Index {
  readonly rows: number;
  readonly columns: number;
  readonly frames: readonly Indexed[];
  readonly trailingBytes: number;
  readonly problems: Problem[];
}

/**
 * Opens a spooled scan, reading the headers of its frames and its flat and dark fields. A file that
 * was cut off is good up to the cut; frames whose header or whose pixels are damaged are left out
 * and named in `problems`.
 * @throws Fault fileMissing; fileFormat when it is no frames file, its frames differ in size or it
 * holds none; capacity when it has too many frames; storage when it cannot be read
 */
export async function openFrames(path: string): Promise<FramesSource> {
  const handle = await openFile(path);
  try {
    const index = await readIndex(path, handle);
    const flats = await readReferences(path, handle, index, 'flat');
    const darks = await readReferences(path, handle, index, 'dark');
    return new FramesFile(path, handle, index, flats, darks);
  } catch (error) {
    await handle.close();
    throw asFault(error, path, 'storage');
  }
}

/** The scans of one run, each in `<scanId>.frames` in the run's folder. */
export class FramesLibrary implements ScanLibrary {
  readonly #folder: string;

  /** @param folder the run's folder */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws Fault badInput for an id that is no file name, and what openFrames throws */
  async open(scanId: string): Promise<FramesSource> {
    checkScanId(scanId);
    return openFrames(join(this.#folder, `${scanId}.frames`));
  }
}

class FramesFile implements FramesSource {
  readonly where: string;
  readonly rows: number;
  readonly columns: number;
  readonly anglesRadian: Float64Array;
  readonly timesSecond: Float64Array;
  readonly pixelType = 'uint16';
  readonly flats: Uint16Array;
  readonly darks: Uint16Array;
  readonly flatsAfterViews: readonly number[];
  readonly trailingBytes: number;
  readonly #handle: FileHandle;
  readonly #views: readonly Indexed[];
  readonly #problems: Problem[];
  /** Views whose pixels turned out not to be what was written: read as zeros from then on. */
  readonly #damaged = new Set<number>();
  #closed = false;

  constructor(
    path: string,
    handle: FileHandle,
    index: Index,
    flats: References,
    darks: References,
  ) {
    this.where = path;
    this.#handle = handle;
    this.rows = index.rows;
    this.columns = index.columns;
    this.#views = index.frames.filter(({ kind }) => kind === 'projection');
    this.anglesRadian = Float64Array.from(this.#views, ({ angleRadian }) => angleRadian);
    this.timesSecond = Float64Array.from(this.#views, ({ timeSecond }) => timeSecond);
    this.flats = flats.pixels;
    this.darks = darks.pixels;
    this.flatsAfterViews = flats.afterViews;
    this.trailingBytes = index.trailingBytes;
    this.#problems = index.problems;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  async readView(view: number, target: ScanPixels): Promise<void> {
    const frame = this.#views[view];
    assert(frame, `view ${view} of ${this.#views.length}`);
    assert(target.length === this.rows * this.columns, 'the target holds one view');
    const bytes = bytesOf(target);
    await this.#read(bytes, frame.position);
    if (crc32(bytes) === frame.checksum) return;
    bytes.fill(0);
    if (this.#damaged.has(view)) return;
    this.#damaged.add(view);
    this.#problems.push(damagedPixels(this.where, frame));
  }

  async readRows(firstRow: number, rowCount: number, target: ScanPixels): Promise<void> {
    assert(firstRow >= 0 && rowCount > 0 && firstRow + rowCount <= this.rows, 'rows of the scan');
    const bytes = bytesOf(target);
    const perView = rowCount * this.columns * Uint16Array.BYTES_PER_ELEMENT;
    const skipped = firstRow * this.columns * Uint16Array.BYTES_PER_ELEMENT;
    assert(bytes.length === perView * this.#views.length, 'the target holds these rows');
    await eachInFlight(this.#views.length, async (view) => {
      const part = bytes.subarray(view * perView, (view + 1) * perView);
      if (this.#damaged.has(view)) part.fill(0);
      else await this.#read(part, (this.#views[view]?.position ?? 0) + skipped);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  async #read(target: Uint8Array, position: number): Promise<void> {
    try {
      await readFully(this.#handle, target, position, this.where);
    } catch (error) {
      throw asFault(error, this.where, 'storage');
    }
  }
}

/** Pixels as they lie in memory: every machine we run on is little-endian, as is the file. */
function bytesOf(pixels: ScanPixels): Uint8Array {
  assert(pixels instanceof Uint16Array, 'frames hold 16-bit counts');
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw asFault(error, path, 'storage');
    throw new Fault('fileMissing', { where: path, message: 'no such file' }, error);
  }
}

/** Reads the header of every frame; all are of the size of the first. */
async function readIndex(path: string, handle: FileHandle): Promise<Index> {
  const { size } = await handle.stat();
  await checkFileHeader(path, handle, size);
  const first = await readHeader(path, handle, FILE_HEADER_BYTES, size);
  const frameBytes = first ? frameBytesOf(first) : 1;
  const count = first ? Math.floor((size - FILE_HEADER_BYTES) / frameBytes) : 0;
  if (!first || count === 0) {
    throw new Fault('fileFormat', { where: path, message: 'holds no whole frame' });
  }
  if (count > FRAMES_MAX) {
    const message = `${count} frames; at most ${FRAMES_MAX} are read`;
    throw new Fault('capacity', { where: path, message });
  }
  const found: (Indexed | Problem)[] = [];
  await eachInFlight(count, async (at) => {
    const position = FILE_HEADER_BYTES + at * frameBytes;
    const header = await readHeader(path, handle, position, size);
    if (header?.rows === first.rows && header.columns === first.columns) {
      found[at] = { ...header, position: position + FRAME_HEADER_BYTES };
      return;
    }
    if (header) await refuseOtherSize(path, handle, { header, position, size, first });
    const message = 'has a damaged header and is left out';
    found[at] = { where: `${path}, frame ${at + 1} of ${count}`, message };
  });
  return {
    rows: first.rows,
    columns: first.columns,
    trailingBytes: size - FILE_HEADER_BYTES - count * frameBytes,
    frames: found.filter((one) => 'position' in one),
    problems: found.filter((one) => 'message' in one),
  };
}

function frameBytesOf({ rows, columns }: FrameHeader): number {
  return FRAME_HEADER_BYTES + rows * columns * Uint16Array.BYTES_PER_ELEMENT;
}

async function checkFileHeader(path: string, handle: FileHandle, size: number): Promise<void> {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  if (size >= header.length) await readFully(handle, header, 0, path);
  if (isFileHeader(header)) return;
  throw new Fault('fileFormat', { where: path, message: 'expected a frames file, version 1' });
}

/** The frame header at a place of the file; undefined when none is there. */
async function readHeader(
  path: string,
  handle: FileHandle,
  position: number,
  size: number,
): Promise<FrameHeader | undefined> {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  if (position + header.length > size) return undefined;
  await readFully(handle, header, position, path);
  return decodeFrameHeader(header);
}

/** A frame of another size is real, and no damage, when another frame or the end comes behind it. */
async function refuseOtherSize(
  path: string,
  handle: FileHandle,
  odd: { header: FrameHeader; position: number; size: number; first: FrameHeader },
): Promise<void> {
  const { header, size, first } = odd;
  const end = odd.position + frameBytesOf(header);
  if (end !== size && !(await readHeader(path, handle, end, size))) return;
  throw new Fault('fileFormat', {
    where: `${path}, ${header.kind} ${header.index}`,
    message: `is ${header.rows} × ${header.columns} pixels, expected ${first.rows} × ${first.columns} as the first`,
  });
}

interface References {
  readonly pixels: Uint16Array;
  /** For each, how many projections were taken before it. */
  readonly afterViews: readonly number[];
}

/** The flat or dark fields whose pixels are what was written. */
async function readReferences(
  path: string,
  handle: FileHandle,
  { rows, columns, frames, problems }: Index,
  kind: 'flat' | 'dark',
): Promise<References> {
  const length = rows * columns;
  const wanted = frames.filter((frame) => frame.kind === kind);
  const bytes = wanted.length * length * Uint16Array.BYTES_PER_ELEMENT;
  if (bytes > REFERENCE_BYTES_MAX) {
    const message = `its ${kind} fields take ${bytes} bytes; at most ${REFERENCE_BYTES_MAX} are held`;
    throw new Fault('capacity', { where: path, message });
  }
  const pixels = new Uint16Array(wanted.length * length);
  const afterViews: number[] = [];
  let views = 0;
  for (const frame of frames) {
    if (frame.kind === 'projection') views += 1;
    if (frame.kind !== kind) continue;
    const part = pixels.subarray(afterViews.length * length, (afterViews.length + 1) * length);
    await readFully(handle, bytesOf(part), frame.position, path);
    if (crc32(bytesOf(part)) === frame.checksum) afterViews.push(views);
    else problems.push(damagedPixels(path, frame));
  }
  return { pixels: pixels.subarray(0, afterViews.length * length), afterViews };
}

function damagedPixels(path: string, { kind, index }: FrameHeader): Problem {
  const message = 'has pixels that are not what was written, and is left out';
  return { where: `${path}, ${kind} ${index}`, message };
}
