import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import { checkAirMargin, checkBeamScale, marginTransmission } from './tomography-beam.ts';
import type { FlatMoment } from './tomography-flat-field.ts';
import { type ViewInspection, ViewInspector } from './tomography-views.ts';
import { VIEWS_MIN, type VolumeOptions } from './volume-options.ts';

/** What one look at every view of a scan tells. */
export interface ScanInspection {
  readonly views: ViewInspection;
  /** Beam of each view relative to that of the flats; undefined when nobody asked. */
  readonly relativeBeam: ArrayLike<number> | undefined;
}

/**
 * Reads every view once, in order, unless they were looked at while they were taken and nothing
 * is asked of the beam beside the sample.
 * @throws Fault badInput when the given beam or air margin does not fit, and what the source throws
 */
export async function inspectScan(
  source: ScanSource,
  moments: readonly FlatMoment[],
  options: Pick<VolumeOptions, 'airMarginColumns' | 'beamScale' | 'inspector' | 'signal'> & {
    readonly onView: (done: number) => void;
  },
): Promise<ScanInspection> {
  const { airMarginColumns: margin = 0, beamScale } = options;
  const views = source.anglesRadian.length;
  const { columns } = source;
  if (beamScale) checkBeamScale(beamScale, views);
  const isMeasured = !beamScale && margin !== 0;
  if (isMeasured) checkAirMargin(margin, columns);
  const dark = moments[0]?.field.dark ?? new Float32Array(0);
  if (options.inspector?.views === views && !isMeasured) {
    return { views: options.inspector.inspect(dark, VIEWS_MIN), relativeBeam: beamScale };
  }
  const inspector = new ViewInspector(source.rows * columns);
  const measured = new Float64Array(isMeasured ? views : 0);
  const pixels = pixelsFor(source.pixelType, source.rows * columns);
  for (let view = 0; view < views; view++) {
    options.signal?.throwIfAborted();
    await source.readView(view, pixels);
    inspector.add(pixels);
    if (isMeasured) measured[view] = marginTransmission(pixels, moments, { view, columns, margin });
    options.onView(view + 1);
  }
  return {
    views: inspector.inspect(dark, VIEWS_MIN),
    relativeBeam: isMeasured ? measured : beamScale,
  };
}

/** Room for pixels that every thread sees. */
export function pixelsFor(type: ScanSource['pixelType'], length: number): ScanPixels {
  return type === 'uint16'
    ? new Uint16Array(new SharedArrayBuffer(Uint16Array.BYTES_PER_ELEMENT * length))
    : new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length));
}
