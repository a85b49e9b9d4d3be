import { type RunTrace, readTrace, seriesWithin } from '../../analysis/cycling-trace.ts';
import {
  type IncrementalCapacity,
  incrementalCapacity,
} from '../../analysis/incremental-capacity.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { expectedQuantity, parseQuantity } from '../../domain/units.ts';
import { openRun } from '../../store/run-database.ts';
import type { Command, CommandLine } from '../command.ts';
import { significant, textTable } from '../format-values.ts';
import { runFolder } from './cycling-summary.ts';

const COULOMB_PER_MILLIAMPERE_HOUR = 3.6;
const STEP_VOLT = 0.005;
/** Peaks of a step that are written for people. */
const PEAKS_SHOWN = 4;

interface StepCapacity extends IncrementalCapacity {
  readonly stepId: string;
}

export const cyclingDqdvCommand: Command = {
  name: 'cycling dqdv',
  summary: 'incremental capacity dQ/dV of every constant-current step of a run',
  usage: 'operando cycling dqdv RUN [--step VOLTAGE] [--json]',
  optionHelp: [
    ['RUN', "a run's folder"],
    ['--step VOLTAGE', 'of the even grid; eleven of them are smoothed together (default: 5 mV)'],
    ['--json', 'one JSON document on stdout with the curves, SI units'],
  ],
  examples: ['operando cycling dqdv runs/20261121-120501-rate-test-7f3a --step "2 mV"'],
  options: { step: { type: 'string' }, json: { type: 'boolean', default: false } },
  async run(line, terminal) {
    const folder = runFolder(cyclingDqdvCommand, line);
    const stepVolt = stepOption(line);
    const { reader, close } = openRun(folder);
    try {
      const steps = stepsOf(readTrace(reader), stepVolt);
      if (steps.length === 0) {
        const message =
          'holds no constant-current step whose voltage covers eleven steps of the grid';
        throw new Fault('badInput', { where: folder, message });
      }
      if (line.options.json === true) {
        const { runId } = reader.info;
        terminal.out(`${JSON.stringify({ runId, stepVolt, steps: steps.map(asJson) })}\n`);
      } else {
        terminal.out(describe(steps));
      }
      return EXIT_CODES.done;
    } finally {
      close();
    }
  },
};

function stepOption({ options }: CommandLine): number {
  if (options.step === undefined) return STEP_VOLT;
  const value = parseQuantity(String(options.step), 'voltage');
  if (value !== undefined && value > 0) return value;
  throw new Fault('badInput', {
    where: '--step',
    message: `"${options.step}" is not understood: ${expectedQuantity('voltage')}, above 0`,
  });
}

function stepsOf(trace: RunTrace, stepVolt: number): readonly StepCapacity[] {
  return trace.steps.flatMap((step) => {
    if (step.technique !== 'constantCurrent') return [];
    const found = incrementalCapacity(seriesWithin(trace.electrical, step), { stepVolt });
    return found ? [{ stepId: step.stepId, ...found }] : [];
  });
}

function asJson({ voltageVolt, coulombPerVolt, ...step }: StepCapacity) {
  return { ...step, voltageVolt: [...voltageVolt], coulombPerVolt: [...coulombPerVolt] };
}

function describe(steps: readonly StepCapacity[]): string {
  const perVolt = (value: number): string => significant(value / COULOMB_PER_MILLIAMPERE_HOUR);
  const rows = steps.map(({ stepId, chargeCoulomb, closure, peaks }) => [
    stepId,
    significant(chargeCoulomb / COULOMB_PER_MILLIAMPERE_HOUR),
    closure.toFixed(3),
    peaks
      .slice(0, PEAKS_SHOWN)
      .map(
        ({ voltageVolt, coulombPerVolt }) =>
          `${voltageVolt.toFixed(3)} (${perVolt(coulombPerVolt)})`,
      )
      .join(', '),
  ]);
  const header = ['step', 'charge / mAh', 'closure', 'peaks / V (mAh/V), highest first'];
  return `${textTable(header, rows)}closure: integral of dQ/dV over the charge\n`;
}
