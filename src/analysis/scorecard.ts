import type { Cell } from '../domain/cell.ts';
import { Fault } from '../domain/fault.ts';
import type { Scorecard, ScorecardFigure, ScorecardRow, Verdict } from '../domain/scorecard.ts';
import { UNITS } from '../domain/units.ts';
import type { RunTrace } from './cycling-trace.ts';
import { givenValue, literal } from './scorecard-given.ts';
import { recoverFigure } from './scorecard-recover.ts';

/**
 * A run held against its paper, figure by figure, and against what the simulated cell was given.
 * Figures that the paper has for another cell only are left out.
 * @throws Fault badInput when the scorecard or the cell file is not understood
 */
export function scoreRun(
  scorecard: Scorecard,
  trace: RunTrace,
  cell: Cell,
): readonly ScorecardRow[] {
  return scorecard.figures.flatMap((figure) => {
    const { value, cells } = figure.paper;
    if (figure.unit !== undefined) return [rowOf(figure, undefined, trace, cell)];
    const text = value ?? (cells && Object.hasOwn(cells, cell.cell) ? cells[cell.cell] : undefined);
    return text === undefined ? [] : [rowOf(figure, text, trace, cell)];
  });
}

/** @param paperText undefined where the paper gives no number */
function rowOf(
  figure: ScorecardFigure,
  paperText: string | undefined,
  trace: RunTrace,
  cell: Cell,
): ScorecardRow {
  const { dimension, recover, quantity } = figure;
  const paper =
    paperText === undefined ? undefined : literal(paperText, dimension, `"${quantity}"`);
  const unit = figure.unit ?? paperText?.trim().split(/\s+/).at(-1) ?? '';
  const scale = scaleOf(unit, dimension, quantity);
  const given =
    figure.given === undefined ? undefined : givenValue(figure.given, { cell, trace, dimension });
  const recovered = recover && recoverFigure(recover, trace, cell);
  const value = recovered?.value;
  return {
    quantity,
    unit,
    paper: scaled(paper, scale),
    where: figure.paper.where,
    given: scaled(given, scale),
    recovered: scaled(value, scale),
    standardError: scaled(recovered?.standardError ?? undefined, scale),
    count: recovered?.count ?? 0,
    fromGiven: share(value, given),
    fromPaper: share(value, paper),
    verdict: verdictOf(figure, { value, given }),
    note: figure.note ?? null,
  };
}

/** More digits than anything is known to, fewer than show how numbers are rounded. */
const DIGITS = 12;

function scaled(value: number | undefined, scale: number): number | null {
  return value === undefined ? null : Number((value / scale).toPrecision(DIGITS));
}

function scaleOf(unit: string, dimension: ScorecardFigure['dimension'], where: string): number {
  const table: Readonly<Record<string, number>> = UNITS[dimension];
  const scale = table[unit.replace('μ', 'µ')];
  if (scale !== undefined) return scale;
  throw new Fault('badInput', { where: `"${where}"`, message: `"${unit}" is no ${dimension}` });
}

function share(value: number | undefined, of: number | undefined): number | null {
  return value === undefined || of === undefined || of === 0 ? null : (value - of) / of;
}

function verdictOf(
  { recover, tolerance, toleranceValue, dimension, quantity }: ScorecardFigure,
  { value, given }: { readonly value: number | undefined; readonly given: number | undefined },
): Verdict {
  if (!recover) return 'notRecovered';
  if (value === undefined) return 'missing';
  if (given === undefined || (tolerance === undefined && toleranceValue === undefined)) {
    return 'measured';
  }
  const allowed =
    toleranceValue === undefined
      ? (tolerance ?? 0) * Math.abs(given)
      : literal(toleranceValue, dimension, `"${quantity}"`);
  return Math.abs(value - given) <= allowed ? 'recovered' : 'off';
}
