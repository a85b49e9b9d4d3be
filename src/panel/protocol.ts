import type { RunProgress, Waiting } from '../domain/run-control.ts';
import type { RunInfo, RunRecord, RunStatus } from '../domain/run-record.ts';
import type { LiveSlice } from '../domain/scan.ts';

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
  | { readonly type: 'stop' }
  | (Signed & {
      readonly type: 'acknowledge';
      /** The code of the event that raised it: `interlock`. */
      readonly alarm: string;
    })
  | (Signed & { readonly type: 'goOn' });

/** What a person asks for with a name and a reason. */
interface Signed {
  /** Made by the page; a request that comes again under it is not carried out again. */
  readonly requestId: string;
  /** The run that the page shows. */
  readonly runId: string;
  readonly by: string;
  readonly reason: string;
}

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
      /** Why the run stands still; null while it goes on. */
      readonly waiting: Waiting | null;
    }
  | {
      readonly type: 'answer';
      readonly requestId: string;
      readonly state: 'done' | 'failed';
      /** For people. */
      readonly message: string;
    }
  | {
      readonly type: 'stop';
      readonly state: 'requested' | 'done' | 'failed';
      readonly message: string;
    };

/** What a picture says of itself; its pixels are row-major [rows, columns]. */
export interface PictureHeader
  extends Pick<
    LiveSlice,
    | 'scanId'
    | 'plane'
    | 'geometry'
    | 'mode'
    | 'viewsDone'
    | 'viewsTotal'
    | 'coverageFraction'
    | 'seen'
    | 'rows'
    | 'columns'
    | 'pixelSizeUm'
    | 'latencyMs'
  > {
  /** Detector pixels per side of one pixel of the picture. */
  readonly binning: number;
  /** Attenuation in 1/(detector pixel) that grey value 0 stands for. */
  readonly valueMin: number;
  /** Attenuation in 1/(detector pixel) that grey value 255 stands for. */
  readonly valueMax: number;
}

export interface Picture {
  readonly header: PictureHeader;
  readonly pixels: Uint8Array;
}

const LENGTH_BYTES = 4;

/**
 * The pictures of one moment: length of the headers as u32 little-endian, the headers as JSON,
 * then the pixels of each picture, one byte per pixel.
 */
export function encodePictures(pictures: readonly Picture[]): Uint8Array {
  const headers = new TextEncoder().encode(JSON.stringify(pictures.map(({ header }) => header)));
  const pixelCount = pictures.reduce((sum, { pixels }) => sum + pixels.length, 0);
  const bytes = new Uint8Array(LENGTH_BYTES + headers.length + pixelCount);
  new DataView(bytes.buffer).setUint32(0, headers.length, true);
  bytes.set(headers, LENGTH_BYTES);
  let at = LENGTH_BYTES + headers.length;
  for (const { pixels } of pictures) {
    bytes.set(pixels, at);
    at += pixels.length;
  }
  return bytes;
}

/** Undoes `encodePictures`. @throws RangeError when the lengths do not agree */
export function decodePictures(bytes: Uint8Array): Picture[] {
  if (bytes.length < LENGTH_BYTES) throw new RangeError('pictures are shorter than their headers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = LENGTH_BYTES + view.getUint32(0, true);
  if (at > bytes.length) throw new RangeError('pictures are shorter than their headers');
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, at));
  const pictures = (JSON.parse(text) as PictureHeader[]).map((header) => {
    const pixels = bytes.subarray(at, at + header.rows * header.columns);
    at += header.rows * header.columns;
    return { header, pixels };
  });
  if (at === bytes.length) return pictures;
  throw new RangeError(`pictures take ${bytes.length} bytes, expected ${at}`);
}
