import type { PotentiostatCapability } from '../../../src/domain/instrument.ts';
import type {
  ElectrochemicalKind,
  ElectrochemicalTechnique,
} from '../../../src/domain/technique.ts';

/** How long one takes, and how many readings it brings at the most. */
export interface Extent {
  readonly durationSecond: number;
  readonly readings: number;
}

/** One technique of each kind around the rest potential of a cell, small for every instrument. */
export function techniquesAround(restVolt: number): Readonly<
  Record<Exclude<ElectrochemicalKind, 'impedance'>, ElectrochemicalTechnique>
> & {
  readonly impedance: ElectrochemicalTechnique;
  readonly galvanostaticImpedance: ElectrochemicalTechnique;
} {
  const sweep = { rateVoltPerSecond: 0.02, stepVolt: 0.01, currentAmpereMax: 0.9e-3 };
  const frequencies = { frequencyHertzMax: 1e3, frequencyHertzMin: 10, pointCount: 7 };
  return {
    openCircuit: { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: 6 },
    constantCurrent: {
      kind: 'constantCurrent',
      currentAmpere: 1e-4,
      sampleEverySecond: 1,
      durationSecond: 6,
      voltageVoltMin: restVolt - 0.5,
      voltageVoltMax: restVolt + 0.5,
    },
    constantVoltage: {
      kind: 'constantVoltage',
      voltageVolt: restVolt + 0.1,
      sampleEverySecond: 1,
      durationSecond: 6,
      currentAmpereMax: 0.9e-3,
    },
    cyclicVoltammetry: {
      kind: 'cyclicVoltammetry',
      startVolt: restVolt,
      verticesVolt: [restVolt + 0.2, restVolt - 0.2],
      cycles: 1,
      ...sweep,
    },
    linearSweep: {
      kind: 'linearSweep',
      startVolt: restVolt + 0.05,
      endVolt: restVolt + 0.25,
      ...sweep,
    },
    impedance: {
      kind: 'impedance',
      ...frequencies,
      excitation: {
        mode: 'potentiostatic',
        amplitudeVoltRms: 0.01,
        biasVolt: 0,
        versusOpenCircuit: true,
      },
    },
    galvanostaticImpedance: {
      kind: 'impedance',
      ...frequencies,
      excitation: { mode: 'galvanostatic', amplitudeAmpereRms: 2e-5, biasAmpere: 5e-5 },
    },
  };
}

/** What an instrument says it can do, of these; and what it cannot. */
export function sortedBy(
  { techniques, excitations }: PotentiostatCapability,
  all: readonly ElectrochemicalTechnique[],
): {
  readonly declared: readonly ElectrochemicalTechnique[];
  readonly undeclared: readonly ElectrochemicalTechnique[];
} {
  const isDeclared = (technique: ElectrochemicalTechnique): boolean => {
    if (!techniques.includes(technique.kind)) return false;
    return technique.kind !== 'impedance'
      ? true
      : excitations?.includes(technique.excitation.mode) !== false;
  };
  return {
    declared: all.filter(isDeclared),
    undeclared: all.filter((one) => !isDeclared(one)),
  };
}

/** As it was asked for: the instrument may take a little longer to begin and to end. */
export function extentOf(technique: ElectrochemicalTechnique): Extent {
  switch (technique.kind) {
    case 'openCircuit':
    case 'constantCurrent':
    case 'constantVoltage': {
      const { durationSecond, sampleEverySecond } = technique;
      return { durationSecond, readings: Math.round(durationSecond / sampleEverySecond) };
    }
    case 'cyclicVoltammetry': {
      const { verticesVolt, cycles, rateVoltPerSecond, stepVolt } = technique;
      const pathVolt = 2 * cycles * Math.abs(verticesVolt[0] - verticesVolt[1]);
      return {
        durationSecond: pathVolt / rateVoltPerSecond,
        readings: Math.round(pathVolt / stepVolt),
      };
    }
    case 'linearSweep': {
      const { startVolt, endVolt, rateVoltPerSecond, stepVolt } = technique;
      const pathVolt = Math.abs(endVolt - startVolt);
      return {
        durationSecond: pathVolt / rateVoltPerSecond,
        readings: Math.round(pathVolt / stepVolt),
      };
    }
    case 'impedance':
      // 20 periods at each frequency would be much.
      return {
        durationSecond: (technique.pointCount * 20) / technique.frequencyHertzMin,
        readings: technique.pointCount,
      };
    default:
      return technique satisfies never;
  }
}
