import type { Channel } from './channel.ts';
import type { Quality, SampleSink } from './sample.ts';
import type { Frame, ScanPlan } from './scan.ts';
import type { ImpedancePoint } from './spectrum.ts';
import type { ElectrochemicalKind, ElectrochemicalTechnique } from './technique.ts';

/**
 * Contracts between the experiment (src/run) and the instruments (hardware). Constructors only
 * store; `connect` acts; `disconnect` undoes and is idempotent.
 */

/** Where an instrument's values come from; shown wherever they are shown. */
export type Provenance = 'measured' | 'simulated' | 'recorded';

export interface InstrumentInfo {
  /** The instrument's name in the rig file. */
  readonly id: string;
  /** Maker's model, as the instrument identifies itself where it can. */
  readonly model: string;
  readonly provenance: Provenance;
}

/** What a potentiostat can do; the planner refuses a recipe that asks for more. */
export interface PotentiostatCapability {
  readonly techniques: readonly ElectrochemicalKind[];
  readonly currentAmpereMax: number;
  readonly voltageVoltMin: number;
  readonly voltageVoltMax: number;
  readonly frequencyHertzMin: number;
  readonly frequencyHertzMax: number;
}

export type Reading =
  | {
      readonly kind: 'electrical';
      readonly timeSecond: number;
      readonly voltageVolt: number;
      /** Zero at open circuit. */
      readonly currentAmpere: number;
      readonly quality: Quality;
    }
  | {
      readonly kind: 'impedancePoint';
      readonly timeSecond: number;
      readonly point: ImpedancePoint;
      readonly quality: Quality;
    };

export interface Potentiostat {
  readonly info: InstrumentInfo;
  readonly capability: PotentiostatCapability;
  connect(signal: AbortSignal): Promise<void>;
  /**
   * Runs one technique and yields its readings as they come. Ends when the technique ends.
   * When the signal aborts, or the reader stops reading, the measurement is stopped and the cell
   * is left at open circuit.
   * @throws Fault instrumentLost, instrumentReply or timeout
   */
  measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading>;
  /** Opens the cell circuit and confirms it. Safe to call at any time, more than once. */
  cellOff(): Promise<void>;
  disconnect(): Promise<void>;
}

/** Measures on its own rhythm and pushes samples of its channels. */
export interface Sensor {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  connect(signal: AbortSignal, sink: SampleSink): Promise<void>;
  disconnect(): Promise<void>;
}

/** A heater with its controller. It feeds itself from the sensor named in the rig file. */
export interface Heater {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  readonly temperatureCelsiusMax: number;
  connect(signal: AbortSignal, sink: SampleSink): Promise<void>;
  setTarget(temperatureCelsius: number): Promise<void>;
  /** Removes power and confirms it. Safe to call at any time, more than once. */
  off(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A detector and the rotation stage it is paired with. */
export interface Scanner {
  readonly info: InstrumentInfo;
  readonly rows: number;
  readonly columns: number;
  readonly viewsMax: number;
  connect(signal: AbortSignal): Promise<void>;
  /**
   * Takes flats and darks, then the projections, each with its read-back angle.
   * @throws Fault instrumentLost, instrumentReply or timeout
   */
  scan(plan: ScanPlan, signal: AbortSignal): AsyncIterable<Frame>;
  /** Stops exposure and motion. Safe to call at any time, more than once. */
  stop(): Promise<void>;
  disconnect(): Promise<void>;
}

/** The opened rig of one run. */
export interface Instruments {
  readonly potentiostat: Potentiostat;
  readonly sensors: readonly Sensor[];
  readonly heater?: Heater;
  readonly scanner?: Scanner;
}
