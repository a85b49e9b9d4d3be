import {
  type ArrheniusFit,
  type ArrheniusFits,
  BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
  conductivityOf,
  fitArrhenius,
} from '../../analysis/arrhenius.ts';
import { fitSequence } from '../../analysis/impedance-batch.ts';
import type { FitOptions } from '../../analysis/impedance-fit.ts';
import { checkLimits } from '../../analysis/impedance-limits.ts';
import { type Circuit, hasElement } from '../../domain/circuit.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import { expectedQuantity, parseQuantity } from '../../domain/units.ts';
import { arrheniusSvg } from '../../formats/impedance-svg-arrhenius.ts';
import { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, listOption, required } from '../command.ts';
import { significant, textTable, withError } from '../format-values.ts';
import { circuitOption, FIT_OPTION_HELP, FIT_OPTIONS, fitOptionsOf } from './eis-fit-options.ts';
import { fitAsJson } from './eis-fit-report.ts';
import { lastPart, plotPath, writePlot } from './eis-plot.ts';
import { type ResistanceSum, resistanceOf, resistanceSum } from './eis-resistance.ts';
import {
  type FileSpectrum,
  inFile,
  readSpectra,
  refuseWithoutErrors,
  refuseWrongSign,
  SPECTRUM_OPTION_HELP,
  SPECTRUM_OPTIONS,
} from './eis-spectra.ts';
import {
  type FileAtTemperature,
  filesAtTemperatures,
  temperatureList,
} from './eis-temperatures.ts';
import { validityOf, validitySentence } from './eis-validity.ts';

const KELVIN_AT_ZERO_CELSIUS = 273.15;
/** What people in this field write conductivities in. */
const SIEMENS_PER_METRE_PER_CENTIMETRE = 100;

export const eisArrheniusCommand: Command = {
  name: 'eis arrhenius',
  summary: 'activation energies from spectra at several temperatures',
  usage: 'operando eis arrhenius FILE=TEMPERATURE... --circuit CIRCUIT --parameter R1 [options]',
  optionHelp: [
    ['FILE=TEMPERATURE', 'cell.mpt=60C, cell.mpt@60°C or cell.mpt=333.15K; a bare number is °C'],
    ['--list FILE.csv', 'instead: a table with the columns file and temperature_celsius'],
    ...FIT_OPTION_HELP,
    ['--parameter NAME', 'a resistance, or a sum such as R1+R2; may be given several times'],
    ['--length, --area', 'of the pellet, with units ("2.1 mm", "0.5 cm²"): for conductivities'],
    ['--weighted', 'weight each point by the error of its fit'],
    ...SPECTRUM_OPTION_HELP,
    ['--plot FILE.svg', 'the Arrhenius plot'],
    ['--json', 'one JSON document on stdout, SI units'],
  ],
  examples: [
    'operando eis arrhenius a.txt=140C b.txt=160C c.txt=180C --circuit "R0-p(R1,CPE1)" \\\n' +
      '      --parameter R1 --length 2.1mm --area 0.503cm2 --plot arrhenius.svg',
    'operando eis arrhenius --list temperatures.csv --circuit "p(R1,CPE1)-p(R2,CPE2)-CPE3" \\\n' +
      '      --parameter R1 --parameter R2 --parameter R1+R2',
  ],
  options: {
    ...FIT_OPTIONS,
    ...SPECTRUM_OPTIONS,
    list: { type: 'string' },
    parameter: { type: 'string', multiple: true },
    length: { type: 'string' },
    area: { type: 'string' },
    weighted: { type: 'boolean', default: false },
    plot: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const request = await requestOf(line);
    const fits = await fitAll(line, request);
    const series = request.sums.map((sum) => seriesOf(sum, fits, request));
    if (request.plot) await writePlot(request.plot, figureOf(series, request));
    if (line.options.json) {
      const results = fits.map((one) => ({
        ...fitAsJson(one),
        temperatureKelvin: one.temperatureKelvin,
      }));
      terminal.out(`${JSON.stringify({ arrhenius: series, results })}\n`);
    } else {
      terminal.out(describe(series, fits, request));
    }
    if (request.plot) terminal.err(`plot in ${request.plot}\n`);
    return EXIT_CODES.done;
  },
};

interface Pellet {
  readonly thicknessMetre: number;
  readonly areaSquareMetre: number;
}

interface Request {
  readonly files: readonly FileAtTemperature[];
  readonly circuit: Circuit;
  readonly options: FitOptions;
  readonly sums: readonly ResistanceSum[];
  /** Without it conductances stand for conductivities: the energies are the same. */
  readonly pellet: Pellet | undefined;
  readonly weighted: boolean;
  readonly plot: string | undefined;
}

interface FitAtTemperature extends FileSpectrum {
  readonly temperatureKelvin: number;
  readonly fit: CircuitFit;
}

