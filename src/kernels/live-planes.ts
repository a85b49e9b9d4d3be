import { Fault } from '../domain/fault.ts';
import type { LivePlane, PixelPlace, PlaneGeometry } from '../domain/scan.ts';

/** The detector that planes look at. */
export interface PlaneDetector {
  readonly rows: number;
  readonly columns: number;
  /** Detector pixels per side of a pixel of the planes. */
  readonly binning: number;
}

/** A plane anywhere in the sample, and which of the four it is shown as. */
export interface NamedPlane {
  readonly plane: LivePlane;
  readonly geometry: PlaneGeometry;
}

/** A plane with the size of its picture, in binned pixels. */
export interface PlanePicture extends NamedPlane {
  readonly rows: number;
  readonly columns: number;
}

/** Directions of the two upright planes and of the tilted one, seen along the axis. */
export interface PlaneDirections {
  readonly verticalRadian: number;
  readonly verticalCrossRadian: number;
  readonly obliqueRadian: number;
  /** How far the tilted plane is turned up from the horizontal one. */
  readonly obliqueTiltRadian: number;
}

export const PLANE_DIRECTIONS: PlaneDirections = {
  verticalRadian: 0,
  verticalCrossRadian: Math.PI / 2,
  obliqueRadian: Math.PI / 4,
  obliqueTiltRadian: Math.PI / 4,
};

/** One row of a picture: where its pixel 0 lies, and which of its pixels are in the sample. */
export interface PlaneRow {
  /** From the rotation axis, in binned pixels. */
  readonly x: number;
  readonly y: number;
  readonly firstColumn: number;
  /** One past the last; equal to the first when none is. */
  readonly endColumn: number;
  readonly detectorRow: number;
  /** Share of the detector row after it. */
  readonly share: number;
}

/** How far vectors may be from length 1, and from a right angle. */
const UNIT_TOLERANCE = 1e-6;
/** Rows this close to a detector row are that row. */
const ROW_TOLERANCE = 1e-6;

/** The four planes of a live reconstruction, in the order of LIVE_PLANES. */
export function standardPlanes(
  detector: PlaneDetector,
  directions: PlaneDirections = PLANE_DIRECTIONS,
): PlanePicture[] {
  const middle = binnedToDetector((binnedRows(detector) - 1) / 2, detector.binning);
  const { obliqueRadian, obliqueTiltRadian } = directions;
  // The horizontal plane is a row that was measured, not the mean of two.
  const horizontalRow = binnedToDetector(binnedRows(detector) >> 1, detector.binning);
  const tilted: PlaneGeometry = {
    centrePixel: [0, 0, middle],
    alongUnit: [Math.cos(obliqueRadian), Math.sin(obliqueRadian), 0],
    downUnit: [
      -Math.sin(obliqueRadian) * Math.cos(obliqueTiltRadian),
      Math.cos(obliqueRadian) * Math.cos(obliqueTiltRadian),
      Math.sin(obliqueTiltRadian),
    ],
  };
  const flat: PlaneGeometry = {
    centrePixel: [0, 0, horizontalRow],
    alongUnit: [1, 0, 0],
    downUnit: [0, 1, 0],
  };
  return [
    planePicture('horizontal', flat, detector),
    planePicture('vertical', upright(directions.verticalRadian, middle), detector),
    planePicture('verticalCross', upright(directions.verticalCrossRadian, middle), detector),
    planePicture('oblique', tilted, detector),
  ];
}

function upright(directionRadian: number, middle: number): PlaneGeometry {
  const alongUnit: PixelPlace = [Math.cos(directionRadian), Math.sin(directionRadian), 0];
  return { centrePixel: [0, 0, middle], alongUnit, downUnit: [0, 0, 1] };
}

/**
 * A plane through any point in any direction, with a picture that reaches as far as the scan sees.
 * @throws Fault badInput unless both directions have length 1, are square to each other, and the
 * first is square to the rotation axis; `withLevelColumns` makes it so
 */
export function planePicture(
  plane: LivePlane,
  geometry: PlaneGeometry,
  detector: PlaneDetector,
): PlanePicture {
  checkGeometry(plane, geometry);
  const columns = Math.floor(detector.columns / detector.binning);
  const rows = binnedRows(detector);
  const rise = Math.abs(geometry.downUnit[2]);
  const level = Math.sqrt(Math.max(0, 1 - rise ** 2));
  const height = Math.min(
    rise > UNIT_TOLERANCE ? rows / rise : Number.POSITIVE_INFINITY,
    level > UNIT_TOLERANCE ? columns / level : Number.POSITIVE_INFINITY,
  );
  return { plane, geometry, rows: Math.max(1, Math.floor(height + UNIT_TOLERANCE)), columns };
}

