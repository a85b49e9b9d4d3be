import { type Figure, type MeasuredFigure, type Verdict, verdictOf } from './bench.ts';
import type { Load, Machine } from './machine.ts';
import type { Spread } from './spread.ts';

/** Everything one run of a bench has found; `--json` prints and `--save` keeps it. */
export interface Report {
  readonly bench: string;
  readonly utc: string;
  readonly commit: string;
  readonly seed: number;
  readonly rounds: number;
  /** 0 when everything was measured once. */
  readonly batchMs: number;
  readonly machine: Machine;
  readonly loadBefore: Load;
  readonly loadAfter: Load;
  readonly figures: readonly Figure[];
}

const HEADINGS = ['figure', 'wall median', 'min .. max', 'CPU median', 'n', 'target', ''] as const;

/** The report as lines a person reads. */
export function formatReport(report: Report): string {
  const { machine, loadBefore, loadAfter } = report;
  const load = ({ oneMinute, fiveMinutes }: Load): string => `${oneMinute} (5 min: ${fiveMinutes})`;
  const head = [
    `bench     ${report.bench}`,
    `machine   ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGibibyte} GiB, ${machine.system}`,
    `engine    Node ${machine.node}, V8 ${machine.v8}`,
    `load      ${load(loadBefore)} before, ${load(loadAfter)} after`,
    `commit    ${report.commit}`,
    `date      ${report.utc}`,
    `measured  ${report.batchMs === 0 ? 'once' : `${report.rounds} interleaved rounds of about ${report.batchMs} ms each`}, seed ${report.seed}`,
  ];
  return `${[...head, '', ...formatTable(report.figures), ...formatNotes(report.figures)].join('\n')}\n`;
}

function formatTable(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) =>
    figure.kind === 'measured'
      ? measuredCells(figure)
      : [figure.name, `not measured: ${figure.reason}`],
  );
  const columns = [[...HEADINGS], ...rows.filter((row) => row.length === HEADINGS.length)];
  const widths = HEADINGS.map((_, at) => Math.max(...columns.map((row) => row[at]?.length ?? 0)));
  const nameWidth = Math.max(...figures.map(({ name }) => name.length), widths[0] ?? 0);
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) =>
        at === 0
          ? cell.padEnd(nameWidth)
          : cells.length === HEADINGS.length && at < 5
            ? cell.padStart(widths[at] ?? 0)
            : cell.padEnd(at < cells.length - 1 ? (widths[at] ?? 0) : 0),
      )
      .join('  ')
      .trimEnd();
  return [line(HEADINGS), ...rows.map(line)];
}

function measuredCells(figure: MeasuredFigure): string[] {
  const { wall, cpu, target, unit } = figure;
  const sense = target?.sense === 'atMost' ? '<=' : '>=';
  return [
    figure.name + (figure.note === '' ? '' : ' *'),
    `${short(wall.median)} ${unit}`,
    spread(wall),
    cpu ? short(cpu.median) : '-',
    String(wall.n),
    target ? `${sense} ${target.limit} ${unit}` : '-',
    verdictText(verdictOf(figure)),
  ];
}

/** By wall time, and by CPU time too where that says otherwise, as on a busy machine. */
function verdictText(verdict: Verdict | null): string {
  if (!verdict) return '';
  const word = (reached: boolean): string => (reached ? 'reached' : 'missed');
  const { wall, cpu } = verdict;
  return cpu === null || cpu === wall ? word(wall) : `${word(wall)} (CPU: ${word(cpu)})`;
}

function formatNotes(figures: readonly Figure[]): string[] {
  const noted = figures.filter((figure) => figure.kind === 'measured' && figure.note !== '');
  if (noted.length === 0) return [];
  return [
    '',
    ...noted.map((figure) => `* ${figure.name}: ${figure.kind === 'measured' ? figure.note : ''}`),
  ];
}

function spread({ min, max }: Spread): string {
  return `${short(min)} .. ${short(max)}`;
}

/** Three digits that count. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 5));
}
