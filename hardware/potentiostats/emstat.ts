import type { Link } from '../../firmware-bridge/link.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { asFault, Fault } from '../../src/domain/fault.ts';
import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Provenance,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import { identifyEmStat } from './emstat-identity.ts';
import { readingFrom } from './emstat-reading.ts';
import { scriptFor } from './emstat-script.ts';
import { parseStreamLine, type StreamLine, StreamScopes } from './methodscript.ts';
import { MethodScriptSession } from './methodscript-session.ts';

export interface EmStatOptions {
  /** The instrument's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly provenance: Provenance;
}

/** Limits of an EmStat4 HR, PalmSens data sheet. */
const CAPABILITY: PotentiostatCapability = {
  techniques: [
    'openCircuit',
    'constantCurrent',
    'constantVoltage',
    'cyclicVoltammetry',
    'impedance',
  ],
  currentAmpereMax: 0.1,
  voltageVoltMin: -6,
  voltageVoltMax: 6,
  frequencyHertzMin: 1e-5,
  frequencyHertzMax: 200e3,
  // A package of voltage and current takes 0.3 ms of its line at 921600 baud.
  sampleEverySecondMin: 1e-3,
};

/** One lost package must not end a run of three weeks, two in a row are a silence. */
const SILENT_INTERVALS_MAX = 2;
const SILENCE_MARGIN_SECOND = 5;
/** Periods an impedance point may take, with settling and range changes. */
const PERIODS_PER_POINT_MAX = 20;
/** Lines of one measurement that may be unreadable before the link is not trusted any more. */
const UNREADABLE_LINES_MAX = 20;

/** One measurement under way. */
interface Measurement {
  readonly technique: ElectrochemicalTechnique;
  readonly script: readonly string[];
  /** Aborts when the caller's signal does, or when the driver is told to open the cell. */
  readonly signal: AbortSignal;
  readonly stop: AbortController;
  readonly scopes: StreamScopes;
  /** A line of output that came glued to the echo of the script. */
  glued: string | undefined;
  packages: number;
  unreadable: number;
  /** True when the script has ended by itself, or the cell was opened, or that has failed. */
  isOver: boolean;
  madeSafe: Promise<void> | undefined;
}

/**
 * Driver of the PalmSens EmStat4 HR over MethodSCRIPT: one script per technique, generated with the
 * limits in it. A reading's time is the host's clock at the arrival of its package. When the
 * signal of a measurement aborts, its readings end without an error, after the cell was opened.
 */
export class EmStat implements Potentiostat {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #provenance: Provenance;
  readonly #session: MethodScriptSession;
  #model = 'EmStat4 HR';
  #capability: PotentiostatCapability = CAPABILITY;
  #measurement: Measurement | undefined;
  #unreadableLines = 0;

  constructor({ id, link, clock, provenance }: EmStatOptions) {
    this.#id = id;
    this.#clock = clock;
    this.#provenance = provenance;
    const place = `potentiostat ${id}`;
    // XON and XOFF are used by the EmStat Pico; the EmStat4 never sends them.
    this.#session = new MethodScriptSession({ link, clock, place, stripFlowControl: false });
  }

