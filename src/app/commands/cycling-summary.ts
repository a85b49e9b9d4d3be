import { cyclesOf, findHalfCycles } from '../../analysis/cycling-summary.ts';
import { readTrace } from '../../analysis/cycling-trace.ts';
import { type Cell, EFFICIENCY_CONVENTIONS, type EfficiencyConvention } from '../../domain/cell.ts';
import type { Cycle, HalfCycle } from '../../domain/cycling.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { openRun } from '../../store/run-database.ts';
import { type Command, type CommandLine, numberOption } from '../command.ts';
import { duration, significant, textTable } from '../format-values.ts';
import { cellOfRun } from '../run-cell.ts';

const COULOMB_PER_MILLIAMPERE_HOUR = 3.6;
const CYCLES_MAX = 100_000;

export const cyclingSummaryCommand: Command = {
  name: 'cycling summary',
  summary: 'capacity, coulombic efficiency and retention of the cycles of a run',
  usage: 'operando cycling summary RUN [--efficiency CONVENTION] [--reference N] [--json]',
  optionHelp: [
    ['RUN', "a run's folder"],
    [
      '--efficiency WORD',
      `${EFFICIENCY_CONVENTIONS.join(' or ')} (default: as the cell file says)`,
    ],
    ['--reference N', 'the cycle that retention refers to (default: 1)'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: ['operando cycling summary runs/20261121-120501-wang-2020-7f3a'],
  options: {
    efficiency: { type: 'string' },
    reference: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const referenceCycle = numberOption(line, 'reference', {
      min: 1,
      max: CYCLES_MAX,
      whole: true,
    });
    const { reader, close } = openRun(runFolder(cyclingSummaryCommand, line));
    try {
      const cell = cellOfRun(reader.info);
      const convention = conventionOf(line, cell);
      const halves = findHalfCycles(readTrace(reader));
      const cycles = cyclesOf(halves, { convention, referenceCycle: referenceCycle ?? 1 });
      if (line.options.json === true) {
        const { runId } = reader.info;
        terminal.out(
          `${JSON.stringify({ runId, efficiency: convention, cycles, halfCycles: halves })}\n`,
        );
      } else {
        terminal.out(describe(halves, cycles, { cell, convention }));
      }
      return EXIT_CODES.done;
    } finally {
      close();
    }
  },
};

/** The one word of a command that looks at a run. @throws Fault badInput */
export function runFolder(command: Command, { words }: CommandLine): string {
  const [folder, ...surplus] = words;
  if (folder !== undefined && surplus.length === 0) return folder;
  throw new Fault('badInput', {
    where: `operando ${command.name}`,
    message: `expected one run; usage: ${command.usage}`,
  });
}

function conventionOf(line: CommandLine, cell: Cell): EfficiencyConvention {
  const given = line.options.efficiency;
  if (given === undefined) return cell.efficiency;
  const found = EFFICIENCY_CONVENTIONS.find((one) => one === given);
  if (found) return found;
  throw new Fault('badInput', {
    where: '--efficiency',
    message: `"${given}" is not understood: expected ${EFFICIENCY_CONVENTIONS.join(' or ')}`,
  });
}

function describe(
  halves: readonly HalfCycle[],
  cycles: readonly Cycle[],
  { cell, convention }: { readonly cell: Cell; readonly convention: EfficiencyConvention },
): string {
  if (halves.length === 0) return 'no charge has passed one way in this run\n';
  const mass = cell.activeMass;
  const specific = (coulomb: number): string =>
    mass === undefined ? '' : significant(coulomb / COULOMB_PER_MILLIAMPERE_HOUR / (mass * 1000));
  const rows = cycles.map((cycle) => [
    String(cycle.number),
    duration(cycle.charge.startSecond),
    significant(cycle.charge.chargeCoulomb / COULOMB_PER_MILLIAMPERE_HOUR),
    significant(cycle.discharge.chargeCoulomb / COULOMB_PER_MILLIAMPERE_HOUR),
    specific(cycle.discharge.chargeCoulomb),
    (cycle.coulombicEfficiency * 100).toFixed(2),
    (cycle.retention * 100).toFixed(2),
    cycle.hysteresisVolt === null ? '' : significant(cycle.hysteresisVolt * 1000),
  ]);
  const header = [
    'cycle',
    'charge at',
    'charge / mAh',
    'discharge / mAh',
    'discharge / mAh/g',
    'efficiency / %',
    'retention / %',
    'hysteresis / mV',
  ];
  const alone = halves.length - 2 * cycles.length;
  const rest = alone > 0 ? [`${alone} half cycles without a partner`] : [];
  const meaning = `efficiency: ${convention === 'dischargeOverCharge' ? 'discharge over the charge before it' : 'charge over the discharge before it'}`;
  return [textTable(header, rows), meaning, ...rest, ''].join('\n');
}
