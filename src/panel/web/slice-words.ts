import type { PictureHeader } from '../protocol.ts';

/** Coverage counts on a raster of the views, so a whole half turn may be short of 1 by a little. */
const COMPLETE_FRACTION = 0.995;

/** "Across the axis, row 504", "Along the axis at 90°", "Tilted 45°, about 45°". */
export function describePlane({ plane, geometry }: PictureHeader): string {
  const { centrePixel, alongUnit, downUnit } = geometry;
  const direction = degrees(Math.atan2(alongUnit[1], alongUnit[0]));
  switch (plane) {
    case 'horizontal':
      return `Across the axis, row ${Math.round(10 * centrePixel[2]) / 10}`;
    case 'vertical':
    case 'verticalCross':
      return `Along the axis at ${direction}`;
    case 'oblique':
      return `Tilted ${degrees(Math.asin(downUnit[2]))} about ${direction}`;
  }
}

/** In words what the pictures are made of. */
export function describeProgress(header: PictureHeader): string {
  const percent = Math.floor(100 * header.coverageFraction);
  if (isComplete(header)) return 'Half turn complete';
  if (header.mode === 'difference') {
    return `Difference: always a whole half turn, ${percent} % of it new`;
  }
  return `Incomplete: ${percent} % of the half turn seen; streaks are expected`;
}

/** True when every direction has been seen in this scan. */
export function isComplete({ viewsDone, viewsTotal, coverageFraction }: PictureHeader): boolean {
  return viewsDone >= viewsTotal && coverageFraction > COMPLETE_FRACTION;
}

function degrees(radian: number): string {
  return `${Math.round((radian * 1800) / Math.PI) / 10}°`;
}
