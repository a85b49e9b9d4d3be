import { Fault } from '../domain/fault.ts';
import { type DeadPixels, deadPixels, fillDead } from './live-dead-pixels.ts';
import {
  binnedRows,
  detectorToBinned,
  type PlaneDetector,
  type PlanePicture,
  planeRows,
} from './live-planes.ts';
import { COLUMNS_MAX, edgeBlend, filterRamp, filterSizeOf, twiddles } from './tomography-tables.ts';
import { instantiateKernel } from './wasm-module.ts';

/** What the compiled kernel exports; see assembly/live/index.ts. */
interface RawKernel {
  readonly memory: WebAssembly.Memory;
  configure(rawColumns: number, rows: number, binning: number, filterSize: number): number;
  placePlane(plane: number, rows: number, columns: number): number;
  clearPlane(plane: number): void;
  attenuate(firstRow: number, count: number, isCounts: number): void;
  filter(frame: number, firstRow: number, extend: number): void;
  addPlane(
    plane: number,
    frame: number,
    cosine: number,
    sine: number,
    axis: number,
    step: number,
    weight: number,
  ): void;
  rawAddress(): number;
  rawStride(): number;
  stride(): number;
  darkAddress(): number;
  gainAddress(): number;
  attenuationAddress(): number;
  twiddlesAddress(): number;
  rampAddress(): number;
  blendAddress(): number;
  filteredAddress(frame: number, row: number): number;
  filteredStride(): number;
  planeTableAddress(plane: number): number;
  planeAddress(plane: number): number;
}

/** Dark field, and 1 / (flat - dark) or 0 for a dead pixel: [row, column] of the detector. */
export interface FrameReference {
  readonly dark: Float32Array;
  readonly gain: Float32Array;
}

/** How a filtered frame is added to the planes. */
export interface FrameView {
  readonly angleRadian: number;
  /** Share of the half turn it stands for; negative to take it away again. */
  readonly weightRadian: number;
  /** Detector coordinate of the rotation axis, pixel centres at integers, before binning. */
  readonly axisPixel: number;
}

/** Two frames are held: one that was just measured, and one that is read back. */
export type FrameSlot = 'measured' | 'recalled';

/** Rows the kernel takes at once. */
const ROWS_PER_CALL = 8;
/** Doubles of one row of a plane's table. */
const PLANE_ROW_DOUBLES = 4;
export const BINNING_MAX = 8;

/**
 * Makes filtered frames of detector counts and back-projects them into planes. Planes are in
 * 1/(detector pixel), so binning changes their size and not their values. The conventions are
 * those of TomographyKernel: a ray at angle a and detector column t runs where
 * t = axis + x cos a + y sin a.
 */
export class LiveKernel {
  readonly #raw: RawKernel;
  #detector: PlaneDetector | undefined;
  #pictures: readonly PlanePicture[] = [];
  #dead: DeadPixels | undefined;

  /** @param module `loadKernelModule('live')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
  }

  /**
   * Begins planes that are empty. References must be set anew.
   * @throws Fault capacity when detector and planes do not fit
   */
  configure(detector: PlaneDetector, pictures: readonly PlanePicture[]): void {
    const { binning } = detector;
    const columns = Math.floor(detector.columns / binning);
    const filterSize = filterSizeOf(Math.max(2, columns));
    const raw = this.#raw;
    this.#detector = undefined;
    this.#dead = undefined;
    const status = raw.configure(detector.columns, binnedRows(detector), binning, filterSize);
    const isPlaced =
      status === 0 &&
      pictures.every((picture, at) => raw.placePlane(at, picture.rows, picture.columns) === 0);
    if (!isPlaced) throw tooLarge(detector, pictures.length);
    this.#detector = detector;
    this.#pictures = pictures;
    this.#floats(raw.twiddlesAddress(), 2 * filterSize).set(twiddles(filterSize));
    this.#floats(raw.rampAddress(), filterSize / 2 + 1).set(filterRamp(filterSize));
    this.#floats(raw.blendAddress(), filterSize).set(edgeBlend(filterSize, columns));
    for (const [at, picture] of pictures.entries()) this.#writeTable(at, picture, detector);
  }

