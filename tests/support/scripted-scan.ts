import type { LivePlane, LiveSlice, PlaneGeometry } from '../../src/domain/scan.ts';

const SIZE = 160;

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly attenuation: number;
}

/** A cell in its casing with lithium layers and voids, in pixels from the rotation axis. */
const DISCS: readonly Disc[] = [
  { x: 0, y: 0, radius: 70, attenuation: 0.02 },
  { x: 0, y: 0, radius: 62, attenuation: -0.012 },
  { x: -14, y: 10, radius: 34, attenuation: 0.016 },
  { x: -14, y: 10, radius: 22, attenuation: -0.009 },
  { x: 30, y: -22, radius: 15, attenuation: 0.014 },
  { x: 34, y: 24, radius: 6, attenuation: 0.03 },
  { x: -2, y: -40, radius: 9, attenuation: -0.007 },
  { x: -36, y: -24, radius: 4, attenuation: 0.026 },
];

const HEIGHT = 100;
const ROW = 120;
const HALF = Math.SQRT1_2;

const PLANES: readonly (readonly [LivePlane, PlaneGeometry])[] = [
  ['horizontal', { centrePixel: [0, 0, ROW], alongUnit: [1, 0, 0], downUnit: [0, 1, 0] }],
  ['vertical', { centrePixel: [0, 0, ROW], alongUnit: [1, 0, 0], downUnit: [0, 0, 1] }],
  ['verticalCross', { centrePixel: [0, 0, ROW], alongUnit: [0, 1, 0], downUnit: [0, 0, 1] }],
  [
    'oblique',
    { centrePixel: [0, 0, ROW], alongUnit: [HALF, HALF, 0], downUnit: [-0.5, 0.5, HALF] },
  ],
];

/**
 * Filtered back-projection of discs, one view at a time: live slices as a scan yields them. The
 * sample is the same at every height, but for getting narrower towards its ends.
 */
export class ScriptedScan {
  readonly #scanId: string;
  readonly #viewsTotal: number;
  readonly #pixels = new Float32Array(SIZE * SIZE);
  #viewsDone = 0;

  constructor(scanId: string, viewsTotal: number) {
    this.#scanId = scanId;
    this.#viewsTotal = viewsTotal;
  }

  /** Adds the next view and returns every plane. */
  addView(): LiveSlice[] {
    const angleRadian = (Math.PI * this.#viewsDone) / this.#viewsTotal;
    const filtered = rampFiltered(projectionAt(angleRadian));
    const cosine = Math.cos(angleRadian);
    const sine = Math.sin(angleRadian);
    const weight = Math.PI / this.#viewsTotal;
    for (let row = 0; row < SIZE; row++) {
      for (let column = 0; column < SIZE; column++) {
        const s = (column - SIZE / 2) * cosine + (row - SIZE / 2) * sine + SIZE / 2;
        const at = row * SIZE + column;
        this.#pixels[at] = (this.#pixels[at] ?? 0) + weight * (filtered[Math.round(s)] ?? 0);
      }
    }
    this.#viewsDone += 1;
    return PLANES.map(([plane, geometry]) => this.#slice(plane, geometry));
  }

  #slice(plane: LivePlane, geometry: PlaneGeometry): LiveSlice {
    const rows = plane === 'horizontal' ? SIZE : HEIGHT;
    return {
      scanId: this.#scanId,
      plane,
      geometry,
      // The scans after the first have something to go on from.
      mode: this.#scanId === 'scan-1' ? 'fillIn' : 'difference',
      viewsDone: this.#viewsDone,
      viewsTotal: this.#viewsTotal,
      coverageFraction: this.#viewsDone / this.#viewsTotal,
      seen: [{ fromRadian: 0, toRadian: (Math.PI * this.#viewsDone) / this.#viewsTotal }],
      rows,
      columns: SIZE,
      binning: 2,
      pixelSizeUm: 2.5,
      latencyMs: 12.3,
      pixels: Float32Array.from({ length: rows * SIZE }, (_, at) =>
        this.#valueAt(geometry, at % SIZE, Math.floor(at / SIZE) - rows / 2),
      ),
    };
  }

  #valueAt({ alongUnit, downUnit }: PlaneGeometry, column: number, down: number): number {
    const along = column - SIZE / 2;
    const height = (2 * down * downUnit[2]) / HEIGHT;
    const width = Math.sqrt(Math.max(0.05, 1 - height ** 2));
    const x = Math.round((along * alongUnit[0] + down * downUnit[0]) / width + SIZE / 2);
    const y = Math.round((along * alongUnit[1] + down * downUnit[1]) / width + SIZE / 2);
    const isInside = x >= 0 && x < SIZE && y >= 0 && y < SIZE;
    return isInside ? (this.#pixels[y * SIZE + x] ?? 0) : 0;
  }
}

function projectionAt(angleRadian: number): Float32Array {
  const line = new Float32Array(SIZE);
  for (const { x, y, radius, attenuation } of DISCS) {
    const centre = x * Math.cos(angleRadian) + y * Math.sin(angleRadian) + SIZE / 2;
    for (let s = 0; s < SIZE; s++) {
      const chord = radius * radius - (s - centre) ** 2;
      if (chord > 0) line[s] = (line[s] ?? 0) + 2 * attenuation * Math.sqrt(chord);
    }
  }
  return line;
}

/** Convolution with the ramp kernel of Ramachandran and Lakshminarayanan (1971). */
function rampFiltered(line: Float32Array): Float32Array {
  return line.map((_, at) => {
    let sum = (line[at] ?? 0) / 4;
    for (let other = 0; other < SIZE; other++) {
      const distance = at - other;
      if (distance % 2 !== 0) sum -= (line[other] ?? 0) / (Math.PI * distance) ** 2;
    }
    return sum;
  });
}
