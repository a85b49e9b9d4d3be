/** The axis as one detector row sees it. */
export interface RowAxis {
  /** Detector row, from 0. */
  readonly row: number;
  readonly axisPixel: number;
}

/** A line through the axes of several rows. */
export interface AxisTilt {
  /** How far the axis moves along the detector, per row. */
  readonly pixelPerRow: number;
  readonly standardError: number;
  /** Angle between the axis and the detector's columns. */
  readonly tiltRadian: number;
  /** True when it is beyond doubt, and moves the axis by a visible part of a pixel. */
  readonly isSignificant: boolean;
}

/** A line and its scatter need this many rows. */
const ROWS_MIN = 3;
/** A slope of fewer standard errors than this may be an accident. */
const STANDARD_ERRORS_MIN = 3;
/** What moves the axis less than this over all rows of the detector does not show. */
const RISE_PIXEL_MIN = 0.2;
/** Axes of rows are no more exact than this, however well a few happen to agree. */
const SCATTER_PIXEL_MIN = 0.02;

/**
 * Fits a line through the axes of rows by least squares. Undefined for fewer than three rows.
 * @param detectorRows rows of the whole detector, over which the rise is judged
 */
export function fitAxisTilt(axes: readonly RowAxis[], detectorRows: number): AxisTilt | undefined {
  const count = axes.length;
  if (count < ROWS_MIN) return undefined;
  const meanRow = axes.reduce((sum, { row }) => sum + row, 0) / count;
  const meanAxis = axes.reduce((sum, { axisPixel }) => sum + axisPixel, 0) / count;
  const spread = axes.reduce((sum, { row }) => sum + (row - meanRow) ** 2, 0);
  if (spread === 0) return undefined;
  const rise = axes.reduce(
    (sum, { row, axisPixel }) => sum + (row - meanRow) * (axisPixel - meanAxis),
    0,
  );
  const pixelPerRow = rise / spread;
  const squares = axes.reduce(
    (sum, { row, axisPixel }) => sum + (axisPixel - meanAxis - pixelPerRow * (row - meanRow)) ** 2,
    0,
  );
  const scatter = Math.max(SCATTER_PIXEL_MIN, Math.sqrt(squares / (count - 2)));
  const standardError = scatter / Math.sqrt(spread);
  const isSure = Math.abs(pixelPerRow) > STANDARD_ERRORS_MIN * standardError;
  const isSeen = Math.abs(pixelPerRow) * (detectorRows - 1) > RISE_PIXEL_MIN;
  const tiltRadian = Math.atan(pixelPerRow);
  return { pixelPerRow, standardError, tiltRadian, isSignificant: isSure && isSeen };
}
