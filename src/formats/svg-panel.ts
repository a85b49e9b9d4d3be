import { GRID, group, INK, line, pixel, textAt } from './svg-elements.ts';
import type { Scale } from './svg-scale.ts';

/** Where the axes of one diagram stand. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Panel {
  /** Unique in the document; the group that holds the diagram is called so. */
  readonly name: string;
  readonly box: Box;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Diagrams above another with the same axis leave its numbers out. */
  readonly hideXLabels?: boolean;
}

const TICK_LENGTH = 5;
const MINOR_TICK_LENGTH = 3;
const LABEL_SIZE = 11;
const TITLE_SIZE = 12;
/** How far the upright title stands from the axis. */
const Y_TITLE_DISTANCE = 46;

/** A diagram: grid, frame, ticks with numbers, titles, and `content` cut off at the frame. */
export function drawPanel(panel: Panel, content: readonly string[]): string {
  const { name, box } = panel;
  const frame =
    `x="${pixel(box.left)}" y="${pixel(box.top)}" ` +
    `width="${pixel(box.width)}" height="${pixel(box.height)}"`;
  const clip = `${name}-frame`;
  return group(name, [
    `<clipPath id="${clip}"><rect ${frame}/></clipPath>`,
    ...gridLines(panel),
    group(`${name}-content`, content, clip),
    `<rect ${frame} fill="none" stroke="${INK}" stroke-width="1"/>`,
    ...xAxis(panel),
    ...yAxis(panel),
  ]);
}

function gridLines({ box, x, y }: Panel): string[] {
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  return [
    ...x.ticks.map(({ value }) =>
      line({ x: x.toPixel(value), y: box.top }, { x: x.toPixel(value), y: bottom }, GRID),
    ),
    ...y.ticks.map(({ value }) =>
      line({ x: box.left, y: y.toPixel(value) }, { x: right, y: y.toPixel(value) }, GRID),
    ),
  ];
}

function xAxis({ box, x, xTitle, hideXLabels }: Panel): string[] {
  const bottom = box.top + box.height;
  const tick = (value: number, length: number): string =>
    line({ x: x.toPixel(value), y: bottom }, { x: x.toPixel(value), y: bottom - length }, INK);
  const marks = [
    ...x.ticks.map(({ value }) => tick(value, TICK_LENGTH)),
    ...x.minorTicks.map((value) => tick(value, MINOR_TICK_LENGTH)),
  ];
  if (hideXLabels) return marks;
  const labels = x.ticks.map(({ value, label }) =>
    textAt({ x: x.toPixel(value), y: bottom + 15 }, label, { size: LABEL_SIZE, anchor: 'middle' }),
  );
  const middle = { x: box.left + box.width / 2, y: bottom + 33 };
  return [...marks, ...labels, textAt(middle, xTitle, { size: TITLE_SIZE, anchor: 'middle' })];
}

function yAxis({ box, y, yTitle }: Panel): string[] {
  const tick = (value: number, length: number): string =>
    line({ x: box.left, y: y.toPixel(value) }, { x: box.left + length, y: y.toPixel(value) }, INK);
  const labels = y.ticks.map(({ value, label }) =>
    textAt({ x: box.left - 6, y: y.toPixel(value) + 4 }, label, {
      size: LABEL_SIZE,
      anchor: 'end',
    }),
  );
  const middle = { x: box.left - Y_TITLE_DISTANCE, y: box.top + box.height / 2 };
  return [
    ...y.ticks.map(({ value }) => tick(value, TICK_LENGTH)),
    ...y.minorTicks.map((value) => tick(value, MINOR_TICK_LENGTH)),
    ...labels,
    textAt(middle, yTitle, { size: TITLE_SIZE, anchor: 'middle', upwards: true }),
  ];
}
