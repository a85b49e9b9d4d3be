import { conductivityOf } from '../../analysis/arrhenius.ts';
import { fitSequence } from '../../analysis/impedance-batch.ts';
import type { FitOptions } from '../../analysis/impedance-fit.ts';
import { checkLimits } from '../../analysis/impedance-limits.ts';
import { type Circuit, hasElement } from '../../domain/circuit.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import { EXIT_CODES, Fault, type Problem } from '../../domain/fault.ts';
import { ImpedanceKernel } from '../../kernels/impedance-kernel.ts';
import { RelaxationKernel } from '../../kernels/relaxation-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, listOption, required } from '../command.ts';
import {
  type ArrheniusSeries,
  arrheniusFigure,
  describeSeries,
  fitSeries,
  type Pellet,
  pelletOption,
} from './arrhenius-report.ts';
import { circuitOption, FIT_OPTION_HELP, FIT_OPTIONS, fitOptionsOf } from './eis-fit-options.ts';
import { fitAsJson } from './eis-fit-report.ts';
import { plotPath, writePlot } from './eis-plot.ts';
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
    if (request.plot) await writePlot(request.plot, arrheniusFigure(series));
    if (line.options.json) {
      const results = fits.map((one) => ({
        ...fitAsJson(one),
        temperatureKelvin: one.temperatureKelvin,
      }));
      terminal.out(`${JSON.stringify({ arrhenius: series.map(asJson), results })}\n`);
    } else {
      terminal.out(describe(series, fits, request));
    }
    if (request.plot) terminal.err(`plot in ${request.plot}\n`);
    return EXIT_CODES.done;
  },
};

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
    pellet: pelletOption(line),
    weighted: line.options.weighted === true,
    plot: plotPath(line),
  };
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

function seriesOf(
  sum: ResistanceSum,
  fits: readonly FitAtTemperature[],
  { pellet, weighted }: Request,
): ArrheniusSeries {
  const leftOut: string[] = [];
  const points = fits.flatMap(({ file, temperatureKelvin, fit }) => {
    const resistance = resistanceOf(sum, fit);
    if (!resistance) {
      leftOut.push(file);
      return [];
    }
    const { resistanceOhm, standardErrorOhm } = resistance;
    return [
      {
        source: file,
        temperatureKelvin,
        resistanceOhm,
        conductivitySiemensPerMetre: pellet ? conductivityOf(resistanceOhm, pellet) : null,
        relativeError: standardErrorOhm / resistanceOhm,
      },
    ];
  });
  return fitSeries(sum.text, { points, leftOut }, { weighted });
}

function asJson({ points, ...series }: ArrheniusSeries) {
  return {
    ...series,
    points: points.map(({ source, relativeError, resistanceOhm, ...point }) => ({
      file: source,
      ...point,
      resistanceOhm,
      standardErrorOhm: (relativeError ?? 0) * (resistanceOhm ?? 0),
    })),
  };
}

function describe(
  series: readonly ArrheniusSeries[],
  fits: readonly FitAtTemperature[],
  request: Request,
): string {
  const failing = fits.filter(({ fit }) => fit.validity?.verdict === 'fail');
  const warnings = failing.map(({ file, fit }) => `${file}: ${validitySentence(fit.validity)}\n`);
  return [
    ...series.map((one) => describeSeries(one, { weighted: request.weighted, sources: 'file' })),
    ...warnings,
  ].join('\n');
}
