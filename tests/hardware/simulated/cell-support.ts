import { CellModel } from '../../../hardware/simulated/cell-model.ts';
import {
  cellSimulationSchema,
  type InsertionSimulation,
} from '../../../hardware/simulated/cell-parameters.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export const HOUR = 3600;

const NMC_MATERIAL = {
  activeMass: '6.378 mg',
  molarVolume: '20.73 cm³/mol',
  molarMass: '91.66 g/mol',
};

/** NMC532 | Li10GeP2S12 | Li-In after Wang 2020, 450 °C: a battery with every part but lithium. */
export const NMC_CELL = {
  area: 0.785e-4,
  simulation: {
    kind: 'insertion',
    referenceTemperature: '25 °C',
    initialStateOfCharge: 0,
    capacity: '1.046 mAh',
    leadResistance: '2 Ω',
    openCircuit: {
      reactions: [
        { share: 0.42, potential: '3.13 V', width: '40 mV' },
        { share: 0.36, potential: '3.32 V', width: '90 mV' },
        { share: 0.22, potential: '3.60 V', width: '90 mV' },
      ],
      empty: '2.80 V',
      full: '3.90 V',
    },
    electrolyte: {
      thickness: '600 µm',
      conductivity: '2.8 mS/cm',
      conductivityTemperature: '25 °C',
      activationEnergy: '0.25 eV',
    },
    interphase: {
      resistance: '124 Ω',
      capacitance: '0.1 µF',
      exponent: 0.85,
      activationEnergy: '0.35 eV',
      growth: { share: 0.371, cycles: 100 },
    },
    chargeTransfer: {
      resistance: '158.3 Ω',
      capacitance: '20 µF',
      exponent: 0.85,
      activationEnergy: '0.45 eV',
    },
    diffusion: {
      shape: 'planar',
      diffusivity: '3.264e-9 cm²/s',
      activationEnergy: '0.3 eV',
      ...NMC_MATERIAL,
    },
    cycling: {
      lossOn: 'charge',
      firstEfficiency: 0.8668,
      efficiency: 0.992,
      cycleCharge: '0.969 mAh',
      fade: { share: 0.297, cycles: 200 },
    },
    stack: {
      pressure: '20 MPa',
      pressureTemperature: '25 °C',
      pressurePerCelsius: '10 kPa',
      pressureRiseAtFull: '150 kPa',
    },
  },
} as const;
/** 0.1C of that cell, in ampere: 0.13 mA/cm². */
export const TENTH_C_AMPERE = 1.3 * NMC_CELL.area;

/** That simulation section with some of its keys replaced. */
export function nmcSimulation(changes: Record<string, unknown> = {}): InsertionSimulation {
  const parsed = cellSimulationSchema.parse({ ...NMC_CELL.simulation, ...changes });
  if (parsed.kind !== 'insertion') throw new Error('the example is a battery');
  return parsed;
}

/** One part of the section as it is written, with some keys replaced. */
export function nmcPart(
  part: 'interphase' | 'chargeTransfer' | 'diffusion',
  changes: Record<string, unknown>,
): Record<string, unknown> {
  return { [part]: { ...NMC_CELL.simulation[part], ...changes } };
}

/** That battery at a fixed temperature. */
export function nmcCell(
  clock: Clock,
  changes: Record<string, unknown> = {},
  options: { readonly celsius?: number; readonly seed?: number } = {},
): CellModel {
  return new CellModel({
    clock,
    simulation: nmcSimulation(changes),
    areaSquareMetre: NMC_CELL.area,
    celsius: () => options.celsius ?? 25,
    seed: options.seed ?? 1,
  });
}

/** A battery whose voltage is a straight line over its charge: 3.0 V to 3.8 V. */
export const STRAIGHT = {
  openCircuit: {
    points: [
      [0, '3.0 V'],
      [1, '3.8 V'],
    ],
  },
  initialStateOfCharge: 0.5,
  cycling: {},
};

/** Currents, lengths in s: a cell that has been used in several ways. */
export const USE: readonly (readonly [currentAmpere: number, durationSecond: number])[] = [
  [1e-4, 1800],
  [0, 300],
  [-2e-4, 600],
  [5e-5, 4000],
  [0, 50],
];

/** The total resistance of the arcs and everything before them, in ohm. */
export function totalOhm(cell: CellModel): number {
  const { seriesOhm, arcs } = cell.circuit();
  return arcs.reduce((sum, { resistanceOhm }) => sum + resistanceOhm, seriesOhm);
}
