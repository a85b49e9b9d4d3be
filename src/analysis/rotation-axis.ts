import { Fault } from '../domain/fault.ts';
import { type AttenuationData, type AxisFinding, withinRange } from './tomography-axis-finding.ts';
import { doubleWedgeAxis } from './tomography-double-wedge.ts';
import { oppositeViewsAxis } from './tomography-opposite-views.ts';
import { withoutStripes } from './tomography-stripes.ts';

/** Where the axis is, and how far that can be relied on. */
export interface RotationAxis {
  /** Detector coordinate, pixel centres at integers. */
  readonly axisPixel: number;
  /** True when both finders ran, neither at the edge of its range, and they agree. */
  readonly agreed: boolean;
  readonly atRangeEdge: boolean;
  readonly findings: readonly AxisFinding[];
}

/** Finders further apart than this do not agree; on narrow detectors they must be closer. */
const DISAGREEMENT_PIXEL_MAX = 1;
const DISAGREEMENT_FRACTION_MAX = 0.01;

/**
 * Finds the rotation axis in two independent ways: by mirroring each view onto the opposite one,
 * and by the double wedge that the Fourier transform of a full turn fills. When they agree, their
 * mean is answered; else the second, which uses every view, and that they do not agree.
 * @throws Fault badInput when sizes do not agree
 */
export function findRotationAxis(data: AttenuationData): RotationAxis {
  checkSizes(data);
  const clean = { ...data, sinograms: data.sinograms.map((s) => withoutStripes(s, data.columns)) };
  const [opposite, wedge] = [oppositeViewsAxis(clean), doubleWedgeAxis(clean)].map(
    (finding) => finding && withinRange(finding, data.columns),
  );
  const findings = [opposite, wedge].filter((finding) => finding !== undefined);
  const atRangeEdge = findings.some((finding) => finding.atRangeEdge);
  if (opposite && wedge && !atRangeEdge) {
    const apart = Math.abs(opposite.axisPixel - wedge.axisPixel);
    if (apart <= disagreementMax(data.columns)) {
      const axisPixel = (opposite.axisPixel + wedge.axisPixel) / 2;
      return { axisPixel, agreed: true, atRangeEdge, findings };
    }
  }
  const best = [wedge, opposite].find((finding) => finding && !finding.atRangeEdge);
  const axisPixel = (best ?? wedge ?? opposite)?.axisPixel ?? (data.columns - 1) / 2;
  return { axisPixel, agreed: false, atRangeEdge, findings };
}

function disagreementMax(columns: number): number {
  return Math.min(DISAGREEMENT_PIXEL_MAX, Math.max(0.5, DISAGREEMENT_FRACTION_MAX * columns));
}

function checkSizes({ columns, anglesRadian, sinograms }: AttenuationData): void {
  for (const [row, sinogram] of sinograms.entries()) {
    const expected = anglesRadian.length * columns;
    if (sinogram.length === expected) continue;
    throw new Fault('badInput', {
      where: `sinogram ${row + 1}`,
      message: `${sinogram.length} values; expected ${anglesRadian.length} views of ${columns} columns`,
    });
  }
}
