import { asFault, Fault } from '../../src/domain/fault.ts';
import type { Conversation } from './conversation.ts';

/** What a driver does at its instrument to leave the cell safe. */
export interface SafeInstrument {
  /** How faults name the instrument: "potentiostat cell-7". */
  readonly place: string;
  /** Stops whatever runs, opens the cell and waits for the confirmation. */
  stopAndOpenCell(): Promise<void>;
}

/**
 * One measurement under way. It is over when it has ended by itself, or when the cell was opened,
 * or when opening it has failed.
 */
export class Measurement {
  /** Aborts when the caller's signal does, or when the driver is told to open the cell. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #instrument: SafeInstrument;
  #isOver = false;
  #madeSafe: Promise<void> | undefined;

  constructor(instrument: SafeInstrument, signal: AbortSignal) {
    this.#instrument = instrument;
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Says that it has ended by itself and the instrument has opened the cell. */
  finish(): void {
    this.#isOver = true;
  }

  /** Ends its waits: the command to open the cell came. */
  abandon(): void {
    this.#stop.abort(new Error('the cell was opened by command'));
  }

  /** True when the error is only that it was told to stop. */
  isStop(error: unknown): boolean {
    return this.signal.aborted && error === this.signal.reason;
  }

  /** Opens the cell unless it has ended, once, whoever asks first. */
  async makeSafe(): Promise<void> {
    if (!this.#isOver) await this.openCell();
  }

  /** Opens the cell once, whoever asks first. Whoever asks after a failure gets a new attempt. */
  async openCell(): Promise<void> {
    this.#madeSafe ??= this.#instrument.stopAndOpenCell();
    try {
      await this.#madeSafe;
    } catch (error) {
      this.#madeSafe = undefined;
      throw error;
    } finally {
      this.#isOver = true;
    }
  }
}

/**
 * One measurement at a time, made safe once, whoever asks first: its reader who stops reading, its
 * signal, an error on the way, or the command to open the cell.
 */
export class OneMeasurement {
  readonly #instrument: SafeInstrument;
  #current: Measurement | undefined;

  constructor(instrument: SafeInstrument) {
    this.#instrument = instrument;
  }

  get isUnderWay(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Runs `work` to its end and yields what it yields. `work` calls `finish` when the instrument has
   * ended by itself; in every other case the cell is opened before this returns or throws. An
   * abort ends it without an error.
   * @throws Fault instrumentUnable when one is under way; what `work` throws, as a Fault that also
   *   says when the cell could not be confirmed open
   */
  async *run<T>(
    signal: AbortSignal,
    work: (measurement: Measurement) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    if (signal.aborted) return;
    const measurement = this.#begin(signal);
    try {
      for await (const value of work(measurement)) {
        yield value;
        if (measurement.signal.aborted) return;
      }
    } catch (error) {
      if (!measurement.isStop(error)) throw await this.#failSafely(measurement, error);
    } finally {
      await this.#end(measurement);
    }
  }

  /**
   * Opens the cell and waits for the confirmation, whether a measurement is under way or not: one
   * whose stop has failed may still be running there.
   */
  async cellOff(): Promise<void> {
    const measurement = this.#current;
    if (!measurement) return this.#instrument.stopAndOpenCell();
    measurement.abandon();
    await measurement.openCell();
  }

  /** Stops a measurement that runs, where the instrument can still be reached, then closes. */
  async endAndClose(conversation: Conversation): Promise<void> {
    try {
      if (this.isUnderWay && conversation.isOpen) await this.cellOff();
    } finally {
      await conversation.close();
    }
  }

  #begin(signal: AbortSignal): Measurement {
    const where = this.#instrument.place;
    if (this.#current) {
      throw new Fault('instrumentUnable', { where, message: 'it is already measuring' });
    }
    const measurement = new Measurement(this.#instrument, signal);
    this.#current = measurement;
    return measurement;
  }

  /** The failure as a fault, after the cell has been opened; or saying that it could not be. */
  async #failSafely(measurement: Measurement, error: unknown): Promise<Fault> {
    const where = this.#instrument.place;
    const fault = asFault(error, where, 'instrumentReply');
    try {
      await measurement.makeSafe();
    } catch (second) {
      const message = `the cell could not be confirmed open: ${asFault(second, where).message}`;
      return new Fault(fault.code, [...fault.problems, { where, message }], fault);
    }
    return fault;
  }

  async #end(measurement: Measurement): Promise<void> {
    try {
      await measurement.makeSafe();
    } finally {
      this.#current = undefined;
    }
  }
}
