import { distributionOfRelaxationTimes } from '../../analysis/drt.ts';
import { fitSequence } from '../../analysis/impedance-batch.ts';
import { chooseCircuit } from '../../analysis/impedance-choose.ts';
import { type FitOptions, fitSpectrum } from '../../analysis/impedance-fit.ts';
import type { GlobalFit } from '../../analysis/impedance-global.ts';
import { checkLimits } from '../../analysis/impedance-limits.ts';
import type { RelaxationPeak } from '../../analysis/impedance-starts.ts';
import { KRAMERS_KRONIG_POINTS_MIN } from '../../analysis/kramers-kronig.ts';
import { type Circuit, hasElement } from '../../domain/circuit.ts';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, required } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { circuitOption, FIT_OPTION_HELP, FIT_OPTIONS, fitOptionsOf } from './eis-fit-options.ts';
import { describeFits, type FileFit, fitAsJson } from './eis-fit-report.ts';
import {
  describeShared,
  fitFilesTogether,
  shareOption,
  togetherAsJson,
} from './eis-fit-together.ts';
import { fitFigure, plotPath, writePlot } from './eis-plot.ts';
import { withProgress } from './eis-progress.ts';
import {
  type FileSpectrum,
  forEachSpectrum,
  inFile,
  noteWrongSign,
  readSpectra,
  refuseWithoutErrors,
  refuseWrongSign,
  SPECTRUM_OPTION_HELP,
  SPECTRUM_OPTIONS,
} from './eis-spectra.ts';
import { validityOf } from './eis-validity.ts';

/** Smooth enough that peaks are processes and not noise; starts need no more. */
const START_LAMBDA = 1e-3;

export const eisFitCommand: Command = {
  name: 'eis fit',
  summary: 'fit an equivalent circuit to impedance spectra',
  usage: 'operando eis fit FILE... --circuit CIRCUIT|auto [options]',
  optionHelp: [
    [
      '--circuit CIRCUIT',
      'elements in series with "-", in parallel with p(…,…); docs/impedance.md',
    ],
    ['--circuit auto', 'choose among the usual circuits by BIC and show the ranking'],
    ...FIT_OPTION_HELP,
    ['--sequence', 'the files follow one another: start each fit from its neighbours'],
    ['--share NAME[,NAME]', 'fit all files together, these parameters the same in each of them'],
    ...SPECTRUM_OPTION_HELP,
    ['--plot FILE.svg', 'Nyquist, Bode and residuals'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: [
    'operando eis fit cell.mpt --circuit "R0-p(R1,CPE1)-p(R2,CPE2)" --plot cell.svg',
    'operando eis fit cell.mpt --circuit auto',
    'operando eis fit cell.mpt --circuit "R0-p(R1,CPE1)" --fix CPE1.n=0.9 --bound R1=10..1e4',
    'operando eis fit spectra/*.csv --circuit "R0-p(R1,CPE1)-CPE2" --sequence --json',
    'operando eis fit spectra/*.csv --circuit "R0-p(R1,CPE1)" --share R0,CPE1.n',
  ],
  options: {
    ...FIT_OPTIONS,
    ...SPECTRUM_OPTIONS,
    sequence: { type: 'boolean', default: false },
    share: { type: 'string', multiple: true },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const request = requestOf(line);
    const spectra = await readSpectra(eisFitCommand, line.words, line);
    if (!request.circuit || !hasInductor(request.circuit)) {
      refuseWrongSign(spectra, '; if the cell is inductive, add an L to the circuit');
    }
    refuseWithoutErrors(spectra, request.options.weighting);
    const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
    const { fits, together } = await fitFiles(kernel, spectra, request, terminal);
    for (const one of fits) noteWrongSign(one, one.fit.validity, terminal);
    if (request.plot) await writePlot(request.plot, fitFigure(kernel, fits));
    if (line.options.json) {
      const shared = together && { together: togetherAsJson(together) };
      terminal.out(`${JSON.stringify({ results: fits.map(fitAsJson), ...shared })}\n`);
    } else {
      terminal.out((together ? describeShared(together) : '') + describeFits(fits));
    }
    if (request.plot) terminal.err(`plot in ${request.plot}\n`);
    return EXIT_CODES.done;
  },
};

interface Request {
  /** Undefined: to be chosen. */
  readonly circuit: Circuit | undefined;
  readonly options: FitOptions;
  readonly sequence: boolean;
  /** Parameters that all files have in common; undefined: each file is fitted alone. */
  readonly share: readonly string[] | undefined;
  readonly plot: string | undefined;
}

function requestOf(line: CommandLine): Request {
  const circuit = circuitOption(eisFitCommand, required(eisFitCommand, line, 'circuit'));
  const options = fitOptionsOf(line);
  const sequence = line.options.sequence === true;
  if (circuit) checkLimits(circuit, options);
  else refuseWithAuto(line, sequence);
  const share = shareOption(line, circuit);
  return { circuit, options, sequence, share, plot: plotPath(line) };
}

function refuseWithAuto(line: CommandLine, sequence: boolean): void {
  const names = ['fix', 'bound'].filter((name) => line.options[name] !== undefined);
  if (sequence) names.push('sequence');
  if (names.length === 0) return;
  const problems = names.map((name) => ({
    where: `--${name}`,
    message: 'needs a circuit of its own; --circuit auto tries several',
  }));
  throw new Fault('badInput', problems);
}

function hasInductor(circuit: Circuit): boolean {
  return hasElement(circuit.root, 'L') || hasElement(circuit.root, 'La');
}

interface Fits {
  readonly fits: readonly FileFit[];
  /** Only of files that share parameters. */
  readonly together: GlobalFit | undefined;
}

async function fitFiles(
  kernel: ImpedanceKernel,
  spectra: readonly FileSpectrum[],
  request: Request,
  terminal: Terminal,
): Promise<Fits> {
  const { circuit, share, sequence } = request;
  const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));
  return withProgress(terminal, spectra.length, async (onDone) => {
    const together =
      circuit && share ? await fitFilesTogether(kernel, circuit, spectra, share) : undefined;
    const earlier = together ? fitsOf(together, spectra) : undefined;
    const found = earlier ?? (sequence ? fitChain(kernel, spectra, request) : undefined);
    const fits = await forEachSpectrum(
      spectra,
      (one) => {
        const validity = validityOf(relaxation, one.spectrum);
        const fitted = found?.get(one) ?? fitOne({ kernel, relaxation }, one, request);
        return { ...fitted, fit: { ...fitted.fit, validity } };
      },
      onDone,
    );
    return { fits, together };
  });
}