/** The same plane, its picture turned so that the columns are square to the rotation axis. */
export function withLevelColumns({
  centrePixel,
  alongUnit,
  downUnit,
}: PlaneGeometry): PlaneGeometry {
  const normal = cross(alongUnit, downUnit);
  const length = Math.hypot(normal[0], normal[1]);
  // A horizontal plane has nothing to turn.
  if (length < UNIT_TOLERANCE) return { centrePixel, alongUnit, downUnit };
  let along: PixelPlace = [normal[1] / length, -normal[0] / length, 0];
  let down = cross(normal, along);
  if (along[0] * alongUnit[0] + along[1] * alongUnit[1] < 0) {
    along = [-along[0], -along[1], 0];
    down = [-down[0], -down[1], -down[2]];
  }
  return { centrePixel, alongUnit: along, downUnit: down };
}

/** Every row of a plane's picture. */
export function planeRows(picture: PlanePicture, detector: PlaneDetector): PlaneRow[] {
  const { geometry, rows, columns } = picture;
  const { binning } = detector;
  const { centrePixel, alongUnit, downUnit } = geometry;
  const centreRow = detectorToBinned(centrePixel[2], binning);
  const lastRow = binnedRows(detector) - 1;
  return Array.from({ length: rows }, (_, row) => {
    const down = row - (rows - 1) / 2;
    const back = (columns - 1) / 2;
    const x = centrePixel[0] / binning + down * downUnit[0] - back * alongUnit[0];
    const y = centrePixel[1] / binning + down * downUnit[1] - back * alongUnit[1];
    const place = centreRow + down * downUnit[2];
    const rounded = Math.round(place);
    const isWhole = Math.abs(place - rounded) < ROW_TOLERANCE;
    const detectorRow = isWhole ? rounded : Math.floor(place);
    const share = isWhole ? 0 : place - detectorRow;
    const isSeen = detectorRow >= 0 && detectorRow + (share > 0 ? 1 : 0) <= lastRow;
    const [first, end] = isSeen ? chord({ x, y }, alongUnit, columns) : [0, 0];
    return {
      x,
      y,
      firstColumn: first,
      endColumn: end,
      detectorRow: isSeen ? detectorRow : 0,
      share,
    };
  });
}

/** The pixels of a line that lie in the disc inscribed in the detector. */
function chord(
  { x, y }: { readonly x: number; readonly y: number },
  along: PixelPlace,
  columns: number,
): [number, number] {
  const nearest = -(x * along[0] + y * along[1]);
  const square = (columns / 2) ** 2 - (x * along[1] - y * along[0]) ** 2;
  if (square < 0) return [0, 0];
  const half = Math.sqrt(square);
  const first = Math.max(0, Math.ceil(nearest - half));
  const end = Math.min(columns, Math.floor(nearest + half) + 1);
  return end > first ? [first, end] : [0, 0];
}

/** Rows of the detector after binning; what is left over at its end is not used. */
export function binnedRows({ rows, binning }: PlaneDetector): number {
  return Math.floor(rows / binning);
}

/** The middle of a block of pixels. */
export function binnedToDetector(binned: number, binning: number): number {
  return binning * binned + (binning - 1) / 2;
}

/** Where a place on the detector lies among binned pixels. */
export function detectorToBinned(place: number, binning: number): number {
  return (place - (binning - 1) / 2) / binning;
}

function cross(a: PixelPlace, b: PixelPlace): PixelPlace {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function checkGeometry(
  plane: LivePlane,
  { centrePixel, alongUnit, downUnit }: PlaneGeometry,
): void {
  const dot = (a: PixelPlace, b: PixelPlace) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const isSquare = Math.abs(dot(alongUnit, downUnit)) < UNIT_TOLERANCE;
  const areUnits = [alongUnit, downUnit].every((v) => Math.abs(dot(v, v) - 1) < UNIT_TOLERANCE);
  const isLevel = Math.abs(alongUnit[2]) < UNIT_TOLERANCE;
  if (isSquare && areUnits && isLevel && centrePixel.every(Number.isFinite)) return;
  throw new Fault('badInput', {
    where: `${plane} plane`,
    message: `directions (${alongUnit.join(', ')}) and (${downUnit.join(', ')}); expected two of length 1, square to each other, the first without a part along the rotation axis`,
  });
}
