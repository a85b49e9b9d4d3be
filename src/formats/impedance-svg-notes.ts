import {
  cutMiddle,
  group,
  INK,
  line,
  MUTED,
  marker,
  type PixelPoint,
  textAt,
} from './svg-elements.ts';
import { FIT_COLOUR, WARNING_COLOUR } from './svg-palette.ts';
import type { Box } from './svg-panel.ts';

/** What stands beside the diagrams, already written for people. */
export interface FigureNotes {
  readonly remarks: readonly FigureRemark[];
  /** Parameters with their errors: name and value. */
  readonly rows: readonly (readonly [name: string, value: string])[];
}

export interface FigureRemark {
  readonly text: string;
  readonly kind: 'plain' | 'good' | 'warning';
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  /** Empty when the line needs no name of its own beside the points'. */
  readonly fitName?: string;
  readonly fitColour?: string;
  /** Drawn with the open markers of a figure with a single spectrum. */
  readonly isAlone: boolean;
}

const ROW_HEIGHT = 16;
const TEXT_SIZE = 11.5;
/** Characters of this size that a pixel of width holds, for Helvetica's mean letter. */
const CHARACTERS_PER_PIXEL = 1 / 6.1;
const REMARK_LINES_MAX = 4;
const LEGEND_ROWS_MAX = 14;
const NAME_WIDTH = 66;
const NOTES_WIDTH = 330;

/** Pixels that the notes need below each other. */
export function notesHeight(notes: FigureNotes, legend: readonly LegendEntry[]): number {
  const remarkLines = notes.remarks.flatMap(({ text }) => wrap(text, charactersIn(NOTES_WIDTH)));
  const lines = legendRows(legend).length + remarkLines.length + notes.rows.length;
  return (lines + 2) * ROW_HEIGHT;
}

/** Legend, remarks and the table of parameters, from the top of the box down. */
export function notesParts(box: Box, notes: FigureNotes, legend: readonly LegendEntry[]): string[] {
  let y = box.top + 10;
  const down = (): PixelPoint => {
    const at = { x: box.left, y };
    y += ROW_HEIGHT;
    return at;
  };
  const legendParts = legendRows(legend).map((entry) => legendRow(entry, down(), box.width));
  y += ROW_HEIGHT / 4;
  const remarkParts = notes.remarks.flatMap(({ text, kind }) =>
    wrap(text, charactersIn(box.width)).map((part) =>
      textAt(down(), part, { size: TEXT_SIZE, colour: REMARK_COLOURS[kind] }),
    ),
  );
  y += ROW_HEIGHT / 2;
  const rowParts = notes.rows.flatMap(([name, value]) => {
    const at = down();
    const valueLength = charactersIn(box.width - NAME_WIDTH);
    return [
      textAt(at, cutMiddle(name, 10), { size: TEXT_SIZE, colour: MUTED }),
      textAt({ x: at.x + NAME_WIDTH, y: at.y }, cutMiddle(value, valueLength), { size: TEXT_SIZE }),
    ];
  });
  return [group('legend', legendParts), group('notes', [...remarkParts, ...rowParts])];
}

const REMARK_COLOURS = { plain: INK, good: FIT_COLOUR, warning: WARNING_COLOUR } as const;

/** All, or an even choice with the first and the last, since the colours run in order. */
function legendRows(legend: readonly LegendEntry[]): readonly LegendEntry[] {
  if (legend.length <= LEGEND_ROWS_MAX) return legend;
  return Array.from({ length: LEGEND_ROWS_MAX }, (_, at) =>
    Math.round((at * (legend.length - 1)) / (LEGEND_ROWS_MAX - 1)),
  ).flatMap((index) => legend[index] ?? []);
}

function legendRow(entry: LegendEntry, { x, y }: PixelPoint, width: number): string {
  const middle = y - 4;
  const size = { size: TEXT_SIZE };
  const parts: string[] = [];
  const hasLine = entry.fitColour !== undefined;
  const ownLine = hasLine && entry.fitName !== '';
  if (hasLine && !ownLine) {
    parts.push(line({ x, y: middle }, { x: x + 20, y: middle }, entry.fitColour ?? INK, 1.4));
  }
  parts.push(
    marker({ x: x + 10, y: middle }, { colour: entry.colour, open: entry.isAlone, radius: 3 }),
    textAt({ x: x + 28, y }, cutMiddle(entry.name, charactersIn(width - 28)), size),
  );
  if (ownLine) {
    parts.push(
      line({ x: x + 110, y: middle }, { x: x + 130, y: middle }, entry.fitColour ?? INK, 1.6),
      textAt({ x: x + 138, y }, entry.fitName ?? '', size),
    );
  }
  return parts.join('');
}

/** Lines of whole words; a word longer than a line, or too many lines, are cut. */
export function wrap(text: string, lengthMax: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= lengthMax) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(cutMiddle(word, lengthMax));
    }
  }
  if (lines.length <= REMARK_LINES_MAX) return lines;
  const kept = lines.slice(0, REMARK_LINES_MAX);
  return [...kept.slice(0, -1), `${kept.at(-1)?.slice(0, lengthMax - 2)} …`];
}

function charactersIn(width: number): number {
  return Math.max(8, Math.floor(width * CHARACTERS_PER_PIXEL));
}
