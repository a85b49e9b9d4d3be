import type { Clock } from '../domain/clock.ts';
import type { LiveScratchFactory } from '../domain/live-scratch.ts';
import { LiveKernel } from '../kernels/live-kernel.ts';
import { LiveEngine } from './live-engine.ts';
import type {
  LiveFrame,
  LivePlaneRequest,
  LiveRezero,
  LiveScanEnd,
  LiveScanStart,
  LiveUpdate,
} from './live-frames.ts';

export interface LiveArrival {
  readonly frame: LiveFrame;
  /** False to add the projection without sending pictures back. */
  readonly wantPictures: boolean;
}

/** The jobs of the live worker, called in the order of a scan. */
export type LiveJobs = {
  startScan(start: LiveScanStart): void;
  addFrame(arrival: LiveArrival): LiveUpdate;
  finishScan(scanId: string): LiveScanEnd;
  /** What `slicePlanes` needs to cut the planes of this scan out of a volume. */
  geometry(scanId: string): LivePlaneRequest | undefined;
  /** No slices come back when it is too late: another scan is on them already. */
  rezero(request: LiveRezero): LiveUpdate;
};

/**
 * The state behind the jobs: one live engine.
 * @param parts.module `loadKernelModule('live')`
 */
export function createLiveJobs(parts: {
  readonly module: WebAssembly.Module;
  readonly scratches: LiveScratchFactory;
  readonly clock: Clock;
}): LiveJobs {
  const { scratches, clock } = parts;
  const engine = new LiveEngine({ kernel: new LiveKernel(parts.module), scratches, clock });
  return {
    startScan: (start) => engine.startScan(start),
    addFrame: ({ frame, wantPictures }) => engine.add(frame, wantPictures),
    finishScan: (scanId) => engine.finish(scanId),
    geometry: (scanId) => engine.geometry(scanId),
    rezero: (request) => engine.rezero(request),
  };
}

/** The buffers of a result that are handed over, not copied. */
export function liveTransfer(result: unknown): ArrayBuffer[] {
  if (typeof result !== 'object' || result === null || !('slices' in result)) return [];
  return (result as LiveUpdate).slices.map(({ pixels }) => pixels.buffer as ArrayBuffer);
}
