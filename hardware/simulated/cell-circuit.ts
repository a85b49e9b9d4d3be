import { arrheniusFactor } from './cell-arrhenius.ts';
import { Curve } from './cell-curve.ts';
import type {
  CellSimulation,
  InsertionSimulation,
  SymmetricSimulation,
} from './cell-parameters.ts';
import type { GrowthState } from './lithium-growth.ts';

/** The cell's equivalent circuit R0-p(R1,CPE1)-p(R2,CPE2) as it is at one moment. */

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

/** What the circuit depends on besides the file. */
export interface CellMoment {
  readonly celsius: number;
  readonly growth: GrowthState;
  readonly isShorted: boolean;
  readonly stateOfCharge: number;
  readonly cycles: number;
}

/** Makes a cell's circuit from its file and its area in m². */
export class CircuitMaker {
  readonly #cell: CellSimulation;
  readonly #areaSquareMetre: number;
  readonly #overCharge: { readonly interphase?: Curve; readonly chargeTransfer?: Curve };

  constructor(cell: CellSimulation, areaSquareMetre: number) {
    this.#cell = cell;
    this.#areaSquareMetre = areaSquareMetre;
    this.#overCharge = cell.kind === 'insertion' ? curvesOverCharge(cell) : {};
  }

  circuitAt(now: CellMoment): CellCircuit {
    const cell = this.#cell;
    if (now.isShorted) return { seriesOhm: cell.leadResistance, arcs: [] };
    const [interphase, chargeTransfer] =
      cell.kind === 'insertion' ? this.#batteryFactors(cell, now) : symmetricFactors(cell, now);
    return {
      seriesOhm: cell.leadResistance + electrolyteOhm(cell, this.#areaSquareMetre, now.celsius),
      arcs: [
        arcAt(cell.interphase, cell, now.celsius, interphase),
        arcAt(cell.chargeTransfer, cell, now.celsius, chargeTransfer),
      ],
    };
  }

  #batteryFactors(cell: InsertionSimulation, now: CellMoment): readonly [number, number] {
    const { interphase, chargeTransfer } = this.#overCharge;
    return [
      (interphase?.value(now.stateOfCharge) ?? 1) * grown(cell.interphase.growth, now.cycles),
      (chargeTransfer?.value(now.stateOfCharge) ?? 1) *
        grown(cell.chargeTransfer.growth, now.cycles),
    ];
  }
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

function curvesOverCharge(cell: InsertionSimulation) {
  const interphase = cell.interphase.overStateOfCharge;
  const chargeTransfer = cell.chargeTransfer.overStateOfCharge;
  return {
    ...(interphase && { interphase: new Curve(interphase) }),
    ...(chargeTransfer && { chargeTransfer: new Curve(chargeTransfer) }),
  };
}

/** Wang 2020: the interface's resistance rises from cycle to cycle. */
function grown(growth: InsertionSimulation['interphase']['growth'], cycles: number): number {
  return growth ? 1 + growth.share * (cycles / growth.cycles) ** growth.exponent : 1;
}

function symmetricFactors(cell: SymmetricSimulation, now: CellMoment): readonly [number, number] {
  return [interphaseGrowth(cell, now.growth), chargeTransferFall(cell, now.growth)];
}

/** Decomposition products thicken with every charge that passes (Park 2023: R_int rises). */
function interphaseGrowth(cell: SymmetricSimulation, growth: GrowthState): number {
  return 1 + (cell.interphase.growthAtShort * growth.throughput) / cell.lithium.shortCharge;
}

/** Park 2023: R_ct falls slowly to 1.0 h, then sharply, as roots enlarge the lithium surface. */
function chargeTransferFall(cell: SymmetricSimulation, growth: GrowthState): number {
  const { fallUntilRoots, decayCharge, floorFraction } = cell.chargeTransfer;
  const { rootCharge } = cell.lithium;
  const slow = 1 - fallUntilRoots * Math.min(1, growth.growthCharge / rootCharge);
  const rooted = Math.max(0, growth.growthCharge - rootCharge);
  return slow * (floorFraction + (1 - floorFraction) * Math.exp(-rooted / decayCharge));
}
