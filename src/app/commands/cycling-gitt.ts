import { medianEstimate } from '../../analysis/cycling-line.ts';
import { type RunTrace, readTrace, seriesWithin } from '../../analysis/cycling-trace.ts';
import { geometryOf } from '../../analysis/scorecard-recover.ts';
import { findPulses } from '../../analysis/titration.ts';
import type { Cell } from '../../domain/cell.ts';
import type { PulseDiffusivity, TitrationPulse } from '../../domain/cycling.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { openRun } from '../../store/run-database.ts';
import type { Command } from '../command.ts';
import { duration, significant, textTable, withError } from '../format-values.ts';
import { cellOfRun } from '../run-cell.ts';
import { runFolder } from './cycling-summary.ts';

const SQUARE_CENTIMETRE = 1e4;

export const cyclingGittCommand: Command = {
  name: 'cycling gitt',
  summary: 'equilibrium voltage, ohmic drop and diffusivity of a titration',
  usage: 'operando cycling gitt RUN [--json]',
  optionHelp: [
    ['RUN', "a run's folder; its cell file gives activeMass, activeMaterial and area"],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: ['operando cycling gitt runs/20261121-120501-gitt-7f3a'],
  options: { json: { type: 'boolean', default: false } },
  async run(line, terminal) {
    const folder = runFolder(cyclingGittCommand, line);
    const { reader, close } = openRun(folder);
    try {
      const cell = cellOfRun(reader.info);
      const pulses = pulsesOf(readTrace(reader), cell);
      if (pulses.length === 0) {
        const message = 'holds no titration with a rest before and after a pulse';
        throw new Fault('badInput', { where: folder, message });
      }
      if (line.options.json === true) {
        terminal.out(`${JSON.stringify({ runId: reader.info.runId, pulses })}\n`);
      } else {
        terminal.out(describe(pulses));
      }
      return EXIT_CODES.done;
    } finally {
      close();
    }
  },
};

function pulsesOf(trace: RunTrace, cell: Cell): readonly TitrationPulse[] {
  const geometry = geometryOf(cell);
  return trace.steps
    .filter(({ technique }) => technique === 'gitt')
    .flatMap((step) => findPulses(seriesWithin(trace.electrical, step), geometry));
}

function describe(pulses: readonly TitrationPulse[]): string {
  const rows = pulses.map(({ diffusivity, interruption, ...pulse }) => [
    duration(pulse.startSecond),
    pulse.restVolt.toFixed(4),
    significant(pulse.steadyVolt * 1000),
    significant(pulse.transientVolt * 1000),
    significant(1000 * (interruption.instantDropVolt ?? interruption.dropVolt)),
    significant(interruption.resistanceOhm),
    ...CONVENTIONS.map(([key]) =>
      diffusivity ? significant(diffusivity[key] * SQUARE_CENTIMETRE) : '',
    ),
  ]);
  const header = ['pulse at', 'rest / V', 'ΔE_s / mV', 'ΔE_t / mV', 'IR / mV', 'R / Ω'];
  return [
    textTable([...header, ...CONVENTIONS.map(([, title]) => `${title} / cm²/s`)], rows),
    ...CONVENTIONS.map(([key, title]) => medianLine(pulses, key, title)),
    '',
  ].join('\n');
}

const CONVENTIONS: readonly (readonly [keyof PulseDiffusivity, string])[] = [
  ['fromSlope', 'D from √t'],
  ['tauPulse', 'D, τ = pulse'],
  ['tauRest', 'D, τ = rest'],
];

function medianLine(
  pulses: readonly TitrationPulse[],
  key: keyof PulseDiffusivity,
  title: string,
): string {
  const values = pulses.flatMap(({ diffusivity }) => diffusivity?.[key] ?? []);
  const estimate = medianEstimate(values.map((value) => value * SQUARE_CENTIMETRE));
  if (!estimate) return `${title}: needs activeMass and activeMaterial in the cell file`;
  return `${title}: median ${withError(estimate.value, estimate.standardError)} cm²/s of ${estimate.count} pulses`;
}
