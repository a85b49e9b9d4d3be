import type { Channel } from './channel.ts';
import type { DetectorAxis, DetectorSpectrum } from './detector-spectrum.ts';
import type { Fault } from './fault.ts';
import type { InjectedFault } from './injected-fault.ts';
import type { Quality, SampleSink } from './sample.ts';
import type { Frame, ScanPlan } from './scan.ts';
import type { ImpedancePoint } from './spectrum.ts';
import type { ElectrochemicalKind, ElectrochemicalTechnique, Impedance } from './technique.ts';
import type { VoxelSize } from './volume-results.ts';
import type { ImpedanceWaveform } from './waveform.ts';

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

/**
 * One measuring range and the limits of error that the maker states for it: of a reading x the
 * error stays within `gainRelative * |x| + offset`.
 */
export interface MeasuringRange {
  /** In the unit of the quantity. */
  readonly fullScale: number;
  readonly gainRelative: number;
  /** In the unit of the quantity. */
  readonly offset: number;
}

/** Ranges from the smallest to the largest. */
export interface PotentiostatAccuracy {
  readonly voltageVolt: readonly MeasuringRange[];
  readonly currentAmpere: readonly MeasuringRange[];
  /** Limits of error of an impedance; absent where it measures none. */
  readonly impedance?: { readonly modulusRelative: number; readonly phaseDegree: number };
  /** Where the figures are from: "PalmSens EmStat4 data sheet, rev. 3". */
  readonly source: string;
}

/** What a potentiostat can do; the planner refuses a recipe that asks for more. */
export interface PotentiostatCapability {
  readonly techniques: readonly ElectrochemicalKind[];
  /** What impedance can be excited with; both where it is not said. */
  readonly excitations?: readonly Impedance['excitation']['mode'][];
  /** With which of them it also tells the samples behind each point; none where it is not said. */
  readonly waveforms?: readonly Impedance['excitation']['mode'][];
  readonly currentAmpereMax: number;
  readonly voltageVoltMin: number;
  readonly voltageVoltMax: number;
  /** Both 0 where `techniques` has no impedance. */
  readonly frequencyHertzMin: number;
  readonly frequencyHertzMax: number;
  /** Shortest time between two samples that it keeps up with, s. */
  readonly sampleEverySecondMin: number;
  /** The same at open circuit, where that is longer: the potential is asked for one by one. */
  readonly restEverySecondMin?: number;
  /**
   * Who ends a constant current at its voltage limits: the instrument, also without a host, or
   * the host at its next sample. Some instruments keep only one of the two by themselves.
   */
  readonly keepsVoltageLimits: 'both' | 'compliance' | 'none';
  /** What `cellOff` leaves, where it cannot open the cell's circuit: "0 V stay on the cell". */
  readonly cellOffLeaves?: string;
  readonly accuracy: PotentiostatAccuracy;
}

export type Reading =
  | {
      readonly kind: 'electrical';
      readonly timeSecond: number;
      readonly voltageVolt: number;
      /** Zero at open circuit. */
      readonly currentAmpere: number;
      /** Of the voltage; of the current too, unless `currentQuality` is there. */
      readonly quality: Quality;
      /**
       * Of the current where it differs from that of the voltage: a current too small for its
       * range (`underload`) says nothing against the voltage, and is surely no over-current.
       */
      readonly currentQuality?: Quality;
      /** Standard uncertainties, from the limits of error of the ranges in use (GUM 4.3.7). */
      readonly voltageErrorVolt?: number;
      readonly currentErrorAmpere?: number;
      /** Full scale of the current range in use, where the instrument tells. */
      readonly currentRangeAmpere?: number;
    }
  | {
      readonly kind: 'impedancePoint';
      readonly timeSecond: number;
      readonly point: ImpedancePoint;
      readonly quality: Quality;
      /** Where it was asked for; absent also when some of it was lost on the way. */
      readonly waveform?: ImpedanceWaveform;
    };

/** How many of each kind. */
export type LineLosses = Readonly<Record<string, number>>;

export interface Potentiostat {
  /** Its model, serial number and provenance are sure only after `connect`. */
  readonly info: InstrumentInfo;
  readonly capability: PotentiostatCapability;
  /** What its line has lost since `connect`, counted by kind: `discardedBytes`, `lostReplies`. */
  readonly losses?: LineLosses | undefined;
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
  /** Its rhythm, where it has a fixed one: what a run writes down is estimated from it. */
  readonly everySecond?: number | undefined;
  connect(signal: AbortSignal, sink: SampleSink): Promise<void>;
  disconnect(): Promise<void>;
}

