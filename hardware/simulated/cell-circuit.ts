import type { CellSimulation } from './cell-parameters.ts';
import type { GrowthState } from './lithium-growth.ts';

/** The cell's equivalent circuit R0-p(R1,CPE1)-p(R2,CPE2) as it is at one moment. */

const GAS_CONSTANT = 8.314_462_618; // J/(mol K), CODATA 2018, exact
const ZERO_CELSIUS_KELVIN = 273.15;

export interface Arc {
  readonly resistanceOhm: number;
  readonly capacitanceFarad: number;
  readonly exponent: number;
}

export interface CellCircuit {
  /** Electrolyte and leads. */
  readonly seriesOhm: number;
  /** Interphase first, charge transfer second; none when the cell is shorted. */
  readonly arcs: readonly Arc[];
}

export interface Impedance {
  readonly zRealOhm: number;
  readonly zImagOhm: number;
}

/** k(T) / k(Tref) of a thermally activated process, k = A exp(-Ea / R T). */
export function arrheniusFactor(
  activationEnergy: number,
  temperature: { readonly celsius: number; readonly referenceCelsius: number },
): number {
  const inverse =
    1 / (temperature.referenceCelsius + ZERO_CELSIUS_KELVIN) -
    1 / (temperature.celsius + ZERO_CELSIUS_KELVIN);
  return Math.exp((activationEnergy / GAS_CONSTANT) * inverse);
}

/** The circuit of a cell of this area (m²) at this temperature, after this growth. */
export function cellCircuit(
  cell: CellSimulation,
  areaSquareMetre: number,
  now: { readonly celsius: number; readonly growth: GrowthState },
): CellCircuit {
  if (now.growth.shorted) return { seriesOhm: cell.leadResistance, arcs: [] };
  return {
    seriesOhm: cell.leadResistance + electrolyteOhm(cell, areaSquareMetre, now.celsius),
    arcs: [
      arcAt(cell.interphase, cell, now.celsius, interphaseGrowth(cell, now.growth)),
      arcAt(cell.chargeTransfer, cell, now.celsius, chargeTransferFall(cell, now.growth)),
    ],
  };
}

/** Impedance of the circuit at one frequency; the CPE is 1 / (Q (jω)^n). */
export function circuitImpedance(circuit: CellCircuit, frequencyHertz: number): Impedance {
  let zRealOhm = circuit.seriesOhm;
  let zImagOhm = 0;
  for (const arc of circuit.arcs) {
    // With C = (R^(1-n) Q)^(1/n), R Q (jω)^n is (jωRC)^n.
    const omegaTau = 2 * Math.PI * frequencyHertz * arc.resistanceOhm * arc.capacitanceFarad;
    const magnitude = omegaTau ** arc.exponent;
    const phase = (arc.exponent * Math.PI) / 2;
    const real = 1 + magnitude * Math.cos(phase);
    const imag = magnitude * Math.sin(phase);
    const square = real * real + imag * imag;
    zRealOhm += (arc.resistanceOhm * real) / square;
    zImagOhm -= (arc.resistanceOhm * imag) / square;
  }
  return { zRealOhm, zImagOhm };
}

function electrolyteOhm(cell: CellSimulation, areaSquareMetre: number, celsius: number): number {
  const { thickness, conductivity, conductivityTemperature, activationEnergy } = cell.electrolyte;
  const factor = arrheniusFactor(activationEnergy, {
    celsius,
    referenceCelsius: conductivityTemperature,
  });
  return thickness / (conductivity * factor * areaSquareMetre);
}

function arcAt(
  arc: CellSimulation['interphase'] | CellSimulation['chargeTransfer'],
  cell: CellSimulation,
  celsius: number,
  growthFactor: number,
): Arc {
  const factor = arrheniusFactor(arc.activationEnergy, {
    celsius,
    referenceCelsius: cell.referenceTemperature,
  });
  return {
    resistanceOhm: (arc.resistance * growthFactor) / factor,
    capacitanceFarad: arc.capacitance,
    exponent: arc.exponent,
  };
}

/** Decomposition products thicken with every charge that passes (Park 2023: R_int rises). */
function interphaseGrowth(cell: CellSimulation, growth: GrowthState): number {
  return 1 + (cell.interphase.growthAtShort * growth.throughput) / cell.lithium.shortCharge;
}

/** Park 2023: R_ct falls slowly to 1.0 h, then sharply, as roots enlarge the lithium surface. */
function chargeTransferFall(cell: CellSimulation, growth: GrowthState): number {
  const { fallUntilRoots, decayCharge, floorFraction } = cell.chargeTransfer;
  const { rootCharge } = cell.lithium;
  const slow = 1 - fallUntilRoots * Math.min(1, growth.growthCharge / rootCharge);
  const rooted = Math.max(0, growth.growthCharge - rootCharge);
  return slow * (floorFraction + (1 - floorFraction) * Math.exp(-rooted / decayCharge));
}
