import { writeFile } from 'node:fs/promises';
import { thetaOf } from '../../analysis/impedance-fit.ts';
import { fittedPoints } from '../../analysis/impedance-points.ts';
import { type Circuit, parseCircuit } from '../../domain/circuit.ts';
import type { CircuitFit, FitParameter } from '../../domain/circuit-fit.ts';
import { Fault } from '../../domain/fault.ts';
import type { ImpedancePoint, Spectrum } from '../../domain/spectrum.ts';
import { impedanceSvg, type PlottedSpectrum } from '../../formats/impedance-svg.ts';
import type { FigureRemark } from '../../formats/impedance-svg-notes.ts';
import type { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import type { CommandLine } from '../command.ts';
import { significant, withError } from '../format-values.ts';
import { type FileFit, unitText } from './eis-fit-report.ts';
import { misfitSentence, validitySentence } from './eis-validity.ts';

/** Points of a fitted curve: no corner shows at any size. */
const CURVE_POINTS = 400;
/** Files whose verdict is written out in a figure of many. */
const FAILING_NAMED_MAX = 3;

/** Where the plot goes; refused before the work when it is no SVG, so that no data are lost. */
export function plotPath(line: CommandLine): string | undefined {
  const { plot } = line.options;
  if (plot === undefined) return undefined;
  if (typeof plot === 'string' && /.\.svg$/i.test(plot)) return plot;
  throw new Fault('badInput', {
    where: '--plot',
    message: `"${plot}" is not understood; expected a file name that ends in .svg`,
  });
}

/** @throws Fault badInput when the folder is missing or may not be written */
export async function writePlot(path: string, svg: string): Promise<void> {
  try {
    await writeFile(path, svg);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('badInput', { where: path, message: `cannot be written: ${reason}` }, error);
  }
}

/** Nyquist, Bode and residuals of the fits, with parameters when there is one. */
export function fitFigure(kernel: ImpedanceKernel, fits: readonly FileFit[]): string {
  const [first] = fits;
  const circuits = [...new Set(fits.map(({ fit }) => fit.circuit))];
  const only = fits.length === 1 ? first : undefined;
  return impedanceSvg({
    title: circuits.length === 1 ? (circuits[0] ?? '') : `${circuits.length} circuits`,
    spectra: fits.map((one) => plottedFit(kernel, one)),
    notes: only
      ? { remarks: remarksOf(only.fit), rows: only.fit.parameters.map(parameterRow) }
      : { remarks: remarksOfMany(fits), rows: [] },
  });
}

export function plottedFit(
  kernel: ImpedanceKernel,
  { file, spectrum, fit }: FileFit,
): PlottedSpectrum {
  const circuit = parseCircuit(fit.circuit);
  const used = new Set(fittedPoints(circuit, spectrum.points));
  const residuals = spectrum.points.flatMap((point, k) => {
    const fitted = fit.curve[k];
    if (!fitted || !used.has(point)) return [];
    const perPercent = Math.hypot(point.zRealOhm, point.zImagOhm) / 100;
    return [
      {
        frequencyHertz: point.frequencyHertz,
        realPercent: (point.zRealOhm - fitted.zRealOhm) / perPercent,
        imagPercent: (point.zImagOhm - fitted.zImagOhm) / perPercent,
      },
    ];
  });
  const curve = fittedCurve(kernel, circuit, fit, { points: [...used] });
  return { name: lastPart(file), points: spectrum.points, fit: { curve, residuals } };
}

/** The fit between the slowest and the fastest frequency it has seen, densely. */
function fittedCurve(
  kernel: ImpedanceKernel,
  circuit: Circuit,
  fit: CircuitFit,
  used: Spectrum,
): ImpedancePoint[] {
  const frequencies = used.points.map(({ frequencyHertz }) => frequencyHertz);
  const low = Math.min(...frequencies);
  const high = Math.max(...frequencies);
  const frequencyHertz = Float64Array.from(
    { length: CURVE_POINTS },
    (_, at) => low * (high / low) ** (at / (CURVE_POINTS - 1)),
  );
  const ones = new Float64Array(CURVE_POINTS).fill(1);
  kernel.load(circuit, { frequencyHertz, zRealOhm: ones, zImagOhm: ones, weightPerOhm: ones });
  const values = fit.parameters.map(({ value }) => value);
  const z = kernel.impedance(thetaOf(circuit, values, fit.circuit));
  return Array.from(frequencyHertz, (frequency, at) => ({
    frequencyHertz: frequency,
    zRealOhm: z[at] ?? Number.NaN,
    zImagOhm: z[at + CURVE_POINTS] ?? Number.NaN,
  }));
}

const STATE_REMARKS = { free: '', fixed: '(fixed)', atBound: '(at its bound)' } as const;

function parameterRow({ name, value, standardError, unit, state }: FitParameter) {
  const text = state === 'fixed' ? significant(value) : withError(value, standardError);
  const parts = [text, unitText(unit), STATE_REMARKS[state]];
  return [name, parts.filter((part) => part !== '').join(' ')] as const;
}

function remarksOf(fit: CircuitFit): FigureRemark[] {
  const isGood = fit.status === 'converged';
  const misfit = misfitSentence(fit);
  const open = fit.parameters.filter(({ identifiable }) => !identifiable).map(({ name }) => name);
  const status = isGood ? 'converged' : fit.status === 'failed' ? `failed (${fit.reason})` : '';
  const determined = open.length > 0 ? `not determined: ${open.join(', ')}` : '';
  const text = [status, determined].filter((part) => part !== '').join(', ');
  return [
    {
      text: `${text}; ${fit.points} points, rms ${significant(fit.rmsPercent)} %`,
      kind: isGood ? 'plain' : 'warning',
    },
    validityRemark(fit),
    ...(misfit ? [{ text: misfit, kind: 'warning' as const }] : []),
  ];
}

function validityRemark({ validity }: Pick<CircuitFit, 'validity'>): FigureRemark {
  const kind = validity === null ? 'plain' : validity.verdict === 'fail' ? 'warning' : 'good';
  return { text: validitySentence(validity), kind };
}

function remarksOfMany(fits: readonly FileFit[]): FigureRemark[] {
  const rms = fits.map(({ fit }) => fit.rmsPercent);
  const unsettled = fits.filter(({ fit }) => fit.status !== 'converged');
  const failing = fits.filter(({ fit }) => fit.validity?.verdict === 'fail');
  const named = failing.slice(0, FAILING_NAMED_MAX).map(({ file }) => lastPart(file));
  const more = failing.length > named.length ? ` and ${failing.length - named.length} more` : '';
  const remarks: FigureRemark[] = [
    {
      text: `rms ${significant(Math.min(...rms))} to ${significant(Math.max(...rms))} %`,
      kind: 'plain',
    },
  ];
  if (unsettled.length > 0) {
    const text = `${unsettled.length} of ${fits.length} fits with parameters that the data do not determine, or not converged`;
    remarks.push({ text, kind: 'warning' });
  }
  const untested = fits.filter(({ fit }) => fit.validity === null).length;
  if (failing.length > 0) {
    const text = `data fail Kramers-Kronig: ${named.join(', ')}${more}`;
    remarks.push({ text, kind: 'warning' });
  } else if (untested > 0) {
    remarks.push({ text: `${untested} of ${fits.length} spectra not tested`, kind: 'plain' });
  } else {
    remarks.push({ text: 'all data pass Kramers-Kronig', kind: 'good' });
  }
  return remarks;
}

/** The file name without its folders, for legends. */
export function lastPart(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
