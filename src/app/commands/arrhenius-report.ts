import {
  type ArrheniusFit,
  type ArrheniusFits,
  BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
  fitArrhenius,
} from '../../analysis/arrhenius.ts';
import { Fault } from '../../domain/fault.ts';
import { expectedQuantity, parseQuantity } from '../../domain/units.ts';
import { arrheniusSvg } from '../../formats/impedance-svg-arrhenius.ts';
import type { CommandLine } from '../command.ts';
import { significant, textTable, withError } from '../format-values.ts';
import { lastPart } from './eis-plot.ts';
import { inFile } from './eis-spectra.ts';

/** What commands say about a conductivity over temperature. */

const KELVIN_AT_ZERO_CELSIUS = 273.15;
/** What people in this field write conductivities in. */
const SIEMENS_PER_METRE_PER_CENTIMETRE = 100;

export interface Pellet {
  readonly thicknessMetre: number;
  readonly areaSquareMetre: number;
}

/** One temperature. A conductivity, a resistance, or both. */
export interface ArrheniusReading {
  /** A file, a line of a table, a spectrum of a run. */
  readonly source: string;
  readonly temperatureKelvin: number;
  readonly resistanceOhm: number | null;
  /** Null without the pellet's length and area. */
  readonly conductivitySiemensPerMetre: number | null;
  /** One standard error over the value; null when it is not known. */
  readonly relativeError: number | null;
}

/** One line of the Arrhenius plot. */
export interface ArrheniusSeries extends ArrheniusFits {
  readonly parameter: string;
  readonly points: readonly ArrheniusReading[];
  /** Sources whose data do not determine the value: they say nothing about the line. */
  readonly leftOut: readonly string[];
}

/**
 * Fits one series; conductances stand for conductivities where those are not known, with the same
 * energies.
 * @throws Fault badInput naming the series, what is wrong, and what was left out
 */
export function fitSeries(
  parameter: string,
  { points, leftOut }: Pick<ArrheniusSeries, 'points' | 'leftOut'>,
  { weighted }: { readonly weighted: boolean },
): ArrheniusSeries {
  try {
    const lines = fitArrhenius(
      points.map((point) => ({
        temperatureKelvin: point.temperatureKelvin,
        conductivitySiemensPerMetre: conductanceOf(point),
        ...(point.relativeError === null ? {} : { relativeError: point.relativeError }),
      })),
      { weighted },
    );
    return { parameter, ...lines, points, leftOut };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const without = leftOut.map((where) => ({
      where,
      message: `left out: the data do not determine ${parameter}`,
    }));
    throw new Fault(error.code, [...inFile(parameter, error.problems), ...without], error);
  }
}

function conductanceOf({ conductivitySiemensPerMetre, resistanceOhm }: ArrheniusReading): number {
  return conductivitySiemensPerMetre ?? 1 / (resistanceOhm ?? Number.NaN);
}

