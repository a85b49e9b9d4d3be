import type { PlacedMoment } from '../../firmware-bridge/board-clock.ts';
import type { BoardLimits, BoardOutputs, BoardStatus } from '../../firmware-bridge/board-orders.ts';
import { SENSOR_BITS, STATES, TRIPS } from '../../firmware-bridge/board-protocol.ts';
import { OneAtATime } from '../../firmware-bridge/one-at-a-time.ts';
import type { BoardReport, OperandoBoard } from '../../firmware-bridge/operando-board.ts';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { Fault, type FaultCode } from '../../src/domain/fault.ts';
import type {
  ClearedBy,
  Guard,
  GuardListener,
  InstrumentInfo,
} from '../../src/domain/instrument.ts';
import { tripName, tripReason, tripRemedy } from './board-words.ts';

/** Each sensor reports ten times a second; the load cell's amplifier has its own beat. */
const FIRST_REPORTS_SECOND = 0.4;
/** An order may be lost on the wire once. */
const ATTEMPTS_MAX = 2;
const MS = 1000;
/** Numbers of pulses have fourteen bits. */
const PULSE_NUMBERS = 2 ** 14;
const OFF: BoardOutputs = { dutyFraction: 0, isRelayClosed: false };

export type ReportListener = (report: BoardReport, timeSecond: number) => void;

export interface SharedBoardOptions {
  readonly info: InstrumentInfo;
  readonly board: OperandoBoard;
  readonly clock: Clock;
  /** What the board holds to, from the rig and its calibrations. */
  readonly limits: BoardLimits;
  /** What lives at the other end where it is simulated. */
  readonly farEnd?: { start(): Promise<void>; stop(): Promise<void> };
}

/**
 * One operando board as the instruments of a rig share it: started by the first that connects,
 * stopped by the last that lets go. Limits are set before anything can be switched on; a trip
 * stays until a person has cleared it.
 */
export class SharedBoard implements Guard {
  readonly #options: SharedBoardOptions;
  readonly #holders = new Set<object>();
  readonly #listeners = new Set<GuardListener>();
  readonly #reports = new Set<ReportListener>();
  #starting: Promise<void> | undefined;
  #lost: Fault | undefined;
  #isGuarding = false;
  #toldTrip = false;
  #outputs = OFF;
  #pulses = 0;
  readonly #orders = new OneAtATime();
  #cleared: ClearedBy | undefined;
  #unlisten: () => void = () => {};

  constructor(options: SharedBoardOptions) {
    this.#options = options;
  }

  get info(): InstrumentInfo {
    return this.#options.info;
  }

  /** What the board last said of itself; undefined before it was started. */
  get status(): BoardStatus | undefined {
    return this.#options.board.status;
  }

