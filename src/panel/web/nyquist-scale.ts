import type { ImpedancePoint } from '../../domain/spectrum.ts';
import { niceStep } from './display.ts';

export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One scale for both axes: a semicircle must look like one. */
export interface NyquistScale {
  readonly x: (zRealOhm: number) => number;
  readonly y: (zImagOhm: number) => number;
  readonly xTicksOhm: readonly number[];
  /** Ticks of −Im Z. */
  readonly yTicksOhm: readonly number[];
}

type PlotPoint = Pick<ImpedancePoint, 'zRealOhm' | 'zImagOhm'>;

const MARGIN = 0.06;

/** Fits the points into the box with as many pixels per ohm across as up. */
export function nyquistScale(points: readonly PlotPoint[], box: PlotBox): NyquistScale {
  let xLow = Number.POSITIVE_INFINITY;
  let xHigh = Number.NEGATIVE_INFINITY;
  let yLow = 0;
  let yHigh = Number.NEGATIVE_INFINITY;
  for (const { zRealOhm, zImagOhm } of points) {
    if (!Number.isFinite(zRealOhm) || !Number.isFinite(zImagOhm)) continue;
    xLow = Math.min(xLow, zRealOhm);
    xHigh = Math.max(xHigh, zRealOhm);
    yLow = Math.min(yLow, -zImagOhm);
    yHigh = Math.max(yHigh, -zImagOhm);
  }
  if (!(xHigh >= xLow)) [xLow, xHigh, yHigh] = [0, 1, 1];
  const span = Math.max(xHigh - xLow, yHigh - yLow, 1e-9 + Math.abs(xHigh) * 1e-6);
  const pad = MARGIN * span;
  const ohmPerPixel = Math.max(
    (xHigh - xLow + 2 * pad) / box.width,
    (yHigh - yLow + 2 * pad) / box.height,
  );
  // The points stand in the middle across, and on the axis below.
  const xStart = (xLow + xHigh) / 2 - (ohmPerPixel * box.width) / 2;
  const yStart = yLow < 0 ? yLow - pad : 0;
  const step = niceStep(ohmPerPixel * box.width, box.width / 52);
  return {
    x: (zRealOhm) => box.left + (zRealOhm - xStart) / ohmPerPixel,
    y: (zImagOhm) => box.top + box.height - (-zImagOhm - yStart) / ohmPerPixel,
    xTicksOhm: ticks(xStart, xStart + ohmPerPixel * box.width, step),
    yTicksOhm: ticks(yStart, yStart + ohmPerPixel * box.height, step),
  };
}

function ticks(start: number, stop: number, step: number): number[] {
  const first = Math.ceil(start / step);
  const count = Math.max(0, Math.floor(stop / step) - first + 1);
  return Array.from({ length: count }, (_, at) => (first + at) * step);
}
