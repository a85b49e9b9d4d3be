import type { RunProgress } from '../domain/run-control.ts';
import type { RunInfo, RunRecord, RunStatus } from '../domain/run-record.ts';

/**
 * What the panel's server and its page say to each other over one websocket. Text frames carry
 * JSON messages, binary frames carry pictures. Imports nothing that a browser lacks.
 */

/** Path of the websocket on the panel's origin. */
export const LIVE_PATH = '/live';
/** Path that takes a stop without a websocket. */
export const STOP_PATH = '/api/stop';

export type ClientMessage =
  | {
      readonly type: 'hello';
      /** Sequence number of the newest record the page holds; 0 for none. */
      readonly after: number;
      /** The run those records are from; the cursor counts for that run alone. */
      readonly runId?: string | undefined;
    }
  | { readonly type: 'stop' };

/** The run without its source files, which the page has no use for. */
export type PanelRunInfo = Omit<RunInfo, 'sources'>;

export type ServerMessage =
  | {
      readonly type: 'run';
      readonly info: PanelRunInfo;
      readonly status: RunStatus;
      readonly lastSequence: number;
      /** Records follow from here: 0 means that the page must forget what it holds. */
      readonly after: number;
    }
  | { readonly type: 'records'; readonly records: readonly RunRecord[] }
  | {
      readonly type: 'progress';
      readonly progress: RunProgress;
      readonly status: RunStatus;
      readonly lastSequence: number;
      /** Live pictures left out since the start because newer ones came first. */
      readonly picturesDropped: number;
    }
  | {
      readonly type: 'stop';
      readonly state: 'requested' | 'done' | 'failed';
      readonly message: string;
    };

/** What a picture says of itself; `pixels` follow row-major [size, size]. */
export interface PictureHeader {
  readonly kind: 'liveSlice';
  readonly scanId: string;
  readonly viewsDone: number;
  readonly viewsTotal: number;
  readonly coverageFraction: number;
  /** Detector row of the slice. */
  readonly row: number;
  readonly size: number;
  /** Pixels of the reconstruction per side of one pixel of the picture. */
  readonly binning: number;
  /** Attenuation in 1/pixel that grey value 0 stands for. */
  readonly valueMin: number;
  /** Attenuation in 1/pixel that grey value 255 stands for. */
  readonly valueMax: number;
}

export interface Picture {
  readonly header: PictureHeader;
  readonly pixels: Uint8Array;
}

const LENGTH_BYTES = 4;

/** Header length as u32 little-endian, header as JSON, then one byte per pixel. */
export function encodePicture(picture: Picture): Uint8Array {
  const header = new TextEncoder().encode(JSON.stringify(picture.header));
  const bytes = new Uint8Array(LENGTH_BYTES + header.length + picture.pixels.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, LENGTH_BYTES);
  bytes.set(picture.pixels, LENGTH_BYTES + header.length);
  return bytes;
}

/** Undoes `encodePicture`. @throws RangeError when the lengths do not agree */
export function decodePicture(bytes: Uint8Array): Picture {
  if (bytes.length < LENGTH_BYTES) throw new RangeError('picture is shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixelsAt = LENGTH_BYTES + view.getUint32(0, true);
  if (pixelsAt > bytes.length) throw new RangeError('picture is shorter than its header');
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, pixelsAt));
  const header = JSON.parse(text) as PictureHeader;
  const pixels = bytes.subarray(pixelsAt);
  if (pixels.length !== header.size * header.size) {
    throw new RangeError(`picture has ${pixels.length} pixels, expected ${header.size} squared`);
  }
  return { header, pixels };
}
