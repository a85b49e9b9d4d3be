import { Fault, type Problem } from '../domain/fault.ts';

/** A transport quantity at one temperature. */
export interface ArrheniusPoint {
  readonly temperatureKelvin: number;
  readonly conductivitySiemensPerMetre: number;
  /** One standard error over the value; needed for a weighted fit only. */
  readonly relativeError?: number;
}

/**
 * One activation energy from ln y = ln A - E_a / (k T). Two conventions are in use and differ by
 * about k T: `sigma` for y = σ and `sigmaT` for y = σ T, which follows from the Nernst-Einstein
 * relation.
 */
export interface ArrheniusFit {
  readonly convention: 'sigma' | 'sigmaT';
  readonly weighted: boolean;
  readonly pointCount: number;
  readonly activationEnergyElectronVolt: number;
  /** One standard error, from the scatter about the line; null with two points: no scatter. */
  readonly activationEnergyErrorElectronVolt: number | null;
  readonly activationEnergyKilojoulePerMole: number;
  readonly activationEnergyErrorKilojoulePerMole: number | null;
  /** A: in S/m for `sigma`, in S K/m for `sigmaT`. */
  readonly prefactor: number;
  readonly prefactorUnit: 'S/m' | 'S K/m';
  /** One standard error of ln A. */
  readonly lnPrefactorError: number | null;
  /** Root mean square of the (weighted) residuals of ln y over the degrees of freedom. */
  readonly residualDeviation: number | null;
}

/** Both conventions, so that a figure can be compared whichever its source used. */
export interface ArrheniusFits {
  readonly sigma: ArrheniusFit;
  readonly sigmaT: ArrheniusFit;
}

/** Boltzmann constant in eV/K and molar gas constant in kJ/(mol K): CODATA 2018, exact. */
export const BOLTZMANN_ELECTRON_VOLT_PER_KELVIN = 8.617333262e-5;
const GAS_CONSTANT_KILOJOULE_PER_MOLE_KELVIN = 8.31446261815324e-3;
/** Below this no solid conducts as the equation says, and a temperature in °C is likely meant. */
const TEMPERATURE_KELVIN_MIN = 20;

/** σ = L / (R A) of a pellet of thickness L between electrodes of area A. */
export function conductivityOf(
  resistanceOhm: number,
  pellet: { readonly thicknessMetre: number; readonly areaSquareMetre: number },
): number {
  return pellet.thicknessMetre / (resistanceOhm * pellet.areaSquareMetre);
}

/**
 * The straight line through ln σ, and through ln (σ T), against 1/T by least squares. `weighted`
 * divides each residual by the point's relative error; the standard errors come from the scatter
 * about the line either way, so that too small given errors do not make them small.
 * @throws Fault badInput that names every point that cannot be used, or says what is missing
 */
export function fitArrhenius(
  points: readonly ArrheniusPoint[],
  { weighted = false }: { readonly weighted?: boolean } = {},
): ArrheniusFits {
  checkPoints(points, weighted);
  return {
    sigma: fitConvention(points, 'sigma', weighted),
    sigmaT: fitConvention(points, 'sigmaT', weighted),
  };
}

function fitConvention(
  points: readonly ArrheniusPoint[],
  convention: ArrheniusFit['convention'],
  weighted: boolean,
): ArrheniusFit {
  const line = fitLine(
    points.map(({ temperatureKelvin, conductivitySiemensPerMetre, relativeError }) => ({
      x: 1 / temperatureKelvin,
      y: Math.log(conductivitySiemensPerMetre * (convention === 'sigmaT' ? temperatureKelvin : 1)),
      weight: weighted ? (relativeError ?? Number.NaN) ** -2 : 1,
    })),
  );
  const error = (constant: number) =>
    line.slopeError === null ? null : line.slopeError * constant;
  return {
    convention,
    weighted,
    pointCount: points.length,
    activationEnergyElectronVolt: -line.slope * BOLTZMANN_ELECTRON_VOLT_PER_KELVIN,
    activationEnergyErrorElectronVolt: error(BOLTZMANN_ELECTRON_VOLT_PER_KELVIN),
    activationEnergyKilojoulePerMole: -line.slope * GAS_CONSTANT_KILOJOULE_PER_MOLE_KELVIN,
    activationEnergyErrorKilojoulePerMole: error(GAS_CONSTANT_KILOJOULE_PER_MOLE_KELVIN),
    prefactor: Math.exp(line.intercept),
    prefactorUnit: convention === 'sigma' ? 'S/m' : 'S K/m',
    lnPrefactorError: line.interceptError,
    residualDeviation: line.residualDeviation,
  };
}

interface Line {
  readonly slope: number;
  readonly intercept: number;
  readonly slopeError: number | null;
  readonly interceptError: number | null;
  readonly residualDeviation: number | null;
}

/** Weighted least squares about the centroid, which keeps the sums well conditioned. */
function fitLine(
  points: readonly { readonly x: number; readonly y: number; readonly weight: number }[],
): Line {
  const total = sum(points.map(({ weight }) => weight));
  const xMean = sum(points.map(({ x, weight }) => weight * x)) / total;
  const yMean = sum(points.map(({ y, weight }) => weight * y)) / total;
  const sxx = sum(points.map(({ x, weight }) => weight * (x - xMean) ** 2));
  const sxy = sum(points.map(({ x, y, weight }) => weight * (x - xMean) * (y - yMean)));
  const slope = sxy / sxx;
  const freedom = points.length - 2;
  const squares = sum(
    points.map(({ x, y, weight }) => weight * (y - yMean - slope * (x - xMean)) ** 2),
  );
  const variance = freedom > 0 ? squares / freedom : null;
  return {
    slope,
    intercept: yMean - slope * xMean,
    slopeError: variance === null ? null : Math.sqrt(variance / sxx),
    interceptError: variance === null ? null : Math.sqrt(variance * (1 / total + xMean ** 2 / sxx)),
    residualDeviation: variance === null ? null : Math.sqrt(variance),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function checkPoints(points: readonly ArrheniusPoint[], weighted: boolean): void {
  const problems = points.flatMap((point, index) =>
    pointProblems(point, weighted).map((message) => ({ where: `point ${index + 1}`, message })),
  );
  const distinct = new Set(points.map(({ temperatureKelvin }) => temperatureKelvin));
  if (distinct.size < 2) {
    const message = `${distinct.size} different temperatures; a line needs at least two`;
    problems.push({ where: 'temperatures', message } satisfies Problem);
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}

function pointProblems(point: ArrheniusPoint, weighted: boolean): string[] {
  const { temperatureKelvin, conductivitySiemensPerMetre, relativeError } = point;
  const problems: string[] = [];
  if (!(temperatureKelvin >= TEMPERATURE_KELVIN_MIN && Number.isFinite(temperatureKelvin))) {
    problems.push(
      `temperature is ${temperatureKelvin} K; expected at least ${TEMPERATURE_KELVIN_MIN} K`,
    );
  }
  if (!isPositive(conductivitySiemensPerMetre)) {
    problems.push(`conductivity is ${conductivitySiemensPerMetre} S/m; expected a positive number`);
  }
  if (weighted && !isPositive(relativeError ?? Number.NaN)) {
    problems.push(
      `relative error is ${relativeError ?? 'missing'}; a weighted fit needs a positive one for every point`,
    );
  }
  return problems;
}

function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}
