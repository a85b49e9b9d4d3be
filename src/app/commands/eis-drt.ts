import { distributionOfRelaxationTimes } from '../../analysis/drt.ts';
import { type Drt, type DrtPeak, LAMBDA_RULES, type LambdaRule } from '../../domain/drt.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import type { SpectrumValidity } from '../../domain/spectrum-validity.ts';
import { distributionSvg } from '../../formats/impedance-svg-drt.ts';
import type { FigureRemark } from '../../formats/impedance-svg-notes.ts';
import { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import type { Command, CommandLine } from '../command.ts';
import { prefixed, significant, textTable } from '../format-values.ts';
import { numberIn } from './eis-fit-options.ts';
import { lastPart, plotPath, writePlot } from './eis-plot.ts';
import { withProgress } from './eis-progress.ts';
import {
  type FileSpectrum,
  forEachSpectrum,
  noteWrongSign,
  readSpectra,
  refuseWrongSign,
  SPECTRUM_OPTION_HELP,
  SPECTRUM_OPTIONS,
} from './eis-spectra.ts';
import { validityOf, validitySentence } from './eis-validity.ts';

interface FileDrt extends FileSpectrum {
  readonly drt: Drt;
  readonly validity: SpectrumValidity | null;
  readonly durationMs: number;
}

export const eisDrtCommand: Command = {
  name: 'eis drt',
  summary: 'distribution of relaxation times: the processes of a spectrum as peaks',
  usage:
    'operando eis drt FILE... [--lambda auto|RULE|NUMBER] [--signed] [--plot FILE.svg] [--json]',
  optionHelp: [
    ['--lambda auto', `weight of smoothness: auto (= gcv), ${LAMBDA_RULES.join(', ')} or a number`],
    ['--signed', 'allow negative γ, for inductive loops'],
    ...SPECTRUM_OPTION_HELP,
    ['--plot FILE.svg', 'γ over τ with its peaks'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: [
    'operando eis drt cell.mpt --plot cell-drt.svg',
    'operando eis drt cell.mpt --lambda 1e-3 --signed --json',
  ],
  options: {
    lambda: { type: 'string', default: 'auto' },
    signed: { type: 'boolean', default: false },
    ...SPECTRUM_OPTIONS,
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const lambda = lambdaOf(line);
    const plot = plotPath(line);
    const spectra = await readSpectra(eisDrtCommand, line.words, line);
    const signed = line.options.signed === true;
    if (!signed) refuseWrongSign(spectra, '; for inductive loops, ask for --signed');
    const results = await withProgress(terminal, spectra.length, (onDone) =>
      distributions(spectra, { lambda, signed }, onDone),
    );
    for (const one of results) noteWrongSign(one, one.validity, terminal);
    if (plot) await writePlot(plot, figureOf(results));
    if (line.options.json) {
      terminal.out(`${JSON.stringify({ results: results.map(asJson) })}\n`);
    } else {
      terminal.out(results.map(describe).join('\n'));
    }
    if (plot) terminal.err(`plot in ${plot}\n`);
    return EXIT_CODES.done;
  },
};

function lambdaOf(line: CommandLine): LambdaRule | number {
  const text = String(line.options.lambda);
  if (text === 'auto') return 'gcv';
  const rule = LAMBDA_RULES.find((one) => one === text);
  if (rule) return rule;
  const value = numberIn(text);
  if (value !== undefined && value > 0) return value;
  const message = `"${text}" is not understood; expected auto, ${LAMBDA_RULES.join(', ')} or a number above 0`;
  throw new Fault('badInput', { where: '--lambda', message });
}

async function distributions(
  spectra: readonly FileSpectrum[],
  options: { readonly lambda: LambdaRule | number; readonly signed: boolean },
  onDone: (done: number) => void,
): Promise<FileDrt[]> {
  const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
  return forEachSpectrum(
    spectra,
    (one) => {
      const start = performance.now();
      const drt = distributionOfRelaxationTimes(kernel, one.spectrum, options);
      const durationMs = performance.now() - start;
      return { ...one, drt, validity: validityOf(kernel, one.spectrum), durationMs };
    },
    onDone,
  );
}

function asJson({ file, spectrum, drt, validity, durationMs }: FileDrt) {
  return { file, points: spectrum.points.length, ...drt, validity, durationMs };
}

function describe({ file, spectrum, drt, validity, durationMs }: FileDrt): string {
  const rows = drt.peaks.map((peak, at) => [
    String(at + 1),
    prefixed(peak.tauSecond, 's'),
    prefixed(frequencyOf(peak), 'Hz'),
    prefixed(peak.areaOhm, 'Ω'),
    prefixed(peak.tauSecond / peak.areaOhm, 'F'),
    significant(peak.exponent),
    peak.isOpen ? 'top outside the measured frequencies: lower bounds' : '',
  ]);
  const header = ['peak', 'τ', 'frequency', 'resistance', 'capacitance', 'n', ''];
  return [
    `${file}: ${spectrum.points.length} points, λ ${significant(drt.lambda)} (${drt.lambdaRule}), ` +
      `rms ${significant(drt.rmsPercent)} %, ${durationMs.toFixed(1)} ms`,
    `  ${validitySentence(validity)}`,
    ...(drt.status === 'limit' ? ['  the search was cut off: not the best curve'] : []),
    '',
    rows.length > 0
      ? textTable(header, rows)
          .replaceAll(/^(?=.)/gm, '  ')
          .trimEnd()
      : '  no peak: no process shows between the measured frequencies',
    '',
    `  ${seriesText(drt)}`,
    '',
  ].join('\n');
}

function seriesText(drt: Drt): string {
  const capacitance =
    drt.capacitanceFarad === null ? '' : `, C ${prefixed(drt.capacitanceFarad, 'F')}`;
  return (
    `R0 ${prefixed(drt.seriesResistanceOhm, 'Ω')}, polarisation ${prefixed(drt.polarisationOhm, 'Ω')}, ` +
    `L ${prefixed(drt.inductanceHenry, 'H')}${capacitance}`
  );
}

function frequencyOf({ tauSecond }: DrtPeak): number {
  return 1 / (2 * Math.PI * tauSecond);
}

function figureOf(results: readonly FileDrt[]): string {
  const [only] = results.length === 1 ? results : [];
  return distributionSvg({
    title: 'Distribution of relaxation times',
    distributions: results.map(({ file, drt }) => ({
      name: lastPart(file),
      points: drt.tauSecond.map((tauSecond, k) => ({
        tauSecond,
        gammaOhm: drt.gammaOhm[k] ?? Number.NaN,
      })),
      peaks: drt.peaks.map((peak) => ({
        tauSecond: peak.tauSecond,
        label: prefixed(peak.tauSecond, 's'),
      })),
    })),
    notes: only
      ? { remarks: remarksOf(only), rows: only.drt.peaks.map(peakRow) }
      : { remarks: remarksOfMany(results), rows: [] },
  });
}

function remarksOf({ drt, validity }: FileDrt): FigureRemark[] {
  const kind = validity === null ? 'plain' : validity.verdict === 'fail' ? 'warning' : 'good';
  const lambda = `λ ${significant(drt.lambda)} (${drt.lambdaRule}), rms ${significant(drt.rmsPercent)} %`;
  return [
    { text: `${lambda}; ${seriesText(drt)}`, kind: 'plain' },
    { text: validitySentence(validity), kind },
  ];
}

function remarksOfMany(results: readonly FileDrt[]): FigureRemark[] {
  const failing = results.filter(({ validity }) => validity?.verdict === 'fail').length;
  const kind = failing > 0 ? 'warning' : 'good';
  return [{ text: `${failing} of ${results.length} spectra fail Kramers-Kronig`, kind }];
}

function peakRow(peak: DrtPeak, at: number) {
  const parts = [
    `τ ${prefixed(peak.tauSecond, 's')}`,
    `R ${prefixed(peak.areaOhm, 'Ω')}`,
    `C ${prefixed(peak.tauSecond / peak.areaOhm, 'F')}`,
    `n ${significant(peak.exponent)}`,
  ];
  return [`peak ${at + 1}`, parts.join(', ') + (peak.isOpen ? ' (lower bounds)' : '')] as const;
}
