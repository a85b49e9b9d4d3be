import type { LiveFrame } from '../analysis/live-frames.ts';
import { LiveReference } from '../analysis/live-light.ts';
import { findRotationAxis } from '../analysis/rotation-axis.ts';
import { Fault } from '../domain/fault.ts';
import type { ScanPlan } from '../domain/scan.ts';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';

/** Rows the axis is looked for in, spread over the middle half of the detector. */
const AXIS_ROWS = 3;
const TRANSMISSION_MIN = 1e-4;

/** The plan a scan was taken by, as far as its angles tell. @throws Fault badInput without views */
export function planOfScan(
  source: ScanSource,
  scanId: string,
  pixelSizeUm: number | undefined,
): ScanPlan {
  const { anglesRadian } = source;
  const views = anglesRadian.length;
  if (views < 2) {
    throw new Fault('badInput', {
      where: source.where,
      message: `${views} projections; expected at least 2`,
    });
  }
  const first = anglesRadian[0] ?? 0;
  const lowest = anglesRadian.reduce((least, angle) => Math.min(least, angle), first);
  const highest = anglesRadian.reduce((most, angle) => Math.max(most, angle), first);
  const sign = (anglesRadian[views - 1] ?? 0) < first ? -1 : 1;
  // The last view stands for a step as well.
  const spanRadian = (sign * (highest - lowest) * views) / (views - 1);
  const size = pixelSizeUm === undefined ? {} : { pixelSizeUm };
  return { scanId, views, startAngleRadian: first, spanRadian, durationSecond: 0, ...size };
}

/** Every frame of a finished scan, in the order the detector sent them. */
export async function* framesOf(source: ScanSource, scanId: string): AsyncGenerator<LiveFrame> {
  const { rows, columns, anglesRadian, pixelType, flats, darks } = source;
  const size = rows * columns;
  const same = { scanId, timeSecond: 0, rows, columns };
  for (let index = 0; index * size < darks.length; index++) {
    const pixels = part(darks, index, size);
    yield { ...same, kind: 'dark', index, angleRadian: 0, pixels };
  }
  const flatsBefore = flatsByView(source, flats.length / size);
  const pixels = pixelType === 'uint16' ? new Uint16Array(size) : new Float32Array(size);
  for (const [index, angleRadian] of anglesRadian.entries()) {
    for (const flat of flatsBefore.get(index) ?? []) {
      const flatPixels = part(flats, flat, size);
      yield { ...same, kind: 'flat', index: flat, angleRadian: 0, pixels: flatPixels };
    }
    await source.readView(index, pixels);
    yield { ...same, kind: 'projection', index, angleRadian, pixels };
  }
}

/** Where the axis is, by what some rows of the whole scan show. */
export async function axisOfScan(
  source: ScanSource,
): Promise<{ readonly axisPixel: number; readonly agreed: boolean }> {
  const { rows, columns, anglesRadian, flats, darks } = source;
  const size = rows * columns;
  const light = new LiveReference(size);
  for (let at = 0; at * size < flats.length; at++) light.add('flat', part(flats, at, size));
  for (let at = 0; at * size < darks.length; at++) light.add('dark', part(darks, at, size));
  const { dark, gain } = light.reference();
  const chosen = new Set<number>();
  for (let k = 0; k < AXIS_ROWS; k++) {
    chosen.add(Math.floor(rows * (0.25 + (0.5 * (k + 0.5)) / AXIS_ROWS)));
  }
  const sinograms: Float32Array[] = [];
  for (const row of chosen) {
    const length = anglesRadian.length * columns;
    const counts =
      source.pixelType === 'uint16' ? new Uint16Array(length) : new Float32Array(length);
    await source.readRows(row, 1, counts);
    sinograms.push(
      Float32Array.from(counts, (count, at) => {
        const pixel = row * columns + (at % columns);
        const transmission = (count - (dark[pixel] ?? 0)) * (gain[pixel] ?? 0);
        return -Math.log(transmission > TRANSMISSION_MIN ? transmission : TRANSMISSION_MIN);
      }),
    );
  }
  return findRotationAxis({ kind: 'attenuation', columns, anglesRadian, sinograms });
}

/** Which flats were taken before each view; all before the first when nobody knows. */
function flatsByView(source: ScanSource, count: number): Map<number, number[]> {
  const moments = Array.from({ length: count }, (_, flat) => source.flatsAfterViews?.[flat] ?? 0);
  const earliest = Math.min(...moments);
  const byView = new Map<number, number[]>();
  for (const [flat, moment] of moments.entries()) {
    // Without any before the first view there is nothing to begin with.
    const view = moment === earliest ? 0 : moment;
    byView.set(view, [...(byView.get(view) ?? []), flat]);
  }
  return byView;
}

function part(frames: ScanPixels, index: number, size: number): ScanPixels {
  return frames.subarray(index * size, (index + 1) * size);
}