  listen(listener: GuardListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  permitClearing(cleared: ClearedBy): void {
    this.#cleared = cleared;
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.acquire(this, signal);
  }

  disconnect(): Promise<void> {
    return this.release(this);
  }

  /** Every report of the sensors, while the board is held by anyone. */
  listenReports(listener: ReportListener): () => void {
    this.#reports.add(listener);
    return () => this.#reports.delete(listener);
  }

  /**
   * Starts the board for the first holder. @param holder told apart from the others by identity
   * @throws Fault interlock with the trip it was found with; instrumentLost, timeout,
   *   instrumentUnable when it is another board or refuses its limits
   */
  async acquire(holder: object, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#lost) throw this.#lost;
    this.#holders.add(holder);
    this.#starting ??= this.#start(signal);
    try {
      await this.#starting;
    } catch (error) {
      await this.release(holder);
      throw error;
    }
  }

  /** The last one to let go stops it, outputs off. Idempotent. */
  async release(holder: object): Promise<void> {
    if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
    const wasStarted = this.#isGuarding;
    this.#isGuarding = false;
    this.#starting = undefined;
    this.#unlisten();
    const { board, farEnd } = this.#options;
    try {
      // In its turn, after any order that is still under way.
      if (wasStarted && !this.#lost) await this.setOutputs(OFF);
    } finally {
      this.#outputs = OFF;
      this.#lost = undefined;
      await board.stop();
      await farEnd?.stop();
    }
  }

  /**
   * Changes what is given of the outputs and leaves the other as it is.
   * @returns what the board says that it drives now
   * @throws Fault instrumentLost, timeout; instrumentUnable with its reason when it refuses
   */
  setOutputs(change: Partial<BoardOutputs>): Promise<BoardStatus> {
    return this.#orders.run(async () => {
      const wanted = { ...this.#outputs, ...change };
      const status = await this.#order(wanted, isOff(change));
      // A trip may have been heard in the same breath: then nothing is wanted any more.
      if (this.#options.board.status?.trip === TRIPS.none) this.#outputs = wanted;
      return status;
    });
  }

  /**
   * One pulse on the trigger pin. @returns when its edge rose
   * @throws Fault timeout, instrumentLost; instrumentUnable before the clocks were compared
   */
  trigger(widthSecond: number): Promise<PlacedMoment> {
    this.#pulses = (this.#pulses + 1) % PULSE_NUMBERS;
    return this.#options.board.trigger(this.#pulses, Math.round(widthSecond * MS));
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { board, farEnd } = this.#options;
    this.#toldTrip = false;
    this.#unlisten = board.listen({
      onReport: (report, timeSecond) => {
        for (const one of [...this.#reports]) one(report, timeSecond);
      },
      onStatus: (status) => this.#hearStatus(status),
      onLost: (fault) => this.#lose(fault),
    });
    await farEnd?.start();
    await board.start(signal);
    await this.#clearFoundTrip();
    await this.#setLimits();
    this.#isGuarding = true;
  }

  /** Power-on is what the start of a run answers to; any other trip has a person to answer for. */
  async #clearFoundTrip(): Promise<void> {
    const { board } = this.#options;
    // Good for one connection: it was given for what was seen before it.
    const cleared = this.#cleared;
    this.#cleared = undefined;
    const code = board.status?.trip ?? TRIPS.none;
    if (code === TRIPS.none) return;
    const name = tripName(code);
    if (name === undefined || (name !== 'powerOn' && !cleared)) {
      throw this.#fault(
        'interlock',
        `it has switched off ${tripReason(code)}, and stays off: ${tripRemedy(code)}, then clear it with "operando board clear"`,
      );
    }
    try {
      await board.clearTrip(name);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'instrumentUnable') throw error;
      const message = `it has switched off ${tripReason(code)}, and its cause is still there: ${tripRemedy(code)}`;
      throw this.#fault('interlock', message, error);
    }
    const why =
      name === 'powerOn' || !cleared
        ? 'by the start of its use'
        : `by ${cleared.by}: ${cleared.reason}`;
    this.#note(`${this.info.id} had switched off ${tripReason(code)}; it was cleared ${why}.`);
  }

  async #setLimits(): Promise<void> {
    const { board, clock, limits } = this.#options;
    await board.setLimits(limits);
    // Nothing may be switched on before each sensor was seen once.
    await sleep(clock, FIRST_REPORTS_SECOND);
  }

  /** @param onlyOff true when what is asked for switches nothing on, whatever else was wanted */
  async #order(wanted: BoardOutputs, onlyOff: boolean): Promise<BoardStatus> {
    const { board } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#lost) throw this.#lost;
      try {
        return await board.setOutputs(wanted);
      } catch (error) {
        const { status } = board;
        if (!(error instanceof Fault) || !status) throw error;
        const isRefused = error.code === 'instrumentUnable';
        // A board that refuses because it is off by itself has done what was wanted.
        if (isRefused && onlyOff && status.state !== STATES.energised) return status;
        if (attempt >= ATTEMPTS_MAX) throw error;
        if (isRefused && status.state === STATES.idle) {
          // This computer was silent for a moment while nothing was on: the limits went.
          await this.#setLimits();
        } else if (error.code !== 'timeout') throw error;
      }
    }
  }

  #hearStatus(status: BoardStatus): void {
    if (status.trip === TRIPS.none) return;
    this.#outputs = OFF;
    if (!this.#isGuarding || this.#toldTrip) return;
    this.#toldTrip = true;
    const message = `${this.info.id} has switched heater and cell off by itself ${tripReason(status.trip)}`;
    for (const one of [...this.#listeners]) one.onTrip(message);
  }

  #lose(fault: Fault): void {
    this.#lost = fault;
    this.#outputs = OFF;
    if (!this.#isGuarding) return;
    for (const one of [...this.#listeners]) one.onLost(fault);
  }

  #note(message: string): void {
    for (const one of [...this.#listeners]) one.onNote(message);
  }

  #fault(code: FaultCode, message: string, cause?: unknown): Fault {
    return new Fault(code, { where: `board ${this.info.id}`, message }, cause);
  }
}

/** Whether a sensor's value in a report is new and sound. */
export function isFresh(report: BoardReport, sensor: keyof typeof SENSOR_BITS): boolean {
  return Boolean(report.fresh & (1 << SENSOR_BITS[sensor]));
}

function isOff({ dutyFraction = 0, isRelayClosed = false }: Partial<BoardOutputs>): boolean {
  return dutyFraction === 0 && !isRelayClosed;
}
