import type { Doubt, ReachedBy } from '../../analysis/impedance-batch.ts';
import type { RankedCircuit } from '../../analysis/impedance-choose.ts';
import type {
  CircuitFit,
  FitDiagnostics,
  FitParameter,
  FittedArc,
} from '../../domain/circuit-fit.ts';
import { prefixed, significant, textTable, withError } from '../format-values.ts';
import type { FileSpectrum } from './eis-spectra.ts';
import { misfitSentence, validitySentence } from './eis-validity.ts';

/** Correlations beyond this make two standard errors say little about each alone. */
const CORRELATION_OF_CONCERN = 0.95;
/** More files than this are a table with a line each. */
const FULL_REPORTS_MAX = 4;
const RANKING_SHOWN_MAX = 10;

/** A fit of one file, and how it came about. */
export interface FileFit extends FileSpectrum {
  readonly fit: CircuitFit;
  /** Only of a sequence. */
  readonly reachedBy?: ReachedBy;
  readonly doubts?: readonly Doubt[];
  /** Only when the circuit was to be chosen. */
  readonly ranking?: readonly RankedCircuit[];
}

export interface Correlation {
  readonly names: readonly [string, string];
  readonly r: number;
}

/** Pairs whose errors cannot be read apart, the strongest first. */
export function correlationsOfConcern(diagnostics: FitDiagnostics | null): Correlation[] {
  if (!diagnostics) return [];
  const { correlated, correlation } = diagnostics;
  const pairs = correlated.flatMap((one, row) =>
    correlated.slice(row + 1).map((other, at) => ({
      names: [one, other] as const,
      r: correlation[row]?.[row + 1 + at] ?? 0,
    })),
  );
  return pairs
    .filter(({ r }) => Math.abs(r) > CORRELATION_OF_CONCERN)
    .sort((a, b) => Math.abs(b.r) - Math.abs(a.r));
}

/** One entry of `results`, SI units throughout. */
export function fitAsJson({ file, fit, reachedBy, doubts, ranking }: FileFit) {
  const { curve: _, ...rest } = fit;
  return {
    file,
    ...rest,
    ...(reachedBy && { reachedBy, doubts }),
    ...(ranking && { ranking: ranking.map(({ fit: __, ...ranked }) => ranked) }),
  };
}

/** A report for each fit, or for many a table with a line each. */
export function describeFits(fits: readonly FileFit[]): string {
  return fits.length <= FULL_REPORTS_MAX ? fits.map(describeFit).join('\n') : fitTables(fits);
}

function describeFit(one: FileFit): string {
  const { file, fit, spectrum, ranking } = one;
  return [
    `${file}: ${fit.circuit}`,
    `  ${statusOf(fit)}, ${pointsOf(fit, spectrum.points.length)}, ` +
      `chi² ${significant(fit.chiSquare)}, rms ${significant(fit.rmsPercent)} %${timeOf(fit)}`,
    `  ${validitySentence(fit.validity)}`,
    '',
    parameterTable(fit.parameters),
    ...(fit.arcs.length > 0 ? [indented(arcTable(fit.arcs))] : []),
    ...concerns(fit).map((text) => `  ${text}`),
    ...(ranking ? ['', indented(rankingTable(ranking))] : []),
    '',
  ].join('\n');
}

function statusOf({ status, reason }: CircuitFit): string {
  if (status === 'failed') return `failed (${reason}): the best found until then`;
  return status === 'notIdentifiable' ? 'not identifiable: some parameters are open' : 'converged';
}

/** Nothing for one of several that were fitted together: only all of them took a time. */
function timeOf({ durationMs }: CircuitFit): string {
  return durationMs > 0 ? `, ${durationMs.toFixed(1)} ms` : '';
}

function pointsOf({ points }: CircuitFit, measured: number): string {
  const omitted = measured - points;
  return omitted === 0
    ? `${points} points`
    : `${points} of ${measured} points (${omitted} at the inductive end left out: the circuit has no L)`;
}

/** Values, errors and intervals, indented by two. */
export function parameterTable(parameters: readonly FitParameter[]): string {
  const rows = parameters.map((one) => [
    one.name,
    valueText(one),
    unitText(one.unit),
    rangeText(one),
  ]);
  return indented(textTable(['parameter', 'value', 'unit', '95 % interval'], rows));
}

function valueText({ value, standardError, state }: FitParameter): string {
  if (state === 'fixed') return `${significant(value)} (fixed)`;
  return withError(value, standardError);
}

