import type { ScanData } from '../../src/domain/scan.ts';
import { evenAngles, phantomSinogram } from '../kernels/tomography-phantom.ts';

export const FLAT_COUNTS = 30_000;
export const DARK_COUNTS = 100;
/** Attenuation per pixel of the phantom's value 1. */
export const ATTENUATION_PER_PIXEL = 0.02;

/** A scan of the phantom in detector counts; every row sees the same. */
export function countedScan(options: {
  readonly rows: number;
  readonly columns: number;
  readonly views: number;
  readonly axisPixel: number;
  readonly spanRadian?: number;
}): ScanData {
  const { rows, columns, views, axisPixel } = options;
  const anglesRadian = evenAngles(views, options.spanRadian);
  const sinogram = phantomSinogram({
    columns,
    radiusPixel: 0.4 * columns,
    anglesRadian,
    axisPixel,
  });
  const frameSize = rows * columns;
  const projections = new Uint16Array(views * frameSize);
  for (let at = 0; at < projections.length; at++) {
    const view = Math.floor(at / frameSize);
    const line = sinogram[view * columns + (at % columns)] ?? 0;
    const light = (FLAT_COUNTS - DARK_COUNTS) * Math.exp(-ATTENUATION_PER_PIXEL * line);
    projections[at] = Math.round(DARK_COUNTS + light);
  }
  return {
    rows,
    columns,
    anglesRadian,
    projections,
    flats: new Uint16Array(2 * frameSize).fill(FLAT_COUNTS),
    darks: new Uint16Array(3 * frameSize).fill(DARK_COUNTS),
  };
}
