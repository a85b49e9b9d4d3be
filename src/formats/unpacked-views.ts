import { ok as assert } from 'node:assert';
import { Fault } from '../domain/fault.ts';
import { eachInFlight } from '../domain/in-flight.ts';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import type { ScratchFactory, ScratchFile } from '../domain/scratch.ts';
import { allocatePixels } from './frame-stack.ts';

/** Views that are held in memory; more go into a scratch file. */
export const SCAN_HELD_BYTES_MAX = 2 ** 28;

/** Where a scan that cannot be read by rows is unpacked to. */
export interface Scratch {
  readonly factory: ScratchFactory;
  /** Of the file; the scan's own. */
  readonly name: string;
}

/** How a scan is opened. */
export interface OpenScanOptions {
  /** For views that cannot be read by rows where they lie, and are too large to hold. */
  readonly scratch?: Scratch;
  /** True for who reads view by view: then nothing is unpacked that can be read so. */
  readonly byViews?: boolean;
  /** SCAN_HELD_BYTES_MAX unless given. */
  readonly heldBytesMax?: number;
}

/** What is known of views before the first is there. */
export interface ViewsToUnpack {
  /** File or folder, for messages. */
  readonly where: string;
  readonly views: number;
  readonly rows: number;
  readonly columns: number;
  readonly pixelType: 'uint16' | 'float32';
}

/** Everything of a source but its views. */
export type ViewFacts = Pick<ScanSource, 'anglesRadian' | 'flats' | 'darks' | 'flatsAfterViews'>;

/** The views of a scan, taken out of files that cannot be read by rows: in memory, or on disk. */
export class UnpackedViews {
  readonly #plan: ViewsToUnpack;
  readonly #held: ScanPixels | undefined;
  readonly #file: ScratchFile | undefined;

  private constructor(plan: ViewsToUnpack, file: ScratchFile | undefined) {
    this.#plan = plan;
    this.#file = file;
    const { views, rows, columns, pixelType } = plan;
    this.#held = file ? undefined : allocatePixels(pixelType === 'uint16', views * rows * columns);
  }

  /** @throws Fault capacity when they are too large to hold and there is no scratch; storage */
  static async make(plan: ViewsToUnpack, options: OpenScanOptions): Promise<UnpackedViews> {
    const { scratch, heldBytesMax = SCAN_HELD_BYTES_MAX } = options;
    const bytes = plan.views * frameBytesOf(plan);
    if (bytes <= heldBytesMax) return new UnpackedViews(plan, undefined);
    if (scratch) return new UnpackedViews(plan, await scratch.factory.open(scratch.name, bytes));
    throw new Fault('capacity', {
      where: plan.where,
      message: `its views take ${bytes} bytes and cannot be read by rows where they lie; at most ${heldBytesMax} are held`,
    });
  }

  /** Puts views in, from view `first` on. @throws Fault storage */
  async put(first: number, pixels: ScanPixels): Promise<void> {
    const { rows, columns } = this.#plan;
    if (this.#held) this.#held.set(pixels, first * rows * columns);
    else await this.#file?.write(bytesOf(pixels), first * frameBytesOf(this.#plan));
  }

  async read(view: number, firstRow: number, target: ScanPixels): Promise<void> {
    const { rows, columns } = this.#plan;
    const start = (view * rows + firstRow) * columns;
    if (this.#held) target.set(this.#held.subarray(start, start + target.length));
    else await this.#file?.read(bytesOf(target), start * target.BYTES_PER_ELEMENT);
  }

  async close(): Promise<void> {
    await this.#file?.remove();
  }

  /** The scan whose views these are, now that all are there. */
  asSource(facts: ViewFacts): ScanSource {
    const { where, views, rows, columns, pixelType } = this.#plan;
    const { anglesRadian, flats, darks, flatsAfterViews } = facts;
    return {
      where,
      rows,
      columns,
      pixelType,
      anglesRadian,
      flats,
      darks,
      ...(flatsAfterViews ? { flatsAfterViews } : {}),
      readView: (view, target) => {
        assert(view >= 0 && view < views && target.length === rows * columns, `view ${view}`);
        return this.read(view, 0, target);
      },
      readRows: (firstRow, rowCount, target) => {
        const length = rowCount * columns;
        assert(target.length === views * length, 'the target holds these rows');
        return eachInFlight(views, (view) =>
          this.read(view, firstRow, target.subarray(view * length, (view + 1) * length)),
        );
      },
      close: () => this.close(),
    };
  }
}

function frameBytesOf({ rows, columns, pixelType }: ViewsToUnpack): number {
  return rows * columns * (pixelType === 'uint16' ? 2 : Float32Array.BYTES_PER_ELEMENT);
}

function bytesOf(pixels: ScanPixels): Uint8Array {
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}