function rangeText({ interval, state }: FitParameter): string {
  if (state === 'atBound') return 'at its bound';
  return interval ? `${significant(interval.lower)} to ${significant(interval.upper)}` : '';
}

/** "Ω"; nothing for a pure number. */
export function unitText(unit: string): string {
  return unit === '1' ? '' : unit.replace('ohm', 'Ω');
}

const ASSIGNMENTS = {
  interphase: 'interphase, by its capacitance',
  chargeTransfer: 'charge transfer, by its capacitance',
  unassigned: '',
} as const;

function arcTable(arcs: readonly FittedArc[]): string {
  const rows = arcs.map(({ resistance, timeConstantSecond, capacitanceFarad, assignment }) => [
    resistance,
    prefixed(timeConstantSecond, 's'),
    prefixed(capacitanceFarad, 'F'),
    ASSIGNMENTS[assignment],
  ]);
  return textTable(['arc', 'time constant', 'capacitance', 'likely'], rows);
}

/** What a reader should know before using the numbers. */
function concerns(fit: CircuitFit): string[] {
  const { parameters, diagnostics } = fit;
  const misfit = misfitSentence(fit);
  const open = parameters.filter(({ identifiable }) => !identifiable).map(({ name }) => name);
  const pairs = correlationsOfConcern(diagnostics);
  return [
    ...(misfit ? [misfit] : []),
    ...(open.length > 0 ? [`not determined by these data: ${open.join(', ')}`] : []),
    ...(pairs.length > 0
      ? [
          `correlated beyond ${CORRELATION_OF_CONCERN}: ` +
            pairs.map(({ names, r }) => `${names.join(' and ')} (${r.toFixed(3)})`).join(', '),
        ]
      : []),
    ...(diagnostics
      ? [
          `least determined combination: ${diagnostics.weakest.join(', ')} ` +
            `(condition number ${significant(diagnostics.conditionNumber)})`,
          `AIC ${diagnostics.aic.toFixed(1)}, BIC ${diagnostics.bic.toFixed(1)}`,
        ]
      : []),
  ];
}

/** What is not vetoed is told by its ΔBIC alone. */
function rankingTable(ranking: readonly RankedCircuit[]): string {
  const shown = ranking.slice(0, RANKING_SHOWN_MAX);
  const rows = shown.map(({ circuit, verdict, bicDifference, rmsPercent, reason }) => [
    circuit,
    verdict,
    bicDifference === null ? '' : bicDifference.toFixed(1),
    rmsPercent === null ? '' : `${significant(rmsPercent)} %`,
    verdict === 'candidate' ? '' : reason,
  ]);
  const more = ranking.length - shown.length;
  const rest = more > 0 ? `and ${more} more circuits, which --json lists\n` : '';
  return textTable(['circuit', 'verdict', 'ΔBIC', 'rms', 'because'], rows) + rest;
}

/** One table per circuit: `auto` may have chosen several. */
function fitTables(fits: readonly FileFit[]): string {
  const circuits = [...new Set(fits.map(({ fit }) => fit.circuit))];
  const tables = circuits.map((circuit) =>
    fitTable(
      circuit,
      fits.filter(({ fit }) => fit.circuit === circuit),
    ),
  );
  return [...tables, 'One file alone, or --json, shows errors, intervals and correlations.\n'].join(
    '\n',
  );
}

function fitTable(circuit: string, fits: readonly FileFit[]): string {
  const columns = fits[0]?.fit.parameters ?? [];
  const header = columns.map(({ name, unit }) => [name, unitText(unit)].join(' ').trim());
  const rows = fits.map(({ file, fit }) => [
    file,
    fit.status,
    `${significant(fit.rmsPercent)} %`,
    fit.validity ? `KK ${fit.validity.verdict}` : '',
    ...fit.parameters.map(
      ({ value, identifiable }) => `${significant(value)}${identifiable ? '' : '?'}`,
    ),
  ]);
  const failing = fits.filter(({ fit }) => fit.validity?.verdict === 'fail');
  const verdicts = failing.map(({ file, fit }) => `${file}: ${validitySentence(fit.validity)}\n`);
  const table = textTable(['file', 'status', 'rms', 'data', ...header], rows);
  return `${circuit} (? where the data do not determine a value)\n\n${table}\n${verdicts.join('')}`;
}

function indented(text: string): string {
  return `${text.trimEnd().replaceAll(/^(?=.)/gm, '  ')}\n`;
}