/** One line of the Arrhenius plot. */
interface Series extends ArrheniusFits {
  readonly parameter: string;
  readonly points: readonly {
    readonly file: string;
    readonly temperatureKelvin: number;
    readonly resistanceOhm: number;
    readonly standardErrorOhm: number;
    /** Null without the pellet's length and area. */
    readonly conductivitySiemensPerMetre: number | null;
  }[];
  /** Files whose data do not determine the resistance: they say nothing about the line. */
  readonly leftOut: readonly string[];
}

async function requestOf(line: CommandLine): Promise<Request> {
  const circuit = circuitOption(
    eisArrheniusCommand,
    required(eisArrheniusCommand, line, 'circuit'),
  );
  if (!circuit) throw new Error('unreachable: auto is refused above');
  const options = fitOptionsOf(line);
  checkLimits(circuit, options);
  const names = listOption(line, 'parameter');
  const resistances = circuit.parameters.filter(({ unit }) => unit === 'ohm');
  if (names.length === 0) {
    const message = `is missing; expected one or more of ${resistances.map(({ name }) => name).join(', ')}, or a sum`;
    throw new Fault('badInput', { where: '--parameter', message });
  }
  const { list } = line.options;
  if (typeof list === 'string' && line.words.length > 0) {
    const message = 'stands instead of files on the command line; give one of the two';
    throw new Fault('badInput', { where: '--list', message });
  }
  return {
    files: typeof list === 'string' ? await temperatureList(list) : filesAtTemperatures(line.words),
    circuit,
    options,
    sums: names.map((name) => resistanceSum(circuit, name)),
    pellet: pelletOf(line),
    weighted: line.options.weighted === true,
    plot: plotPath(line),
  };
}

function pelletOf(line: CommandLine): Pellet | undefined {
  const thicknessMetre = quantityOption(line, 'length');
  const areaSquareMetre = quantityOption(line, 'area');
  if (thicknessMetre === undefined && areaSquareMetre === undefined) return undefined;
  if (thicknessMetre !== undefined && areaSquareMetre !== undefined) {
    return { thicknessMetre, areaSquareMetre };
  }
  const missing = thicknessMetre === undefined ? '--length' : '--area';
  const message = 'is missing; a conductivity needs both the length and the area of the pellet';
  throw new Fault('badInput', { where: missing, message });
}

function quantityOption(line: CommandLine, option: 'length' | 'area'): number | undefined {
  const text = line.options[option];
  if (text === undefined) return undefined;
  const value = parseQuantity(String(text), option);
  if (value !== undefined && value > 0) return value;
  const message = `"${text}" is not understood: ${expectedQuantity(option)}`;
  throw new Fault('badInput', { where: `--${option}`, message });
}