  /** Values of a filtered frame without its padding: rows x columns after binning. */
  get frameLength(): number {
    const { rows, columns } = this.#size();
    return rows * columns;
  }

  /** Dark field and gain of the frames that follow. */
  setReference({ dark, gain }: FrameReference): void {
    const detector = this.#configured();
    checkLength('dark', dark.length, detector.rows * detector.columns);
    checkLength('gain', gain.length, detector.rows * detector.columns);
    const { rows, columns } = this.#size();
    const stride = this.#raw.stride();
    const darks = this.#floats(this.#raw.darkAddress(), rows * stride).fill(0);
    const gains = this.#floats(this.#raw.gainAddress(), rows * stride).fill(0);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const block = blockReference({ dark, gain }, detector, { row, column });
        darks[row * stride + column] = block.dark;
        gains[row * stride + column] = block.gain;
      }
    }
    this.#dead = deadPixels(gains, { rows, columns, stride });
  }

  /**
   * Counts of a frame into filtered rows of -log data: the frame `measured`.
   * @param extendEdges whether rows go on beyond the detector, as in ScanGeometry
   */
  filterFrame(counts: Uint16Array | Float32Array, extendEdges = false): void {
    const detector = this.#configured();
    const dead = this.#dead;
    if (!dead) {
      throw new Fault('analysis', { where: 'live slices', message: 'a frame before its flats' });
    }
    checkLength('counts', counts.length, detector.rows * detector.columns);
    const raw = this.#raw;
    const { rows } = this.#size();
    const attenuation = this.#floats(raw.attenuationAddress(), ROWS_PER_CALL * raw.stride());
    const isCounts = counts instanceof Uint16Array;
    for (let first = 0; first < rows; first += ROWS_PER_CALL) {
      const count = Math.min(ROWS_PER_CALL, rows - first);
      this.#writeRaw(counts, detector, first * detector.binning, count * detector.binning);
      raw.attenuate(first, count, isCounts ? 1 : 0);
      fillDead(dead, attenuation, first, count);
      raw.filter(0, first, extendEdges ? 1 : 0);
    }
  }

  /** The filtered frame `measured`, [row, column]. */
  readFrame(target: Float32Array): void {
    this.#eachRow('measured', target, (inside, outside) => outside.set(inside));
  }

  /** Puts a filtered frame in the place `recalled`. */
  writeFrame(source: Float32Array): void {
    this.#eachRow('recalled', source, (inside, outside) => inside.set(outside));
  }

  /** Back-projects a filtered frame into every plane. */
  addFrame(slot: FrameSlot, view: FrameView): void {
    const { binning } = this.#configured();
    const { angleRadian, weightRadian, axisPixel } = view;
    if (![angleRadian, weightRadian, axisPixel].every(Number.isFinite)) {
      const message = `angle ${angleRadian} rad, weight ${weightRadian}, axis ${axisPixel}; expected finite numbers`;
      throw new Fault('badInput', { where: 'view', message });
    }
    const cosine = Math.cos(angleRadian);
    const sine = Math.sin(angleRadian);
    const axis = detectorToBinned(axisPixel, binning);
    const frame = slot === 'measured' ? 0 : 1;
    for (const [at, { geometry }] of this.#pictures.entries()) {
      const step = geometry.alongUnit[0] * cosine + geometry.alongUnit[1] * sine;
      this.#raw.addPlane(at, frame, cosine, sine, axis, step, weightRadian / binning);
    }
  }

  clearPlanes(): void {
    for (const at of this.#pictures.keys()) this.#raw.clearPlane(at);
  }

  /** A copy of a plane, [row, column]. */
  readPlane(at: number): Float32Array {
    return this.#plane(at).slice();
  }

  /** Puts a plane in the place of what was added so far. */
  writePlane(at: number, pixels: Float32Array): void {
    const plane = this.#plane(at);
    checkLength(`plane ${at + 1}`, pixels.length, plane.length);
    plane.set(pixels);
  }

  #plane(at: number): Float32Array {
    const picture = this.#pictures[at];
    if (!picture) throw new Fault('analysis', { where: 'live slices', message: `no plane ${at}` });
    return this.#floats(this.#raw.planeAddress(at), picture.rows * picture.columns);
  }

  #writeTable(at: number, picture: PlanePicture, detector: PlaneDetector): void {
    const address = this.#raw.planeTableAddress(at);
    const { buffer } = this.#raw.memory;
    const doubles = new Float64Array(buffer, address, picture.rows * PLANE_ROW_DOUBLES);
    const integers = new Int32Array(buffer, address, 2 * doubles.length);
    const floats = new Float32Array(buffer, address, 2 * doubles.length);
    for (const [row, line] of planeRows(picture, detector).entries()) {
      doubles.set([line.x, line.y], row * PLANE_ROW_DOUBLES);
      const place = 2 * (row * PLANE_ROW_DOUBLES + 2);
      integers.set([line.firstColumn, line.endColumn, line.detectorRow], place);
      floats[place + 3] = line.share;
    }
  }

  #writeRaw(
    counts: Uint16Array | Float32Array,
    { columns }: PlaneDetector,
    firstRow: number,
    rowCount: number,
  ): void {
    const stride = this.#raw.rawStride();
    const { buffer } = this.#raw.memory;
    const length = rowCount * stride;
    const address = this.#raw.rawAddress();
    const rows =
      counts instanceof Uint16Array
        ? new Uint16Array(buffer, address, length)
        : new Float32Array(buffer, address, length);
    for (let row = 0; row < rowCount; row++) {
      const from = (firstRow + row) * columns;
      rows.set(counts.subarray(from, from + columns), row * stride);
    }
  }

  #eachRow(
    slot: FrameSlot,
    frame: Float32Array,
    move: (inside: Float32Array, outside: Float32Array) => void,
  ): void {
    const { rows, columns } = this.#size();
    checkLength('filtered frame', frame.length, rows * columns);
    for (let row = 0; row < rows; row++) {
      const address = this.#raw.filteredAddress(slot === 'measured' ? 0 : 1, row);
      const inside = this.#floats(address, columns);
      move(inside, frame.subarray(row * columns, (row + 1) * columns));
    }
  }

  #size(): { readonly rows: number; readonly columns: number } {
    const detector = this.#configured();
    return {
      rows: binnedRows(detector),
      columns: Math.floor(detector.columns / detector.binning),
    };
  }

  #configured(): PlaneDetector {
    if (this.#detector) return this.#detector;
    throw new Fault('analysis', {
      where: 'live slices',
      message: 'the kernel has no detector yet',
    });
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#raw.memory.buffer, address, length);
  }
}

/** Dark and beam summed over a block; a block with a dead pixel is dead. */
function blockReference(
  { dark, gain }: FrameReference,
  { columns, binning }: PlaneDetector,
  block: { readonly row: number; readonly column: number },
): { readonly dark: number; readonly gain: number } {
  let [darkSum, beamSum] = [0, 0];
  for (let y = 0; y < binning; y++) {
    const first = (block.row * binning + y) * columns + block.column * binning;
    for (let at = first; at < first + binning; at++) {
      const pixelGain = gain[at] ?? 0;
      darkSum += dark[at] ?? 0;
      beamSum += pixelGain > 0 ? 1 / pixelGain : Number.POSITIVE_INFINITY;
    }
  }
  return { dark: darkSum, gain: 1 / beamSum };
}

function tooLarge({ rows, columns, binning }: PlaneDetector, planes: number): Fault {
  return new Fault('capacity', {
    where: 'live slices',
    message: `${planes} planes of a detector of ${rows} x ${columns} at binning ${binning}; expected 2 to ${COLUMNS_MAX} columns, binning 1 to ${BINNING_MAX}, and what fits in 256 MiB`,
  });
}

function checkLength(where: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new Fault('badInput', { where, message: `${length} values; expected ${expected}` });
}
