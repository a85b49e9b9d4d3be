import type { Cell } from '../domain/cell.ts';
import type { Estimate } from '../domain/cycling.ts';
import type { Recover } from '../domain/scorecard.ts';
import { conductivityOf, fitArrhenius } from './arrhenius.ts';
import { mean } from './cycling-line.ts';
import { type FittedSpectrum, meanCelsius, type RunTrace } from './cycling-trace.ts';
import { passesOf } from './scorecard-steps.ts';

/** Figures that come from impedance spectra. */

const ZERO_CELSIUS_KELVIN = 273.15;
const KILOJOULE = 1000;
/** A spectrum is near a temperature that it was measured within so many degrees of. */
const NEAR_KELVIN = 2.5;

type Of<K extends Recover['method']> = Extract<Recover, { readonly method: K }>;

function spectraOf(trace: RunTrace, steps: string): readonly FittedSpectrum[] {
  const spans = passesOf(trace, steps);
  return trace.spectra.filter(({ startSecond }) =>
    spans.some((span) => startSecond >= span.startSecond && startSecond <= span.stopSecond),
  );
}

/** Ω; the mean of the spectra that have such an arc. */
export function arcResistance(
  { steps, arc, spectrum }: Of<'arcResistance'>,
  trace: RunTrace,
): Estimate | undefined {
  const all = spectraOf(trace, steps);
  const spectra = spectrum === undefined ? all : all.slice(spectrum - 1, spectrum);
  const found = spectra.flatMap(({ fit }) => {
    const name = fit.arcs.find(({ assignment }) => assignment === arc)?.resistance;
    return fit.parameters.filter((parameter) => parameter.name === name);
  });
  return estimateOf(found);
}

function resistances(spectra: readonly FittedSpectrum[], name: string) {
  return spectra.flatMap((one) => {
    const found = one.fit.parameters.find((parameter) => parameter.name === name);
    return found?.identifiable ? [{ ...one, parameter: found }] : [];
  });
}

/** S/m, in spectra near a temperature. */
export function conductivity(
  { steps, resistance, near }: Of<'conductivity'>,
  trace: RunTrace,
  cell: Cell,
): Estimate | undefined {
  const pellet = pelletOf(cell);
  if (!pellet) return undefined;
  const values = resistances(spectraOf(trace, steps), resistance)
    .filter((one) => Math.abs((meanCelsius(trace, one) ?? Number.NaN) - near) <= NEAR_KELVIN)
    .map(({ parameter }) => {
      const value = conductivityOf(parameter.value, pellet);
      const relative = (parameter.standardError ?? Number.NaN) / parameter.value;
      return { value, standardError: Number.isNaN(relative) ? null : value * relative };
    });
  return estimateOf(values);
}

function pelletOf({ area, electrolyteThickness }: Cell) {
  if (electrolyteThickness === undefined) return undefined;
  return { thicknessMetre: electrolyteThickness, areaSquareMetre: area };
}

/** J/mol, from the mean temperature of each spectrum. */
export function activationEnergy(
  { steps, resistance, convention }: Of<'activationEnergy'>,
  trace: RunTrace,
  cell: Cell,
): Estimate | undefined {
  const pellet = pelletOf(cell) ?? { thicknessMetre: 1, areaSquareMetre: cell.area };
  const points = resistances(spectraOf(trace, steps), resistance).flatMap((one) => {
    const celsius = meanCelsius(trace, one);
    if (celsius === undefined) return [];
    return [
      {
        temperatureKelvin: celsius + ZERO_CELSIUS_KELVIN,
        conductivitySiemensPerMetre: conductivityOf(one.parameter.value, pellet),
      },
    ];
  });
  if (new Set(points.map(({ temperatureKelvin }) => temperatureKelvin)).size < 2) return undefined;
  const fit = fitArrhenius(points)[convention];
  const error = fit.activationEnergyErrorKilojoulePerMole;
  return {
    value: fit.activationEnergyKilojoulePerMole * KILOJOULE,
    standardError: error === null ? null : error * KILOJOULE,
    count: points.length,
  };
}

/** Mean of values that each have an error of their own. */
function estimateOf(
  values: readonly { readonly value: number; readonly standardError: number | null }[],
): Estimate | undefined {
  if (values.length === 0) return undefined;
  const errors = values.map(({ standardError }) => standardError ?? Number.NaN);
  const squares = errors.reduce((total, error) => total + error * error, 0);
  const standardError = Math.sqrt(squares) / values.length;
  return {
    value: mean(values.map(({ value }) => value)),
    standardError: Number.isNaN(standardError) ? null : standardError,
    count: values.length,
  };
}