async function fitAll(line: CommandLine, request: Request): Promise<FitAtTemperature[]> {
  const { circuit, options } = request;
  // By temperature, so that each fit is the next one's neighbour.
  const files = request.files.toSorted((a, b) => a.temperatureKelvin - b.temperatureKelvin);
  const spectra = await readSpectra(
    eisArrheniusCommand,
    files.map(({ file }) => file),
    line,
  );
  if (!hasElement(circuit.root, 'L') && !hasElement(circuit.root, 'La')) {
    refuseWrongSign(spectra, '');
  }
  refuseWithoutErrors(spectra, options.weighting);
  const kernel = new ImpedanceKernel(loadKernelModule('impedance'));
  const relaxation = new RelaxationKernel(loadKernelModule('relaxation'));
  const { starts: _, reference: __, priorValues: ___, localOnly: ____, ...fit } = options;
  const results = fitSequence(
    kernel,
    circuit,
    spectra.map(({ spectrum }) => spectrum),
    { fit },
  );
  const problems: Problem[] = [];
  const fits = spectra.flatMap((one, at) => {
    const result = results[at];
    if (result?.fit) {
      const validity = validityOf(relaxation, one.spectrum);
      const temperatureKelvin = files[at]?.temperatureKelvin ?? Number.NaN;
      return [{ ...one, temperatureKelvin, fit: { ...result.fit, validity } }];
    }
    problems.push(...inFile(one.file, result?.fault.problems ?? []));
    return [];
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
  return fits;
}

function seriesOf(sum: ResistanceSum, fits: readonly FitAtTemperature[], request: Request): Series {
  const leftOut: string[] = [];
  const points = fits.flatMap(({ file, temperatureKelvin, fit }) => {
    const resistance = resistanceOf(sum, fit);
    if (!resistance) {
      leftOut.push(file);
      return [];
    }
    const { resistanceOhm, standardErrorOhm } = resistance;
    const conductivity = request.pellet ? conductivityOf(resistanceOhm, request.pellet) : null;
    return [
      {
        file,
        temperatureKelvin,
        resistanceOhm,
        standardErrorOhm,
        conductivitySiemensPerMetre: conductivity,
      },
    ];
  });
  try {
    const lines = fitArrhenius(
      points.map((point) => ({
        temperatureKelvin: point.temperatureKelvin,
        conductivitySiemensPerMetre: point.conductivitySiemensPerMetre ?? 1 / point.resistanceOhm,
        relativeError: point.standardErrorOhm / point.resistanceOhm,
      })),
      { weighted: request.weighted },
    );
    return { parameter: sum.text, ...lines, points, leftOut };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const without = leftOut.map((file) => ({
      where: file,
      message: `left out: the data do not determine ${sum.text}`,
    }));
    throw new Fault(error.code, [...inFile(sum.text, error.problems), ...without], error);
  }
}

function describe(
  series: readonly Series[],
  fits: readonly FitAtTemperature[],
  request: Request,
): string {
  const failing = fits.filter(({ fit }) => fit.validity?.verdict === 'fail');
  const warnings = failing.map(({ file, fit }) => `${file}: ${validitySentence(fit.validity)}\n`);
  return [...series.map((one) => describeSeries(one, request)), ...warnings].join('\n');
}

function describeSeries(series: Series, { pellet, weighted }: Request): string {
  const rows = series.points.map((point) => [
    `${significant(point.temperatureKelvin - KELVIN_AT_ZERO_CELSIUS)} °C`,
    `${withError(point.resistanceOhm, point.standardErrorOhm)} Ω`,
    point.conductivitySiemensPerMetre === null
      ? ''
      : `${significant(point.conductivitySiemensPerMetre / SIEMENS_PER_METRE_PER_CENTIMETRE)} S/cm`,
    point.file,
  ]);
  const header = ['temperature', series.parameter, pellet ? 'conductivity' : '', 'file'];
  const table = textTable(header, rows)
    .replaceAll(/^(?=.)/gm, '  ')
    .trimEnd();
  const weights = weighted ? 'weighted by the errors of the fits' : 'every point alike';
  return [
    `${series.parameter}: ${series.points.length} temperatures, ${weights}`,
    '',
    table,
    '',
    `  ${energyText(series.sigmaT, pellet)}`,
    `  ${energyText(series.sigma, pellet)}`,
    ...series.leftOut.map((file) => `  left out, not determined by its data: ${file}`),
    '',
  ].join('\n');
}

/** "E_a 0.587 ± 0.016 eV (56.6 kJ/mol) from ln σT; A 1.6e4 S K/cm" */
function energyText(fit: ArrheniusFit, pellet: Pellet | undefined): string {
  const quantity = `${pellet ? 'σ' : '1/R'}${fit.convention === 'sigmaT' ? ' T' : ''}`;
  const energy = withErrorIfAny(
    fit.activationEnergyElectronVolt,
    fit.activationEnergyErrorElectronVolt,
  );
  const kilojoule = significant(fit.activationEnergyKilojoulePerMole);
  const prefactor = pellet
    ? `; prefactor ${significant(fit.prefactor / SIEMENS_PER_METRE_PER_CENTIMETRE)} ${fit.prefactorUnit.replace('/m', '/cm')}`
    : '';
  return `activation energy ${energy} eV (${kilojoule} kJ/mol) from ln(${quantity})${prefactor}`;
}

function briefEnergy(fit: ArrheniusFit, pellet: Pellet | undefined): string {
  const energy = withErrorIfAny(
    fit.activationEnergyElectronVolt,
    fit.activationEnergyErrorElectronVolt,
  );
  const prefactor = pellet
    ? `, prefactor ${significant(fit.prefactor / SIEMENS_PER_METRE_PER_CENTIMETRE)} S K/cm`
    : '';
  return `${energy} eV${prefactor}`;
}

function withErrorIfAny(value: number, error: number | null): string {
  return error === null ? `${significant(value)} (two points: no error)` : withError(value, error);
}

function figureOf(series: readonly Series[], { pellet }: Request): string {
  const perUnit = pellet ? 1 / SIEMENS_PER_METRE_PER_CENTIMETRE : 1;
  return arrheniusSvg({
    title: 'Arrhenius plot',
    valueTitle: pellet ? 'σT / S K cm⁻¹' : 'T / R, K Ω⁻¹',
    series: series.map(({ parameter, points, sigmaT }) => ({
      name: parameter,
      points: points.map((point) => {
        const conductance = point.conductivitySiemensPerMetre ?? 1 / point.resistanceOhm;
        const value = conductance * perUnit * point.temperatureKelvin;
        const error = value * (point.standardErrorOhm / point.resistanceOhm);
        return { temperatureKelvin: point.temperatureKelvin, value, error };
      }),
      line: {
        prefactor: sigmaT.prefactor * perUnit,
        slopeKelvin: sigmaT.activationEnergyElectronVolt / BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
      },
    })),
    notes: {
      remarks: series.flatMap(({ parameter, leftOut }) =>
        leftOut.map((file) => ({
          text: `${parameter} at ${lastPart(file)} left out: not determined`,
          kind: 'warning' as const,
        })),
      ),
      rows: series.map(
        ({ parameter, sigmaT }) => [parameter, briefEnergy(sigmaT, pellet)] as const,
      ),
    },
  });
}
