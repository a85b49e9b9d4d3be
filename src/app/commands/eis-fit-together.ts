import { fitTogether, type GlobalFit } from '../../analysis/impedance-global.ts';
import { checkPoints } from '../../analysis/impedance-points.ts';
import type { Circuit } from '../../domain/circuit.ts';
import { Fault } from '../../domain/fault.ts';
import type { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import { type CommandLine, listOption } from '../command.ts';
import { significant } from '../format-values.ts';
import { parameterTable } from './eis-fit-report.ts';
import { type FileSpectrum, forEachSpectrum } from './eis-spectra.ts';

/** What the simultaneous fit does not know; each would be ignored in silence. */
const SINGLE_FIT_OPTIONS = ['robust', 'sequence', 'fix', 'bound', 'error-model'] as const;

/**
 * The names `--share` gives, or undefined without it.
 * @throws Fault badInput naming every option that does not go with it, or a missing name
 */
export function shareOption(
  line: CommandLine,
  circuit: Circuit | undefined,
): readonly string[] | undefined {
  if (line.options.share === undefined) return undefined;
  const names = listOption(line, 'share').flatMap((text) => text.split(','));
  const share = [...new Set(names.map((name) => name.trim()))];
  const clashes = SINGLE_FIT_OPTIONS.filter((option) => (line.options[option] ?? false) !== false);
  const problems = clashes.map((option) => ({
    where: `--${option}`,
    message: 'does not go with --share',
  }));
  if (line.options.weighting !== 'modulus') {
    const message = 'does not go with --share, which weights by |Z| (modulus)';
    problems.push({ where: `--weighting ${line.options.weighting}`, message });
  }
  if (line.words.length === 1) {
    problems.push({ where: '--share', message: 'needs at least two files; one is given' });
  }
  problems.push(...nameProblems(share, circuit));
  if (problems.length > 0) throw new Fault('badInput', problems);
  return share;
}

function nameProblems(share: readonly string[], circuit: Circuit | undefined) {
  if (!circuit) {
    const message = 'needs a circuit of its own; --circuit auto tries several';
    return [{ where: '--share', message }];
  }
  const names = circuit.parameters.map(({ name }) => name);
  return share
    .filter((name) => !names.includes(name))
    .map((name) => ({
      where: '--share',
      message: `${circuit.text} has no parameter "${name}"; expected some of ${names.join(', ')}`,
    }));
}

/**
 * Fits all files at once, the shared parameters equal in all of them.
 * @throws Fault badInput with the problems of every file that cannot be fitted
 */
export async function fitFilesTogether(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  spectra: readonly FileSpectrum[],
  share: readonly string[],
): Promise<GlobalFit> {
  // Here, where the files still have their names.
  await forEachSpectrum(spectra, ({ spectrum }) => checkPoints(circuit, spectrum.points));
  return fitTogether(
    kernel,
    circuit,
    spectra.map(({ spectrum }) => spectrum),
    { shared: share },
  );
}

/** The entry `together` of the document, SI units throughout. */
export function togetherAsJson({ fits: _, ...together }: GlobalFit) {
  return together;
}

/** What all files have in common, to stand before the report of each. */
export function describeShared(together: GlobalFit): string {
  const { shared, fits, reason, chiSquare, iterations, durationMs } = together;
  const ending = reason === 'converged' ? reason : `failed (${reason}): the best found until then`;
  return [
    `${fits.length} files fitted together: ${fits[0]?.circuit ?? ''}`,
    `  ${ending} after ${iterations} iterations, chi² ${significant(chiSquare)}, ` +
      `${durationMs.toFixed(1)} ms; the same in all files:`,
    '',
    parameterTable(shared),
    '',
  ].join('\n');
}
