import type { Frame } from '../../src/domain/scan.ts';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';
import {
  type CellTruth,
  cutsByRow,
  type GrainCut,
  layerShare,
  type SyntheticCell,
  syntheticCell,
} from './synthetic-cell.ts';
import { attenuationVariance, SyntheticDetector } from './synthetic-detector.ts';
import { truthSlice } from './synthetic-truth.ts';

/** What is scanned, and how finely. */
export interface SyntheticScanOptions {
  readonly rows: number;
  readonly columns: number;
  readonly views: number;
  readonly seed: number;
  /** The rotation axis is so far from the middle of the detector; 3.3 unless given. */
  readonly axisOffsetPixel?: number;
}

/** Flat fields before the first view, and again after the last; dark fields before both. */
const FLATS = 5;
const DARKS = 5;
const AXIS_OFFSET_PIXEL = 3.3;
const FRAME_SECOND = 0.09;
/** So near to its end, in pixels, a chord is averaged over the pixel instead of taken in its middle. */
const EXACT_NEAR_PIXEL = 4;

/**
 * A scan of a known cell over half a turn, made frame by frame from closed-form projections. The
 * same options make the same frames.
 */
export class SyntheticScan {
  readonly options: SyntheticScanOptions;
  readonly axisPixel: number;
  readonly anglesRadian: Float64Array;
  readonly #cell: SyntheticCell;
  readonly #cuts: readonly GrainCut[][];

  constructor(options: SyntheticScanOptions) {
    this.options = options;
    const { rows, columns, views } = options;
    this.axisPixel = (columns - 1) / 2 + (options.axisOffsetPixel ?? AXIS_OFFSET_PIXEL);
    this.anglesRadian = Float64Array.from({ length: views }, (_, at) => (at * Math.PI) / views);
    this.#cell = syntheticCell(options);
    this.#cuts = cutsByRow(this.#cell, rows);
  }

  /** What a segmentation of the volume should find. */
  get known(): CellTruth {
    return this.#cell.known;
  }

  /** Bytes of all pixels of all projections. */
  get bytes(): number {
    const { rows, columns, views } = this.options;
    return Uint16Array.BYTES_PER_ELEMENT * rows * columns * views;
  }

  /** Writes `<scanId>.frames` into the folder, as a run spools it. Resolves with nothing kept. */
  write(folder: string, scanId: string, onView?: (view: number) => void): string {
    const spool = new FileScanSpoolFactory(folder).open(scanId);
    for (const frame of this.#frames(scanId)) {
      spool.add(frame);
      if (frame.kind === 'projection') onView?.(frame.index);
    }
    return spool.finish();
  }

  /** Attenuation in 1/pixel that a perfect slice of this row shows. */
  truth(row: number): Float32Array {
    const { columns } = this.options;
    return truthSlice(this.#cell, this.#cuts[row] ?? [], { row, columns });
  }

  /**
   * Standard deviation that photon and read noise give a voxel of a slice, 1/pixel, from the ramp
   * filter's band (Kak and Slaney 1988, sec. 5.2): pi sqrt(integral of (f w)² / views) times that of
   * a ray, which with the window w = sinc(f) of Shepp and Logan is 1 / sqrt(2 views). Rays through
   * the disc, mean variance.
   */
  noise(row: number): number {
    const { columns, views } = this.options;
    const line = this.#layersOf(row);
    const seen = line.filter((value) => value > 0);
    const variance = seen.reduce((sum, value) => sum + attenuationVariance(value), 0);
    if (columns < 1 || seen.length === 0) return 0;
    return Math.sqrt(variance / seen.length / (2 * views));
  }

  /** Line integrals of the view at `angleRadian`, [row, column]. */
  project(angleRadian: number, target: Float32Array): void {
    const { rows, columns } = this.options;
    const layers = this.#layerLines();
    for (let row = 0; row < rows; row++) {
      const line = target.subarray(row * columns, (row + 1) * columns);
      line.set(layers[row] ?? []);
      for (const cut of this.#cuts[row] ?? []) addCut(line, cut, angleRadian, this.axisPixel);
    }
  }

  *#frames(scanId: string): Generator<Frame> {
    const { rows, columns, views } = this.options;
    const detector = new SyntheticDetector(this.options);
    const pixels = new Uint16Array(rows * columns);
    let taken = 0;
    const frame = (kind: Frame['kind'], index: number, angleRadian: number): Frame => {
      taken += 1;
      const timeSecond = taken * FRAME_SECOND;
      return { scanId, kind, index, angleRadian, timeSecond, rows, columns, pixels };
    };
    for (let index = 0; index < DARKS; index++) {
      detector.exposeDark(pixels);
      yield frame('dark', index, 0);
    }
    for (let index = 0; index < FLATS; index++) {
      detector.exposeFlat(pixels);
      yield frame('flat', index, 0);
    }
    const attenuations = new Float32Array(rows * columns);
    for (let view = 0; view < views; view++) {
      const angle = this.anglesRadian[view] ?? 0;
      this.project(angle, attenuations);
      detector.expose(attenuations, pixels);
      yield frame('projection', view, angle);
    }
    for (let index = FLATS; index < 2 * FLATS; index++) {
      detector.exposeFlat(pixels);
      yield frame('flat', index, 0);
    }
  }

  /** Layers are round about the axis: every view sees the same of them. */
  #lines: readonly Float32Array[] | undefined;
  #layerLines(): readonly Float32Array[] {
    this.#lines ??= Array.from({ length: this.options.rows }, (_, row) => this.#layersOf(row));
    return this.#lines;
  }

  #layersOf(row: number): Float32Array {
    const line = new Float32Array(this.options.columns);
    for (const layer of this.#cell.layers) {
      const attenuation = layer.attenuation * layerShare(layer, row);
      if (attenuation === 0) continue;
      addChords(line, { centre: this.axisPixel, half: layer.radius, weight: attenuation });
    }
    return line;
  }
}

/** An ellipse is a stretched circle: its chords are those of a circle of its half-width, scaled. */
function addCut(line: Float32Array, { grain, share }: GrainCut, angle: number, axis: number): void {
  const along = grain.a * Math.cos(angle - grain.turnRadian);
  const across = grain.b * Math.sin(angle - grain.turnRadian);
  const equator = Math.hypot(along, across);
  addChords(line, {
    centre: axis + grain.x * Math.cos(angle) + grain.y * Math.sin(angle),
    half: share * equator,
    weight: (grain.attenuation * grain.a * grain.b) / (equator * equator),
  });
}

/** Adds `weight` times the chords of a circle, averaged over each pixel. */
function addChords(
  line: Float32Array,
  circle: { readonly centre: number; readonly half: number; readonly weight: number },
): void {
  const { centre, half, weight } = circle;
  const first = Math.max(0, Math.ceil(centre - half - 0.5));
  const last = Math.min(line.length - 1, Math.floor(centre + half + 0.5));
  for (let column = first; column <= last; column++) {
    const place = column - centre;
    const chord =
      half - Math.abs(place) > EXACT_NEAR_PIXEL
        ? 2 * Math.sqrt(half * half - place * place)
        : chordIntegral(place + 0.5, half) - chordIntegral(place - 0.5, half);
    line[column] = (line[column] ?? 0) + weight * chord;
  }
}

/** The integral of 2 sqrt(r r - u u) from 0 to u, with u held within the circle. */
function chordIntegral(u: number, radius: number): number {
  const held = Math.max(-radius, Math.min(radius, u));
  const height = Math.sqrt(Math.max(0, radius * radius - held * held));
  return held * height + radius * radius * Math.asin(held / radius);
}
