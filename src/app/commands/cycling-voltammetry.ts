import { medianEstimate } from '../../analysis/cycling-line.ts';
import { type RunTrace, readTrace, seriesWithin } from '../../analysis/cycling-trace.ts';
import { findVoltammogramPeaks, peakSeparations } from '../../analysis/voltammogram.ts';
import type { VoltammogramPeak } from '../../domain/cycling.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { openRun } from '../../store/run-database.ts';
import type { Command } from '../command.ts';
import { prefixed, significant, textTable, withError } from '../format-values.ts';
import { cellOfRun } from '../run-cell.ts';
import { runFolder } from './cycling-summary.ts';

/** The peaks of one step of voltammetry. */
interface Voltammogram {
  readonly stepId: string;
  readonly peaks: readonly VoltammogramPeak[];
  /** Of neighbouring sweeps, V. */
  readonly separationsVolt: readonly number[];
}

export const cyclingVoltammetryCommand: Command = {
  name: 'cycling voltammetry',
  summary: 'peaks of the cyclic voltammograms of a run, and how far apart they are',
  usage: 'operando cycling voltammetry RUN [--json]',
  optionHelp: [
    ['RUN', "a run's folder"],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: ['operando cycling voltammetry runs/20261121-120501-wang-2020-7f3a'],
  options: { json: { type: 'boolean', default: false } },
  async run(line, terminal) {
    const folder = runFolder(cyclingVoltammetryCommand, line);
    const { reader, close } = openRun(folder);
    try {
      const voltammograms = voltammogramsOf(readTrace(reader));
      if (voltammograms.length === 0) {
        const message = 'holds no step of cyclic voltammetry with readings';
        throw new Fault('badInput', { where: folder, message });
      }
      if (line.options.json === true) {
        terminal.out(`${JSON.stringify({ runId: reader.info.runId, voltammograms })}\n`);
      } else {
        const { reference } = cellOfRun(reader.info);
        terminal.out(voltammograms.map((one) => describe(one, reference)).join('\n'));
      }
      return EXIT_CODES.done;
    } finally {
      close();
    }
  },
};

function voltammogramsOf(trace: RunTrace): readonly Voltammogram[] {
  return trace.steps.flatMap((step) => {
    if (step.technique !== 'cyclicVoltammetry') return [];
    const series = seriesWithin(trace.electrical, step);
    if (series.timeSecond.length === 0) return [];
    const peaks = findVoltammogramPeaks(series);
    return [{ stepId: step.stepId, peaks, separationsVolt: peakSeparations(peaks) }];
  });
}

function describe({ stepId, peaks, separationsVolt }: Voltammogram, reference: string): string {
  if (peaks.length === 0) return `${stepId}: no peak; every sweep rises to its end\n`;
  const rows = peaks.map(({ sweep, direction, voltageVolt, currentAmpere }) => [
    String(sweep),
    direction,
    voltageVolt.toFixed(4),
    prefixed(currentAmpere, 'A'),
  ]);
  const distance = medianEstimate(separationsVolt);
  const apart =
    distance === undefined
      ? 'no two neighbouring sweeps both have a peak'
      : `oxidation minus reduction: ${distanceText(distance.value, distance.standardError)} V, median of ${distance.count}`;
  const header = ['sweep', 'peak of', `E / V vs ${reference}`, 'current'];
  return [stepId, textTable(header, rows).trimEnd(), apart, ''].join('\n');
}

function distanceText(value: number, error: number | null): string {
  return error === null ? significant(value) : withError(value, error);
}