/** `--length` and `--area`; undefined when neither is given. @throws Fault badInput */
export function pelletOption(line: CommandLine): Pellet | undefined {
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

/** Paragraph about one series. @param options.sources what the points come from: "file" */
export function describeSeries(
  series: ArrheniusSeries,
  { weighted, sources }: { readonly weighted: boolean; readonly sources: string },
): string {
  const rows = series.points.map((point) => [
    `${significant(point.temperatureKelvin - KELVIN_AT_ZERO_CELSIUS)} °C`,
    point.resistanceOhm === null ? '' : `${valueText(point.resistanceOhm, point)} Ω`,
    point.conductivitySiemensPerMetre === null
      ? ''
      : `${significant(point.conductivitySiemensPerMetre / SIEMENS_PER_METRE_PER_CENTIMETRE)} S/cm`,
    point.source,
  ]);
  const isConductivity = hasConductivity(series);
  const resistance = series.points.some(({ resistanceOhm }) => resistanceOhm !== null);
  const header = [
    'temperature',
    resistance ? series.parameter : '',
    isConductivity ? 'conductivity' : '',
    sources,
  ];
  const table = textTable(header, rows)
    .replaceAll(/^(?=.)/gm, '  ')
    .trimEnd();
  const weights = weighted ? 'weighted by their errors' : 'every point alike';
  return [
    `${series.parameter}: ${series.points.length} temperatures, ${weights}`,
    '',
    table,
    '',
    `  ${energyText(series.sigmaT, isConductivity)}`,
    `  ${energyText(series.sigma, isConductivity)}`,
    ...series.leftOut.map((source) => `  left out, not determined by its data: ${source}`),
    '',
  ].join('\n');
}

function valueText(value: number, { relativeError }: ArrheniusReading): string {
  return relativeError === null ? significant(value) : withError(value, value * relativeError);
}

function hasConductivity({ points }: Pick<ArrheniusSeries, 'points'>): boolean {
  return points.every(({ conductivitySiemensPerMetre }) => conductivitySiemensPerMetre !== null);
}

/** "E_a 0.587 ± 0.016 eV (56.6 kJ/mol) from ln σT; A 1.6e4 S K/cm" */
function energyText(fit: ArrheniusFit, isConductivity: boolean): string {
  const quantity = `${isConductivity ? 'σ' : '1/R'}${fit.convention === 'sigmaT' ? ' T' : ''}`;
  const energy = withErrorIfAny(
    fit.activationEnergyElectronVolt,
    fit.activationEnergyErrorElectronVolt,
  );
  const kilojoule = significant(fit.activationEnergyKilojoulePerMole);
  const prefactor = isConductivity
    ? `; prefactor ${significant(fit.prefactor / SIEMENS_PER_METRE_PER_CENTIMETRE)} ${fit.prefactorUnit.replace('/m', '/cm')}`
    : '';
  return `activation energy ${energy} eV (${kilojoule} kJ/mol) from ln(${quantity})${prefactor}`;
}

function briefEnergy(fit: ArrheniusFit, isConductivity: boolean): string {
  const energy = withErrorIfAny(
    fit.activationEnergyElectronVolt,
    fit.activationEnergyErrorElectronVolt,
  );
  const prefactor = isConductivity
    ? `, prefactor ${significant(fit.prefactor / SIEMENS_PER_METRE_PER_CENTIMETRE)} S K/cm`
    : '';
  return `${energy} eV${prefactor}`;
}

function withErrorIfAny(value: number, error: number | null): string {
  return error === null ? `${significant(value)} (two points: no error)` : withError(value, error);
}

/** The Arrhenius plot of several series, as SVG. */
export function arrheniusFigure(series: readonly ArrheniusSeries[]): string {
  const isConductivity = series.every(hasConductivity);
  const perUnit = isConductivity ? 1 / SIEMENS_PER_METRE_PER_CENTIMETRE : 1;
  return arrheniusSvg({
    title: 'Arrhenius plot',
    valueTitle: isConductivity ? 'σT / S K cm⁻¹' : 'T / R, K Ω⁻¹',
    series: series.map(({ parameter, points, sigmaT }) => ({
      name: parameter,
      points: points.map((point) => {
        const { temperatureKelvin, relativeError } = point;
        const value = conductanceOf(point) * perUnit * temperatureKelvin;
        return { temperatureKelvin, value, error: relativeError && value * relativeError };
      }),
      line: {
        prefactor: sigmaT.prefactor * perUnit,
        slopeKelvin: sigmaT.activationEnergyElectronVolt / BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
      },
    })),
    notes: {
      remarks: series.flatMap(({ parameter, leftOut }) =>
        leftOut.map((source) => ({
          text: `${parameter} at ${lastPart(source)} left out: not determined`,
          kind: 'warning' as const,
        })),
      ),
      rows: series.map(
        ({ parameter, sigmaT }) => [parameter, briefEnergy(sigmaT, isConductivity)] as const,
      ),
    },
  });
}
