import { examineSpectrum, type SpectrumExamination } from '../../analysis/spectrum-validity.ts';
import { EXIT_CODES } from '../../domain/fault.ts';
import { impedanceSvg, type PlottedSpectrum } from '../../formats/impedance-svg.ts';
import { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import type { Command } from '../command.ts';
import { significant, textTable } from '../format-values.ts';
import { lastPart, plotPath, writePlot } from './eis-plot.ts';
import { withProgress } from './eis-progress.ts';
import {
  type FileSpectrum,
  forEachSpectrum,
  noteWrongSign,
  readSpectra,
  SPECTRUM_OPTION_HELP,
  SPECTRUM_OPTIONS,
} from './eis-spectra.ts';
import { validitySentence } from './eis-validity.ts';

interface FileTest extends FileSpectrum, SpectrumExamination {}

export const eisKkCommand: Command = {
  name: 'eis kk',
  summary: 'test spectra with Kramers-Kronig: linear, stable, causal?',
  usage: 'operando eis kk FILE... [--plot FILE.svg] [--json]',
  optionHelp: [
    ...SPECTRUM_OPTION_HELP,
    ['--plot FILE.svg', 'spectra, the test’s curve and its residuals'],
    ['--json', 'one JSON document on stdout, residuals included'],
  ],
  examples: ['operando eis kk cell.mpt --plot cell-kk.svg', 'operando eis kk spectra/*.csv --json'],
  options: {
    ...SPECTRUM_OPTIONS,
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const plot = plotPath(line);
    const spectra = await readSpectra(eisKkCommand, line.words, line);
    const kernel = new RelaxationKernel(loadKernelModule('relaxation'));
    const tests = await withProgress(terminal, spectra.length, (onDone) =>
      forEachSpectrum(
        spectra,
        (one): FileTest => ({ ...one, ...examineSpectrum(kernel, one.spectrum) }),
        onDone,
      ),
    );
    for (const one of tests) noteWrongSign(one, one.validity, terminal);
    if (plot) await writePlot(plot, figureOf(tests));
    if (line.options.json) {
      terminal.out(`${JSON.stringify({ results: tests.map(asJson) })}\n`);
    } else {
      terminal.out(describe(tests));
    }
    if (plot) terminal.err(`plot in ${plot}\n`);
    return EXIT_CODES.done;
  },
};

function asJson({ file, spectrum, validity, test }: FileTest) {
  return { file, points: spectrum.points.length, ...validity, residuals: test.residuals };
}

function describe(tests: readonly FileTest[]): string {
  const rows = tests.map(({ file, spectrum, validity }) => [
    file,
    validity.verdict,
    String(spectrum.points.length),
    String(validity.elementCount),
    significant(validity.mu),
    `${significant(validity.rmsPercent)} %`,
    `${significant(validity.worstPercent)} % at ${significant(validity.worstFrequencyHertz)} Hz`,
    `${significant(validity.driftPercent)} %`,
  ]);
  const header = ['file', 'verdict', 'points', 'elements', 'µ', 'rms', 'worst', 'drift'];
  const sentences = tests
    .filter(({ validity }) => validity.reasons.length > 0)
    .map(({ file, validity }) => `${file}: ${validitySentence(validity)}\n`);
  const gap = sentences.length > 0 ? '\n' : '';
  return `${textTable(header, rows)}${gap}${sentences.join('')}`;
}

function figureOf(tests: readonly FileTest[]): string {
  const failing = tests.filter(({ validity }) => validity.verdict === 'fail').length;
  const [only] = tests.length === 1 ? tests : [];
  const text = only
    ? validitySentence(only.validity)
    : `${failing} of ${tests.length} spectra fail Kramers-Kronig`;
  return impedanceSvg({
    title: 'Kramers-Kronig test',
    spectra: tests.map(plotted),
    notes: { remarks: [{ text, kind: failing > 0 ? 'warning' : 'good' }], rows: [] },
  });
}

/** The test's own curve, which is the measurement less the residuals. */
function plotted({ file, spectrum, test }: FileTest): PlottedSpectrum {
  const residuals = new Map(test.residuals.map((one) => [one.frequencyHertz, one]));
  const curve = spectrum.points.flatMap((point) => {
    const residual = residuals.get(point.frequencyHertz);
    if (!residual) return [];
    const perPercent = Math.hypot(point.zRealOhm, point.zImagOhm) / 100;
    return [
      {
        frequencyHertz: point.frequencyHertz,
        zRealOhm: point.zRealOhm - residual.realPercent * perPercent,
        zImagOhm: point.zImagOhm - residual.imagPercent * perPercent,
      },
    ];
  });
  return {
    name: lastPart(file),
    points: spectrum.points,
    fit: { curve, residuals: test.residuals },
  };
}
