import type { Problem } from '../domain/fault.ts';
import type { Frame, LiveSlice, ScanPlan } from '../domain/scan.ts';
import type { NamedPlane, PlaneDetector, PlanePicture } from '../kernels/live-planes.ts';
import type { FramePixels } from './live-light.ts';

/** A frame of the detector, or of a file that holds floats. */
export type LiveFrame = Omit<Frame, 'pixels'> & { readonly pixels: FramePixels };

export interface LiveScanStart {
  readonly plan: ScanPlan;
  readonly rows: number;
  readonly columns: number;
  /** Where filtered projections are kept for the scan after this one. */
  readonly scratchPath: string;
  /** Axis to begin with; otherwise that of the scan before, or the detector's middle. */
  readonly axisPixel?: number;
  /** At most four; those of `standardPlanes` unless given. Other planes begin empty slices. */
  readonly planes?: readonly NamedPlane[];
}

/** What cutting the planes out of a volume needs. */
export interface LivePlaneRequest {
  readonly detector: PlaneDetector;
  readonly pictures: readonly PlanePicture[];
}

/** What came of a frame, or of the end of a scan. */
export interface LiveUpdate {
  /** One for each plane; empty when none were wanted, or nothing is known yet. */
  readonly slices: readonly LiveSlice[];
  /** Trouble that does not end the scan, each once. */
  readonly problems: readonly Problem[];
}

export interface LiveScanEnd extends LiveUpdate {
  readonly viewsUsed: number;
  /** Without light, or nothing but the brightest count: left out. */
  readonly viewsLost: number;
  /** With the pixels of the one before: left out. */
  readonly viewsRepeated: number;
  /** Old views that no new one replaced, taken out at the end. */
  readonly viewsTakenOut: number;
  /** Views whose weight was put right at the end, when all angles were known. */
  readonly weightsCorrected: number;
}

export interface LiveRezero {
  readonly scanId: string;
  /** In the order of the pictures of `geometry`, as `slicePlanes` makes them. */
  readonly planes: readonly Float32Array[];
  /** Rotation axis of the volume they are cut from. */
  readonly axisPixel: number;
}
