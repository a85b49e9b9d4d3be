import { type FigureNotes, notesHeight, notesParts } from './impedance-svg-notes.ts';
import {
  cutMiddle,
  GRID,
  group,
  line,
  MUTED,
  type PixelPoint,
  polyline,
  svgDocument,
  textAt,
} from './svg-elements.ts';
import { FIT_COLOUR, rampColour } from './svg-palette.ts';
import { type Box, drawPanel } from './svg-panel.ts';
import { linearScale, logScale, siPrefix } from './svg-scale.ts';

/** The distribution of relaxation times of one spectrum. */
export interface PlottedDistribution {
  readonly name: string;
  /** In the order of tau. */
  readonly points: readonly { readonly tauSecond: number; readonly gammaOhm: number }[];
  readonly peaks: readonly { readonly tauSecond: number; readonly label: string }[];
}

export interface DistributionFigure {
  readonly title: string;
  /** One or more; peaks are marked when there is one. */
  readonly distributions: readonly PlottedDistribution[];
  readonly notes: FigureNotes;
}

const WIDTH = 800;
const BOX: Box = { left: 70, top: 62, width: 706, height: 310 };
const NOTES_TOP = BOX.top + BOX.height + 56;
/** Peak labels closer than this go a line higher than their neighbour. */
const LABEL_WIDTH = 74;
const LABEL_LEVELS = 3;
const LABEL_HEIGHT = 14;
/** Room above the highest peak for its label, as a share of the axis. */
const HEADROOM = 0.24;

/** γ over the relaxation time, peaks marked, as one self-contained SVG. */
export function distributionSvg(figure: DistributionFigure): string {
  const count = figure.distributions.length;
  const colours = figure.distributions.map((_, at) =>
    count === 1 ? FIT_COLOUR : rampColour(at, count),
  );
  const all = figure.distributions.flatMap(({ points }) => points);
  const unit = siPrefix(all.reduce((most, { gammaOhm }) => Math.max(most, Math.abs(gammaOhm)), 0));
  const { x, y } = scales(all, unit.factor);
  const place = (tauSecond: number, gammaOhm: number): PixelPoint => ({
    x: x.toPixel(tauSecond),
    y: y.toPixel(gammaOhm / unit.factor),
  });
  const curves = figure.distributions.map(({ points }, at) =>
    group('distribution-curve', [
      polyline(
        points.map(({ tauSecond, gammaOhm }) => place(tauSecond, gammaOhm)),
        colours[at] ?? FIT_COLOUR,
        count === 1 ? 1.8 : 1.3,
      ),
    ]),
  );
  const [only] = figure.distributions;
  const peaks = count === 1 && only ? peakMarks(only, place) : [];
  const zero = line(
    { x: BOX.left, y: y.toPixel(0) },
    { x: BOX.left + BOX.width, y: y.toPixel(0) },
    MUTED,
    0.8,
  );
  const legend =
    count === 1
      ? []
      : figure.distributions.map(({ name }, at) => ({
          name,
          colour: colours[at] ?? FIT_COLOUR,
          fitName: '',
          fitColour: colours[at] ?? FIT_COLOUR,
          isAlone: false,
        }));
  const notesBox = { left: BOX.left, top: NOTES_TOP, width: BOX.width, height: 0 };
  const height = NOTES_TOP + notesHeight(figure.notes, legend);
  const panel = {
    name: 'distribution',
    box: BOX,
    x,
    y,
    xTitle: 'Relaxation time τ / s',
    yTitle: `γ(ln τ) / ${unit.prefix}Ω`,
  };
  const subtitle = count === 1 && only ? only.name : `${count} spectra`;
  return svgDocument({ width: WIDTH, height, title: figure.title }, [
    textAt({ x: BOX.left, y: 26 }, cutMiddle(figure.title, 90), { size: 15, weight: 'bold' }),
    textAt({ x: BOX.left, y: 45 }, cutMiddle(subtitle, 100), { colour: MUTED }),
    drawPanel(panel, [zero, ...curves, ...peaks]),
    ...notesParts(notesBox, figure.notes, legend),
  ]);
}

function scales(points: PlottedDistribution['points'], factor: number) {
  const taus = points.map(({ tauSecond }) => tauSecond).filter((tau) => tau > 0);
  const values = points.map(({ gammaOhm }) => gammaOhm / factor);
  const most = values.reduce((high, value) => Math.max(high, value), 0);
  const least = values.reduce((low, value) => Math.min(low, value), 0);
  const span = most - least || 1;
  const shortest = taus.reduce((low, tau) => Math.min(low, tau), Number.POSITIVE_INFINITY);
  const longest = taus.reduce((high, tau) => Math.max(high, tau), 0);
  const [low, high] = shortest < longest ? [shortest, longest] : [1e-3, 1e3];
  return {
    x: logScale({ low, high, lowPixel: BOX.left, highPixel: BOX.left + BOX.width }, 16),
    y: linearScale(
      {
        low: least < 0 ? least - 0.08 * span : 0,
        high: most + HEADROOM * span,
        lowPixel: BOX.top + BOX.height,
        highPixel: BOX.top,
      },
      6,
    ),
  };
}

/** A stem and a label at each peak, on levels so that neighbours do not cover each other. */
function peakMarks(
  { points, peaks }: PlottedDistribution,
  place: (tauSecond: number, gammaOhm: number) => PixelPoint,
): string[] {
  const ends: number[] = Array.from({ length: LABEL_LEVELS }, () => Number.NEGATIVE_INFINITY);
  const inOrder = [...peaks].sort((a, b) => a.tauSecond - b.tauSecond);
  return inOrder.map(({ tauSecond, label }) => {
    const top = place(tauSecond, gammaNear(points, tauSecond));
    const foot = place(tauSecond, 0);
    const free = ends.findIndex((end) => end <= top.x - LABEL_WIDTH / 2);
    const level = free < 0 ? LABEL_LEVELS - 1 : free;
    ends[level] = top.x + LABEL_WIDTH / 2;
    const x = Math.min(
      Math.max(top.x, BOX.left + LABEL_WIDTH / 2),
      BOX.left + BOX.width - LABEL_WIDTH / 2,
    );
    const y = Math.max(BOX.top + 12, Math.min(top.y, foot.y) - 8 - level * LABEL_HEIGHT);
    return group('distribution-peak', [
      line({ x: top.x, y: y + 3 }, { x: top.x, y: top.y }, GRID),
      line(top, foot, FIT_COLOUR, 0.8),
      textAt({ x, y }, label, { size: 10.5, anchor: 'middle' }),
    ]);
  });
}

function gammaNear(points: PlottedDistribution['points'], tauSecond: number): number {
  const distance = (tau: number): number => Math.abs(Math.log(tau / tauSecond));
  return points.reduce(
    (best, point) => (distance(point.tauSecond) < distance(best.tauSecond) ? point : best),
    points[0] ?? { tauSecond: 1, gammaOhm: 0 },
  ).gammaOhm;
}
