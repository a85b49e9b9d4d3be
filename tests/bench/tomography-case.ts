import { gridSizeOf } from '../../src/kernels/tomography-tables.ts';
import { evenAngles, phantomSinogram, phantomSlice } from '../kernels/tomography-phantom.ts';

/** Radius of the phantom and of the compared disc, in that of the field of view. */
export const RADIUS_SHARE = 0.95;

/** A size at which slices are made, and what they should be. */
export interface TomographySize {
  readonly columns: number;
  readonly views: number;
  /** Of one gridded slice, s. */
  readonly secondsMax: number;
  readonly rmseMax: number;
  readonly ssimMin: number;
  /** Of filtered back-projection. */
  readonly directRmseMax: number;
}

/** The sinogram of the modified Shepp-Logan phantom, and the slice it is of. */
export interface TomographyCase {
  readonly name: string;
  readonly size: TomographySize;
  readonly anglesRadian: Float64Array;
  readonly axisPixel: number;
  readonly sinogram: Float32Array;
  readonly truth: Float32Array;
}

/** Line integrals are averaged over each detector column, the truth over each pixel. */
export function tomographyCase(size: TomographySize): TomographyCase {
  const { columns, views } = size;
  const anglesRadian = evenAngles(views);
  const axisPixel = (columns - 1) / 2;
  const radiusPixel = RADIUS_SHARE * (columns / 2);
  return {
    name: `${columns} x ${views}`,
    size,
    anglesRadian,
    axisPixel,
    sinogram: phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel }),
    truth: phantomSlice(columns, radiusPixel),
  };
}

/** Geometry for the kernel: every view stands for the same share of the half turn. */
export function geometryOf({ size, anglesRadian, axisPixel }: TomographyCase) {
  const weightsRadian = anglesRadian.map(() => Math.PI / size.views);
  return { columns: size.columns, anglesRadian, weightsRadian, axisPixel };
}

/**
 * The sinogram as scikit-image wants it, whose slices and rows both count from columns // 2: the
 * axis moves from view to view by half a pixel at most, and the slice stays where it was.
 */
export function iradonCase(made: TomographyCase): TomographyCase {
  const { columns } = made.size;
  const radiusPixel = RADIUS_SHARE * (columns / 2);
  const half = Math.floor(columns / 2) - (columns - 1) / 2;
  const sinogram = new Float32Array(made.sinogram.length);
  for (const [view, angle] of made.anglesRadian.entries()) {
    const axisPixel = Math.floor(columns / 2) - half * (Math.cos(angle) + Math.sin(angle));
    const row = phantomSinogram({ columns, radiusPixel, anglesRadian: [angle], axisPixel });
    sinogram.set(row, view * columns);
  }
  return { ...made, sinogram };
}

/** The scan file that the native programs and iradon.py read. */
export function encodeCase({ size, anglesRadian, axisPixel, sinogram }: TomographyCase): Buffer {
  const { columns, views } = size;
  const sizes = Int32Array.of(columns, views, gridSizeOf(columns), 0);
  return Buffer.concat(
    [sizes, Float64Array.of(axisPixel), anglesRadian, sinogram].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    ),
  );
}