/** What a step of the power has told of a heated thing: first order with a dead time. */
export interface ThermalResponse {
  /** Steady rise above the room at full power. */
  readonly riseKelvin: number;
  readonly timeConstantSecond: number;
  readonly deadTimeSecond: number;
  readonly roomCelsius: number;
}

/** A heater with its controller. It feeds itself from the sensor named in the rig file. */
export interface Heater {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  readonly temperatureCelsiusMax: number;
  /** Its rhythm, where it has a fixed one. */
  readonly everySecond?: number;
  /** How what it heats answers, where it was identified. */
  readonly response?: ThermalResponse | undefined;
  connect(signal: AbortSignal, sink: SampleSink): Promise<void>;
  setTarget(temperatureCelsius: number): Promise<void>;
  /**
   * Gives a fixed share of full power, to identify what is heated; still none while its sensor is
   * not to be trusted, or above its limit. Absent where it cannot.
   */
  holdDuty?(dutyFraction: number): Promise<void>;
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
  /** A voxel of its volumes; absent when nobody knows. */
  readonly voxel?: VoxelSize;
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

/** A detector that counts over an energy axis: diffraction, photoelectrons, fluorescence. */
export interface Spectrometer {
  readonly info: InstrumentInfo;
  /** What it can be asked for. */
  readonly regions: readonly string[];
  /** Of its longest region, where it is known beforehand: what a run writes is estimated from it. */
  readonly channelsMax?: number;
  /** The axis of a region, where it is known beforehand: windows of peaks must lie on it. */
  axisOf?(region: string): DetectorAxis | undefined;
  connect(signal: AbortSignal): Promise<void>;
  /**
   * Counts one region.
   * @throws Fault instrumentLost, instrumentReply or timeout
   */
  measure(
    plan: { readonly region: string; readonly durationSecond: number },
    signal: AbortSignal,
  ): Promise<DetectorSpectrum>;
  /** Stops counting. Safe to call at any time, more than once. */
  stop(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A person who has looked at the rig, and why it is safe to go on. */
export interface ClearedBy {
  readonly by: string;
  readonly reason: string;
}

export interface GuardListener {
  /** It has switched everything off by itself and keeps it off: one sentence without a stop. */
  onTrip(message: string): void;
  /** Nothing can be asked of it any more, and it switches off by itself. */
  onLost(fault: Fault): void;
  /** Something for the record, as a sentence. */
  onNote(message: string): void;
}

/** What switches heater and cell off below this software, and latches. */
export interface Guard {
  readonly info: InstrumentInfo;
  /** @returns stops listening */
  listen(listener: GuardListener): () => void;
  /** The trip that it is found with at `connect` was seen by a person and may be cleared there. */
  permitClearing(cleared: ClearedBy): void;
  /**
   * Sets its limits; nothing is switched on.
   * @throws Fault interlock that names the trip it was found with, when no person has cleared it
   */
  connect(signal: AbortSignal): Promise<void>;
  disconnect(): Promise<void>;
}

/** A simulated specimen that can be where it was when the software ended. */
export interface Specimen {
  /** Plain data. */
  saveState(): unknown;
  /**
   * As it was then, with its circuit open and its heater off. The time in between does not exist
   * for it: nobody has simulated it.
   * @throws Fault fileFormat when this is not a state of such a specimen
   */
  restoreState(state: unknown): void;
}

/** The opened rig of one run. */
export interface Instruments {
  readonly potentiostat: Potentiostat;
  readonly sensors: readonly Sensor[];
  readonly heater?: Heater;
  readonly scanner?: Scanner;
  readonly spectrometer?: Spectrometer;
  readonly guard?: Guard;
  /**
   * Puts a new specimen of the same kind in the place of the one that was there: a person does,
   * or a simulated rig does at once. Its current is off then. Resolves when the new one is in.
   * Absent where nobody can. @throws Fault timeout
   */
  freshCell?(signal: AbortSignal): Promise<void>;
  /** A person puts the new specimen in, and says when it is there. */
  readonly exchangedByPerson?: true;
  /** Faults that a simulated rig plays on purpose: the records say so. */
  readonly injectedFaults?: readonly InjectedFault[];
  /** Only where the specimen is simulated. */
  readonly specimen?: Specimen;
}
