import { writeFile } from 'node:fs/promises';
import { simulateSpectrum } from '../../analysis/simulate-spectrum.ts';
import { type Circuit, parseCircuit } from '../../domain/circuit.ts';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import type { Spectrum } from '../../domain/spectrum.ts';
import { expectedQuantity, parseQuantity } from '../../domain/units.ts';
import { bdfSpectrumText } from '../../formats/bdf-spectrum.ts';
import { impedanceSvg } from '../../formats/impedance-svg.ts';
import { type Command, type CommandLine, numberOption, required } from '../command.ts';
import { prefixed, significant } from '../format-values.ts';
import { cutAtEquals, numberIn } from './eis-fit-options.ts';
import { unitText } from './eis-fit-report.ts';
import { lastPart, plotPath, writePlot } from './eis-plot.ts';

export const eisSimulateCommand: Command = {
  name: 'eis simulate',
  summary: 'write the spectrum a circuit would give, with noise and drift',
  usage: 'operando eis simulate --circuit CIRCUIT --values NAME=VALUE,... --out FILE.csv [options]',
  optionHelp: [
    ['--circuit CIRCUIT', 'as for eis fit'],
    ['--values NAME=VALUE,...', 'every parameter of the circuit, in SI units'],
    ['--from, --to', 'highest and lowest frequency, in Hz or with a unit; 1 MHz to 100 mHz'],
    ['--points-per-decade N', '10 unless said otherwise'],
    ['--noise PERCENT', 'of |Z|, standard deviation of each part; 0 unless said otherwise'],
    ['--drift PERCENT', 'by which Z grows over the sweep; 0 unless said otherwise'],
    ['--seed N', 'the same seed gives the same noise; 1 unless said otherwise'],
    ['--out FILE.csv', 'Battery Data Format; a file that is there already is not overwritten'],
    ['--plot FILE.svg', 'Nyquist and Bode'],
    ['--json', 'one JSON document on stdout, points included'],
  ],
  examples: [
    'operando eis simulate --circuit "R0-p(R1,C1)" --values R0=10,R1=50,C1=1e-6 --out rc.csv',
    'operando eis simulate --circuit "R0-p(R1,CPE1)" --values R0=10,R1=50,CPE1.Q=1e-5,CPE1.n=0.9 \\\n' +
      '      --from 200kHz --to 0.1Hz --noise 0.3 --seed 7 --out noisy.csv',
  ],
  options: {
    circuit: { type: 'string' },
    values: { type: 'string' },
    from: { type: 'string', default: '1 MHz' },
    to: { type: 'string', default: '100 mHz' },
    'points-per-decade': { type: 'string', default: '10' },
    noise: { type: 'string', default: '0' },
    drift: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    refuseWords(line);
    const circuit = parseCircuit(required(eisSimulateCommand, line, 'circuit'));
    const values = valuesOf(circuit, required(eisSimulateCommand, line, 'values'));
    const output = required(eisSimulateCommand, line, 'out');
    const plot = plotPath(line);
    const seed = numberOption(line, 'seed', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 1;
    const spectrum = simulateSpectrum(circuit, values, {
      frequencyHertzMax: frequencyOption(line, 'from'),
      frequencyHertzMin: frequencyOption(line, 'to'),
      pointsPerDecade: numberOption(line, 'points-per-decade', { min: 0.1, max: 1000 }) ?? 10,
      noisePercent: numberOption(line, 'noise', { min: 0, max: 100 }) ?? 0,
      driftPercent: numberOption(line, 'drift', { min: -99, max: 1000 }) ?? 0,
      seed,
    });
    await writeNew(output, bdfSpectrumText(spectrum));
    if (plot) await writePlot(plot, figureOf(circuit, values, spectrum, output));
    if (line.options.json) {
      const parameters = circuit.parameters.map(({ name, unit }, p) => ({
        name,
        value: values[p],
        unit,
      }));
      const document = { circuit: circuit.text, parameters, seed, output, points: spectrum.points };
      terminal.out(`${JSON.stringify(document)}\n`);
    } else {
      terminal.out(`${spectrum.points.length} points of ${circuit.text} in ${output}\n`);
    }
    if (plot) terminal.err(`plot in ${plot}\n`);
    return EXIT_CODES.done;
  },
};

function refuseWords(line: CommandLine): void {
  if (line.words.length === 0) return;
  const message = `"${line.words[0]}" is not understood; usage: ${eisSimulateCommand.usage}`;
  throw new Fault('badInput', { where: 'operando eis simulate', message });
}

/** In the circuit's order. @throws Fault badInput naming what is missing, unknown or no number */
function valuesOf(circuit: Circuit, text: string): number[] {
  const names = circuit.parameters.map(({ name }) => name);
  const given = new Map<string, number>();
  const problems: Problem[] = [];
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const { name, rest } = cutAtEquals(part);
    const value = numberIn(rest);
    const where = `--values ${part.trim()}`;
    if (name === '' || value === undefined) {
      problems.push({ where, message: 'is not understood; expected NAME=VALUE, such as R1=50' });
    } else if (!names.includes(name)) {
      const message = `${circuit.text} has no ${name}; expected ${names.join(', ')}`;
      problems.push({ where, message });
    } else if (given.has(name)) {
      problems.push({ where, message: 'is given twice' });
    } else {
      given.set(name, value);
    }
  }
  const missing = names.filter((name) => !given.has(name));
  if (problems.length === 0 && missing.length > 0) {
    problems.push({ where: '--values', message: `${missing.join(', ')} missing` });
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
  return names.map((name) => given.get(name) ?? Number.NaN);
}

function frequencyOption(line: CommandLine, option: 'from' | 'to'): number {
  const text = String(line.options[option]);
  const value = numberIn(text) ?? parseQuantity(text, 'frequency');
  if (value !== undefined && value > 0) return value;
  const message = `"${text}" is not understood: ${expectedQuantity('frequency')}`;
  throw new Fault('badInput', { where: `--${option}`, message });
}

/** Measured data may bear the name: nothing that is there is overwritten. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = error instanceof Error ? error.message : String(error);
    const message = isThere
      ? 'is there already, and is not overwritten; choose another name'
      : `cannot be written: ${reason}`;
    throw new Fault('badInput', { where: path, message }, error);
  }
}

function figureOf(
  circuit: Circuit,
  values: readonly number[],
  spectrum: Spectrum,
  output: string,
): string {
  const rows = circuit.parameters.map(({ name, unit }, p) => {
    const value = values[p] ?? Number.NaN;
    const isPrefixed = /^(ohm|F|H|s)$/.test(unit);
    const text = isPrefixed
      ? prefixed(value, unitText(unit))
      : `${significant(value)} ${unitText(unit)}`;
    return [name, text.trim()] as const;
  });
  return impedanceSvg({
    title: circuit.text,
    pointsName: 'simulated',
    spectra: [{ name: lastPart(output), points: spectrum.points }],
    notes: { remarks: [], rows },
  });
}
