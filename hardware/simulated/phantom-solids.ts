/**
 * Parallel projections of simple solids in closed form. Coordinates in metres: z up along the
 * rotation axis, x and y across it; a ray at angle θ has detector coordinate s = x cos θ + y sin θ.
 * Solids add up: a void is a solid of negative attenuation. Pixels average over their width, so
 * the sum over a detector row is the solid's cross-section, whatever the angle.
 */

/** An upright cylinder; attenuation in 1/m is added to what is there. */
export interface Cylinder {
  readonly kind: 'cylinder';
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly zMin: number;
  readonly zMax: number;
  readonly attenuation: number;
}

/** An ellipsoid with one upright axis, cut off below `zFloor`. */
export interface Ellipsoid {
  readonly kind: 'ellipsoid';
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Semi-axes: two horizontal, one upright. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** From the x axis to semi-axis a, rad. */
  readonly turn: number;
  readonly zFloor: number;
  readonly attenuation: number;
}

export type Solid = Cylinder | Ellipsoid;

/** The detector as the rays see it. Row 0 is at the top. */
export interface DetectorGrid {
  readonly rows: number;
  readonly columns: number;
  readonly columnPitchMetre: number;
  readonly rowPitchMetre: number;
  /** Column of the rotation axis, pixel centres at integers. */
  readonly axisColumn: number;
}

/** Adds the line integrals of all solids at one angle into `sums` [row, column], zeroed first. */
export function projectSolids(
  solids: readonly Solid[],
  angleRadian: number,
  grid: DetectorGrid,
  sums: Float64Array,
): void {
  sums.fill(0);
  for (const solid of solids) {
    if (solid.kind === 'cylinder') projectCylinder(solid, angleRadian, grid, sums);
    else projectEllipsoid(solid, angleRadian, grid, sums);
  }
}

/** Height of a row's centre above the middle of the detector, m. */
export function rowHeightMetre(grid: DetectorGrid, row: number): number {
  return ((grid.rows - 1) / 2 - row) * grid.rowPitchMetre;
}

function projectCylinder(
  solid: Cylinder,
  angleRadian: number,
  grid: DetectorGrid,
  sums: Float64Array,
): void {
  const profile = new Float64Array(grid.columns);
  const span = addChords(profile, 0, grid, {
    centre: solid.x * Math.cos(angleRadian) + solid.y * Math.sin(angleRadian),
    halfWidth: solid.radius,
    weight: solid.attenuation,
  });
  for (let row = 0; row < grid.rows; row += 1) {
    const z = rowHeightMetre(grid, row);
    const bottom = Math.max(solid.zMin, z - grid.rowPitchMetre / 2);
    const top = Math.min(solid.zMax, z + grid.rowPitchMetre / 2);
    const share = (top - bottom) / grid.rowPitchMetre;
    if (share <= 0) continue;
    const at = row * grid.columns;
    for (let column = span.first; column <= span.last; column += 1) {
      sums[at + column] = (sums[at + column] ?? 0) + share * (profile[column] ?? 0);
    }
  }
}

function projectEllipsoid(
  solid: Ellipsoid,
  angleRadian: number,
  grid: DetectorGrid,
  sums: Float64Array,
): void {
  const along = Math.cos(angleRadian - solid.turn);
  const across = Math.sin(angleRadian - solid.turn);
  const equator = Math.hypot(solid.a * along, solid.b * across);
  const centre = solid.x * Math.cos(angleRadian) + solid.y * Math.sin(angleRadian);
  // An ellipse is a stretched circle: its chord is that of a circle of its half-width × this.
  const weight = (solid.attenuation * solid.a * solid.b) / (equator * equator);
  for (let row = 0; row < grid.rows; row += 1) {
    const z = rowHeightMetre(grid, row);
    if (z < solid.zFloor) continue;
    const height = (z - solid.z) / solid.c;
    if (Math.abs(height) >= 1) continue;
    const halfWidth = equator * Math.sqrt(1 - height * height);
    addChords(sums, row * grid.columns, grid, { centre, halfWidth, weight });
  }
}

/** Adds pixel-averaged chords of a circle, times `weight`, to one detector row. */
function addChords(
  sums: Float64Array,
  offset: number,
  grid: DetectorGrid,
  circle: { readonly centre: number; readonly halfWidth: number; readonly weight: number },
): { readonly first: number; readonly last: number } {
  const { centre, halfWidth, weight } = circle;
  const pitch = grid.columnPitchMetre;
  const centreColumn = grid.axisColumn + centre / pitch;
  const reach = halfWidth / pitch + 0.5;
  const first = Math.max(0, Math.ceil(centreColumn - reach));
  const last = Math.min(grid.columns - 1, Math.floor(centreColumn + reach));
  let below = chordIntegral((first - 0.5 - centreColumn) * pitch, halfWidth);
  for (let column = first; column <= last; column += 1) {
    const above = chordIntegral((column + 0.5 - centreColumn) * pitch, halfWidth);
    const at = offset + column;
    sums[at] = (sums[at] ?? 0) + (weight * (above - below)) / pitch;
    below = above;
  }
  return { first, last };
}

/** ∫ 2 √(r² - u²) du from 0 to u, for |u| limited to r. */
function chordIntegral(u: number, radius: number): number {
  const limited = Math.max(-radius, Math.min(radius, u));
  const half = Math.sqrt(Math.max(0, radius * radius - limited * limited));
  return limited * half + radius * radius * Math.asin(limited / radius);
}
