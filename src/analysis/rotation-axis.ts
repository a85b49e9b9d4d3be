import { Fault } from '../domain/fault.ts';
import { refuseTransmission } from './tomography-axis-data.ts';
import {
  type AttenuationData,
  AXIS_RANGE,
  AXIS_RANGE_WIDENED,
  type AxisFinding,
  type AxisRange,
  withinRange,
} from './tomography-axis-finding.ts';
import { sliceMetricAxis } from './tomography-axis-slices.ts';
import { centreOfMassAxis } from './tomography-centre-of-mass.ts';
import { doubleWedgeAxis } from './tomography-double-wedge.ts';
import { oppositeViewsAxis } from './tomography-opposite-views.ts';
import { withoutStripes } from './tomography-stripes.ts';

/** Where the axis is, and how far that can be relied on. */
export interface RotationAxis {
  /** Detector coordinate, pixel centres at integers. */
  readonly axisPixel: number;
  /** True when at least two finders agree, neither of them at the edge of its range. */
  readonly agreed: boolean;
  /** True when some finder's best value lies at the edge of what it looked at. */
  readonly atRangeEdge: boolean;
  /** True when it was looked for beyond the middle half of the detector. */
  readonly rangeWidened: boolean;
  readonly findings: readonly AxisFinding[];
  /** Who agrees with whom, in words for people. */
  readonly reason: string;
}

/** Finders further apart than this do not agree; on narrow detectors they must be closer. */
const DISAGREEMENT_PIXEL_MAX = 1;
const DISAGREEMENT_FRACTION_MAX = 0.01;

/**
 * Finds the rotation axis in four ways: by the centre of mass of the views, by mirroring each view
 * onto the opposite one, by the double wedge that the Fourier transform of a full turn fills, and
 * by what slices look like around where the others see it. Two that agree are believed; else the
 * answer is the best guess, and flagged. Where the axis seems to lie at the edge of what was looked
 * at, more is.
 * @throws Fault badInput when sizes do not agree, or the data are transmissions or counts
 */
export function findRotationAxis(data: AttenuationData): RotationAxis {
  checkSizes(data);
  refuseTransmission(data);
  const clean = { ...data, sinograms: data.sinograms.map((s) => withoutStripes(s, data.columns)) };
  const found = axisWithin(clean, AXIS_RANGE);
  if (found.agreed || !found.atRangeEdge) return { ...found, rangeWidened: false };
  const widened = axisWithin(clean, AXIS_RANGE_WIDENED);
  const isGuess = !widened.agreed && found.findings.some((finding) => !finding.atRangeEdge);
  return { ...(isGuess ? found : widened), rangeWidened: true };
}

type Found = Omit<RotationAxis, 'rangeWidened'>;

function axisWithin(data: AttenuationData, range: AxisRange): Found {
  const { columns } = data;
  const views = [
    centreOfMassAxis(data, range),
    oppositeViewsAxis(data, range),
    doubleWedgeAxis(data, range),
  ]
    .filter((finding) => finding !== undefined)
    .map((finding) => withinRange(finding, columns, range));
  const slices = sliceFinding(data, range, views);
  return decide([...views, ...(slices ? [slices] : [])], columns);
}

/** Around each place that the others see; of several, one that confirms its place. */
function sliceFinding(
  data: AttenuationData,
  range: AxisRange,
  others: readonly AxisFinding[],
): AxisFinding | undefined {
  const { columns } = data;
  const inside = others.filter((finding) => !finding.atRangeEdge);
  const [first, second] = inside;
  const isOnePlace = first && second && apart(first, second) <= disagreementMax(columns);
  const places = isOnePlace
    ? [weightedMean([first, second])]
    : inside.map(({ axisPixel }) => axisPixel);
  const findings = (places.length > 0 ? places : [undefined])
    .map((place) => sliceMetricAxis(data, range, place))
    .filter((finding) => finding !== undefined)
    .map((finding) => withinRange(finding, columns, range));
  const confirming = findings.find(
    (finding) =>
      !finding.atRangeEdge &&
      inside.some((other) => apart(finding, other) <= disagreementMax(columns)),
  );
  return confirming ?? findings.find((finding) => !finding.atRangeEdge) ?? findings[0];
}

/** The largest group of findings that agree, its members as close together as can be. */
function decide(findings: readonly AxisFinding[], columns: number): Found {
  const atRangeEdge = findings.some((finding) => finding.atRangeEdge);
  const inside = findings.filter((finding) => !finding.atRangeEdge);
  const agreeing = largestGroup(inside, disagreementMax(columns));
  if (agreeing.length >= 2) {
    const axisPixel = weightedMean(agreeing);
    const reason = `${said(agreeing)} agree${against(findings, agreeing)}`;
    return { axisPixel, agreed: true, atRangeEdge, findings, reason };
  }
  const best = inside.find(({ finder }) => finder === 'double wedge') ?? inside[0] ?? findings[0];
  const axisPixel = best?.axisPixel ?? (columns - 1) / 2;
  return { axisPixel, agreed: false, atRangeEdge, findings, reason: doubt(findings) };
}

function largestGroup(findings: readonly AxisFinding[], within: number): readonly AxisFinding[] {
  const sorted = findings.toSorted((a, b) => a.axisPixel - b.axisPixel);
  let best: readonly AxisFinding[] = [];
  for (let first = 0; first < sorted.length; first++) {
    for (let end = first + 1; end <= sorted.length; end++) {
      const group = sorted.slice(first, end);
      if (widthOf(group) > within) break;
      const isCloser = group.length === best.length && widthOf(group) < widthOf(best);
      if (group.length > best.length || isCloser) best = group;
    }
  }
  return best;
}

function widthOf(group: readonly AxisFinding[]): number {
  const axes = group.map(({ axisPixel }) => axisPixel);
  return Math.max(...axes) - Math.min(...axes);
}

function apart(a: AxisFinding, b: AxisFinding): number {
  return Math.abs(a.axisPixel - b.axisPixel);
}

/** Each counts by the inverse square of what it is usually wrong by. */
function weightedMean(findings: readonly AxisFinding[]): number {
  let [sum, weights] = [0, 0];
  for (const { axisPixel, usualErrorPixel } of findings) {
    sum += axisPixel / usualErrorPixel ** 2;
    weights += 1 / usualErrorPixel ** 2;
  }
  return sum / weights;
}

function said(findings: readonly AxisFinding[]): string {
  return findings
    .map(
      ({ finder, axisPixel, atRangeEdge }) =>
        `${finder} (${axisPixel.toFixed(2)}${atRangeEdge ? ', at the edge of its range' : ''})`,
    )
    .join(', ');
}

function against(findings: readonly AxisFinding[], agreeing: readonly AxisFinding[]): string {
  const others = findings.filter((finding) => !agreeing.includes(finding));
  return others.length > 0 ? `; against ${said(others)}` : '';
}

function doubt(findings: readonly AxisFinding[]): string {
  if (findings.length === 0) {
    return 'no finder sees an axis: the views are empty, or do not cover half a turn; the middle is a guess';
  }
  if (findings.length === 1) return `only ${said(findings)} sees an axis: nothing confirms it`;
  return `the finders disagree: ${said(findings)}`;
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
