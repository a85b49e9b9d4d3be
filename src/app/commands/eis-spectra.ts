import type { Weighting } from '../../domain/circuit-fit.ts';
import { asFault, Fault, type Problem } from '../../domain/fault.ts';
import type { ImpedancePoint, Spectrum } from '../../domain/spectrum.ts';
import type { SpectrumValidity } from '../../domain/spectrum-validity.ts';
import { readSpectrum } from '../../formats/read-spectrum.ts';
import type { Command, CommandLine, OptionTable } from '../command.ts';
import type { Terminal } from '../terminal.ts';

/** Files of one call; a longer list is a folder to be split. */
const FILES_MAX = 10_000;
/** Of one file and one kind; the rest is a number. */
const PROBLEMS_PER_FILE_MAX = 5;
/** Imaginary parts up to this share of |Z| may be positive by noise. */
const SIGN_TOLERANCE = 0.02;

/** A spectrum with the name its file was given by. */
export interface FileSpectrum {
  readonly file: string;
  readonly spectrum: Spectrum;
}

/** What every command that reads spectra offers to mend, and never does unasked. */
export const SPECTRUM_OPTIONS: OptionTable = {
  'flip-imaginary': { type: 'boolean', default: false },
  sort: { type: 'boolean', default: false },
};

export const SPECTRUM_OPTION_HELP: Command['optionHelp'] = [
  ['--flip-imaginary', 'the files hold −Im Z: change its sign before anything else'],
  ['--sort', 'put the frequencies of a file in order'],
];

/**
 * Reads all files before anything is done with one, so that bad input is reported whole.
 * @throws Fault fileFormat or badInput with every problem of every file
 */
export async function readSpectra(
  command: Command,
  files: readonly string[],
  line: CommandLine,
): Promise<readonly FileSpectrum[]> {
  if (files.length < 1 || files.length > FILES_MAX) {
    const message = `${files.length} files given; expected 1 to ${FILES_MAX}; usage: ${command.usage}`;
    throw new Fault('badInput', { where: `operando ${command.name}`, message });
  }
  const spectra: FileSpectrum[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      const { points } = (await readSpectrum(file)).spectrum;
      const spectrum = { points: mended(points, line) };
      problems.push(...inFile(file, orderProblems(spectrum.points)));
      spectra.push({ file, spectrum });
    } catch (error) {
      problems.push(...asFault(error, file, 'fileFormat').problems);
    }
  }
  if (problems.length > 0) throw new Fault('fileFormat', problems);
  return spectra;
}

function mended(points: readonly ImpedancePoint[], line: CommandLine): readonly ImpedancePoint[] {
  const flipped = line.options['flip-imaginary']
    ? points.map((point) => ({ ...point, zImagOhm: -point.zImagOhm }))
    : points;
  return line.options.sort
    ? flipped.toSorted((a, b) => b.frequencyHertz - a.frequencyHertz)
    : flipped;
}

/** A sweep goes up or down; one that turns round is two sweeps, or a damaged file. */
function orderProblems(points: readonly ImpedancePoint[]): Problem[] {
  const places = new Map<number, number>();
  const duplicates: Problem[] = [];
  const turns: Problem[] = [];
  points.forEach(({ frequencyHertz }, index) => {
    const before = places.get(frequencyHertz);
    const where = `point ${index + 1}`;
    if (before !== undefined) {
      const message = `frequency ${frequencyHertz} Hz is there already as point ${before + 1}; keep one of them`;
      duplicates.push({ where, message });
      return;
    }
    places.set(frequencyHertz, index);
    const [last, lastButOne] = [points[index - 1], points[index - 2]];
    if (!last || !lastButOne) return;
    const direction = Math.sign(last.frequencyHertz - lastButOne.frequencyHertz);
    if (direction !== 0 && direction === -Math.sign(frequencyHertz - last.frequencyHertz)) {
      const message = `frequencies are out of order: ${lastButOne.frequencyHertz}, ${last.frequencyHertz}, ${frequencyHertz} Hz; if this is one sweep, ask for --sort`;
      turns.push({ where, message });
    }
  });
  return [...limited(duplicates), ...limited(turns)];
}

function limited(problems: Problem[]): Problem[] {
  if (problems.length <= PROBLEMS_PER_FILE_MAX) return problems;
  const more = `${problems.length - PROBLEMS_PER_FILE_MAX} more problems of this kind`;
  return [...problems.slice(0, PROBLEMS_PER_FILE_MAX), { where: 'spectrum', message: more }];
}

/** @throws Fault badInput naming every file most of whose points are on the inductive side */
export function refuseWrongSign(spectra: readonly FileSpectrum[], remedy: string): void {
  const problems = spectra.flatMap(({ file, spectrum: { points } }) => {
    const count = points.filter(isInductive).length;
    if (2 * count <= points.length) return [];
    const message = `${count} of ${points.length} points have a positive imaginary part; capacitive is negative here: if the file holds −Im Z, ask for --flip-imaginary${remedy}`;
    return [{ where: file, message }];
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
}

/** @throws Fault badInput naming every file with points that have no standard error to weight by */
export function refuseWithoutErrors(spectra: readonly FileSpectrum[], weighting?: Weighting): void {
  if (weighting !== 'sigma') return;
  const problems = spectra.flatMap(({ file, spectrum: { points } }) => {
    const missing = points.filter(({ standardErrorOhm }) => !standardErrorOhm);
    const [first] = missing;
    if (!first) return [];
    const found =
      missing.length === points.length
        ? 'holds no standard errors'
        : `${missing.length} of ${points.length} points have no standard error above 0, the first at ${first.frequencyHertz} Hz`;
    const message = `${found}; --weighting sigma needs them in ohm, in a table's columns zerrR and zerrI, or sigma for both parts`;
    return [{ where: file, message }];
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
}

/**
 * Where a positive imaginary part may be meant, the data decide: says how to change the sign of a
 * spectrum that fails its test with most points on the inductive side.
 */
export function noteWrongSign(
  { file, spectrum: { points } }: FileSpectrum,
  validity: SpectrumValidity | null,
  terminal: Terminal,
): void {
  if (validity?.verdict !== 'fail' || 2 * points.filter(isInductive).length <= points.length)
    return;
  terminal.err(
    `${file}: most imaginary parts are positive; if it holds −Im Z, ask for --flip-imaginary\n`,
  );
}

function isInductive({ zRealOhm, zImagOhm }: ImpedancePoint): boolean {
  return zImagOhm > SIGN_TOLERANCE * Math.hypot(zRealOhm, zImagOhm);
}

/** Runs `work` on each spectrum in turn; the faults of all are reported together. */
export async function forEachSpectrum<T>(
  spectra: readonly FileSpectrum[],
  work: (spectrum: FileSpectrum) => T,
  onDone: (count: number) => void = () => {},
): Promise<T[]> {
  const results: T[] = [];
  const problems: Problem[] = [];
  for (const [index, spectrum] of spectra.entries()) {
    try {
      results.push(work(spectrum));
    } catch (error) {
      problems.push(...inFile(spectrum.file, asFault(error, 'spectrum').problems));
    }
    onDone(index + 1);
    // Lets the progress bar draw: the kernels themselves never yield.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  return results;
}

export function inFile(file: string, problems: readonly Problem[]): Problem[] {
  return problems.map(({ where, message }) => ({ where: `${file}: ${where}`, message }));
}
