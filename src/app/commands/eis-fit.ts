import { fitSpectrum } from '../../analysis/impedance-fit.ts';
import { parseCircuit } from '../../domain/circuit.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import { asFault, EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { readSpectrum } from '../../formats/read-spectrum.ts';
import { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, required } from '../command.ts';
import { significant, textTable, withError } from '../format-values.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

/** Files of one call; a longer list is a folder to be split. */
const FILES_MAX = 10_000;

interface FileFit {
  readonly file: string;
  readonly fit: CircuitFit;
}

export const eisFitCommand: Command = {
  name: 'eis fit',
  summary: 'fit an equivalent circuit to impedance spectra',
  usage: 'operando eis fit FILE... --circuit CIRCUIT [--weighting modulus] [--json]',
  optionHelp: [
    ['--circuit CIRCUIT', 'elements R C L CPE W Wo Ws, "-" in series, p(…,…) in parallel'],
    ['--weighting modulus', 'how residuals are weighted: by |Z| (the only one so far)'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: [
    'operando eis fit cell.mpt --circuit "R0-p(R1,CPE1)-p(R2,CPE2)"',
    'operando eis fit spectra/*.csv --circuit "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3" --json',
  ],
  options: {
    circuit: { type: 'string' },
    weighting: { type: 'string', default: 'modulus' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const circuit = parseCircuit(required(eisFitCommand, line, 'circuit'));
    checkFiles(line.words);
    if (line.options.weighting !== 'modulus') {
      throw new Fault('badInput', {
        where: '--weighting',
        message: `"${line.options.weighting}" is not offered; expected modulus`,
      });
    }
    const fits = await fitFiles(line.words, circuit, terminal);
    if (line.options.json) terminal.out(`${JSON.stringify(asJson(fits))}\n`);
    else terminal.out(describe(fits));
    return EXIT_CODES.done;
  },
};

function checkFiles(files: readonly string[]): void {
  if (files.length >= 1 && files.length <= FILES_MAX) return;
  throw new Fault('badInput', {
    where: 'operando eis fit',
    message: `${files.length} files given; expected 1 to ${FILES_MAX}`,
  });
}

/** Reads every file before the first fit, so that bad input is reported whole. */
async function fitFiles(
  files: readonly string[],
  circuit: ReturnType<typeof parseCircuit>,
  terminal: Terminal,
): Promise<FileFit[]> {
  const problems: Problem[] = [];
  const spectra = [];
  for (const file of files) {
    try {
      spectra.push({ file, spectrum: (await readSpectrum(file)).spectrum });
    } catch (error) {
      problems.push(...asFault(error, file, 'fileFormat').problems);
    }
  }
  if (problems.length > 0) throw new Fault('fileFormat', problems);
  const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
  const fits: FileFit[] = [];
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction: fits.length / spectra.length,
    text: `${fits.length} of ${spectra.length} spectra fitted`,
  }));
  if (terminal.isInteractive && spectra.length > 1) progress.start();
  for (const { file, spectrum } of spectra) {
    try {
      fits.push({ file, fit: fitSpectrum(kernel, circuit, spectrum) });
    } catch (error) {
      problems.push(...inFile(file, error));
    }
    // Lets the progress bar draw: fits themselves never yield.
    await new Promise((resolve) => setImmediate(resolve));
  }
  progress.stop();
  if (problems.length > 0) throw new Fault('badInput', problems);
  return fits;
}

function inFile(file: string, error: unknown): Problem[] {
  return asFault(error, file).problems.map(({ where, message }) => ({
    where: `${file}: ${where}`,
    message,
  }));
}

function asJson(fits: readonly FileFit[]) {
  return {
    results: fits.map(({ file, fit }) => ({
      file,
      circuit: fit.circuit,
      points: fit.points,
      status: fit.status,
      chiSquare: fit.chiSquare,
      rmsPercent: fit.rmsPercent,
      parameters: fit.parameters,
      durationMs: fit.durationMs,
    })),
  };
}

function describe(fits: readonly FileFit[]): string {
  return fits.map(describeFit).join('\n');
}

function describeFit({ file, fit }: FileFit): string {
  const rows = fit.parameters.map(({ name, value, unit, standardError }) => [
    name,
    withError(value, standardError),
    unit,
  ]);
  return [
    `${file}: ${fit.circuit}`,
    `  ${fit.status}, ${fit.points} points, chi² ${significant(fit.chiSquare)}, ` +
      `rms ${significant(fit.rmsPercent)} %, ${fit.durationMs.toFixed(1)} ms`,
    '',
    textTable(['parameter', 'value', 'unit'], rows).replaceAll(/^/gm, '  ').trimEnd(),
    '',
  ].join('\n');
}
