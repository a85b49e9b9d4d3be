import { LiveEngine } from '../../src/analysis/live-engine.ts';
import type { LiveFrame, LiveUpdate } from '../../src/analysis/live-frames.ts';
import type { LiveScratch, LiveScratchFactory } from '../../src/domain/live-scratch.ts';
import type { LivePlane, LiveSlice, ScanPlan } from '../../src/domain/scan.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { LiveKernel } from '../../src/kernels/live-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';

export const FLAT_COUNTS = 40_000;
export const DARK_COUNTS = 120;

/** A ball, in detector pixels from the axis and detector rows; attenuation per pixel. */
export interface Ball {
  readonly x: number;
  readonly y: number;
  readonly row: number;
  readonly radius: number;
  readonly attenuation: number;
}

/** A sample that looks different from every side and at every height. */
export const SAMPLE: readonly Ball[] = [
  { x: 0, y: 0, row: 20, radius: 24, attenuation: 0.02 },
  { x: -8, y: 5, row: 16, radius: 8, attenuation: 0.02 },
  { x: 9, y: -6, row: 24, radius: 6, attenuation: -0.012 },
  { x: 4, y: 12, row: 28, radius: 5, attenuation: 0.03 },
];

/** The same, with one ball grown and another moved. */
export const CHANGED_SAMPLE: readonly Ball[] = SAMPLE.map((ball, at) => ({
  ...ball,
  radius: at === 1 ? ball.radius + 2.5 : ball.radius,
  x: at === 3 ? ball.x - 4 : ball.x,
}));

export const ROWS = 40;
export const COLUMNS = 64;
export const AXIS = 30.4;

/** Attenuation of one view, every block of pixels seeing the ray through its middle. */
function projectionOf(sample: readonly Ball[], angleRadian: number, axis: number): Float64Array {
  const frame = new Float64Array(ROWS * COLUMNS);
  for (const { x, y, row, radius, attenuation } of sample) {
    const centre = axis + x * Math.cos(angleRadian) + y * Math.sin(angleRadian);
    for (let at = 0; at < frame.length; at++) {
      const square =
        radius ** 2 - (Math.floor(at / COLUMNS) - row) ** 2 - ((at % COLUMNS) - centre) ** 2;
      if (square > 0) frame[at] = (frame[at] ?? 0) + 2 * attenuation * Math.sqrt(square);
    }
  }
  return frame;
}

export function countsOf(
  sample: readonly Ball[],
  angleRadian: number,
  axis: number = AXIS,
): Uint16Array {
  return Uint16Array.from(projectionOf(sample, angleRadian, axis), (value) =>
    Math.round(DARK_COUNTS + (FLAT_COUNTS - DARK_COUNTS) * Math.exp(-value)),
  );
}

export function planOf(scanId: string, views: number, spanRadian = Math.PI): ScanPlan {
  return { scanId, views, startAngleRadian: 0, spanRadian, durationSecond: 90 };
}

export function frame(
  scanId: string,
  kind: LiveFrame['kind'],
  pixels: LiveFrame['pixels'],
  angleRadian = 0,
): LiveFrame {
  const [rows, columns] = [ROWS, COLUMNS];
  return { scanId, kind, index: 0, angleRadian, timeSecond: 0, rows, columns, pixels };
}

/** Flat and dark of a scan. */
export function referenceFrames(scanId: string): LiveFrame[] {
  const size = ROWS * COLUMNS;
  return [
    frame(scanId, 'flat', new Uint16Array(size).fill(FLAT_COUNTS)),
    frame(scanId, 'dark', new Uint16Array(size).fill(DARK_COUNTS)),
  ];
}

/** Keeps everything in memory; fails on purpose when told to. */
export class MemoryScratches implements LiveScratchFactory {
  readonly slots = new Map<number, Float32Array>();
  failing: 'read' | 'write' | undefined;
  opened = 0;
  closed = 0;

  open(): LiveScratch {
    this.opened += 1;
    this.slots.clear();
    const fail = (what: 'read' | 'write') => {
      if (this.failing === what) throw new Error(`no ${what} today`);
    };
    return {
      write: (slot, values) => {
        fail('write');
        this.slots.set(slot, values.slice());
      },
      read: (slot, target) => {
        fail('read');
        const kept = this.slots.get(slot);
        if (!kept) throw new Error(`slot ${slot} was never written`);
        target.set(kept);
      },
      close: () => {
        this.closed += 1;
      },
    };
  }
}

export function makeEngine(binning = 1): { engine: LiveEngine; scratches: MemoryScratches } {
  const scratches = new MemoryScratches();
  const kernel = new LiveKernel(loadKernelModule('live'));
  const clock = new VirtualClock();
  return { engine: new LiveEngine({ kernel, scratches, clock, binning }), scratches };
}

export interface ScanOfViews {
  readonly scanId: string;
  readonly sample: readonly Ball[];
  readonly anglesRadian: ArrayLike<number>;
  /** Of the plan, when some are missing. */
  readonly views?: number;
  readonly spanRadian?: number;
  readonly axisPixel?: number;
}

/** Begins a scan and adds its frames; does not finish it. Returns the last pictures. */
export function addScan(engine: LiveEngine, scan: ScanOfViews): LiveUpdate {
  const { scanId, sample, anglesRadian, axisPixel = AXIS } = scan;
  const plan = planOf(scanId, scan.views ?? anglesRadian.length, scan.spanRadian);
  engine.startScan({ plan, rows: ROWS, columns: COLUMNS, scratchPath: '', axisPixel });
  for (const reference of referenceFrames(scanId)) engine.add(reference, false);
  let update: LiveUpdate = { slices: [], problems: [] };
  for (const [at, angle] of Array.from(anglesRadian).entries()) {
    const isLast = at === anglesRadian.length - 1;
    update = engine.add(frame(scanId, 'projection', countsOf(sample, angle), angle), isLast);
  }
  return update;
}

export function sliceOf(update: LiveUpdate, plane: LivePlane): LiveSlice {
  const slice = update.slices.find((one) => one.plane === plane);
  if (!slice) throw new Error(`no ${plane} slice`);
  return slice;
}
