import { type GrainCut, layerShare, type SyntheticCell } from './synthetic-cell.ts';

/** Points per pixel side over which a pixel's value is averaged where an edge runs through it. */
const SUBPIXELS = 4;
/** Half the diagonal of a pixel: no edge is farther from the middle of a pixel that it cuts. */
const HALF_DIAGONAL = Math.SQRT1_2;

/** Attenuation, 1/pixel, averaged over each pixel of the slice that belongs to a detector row. */
export function truthSlice(
  cell: SyntheticCell,
  cuts: readonly GrainCut[],
  place: { readonly row: number; readonly columns: number },
): Float32Array {
  const { row, columns } = place;
  const slice = new Float32Array(columns * columns);
  const add = (ellipse: Ellipse): void => addEllipse(slice, columns, ellipse);
  for (const layer of cell.layers) {
    const attenuation = layer.attenuation * layerShare(layer, row);
    const { radius } = layer;
    if (attenuation !== 0) add({ x: 0, y: 0, a: radius, b: radius, turnRadian: 0, attenuation });
  }
  for (const { grain, share } of cuts) add({ ...grain, a: grain.a * share, b: grain.b * share });
  return slice;
}

interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly turnRadian: number;
  readonly attenuation: number;
}

function addEllipse(slice: Float32Array, columns: number, ellipse: Ellipse): void {
  const { x, y, a, b, attenuation } = ellipse;
  const middle = (columns - 1) / 2;
  const reach = Math.max(a, b) + 1;
  const range = (centre: number): [number, number] => [
    Math.max(0, Math.floor(centre + middle - reach)),
    Math.min(columns - 1, Math.ceil(centre + middle + reach)),
  ];
  const [left, right] = range(x);
  const [top, bottom] = range(y);
  const [cosine, sine] = [Math.cos(ellipse.turnRadian), Math.sin(ellipse.turnRadian)];
  // In radii of the ellipse, no point of a pixel is farther than this from its middle.
  const margin = HALF_DIAGONAL / Math.min(a, b);
  const radiusAt = (dx: number, dy: number): number =>
    Math.hypot((dx * cosine + dy * sine) / a, (dy * cosine - dx * sine) / b);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [dx, dy] = [column - middle - x, row - middle - y];
      const radius = radiusAt(dx, dy);
      if (radius > 1 + margin) continue;
      const share = radius < 1 - margin ? 1 : coveredShare(radiusAt, dx, dy);
      const at = row * columns + column;
      slice[at] = (slice[at] ?? 0) + attenuation * share;
    }
  }
}

function coveredShare(radiusAt: (dx: number, dy: number) => number, x: number, y: number): number {
  let inside = 0;
  for (let k = 0; k < SUBPIXELS ** 2; k++) {
    const dx = x + ((k % SUBPIXELS) + 0.5) / SUBPIXELS - 0.5;
    const dy = y + (Math.floor(k / SUBPIXELS) + 0.5) / SUBPIXELS - 0.5;
    if (radiusAt(dx, dy) <= 1) inside += 1;
  }
  return inside / SUBPIXELS ** 2;
}
