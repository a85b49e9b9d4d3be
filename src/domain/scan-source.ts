import type { Problem } from './fault.ts';

/** Pixels as a source has them: counts of a detector, or floats of a file. */
export type ScanPixels = Uint16Array | Float32Array;

/**
 * A finished scan that may be larger than memory: frames stay where they are, and are read a view
 * or a band of detector rows at a time. Everything but the pixels is known when it is open.
 */
export interface ScanSource {
  /** File or folder, for messages. */
  readonly where: string;
  readonly rows: number;
  readonly columns: number;
  /** One per projection, in the order they were taken; its length is the number of views. */
  readonly anglesRadian: Float64Array;
  /** What `readView` and `readRows` fill. */
  readonly pixelType: 'uint16' | 'float32';
  /** [flat, row, column]; empty when the source has none. */
  readonly flats: ScanPixels;
  /** [dark, row, column]; empty when the source has none. */
  readonly darks: ScanPixels;
  /** For each flat, how many projections were taken before it; absent when nobody knows. */
  readonly flatsAfterViews?: ArrayLike<number>;
  /**
   * What was found damaged so far and left out: frames that are missing from the views, and views
   * that are read as zeros, as if without light. May grow while views are read.
   */
  readonly problems?: readonly Problem[];
  /**
   * One projection, [row, column].
   * @param target rows * columns values of `pixelType`
   * @throws Fault storage, fileFormat
   */
  readView(view: number, target: ScanPixels): Promise<void>;
  /**
   * Detector rows `firstRow` to before `firstRow + rowCount` of every view, [view, row, column].
   * @param target views * rowCount * columns values of `pixelType`
   * @throws Fault storage, fileFormat
   */
  readRows(firstRow: number, rowCount: number, target: ScanPixels): Promise<void>;
  close(): Promise<void>;
}

/** Opens the frames of a scan of this run again, once they are on disk. */
export interface ScanLibrary {
  /** @throws Fault fileMissing, fileFormat, storage */
  open(scanId: string): Promise<ScanSource>;
}
