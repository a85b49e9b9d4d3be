import { join } from 'node:path';
import { Random } from '../../src/domain/random.ts';
import type { Frame } from '../../src/domain/scan.ts';
import { FileScanSpoolFactory } from '../../src/store/scan-spool.ts';

const DARK = 100;
const LIGHT = 40_000;
/** Attenuation per pixel. */
const DENSITY = 0.004;

/** Rows of this many after each other differ; then they come again. */
const PROFILES = 50;
const NOISE_LENGTH = 2 ** 16;

/** Two rods in air, one of them thicker from row to row, with shot noise. */
export function writeFramesFile(
  folder: string,
  scan: {
    readonly views: number;
    readonly rows: number;
    readonly columns: number;
    /** Of each view, against that of the flat field; without it steady. */
    readonly beam?: readonly number[];
  },
): string {
  const { views, rows, columns, beam } = scan;
  const random = new Random(7);
  const noise = Float64Array.from({ length: NOISE_LENGTH }, () => random.normal());
  const spool = new FileScanSpoolFactory(folder).open('scan-001');
  const add = (kind: Frame['kind'], index: number, light: readonly Float64Array[]): void => {
    const pixels = new Uint16Array(rows * columns);
    const start = Math.floor(NOISE_LENGTH * random.uniform());
    for (let row = 0; row < rows; row += 1) {
      const profile = light[row % light.length] ?? [];
      for (let column = 0; column < columns; column += 1) {
        const at = row * columns + column;
        const counts = DARK + (profile[column] ?? 0);
        pixels[at] = counts + Math.sqrt(counts) * (noise[(start + at) % NOISE_LENGTH] ?? 0) + 0.5;
      }
    }
    const angleRadian = kind === 'projection' ? (Math.PI * index) / views : 0;
    const scanId = 'scan-001';
    spool.add({ scanId, kind, index, angleRadian, timeSecond: index, rows, columns, pixels });
  };
  add('dark', 0, [new Float64Array(columns)]);
  add('flat', 0, [new Float64Array(columns).fill(LIGHT)]);
  for (let view = 0; view < views; view += 1) {
    const angle = (Math.PI * view) / views;
    const strength = beam?.[view] ?? 1;
    const profiles = Array.from({ length: PROFILES }, (_, row) =>
      profileAt(angle, row, columns).map((light) => strength * light),
    );
    add('projection', view, profiles);
  }
  return join(folder, spool.finish());
}

/** What is left of the light behind both rods. */
function profileAt(angle: number, row: number, columns: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, column) => {
    let length = 0;
    for (const [x, y, radius] of [
      [0.1, -0.05, 0.25],
      [-0.2, 0.1, 0.05 + 0.001 * row],
    ] as const) {
      const centre = (columns - 1) / 2 + columns * (x * Math.cos(angle) + y * Math.sin(angle));
      length += 2 * Math.sqrt(Math.max(0, (columns * radius) ** 2 - (column - centre) ** 2));
    }
    return LIGHT * Math.exp(-DENSITY * length);
  });
}
