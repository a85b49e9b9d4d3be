import type { LiveSlice } from '../../src/domain/scan.ts';

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

/** Filtered back-projection of discs, one view at a time: a live slice as a scan yields it. */
export class ScriptedScan {
  readonly #scanId: string;
  readonly #viewsTotal: number;
  readonly #pixels = new Float32Array(SIZE * SIZE);
  #viewsDone = 0;

  constructor(scanId: string, viewsTotal: number) {
    this.#scanId = scanId;
    this.#viewsTotal = viewsTotal;
  }

  /** Adds the next view and returns the slice; its pixels are written on by the view after. */
  addView(): LiveSlice {
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
    return {
      scanId: this.#scanId,
      viewsDone: this.#viewsDone,
      viewsTotal: this.#viewsTotal,
      coverageFraction: this.#viewsDone / this.#viewsTotal,
      row: 120,
      size: SIZE,
      pixels: this.#pixels,
    };
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