function fitsOf(
  { fits }: GlobalFit,
  spectra: readonly FileSpectrum[],
): ReadonlyMap<FileSpectrum, FileFit> {
  const files = new Map<FileSpectrum, FileFit>();
  for (const [at, fit] of fits.entries()) {
    const one = spectra[at];
    if (one) files.set(one, { ...one, fit });
  }
  return files;
}

interface Kernels {
  readonly kernel: ImpedanceKernel;
  readonly relaxation: RelaxationKernel;
}

function fitOne({ kernel, relaxation }: Kernels, one: FileSpectrum, request: Request): FileFit {
  const { circuit, options } = request;
  if (circuit) {
    const peaks = peaksOf(relaxation, one);
    return { ...one, fit: fitSpectrum(kernel, circuit, one.spectrum, { ...options, peaks }) };
  }
  const { fixed: _, bounds: __, ...free } = options;
  const { chosen, ranking } = chooseCircuit(kernel, one.spectrum, undefined, free);
  if (chosen) return { ...one, fit: chosen, ranking };
  const reasons = ranking.map(({ circuit: text, reason }) => `${text}: ${reason}`);
  throw new Fault('badInput', {
    where: 'circuit auto',
    message: `no usual circuit has all its parameters determined by these data; ${reasons.join('; ')}`,
  });
}

/** Peaks of a smooth distribution of relaxation times, where arcs may start from. */
function peaksOf(relaxation: RelaxationKernel, { spectrum }: FileSpectrum): RelaxationPeak[] {
  if (spectrum.points.length < KRAMERS_KRONIG_POINTS_MIN) return [];
  const { peaks } = distributionOfRelaxationTimes(relaxation, spectrum, { lambda: START_LAMBDA });
  return peaks.map(({ tauSecond, areaOhm }) => ({
    timeConstantSecond: tauSecond,
    resistanceOhm: areaOhm,
  }));
}

/** @throws Fault badInput with the problems of every spectrum of the sequence */
function fitChain(
  kernel: ImpedanceKernel,
  spectra: readonly FileSpectrum[],
  { circuit, options }: Request,
): Map<FileSpectrum, FileFit> {
  const fits = new Map<FileSpectrum, FileFit>();
  if (!circuit) return fits;
  const { starts: _, reference: __, priorValues: ___, localOnly: ____, ...fit } = options;
  const all = spectra.map(({ spectrum }) => spectrum);
  const problems: Problem[] = [];
  fitSequence(kernel, circuit, all, { fit }).forEach((result, at) => {
    const one = spectra[at];
    if (!one) return;
    if (result.fit === undefined) problems.push(...inFile(one.file, result.fault.problems));
    else fits.set(one, { ...one, ...result });
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
  return fits;
}