  get info(): InstrumentInfo {
    return { id: this.#id, model: this.#model, provenance: this.#provenance };
  }

  get capability(): PotentiostatCapability {
    return this.#capability;
  }

  /** What the line lost since `connect`: bytes that are part of no line, lines without sense. */
  get losses(): { readonly discardedBytes: number; readonly unreadableLines: number } {
    const { discardedBytes } = this.#session;
    return { discardedBytes, unreadableLines: this.#unreadableLines };
  }

  /**
   * Opens the link, stops whatever script may still run there, opens the cell and identifies.
   * Aborted half-way it leaves the link open, so that `cellOff` still reaches the instrument.
   * @throws Fault instrumentMissing, instrumentLost, timeout, or instrumentUnable when what answers
   *   is not an EmStat4 HR
   */
  async connect(signal: AbortSignal): Promise<void> {
    await this.#session.open(signal);
    this.#unreadableLines = 0;
    try {
      await this.#session.synchronise(signal);
      const { model, techniques } = await identifyEmStat(this.#session, signal);
      this.#model = model;
      this.#capability = { ...CAPABILITY, techniques };
      await this.#session.openCell(signal);
    } catch (error) {
      if (!signal.aborted) await this.#session.close();
      throw error;
    }
  }

  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    if (signal.aborted) return;
    const measurement = this.#begin(technique, signal);
    try {
      measurement.glued = await this.#session.start(measurement.script, measurement.signal);
      for (;;) {
        const reading = await this.#nextReading(measurement);
        if (!reading) return;
        yield reading;
        if (measurement.signal.aborted) return;
      }
    } catch (error) {
      if (!isStop(error, measurement)) throw await this.#failSafely(measurement, error);
    } finally {
      await this.#end(measurement);
    }
  }

  async cellOff(): Promise<void> {
    const measurement = this.#measurement;
    // Without a measurement of ours a script of a failed stop may still be running there.
    if (!measurement) return this.#session.stopAndOpenCell();
    measurement.stop.abort(new Error('the cell was opened by command'));
    await this.#makeSafe(measurement);
  }

  /** Stops a measurement that runs, then closes the link. */
  async disconnect(): Promise<void> {
    try {
      if (this.#measurement && this.#session.isOpen) await this.cellOff();
    } finally {
      await this.#session.close();
    }
  }

  #begin(technique: ElectrochemicalTechnique, signal: AbortSignal): Measurement {
    const where = this.#session.place;
    if (this.#measurement) {
      throw new Fault('instrumentUnable', { where, message: 'it is already measuring' });
    }
    const stop = new AbortController();
    const measurement: Measurement = {
      technique,
      script: scriptFor(technique, this.#capability, where),
      signal: AbortSignal.any([signal, stop.signal]),
      stop,
      scopes: new StreamScopes(),
      glued: undefined,
      packages: 0,
      unreadable: 0,
      isOver: false,
      madeSafe: undefined,
    };
    this.#measurement = measurement;
    return measurement;
  }

  /** The next reading, or undefined when the script has ended. */
  async #nextReading(measurement: Measurement): Promise<Reading | undefined> {
    for (;;) {
      const line = parseStreamLine(await this.#nextLine(measurement));
      const misplaced = measurement.scopes.follow(line);
      if (line.kind === 'error') throw this.#session.refusal(line.error, measurement.script);
      if (line.kind === 'scriptEnd') return this.#finish(measurement, misplaced);
      const reading = this.#readingOf(measurement, line);
      if (reading) return reading;
      if (!isMarker(line) || misplaced) this.#countUnreadable(measurement);
    }
  }

  async #nextLine(measurement: Measurement): Promise<string> {
    const { glued, signal, technique } = measurement;
    measurement.glued = undefined;
    if (glued !== undefined) return glued;
    const timeoutSecond = silenceSecondMax(technique);
    return this.#session.nextLine({ timeoutSecond, waitingFor: 'the next reading', signal });
  }

  #readingOf(measurement: Measurement, line: StreamLine): Reading | undefined {
    if (line.kind !== 'package') return undefined;
    const kind = measurement.technique.kind;
    const reading = readingFrom(kind, line.variables, this.#clock.nowSecond());
    if (reading) measurement.packages += 1;
    return reading;
  }

  #finish(measurement: Measurement, misplaced: string | undefined): undefined {
    measurement.isOver = true;
    const { technique, packages, unreadable } = measurement;
    if (technique.kind !== 'impedance' || packages + unreadable >= technique.pointCount) return;
    const detail = misplaced ? ` (${misplaced})` : '';
    const message = `the sweep ended after ${packages} of ${technique.pointCount} points${detail}`;
    throw new Fault('instrumentReply', { where: this.#session.place, message });
  }

  #countUnreadable(measurement: Measurement): void {
    this.#unreadableLines += 1;
    measurement.unreadable += 1;
    if (measurement.unreadable <= UNREADABLE_LINES_MAX) return;
    throw new Fault('instrumentReply', {
      where: this.#session.place,
      message: `more than ${UNREADABLE_LINES_MAX} lines of one measurement made no sense: check cable, port and speed`,
    });
  }

  /** The failure as a fault, after the cell has been opened; or saying that it could not be. */
  async #failSafely(measurement: Measurement, error: unknown): Promise<Fault> {
    const where = this.#session.place;
    const fault = asFault(error, where, 'instrumentReply');
    try {
      if (!measurement.isOver) await this.#makeSafe(measurement);
    } catch (second) {
      const message = `the cell could not be confirmed open: ${asFault(second, where).message}`;
      return new Fault(fault.code, [...fault.problems, { where, message }], fault);
    }
    return fault;
  }

  async #end(measurement: Measurement): Promise<void> {
    try {
      if (!measurement.isOver) await this.#makeSafe(measurement);
    } finally {
      this.#measurement = undefined;
    }
  }

  /** Stops the script and opens the cell, once per measurement, whoever asks first. */
  async #makeSafe(measurement: Measurement): Promise<void> {
    measurement.madeSafe ??= this.#session.stopAndOpenCell();
    try {
      await measurement.madeSafe;
    } catch (error) {
      // Whoever asks again gets a new attempt.
      measurement.madeSafe = undefined;
      throw error;
    } finally {
      measurement.isOver = true;
    }
  }
}

/** True for the begin and end of a measurement and of each cycle of a voltammogram. */
function isMarker({ kind }: StreamLine): boolean {
  return (
    kind === 'measurementStart' ||
    kind === 'measurementEnd' ||
    kind === 'scanStart' ||
    kind === 'scanEnd'
  );
}

/** True when the error is only that the measurement was told to stop. */
function isStop(error: unknown, measurement: Measurement): boolean {
  return measurement.signal.aborted && error === measurement.signal.reason;
}

/** Longest time without a line before the instrument counts as silent. */
function silenceSecondMax(technique: ElectrochemicalTechnique): number {
  if (technique.kind === 'impedance') {
    return PERIODS_PER_POINT_MAX / technique.frequencyHertzMin + SILENCE_MARGIN_SECOND;
  }
  const intervalSecond =
    technique.kind === 'cyclicVoltammetry'
      ? technique.stepVolt / technique.rateVoltPerSecond
      : technique.sampleEverySecond;
  return SILENT_INTERVALS_MAX * intervalSecond + SILENCE_MARGIN_SECOND;
}
