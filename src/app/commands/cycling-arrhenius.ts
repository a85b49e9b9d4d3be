import { statSync } from 'node:fs';
import { conductivityOf } from '../../analysis/arrhenius.ts';
import { type FittedSpectrum, meanCelsius, readTrace } from '../../analysis/cycling-trace.ts';
import { passesOf } from '../../analysis/scorecard-steps.ts';
import type { Cell } from '../../domain/cell.ts';
import { parseCircuit } from '../../domain/circuit.ts';
import { EXIT_CODES, Fault } from '../../domain/fault.ts';
import { readArrheniusTable } from '../../formats/arrhenius-table.ts';
import { openRun } from '../../store/run-database.ts';
import { type Command, type CommandLine, listOption } from '../command.ts';
import { cellOfRun } from '../run-cell.ts';
import {
  type ArrheniusReading,
  type ArrheniusSeries,
  arrheniusFigure,
  describeSeries,
  fitSeries,
  type Pellet,
  pelletOption,
} from './arrhenius-report.ts';
import { plotPath, writePlot } from './eis-plot.ts';
import { type ResistanceSum, resistanceOf, resistanceSum } from './eis-resistance.ts';

const KELVIN_AT_ZERO_CELSIUS = 273.15;

export const cyclingArrheniusCommand: Command = {
  name: 'cycling arrhenius',
  summary: 'activation energies from the spectra of a run, or from a table',
  usage: 'operando cycling arrhenius RUN|FILE.csv [options]',
  optionHelp: [
    ['RUN', "a run's folder: its fitted spectra, at the temperatures of its thermometer"],
    [
      'FILE.csv',
      'columns temperature_celsius or temperature_kelvin, and resistance_ohm or conductivity_siemens_per_centimetre (_per_metre); standard_error if there is one',
    ],
    ['--parameter NAME', 'of a run: a resistance, or a sum such as R0+R1 (default: each of them)'],
    ['--steps NAME', 'of a run: only spectra of these steps, such as "eis-*"'],
    ['--length, --area', 'of the pellet, with units (default: as the cell file of the run says)'],
    ['--weighted', 'weight each point by its error'],
    ['--plot FILE.svg', 'the Arrhenius plot'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: [
    'operando cycling arrhenius runs/20261121-120501-arrhenius-7f3a --parameter R0 --plot arrhenius.svg',
    'operando cycling arrhenius conductivities.csv --weighted',
    'operando cycling arrhenius resistances.csv --length 0.8mm --area 0.785cm2',
  ],
  options: {
    parameter: { type: 'string', multiple: true },
    steps: { type: 'string' },
    length: { type: 'string' },
    area: { type: 'string' },
    weighted: { type: 'boolean', default: false },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const source = sourceOf(line);
    const plot = plotPath(line);
    const weighted = line.options.weighted === true;
    const given = isFolder(source) ? seriesOfRun(source, line) : await seriesOfTable(source, line);
    const { wanted, passedOver } =
      line.options.parameter === undefined ? usable(given) : { wanted: given, passedOver: [] };
    const series = wanted.map(({ parameter, ...points }) =>
      fitSeries(parameter, points, { weighted }),
    );
    for (const { parameter } of passedOver) {
      terminal.err(`${parameter} is not determined at two temperatures: passed over\n`);
    }
    if (plot) await writePlot(plot, arrheniusFigure(series));
    if (line.options.json === true) {
      terminal.out(`${JSON.stringify({ source, arrhenius: series })}\n`);
    } else {
      const sources = isFolder(source) ? 'spectrum' : 'line';
      terminal.out(series.map((one) => describeSeries(one, { weighted, sources })).join('\n'));
    }
    if (plot) terminal.err(`plot in ${plot}\n`);
    return EXIT_CODES.done;
  },
};

type Points = Pick<ArrheniusSeries, 'parameter' | 'points' | 'leftOut'>;

/** Without a parameter that was asked for, those that the data do not determine are passed over. */
function usable(all: readonly Points[]) {
  const isEnough = ({ points }: Points): boolean =>
    new Set(points.map(({ temperatureKelvin }) => temperatureKelvin)).size >= 2;
  const wanted = all.filter(isEnough);
  if (wanted.length === 0) return { wanted: all, passedOver: [] };
  return { wanted, passedOver: all.filter((one) => !isEnough(one)) };
}

function sourceOf({ words }: CommandLine): string {
  const [source, ...surplus] = words;
  if (source !== undefined && surplus.length === 0) return source;
  throw new Fault('badInput', {
    where: 'operando cycling arrhenius',
    message: `expected one run or one table; usage: ${cyclingArrheniusCommand.usage}`,
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function seriesOfTable(path: string, line: CommandLine): Promise<Points[]> {
  for (const option of ['parameter', 'steps'] as const) {
    if (line.options[option] === undefined) continue;
    const message = 'is for the spectra of a run, and this is a table';
    throw new Fault('badInput', { where: `--${option}`, message });
  }
  const pellet = pelletOption(line);
  const rows = await readArrheniusTable(path);
  const points = rows.map((row) => ({ ...row, ...conductivityIn(row, pellet) }));
  const isConductivity = rows.some((row) => row.conductivitySiemensPerMetre !== null);
  if (isConductivity && pellet) {
    const message = 'turn resistances into conductivities, and the table has conductivities';
    throw new Fault('badInput', { where: '--length, --area', message });
  }
  return [{ parameter: isConductivity ? 'conductivity' : 'resistance', points, leftOut: [] }];
}

function conductivityIn(
  { resistanceOhm, conductivitySiemensPerMetre }: Omit<ArrheniusReading, 'source'>,
  pellet: Pellet | undefined,
) {
  const isKnown = resistanceOhm === null || !pellet;
  return {
    conductivitySiemensPerMetre: isKnown
      ? conductivitySiemensPerMetre
      : conductivityOf(resistanceOhm, pellet),
  };
}

function seriesOfRun(folder: string, line: CommandLine): Points[] {
  const { reader, close } = openRun(folder);
  try {
    const pellet = pelletOption(line) ?? pelletOf(cellOfRun(reader.info));
    const trace = readTrace(reader);
    const { steps } = line.options;
    const spans = typeof steps === 'string' ? passesOf(trace, stepPattern(steps)) : undefined;
    const spectra = trace.spectra.flatMap((one) => {
      const isWanted = spans?.some(
        ({ startSecond, stopSecond }) =>
          one.startSecond >= startSecond && one.startSecond < stopSecond,
      );
      const celsius = meanCelsius(trace, one);
      return isWanted === false || celsius === undefined ? [] : [{ ...one, celsius }];
    });
    if (spectra.length === 0) {
      const message = 'holds no fitted spectrum with a temperature';
      const of = typeof steps === 'string' ? `${folder}, steps ${steps}` : folder;
      throw new Fault('badInput', { where: of, message });
    }
    return sumsOf(spectra, listOption(line, 'parameter')).map((sum) =>
      pointsOf(sum, spectra, pellet),
    );
  } finally {
    close();
  }
}

/** The pattern becomes a regular expression: anything but names and wildcards is refused. */
function stepPattern(text: string): string {
  if (/^[a-z0-9*?-]{1,40}$/.test(text)) return text;
  throw new Fault('badInput', {
    where: '--steps',
    message: `"${text}" is not understood: expected the name of a step, or a pattern such as "eis-*"`,
  });
}

function pelletOf({ area, electrolyteThickness }: Cell): Pellet | undefined {
  if (electrolyteThickness === undefined) return undefined;
  return { thicknessMetre: electrolyteThickness, areaSquareMetre: area };
}

/** What was asked for, or every resistance that the fitted circuits have. */
function sumsOf(
  spectra: readonly FittedSpectrum[],
  asked: readonly string[],
): readonly ResistanceSum[] {
  const circuits = [...new Set(spectra.map(({ fit }) => fit.circuit))].map((text) =>
    parseCircuit(text),
  );
  if (asked.length === 0) {
    const names = circuits.flatMap(({ parameters }) =>
      parameters.filter(({ unit }) => unit === 'ohm').map(({ name }) => name),
    );
    return [...new Set(names)].map((name) => ({ text: name, names: [name] }));
  }
  return asked.map((text) => {
    const having = circuits.find((circuit) => {
      const names = text.split('+').map((name) => name.trim());
      return names.every((name) => circuit.parameters.some((one) => one.name === name));
    });
    const circuit = having ?? circuits[0];
    if (!circuit) throw new Error('unreachable: there is a spectrum');
    return resistanceSum(circuit, text);
  });
}

function pointsOf(
  sum: ResistanceSum,
  spectra: readonly (FittedSpectrum & { readonly celsius: number })[],
  pellet: Pellet | undefined,
): Points {
  const leftOut: string[] = [];
  const points = spectra.flatMap(({ spectrumId, celsius, fit }): ArrheniusReading[] => {
    const found = fit.status === 'failed' ? undefined : resistanceOf(sum, fit);
    if (!found) {
      leftOut.push(spectrumId);
      return [];
    }
    const { resistanceOhm, standardErrorOhm } = found;
    return [
      {
        source: spectrumId,
        temperatureKelvin: celsius + KELVIN_AT_ZERO_CELSIUS,
        resistanceOhm,
        conductivitySiemensPerMetre: pellet ? conductivityOf(resistanceOhm, pellet) : null,
        relativeError: standardErrorOhm / resistanceOhm,
      },
    ];
  });
  return { parameter: sum.text, points, leftOut };
}
