import type { SamplingEdge } from './sampling.ts';

/**
 * What an instrument is asked to do, in absolute SI units. The planner makes these from a
 * recipe's steps; drivers turn them into bytes.
 */

/** Rest without current; the cell is disconnected from any source. */
export interface OpenCircuit {
  readonly kind: 'openCircuit';
  readonly sampleEverySecond: number;
  readonly edge?: SamplingEdge | undefined;
  readonly durationSecond: number;
}

/**
 * Galvanostatic step. The voltage window is a limit the instrument itself keeps, if it can;
 * the step ends early when it is left.
 */
export interface ConstantCurrent {
  readonly kind: 'constantCurrent';
  /** Positive current charges the cell (for a symmetric cell: plates the working electrode). */
  readonly currentAmpere: number;
  readonly sampleEverySecond: number;
  readonly edge?: SamplingEdge | undefined;
  /** Upper bound of the step: it ends then even if the host is gone. */
  readonly durationSecond: number;
  readonly voltageVoltMin: number;
  readonly voltageVoltMax: number;
}

/** Potentiostatic step against the reference electrode. */
export interface ConstantVoltage {
  readonly kind: 'constantVoltage';
  readonly voltageVolt: number;
  readonly sampleEverySecond: number;
  readonly edge?: SamplingEdge | undefined;
  /** Upper bound of the step: it ends then even if the host is gone. */
  readonly durationSecond: number;
  /** The instrument ends the step by itself past this, whatever the sign. */
  readonly currentAmpereMax: number;
}

/** Linear sweeps from start to the first vertex, to the second, and back to the start. */
export interface CyclicVoltammetry {
  readonly kind: 'cyclicVoltammetry';
  readonly startVolt: number;
  readonly verticesVolt: readonly [number, number];
  readonly rateVoltPerSecond: number;
  readonly cycles: number;
  /** Between two points. */
  readonly stepVolt: number;
  /** The instrument ends the sweep by itself past this, whatever the sign. */
  readonly currentAmpereMax: number;
}

/** One linear sweep of the potential: linear sweep voltammetry, potentiodynamic polarisation. */
export interface LinearSweep {
  readonly kind: 'linearSweep';
  readonly startVolt: number;
  readonly endVolt: number;
  readonly rateVoltPerSecond: number;
  /** Between two points. */
  readonly stepVolt: number;
  /** The instrument ends the sweep by itself past this, whatever the sign. */
  readonly currentAmpereMax: number;
}

/** Frequency sweep, high to low, logarithmically spaced, both ends included. */
export interface Impedance {
  readonly kind: 'impedance';
  readonly frequencyHertzMax: number;
  readonly frequencyHertzMin: number;
  readonly pointCount: number;
  /** The samples behind each point are asked for too. */
  readonly waveforms?: true | undefined;
  readonly excitation:
    | {
        readonly mode: 'galvanostatic';
        readonly amplitudeAmpereRms: number;
        readonly biasAmpere: number;
      }
    | {
        readonly mode: 'potentiostatic';
        readonly amplitudeVoltRms: number;
        /** Against the open-circuit potential when `versusOpenCircuit`. */
        readonly biasVolt: number;
        readonly versusOpenCircuit: boolean;
      };
}

export type ElectrochemicalTechnique =
  | OpenCircuit
  | ConstantCurrent
  | ConstantVoltage
  | CyclicVoltammetry
  | LinearSweep
  | Impedance;
export type ElectrochemicalKind = ElectrochemicalTechnique['kind'];
