import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault, type FaultCode } from '../src/domain/fault.ts';
import type { PlacedMoment } from './board-clock.ts';
import {
  decodeFields,
  decodeMessage,
  encodeFields,
  encodeMessage,
  type Values,
} from './board-message.ts';
import { BoardMoments } from './board-moments.ts';
import {
  type BoardLimits,
  BoardOrders,
  type BoardOutputs,
  type BoardStatus,
  type BoardWire,
} from './board-orders.ts';
import {
  COMMANDS,
  type Field,
  HEARTBEAT_FIELDS,
  MOMENT_FIELDS,
  PROTOCOL_VERSION,
  REFUSED_FIELDS,
  SENSOR_FIELDS,
  STATUS_FIELDS,
  TOKEN_FIELDS,
  type TripName,
} from './board-protocol.ts';
import { FirmataBoard } from './firmata-board.ts';
import type { Link } from './link.ts';
import { SilenceWatch } from './silence-watch.ts';
import { SysexFramer } from './sysex-framer.ts';

export type BoardReport = Values<typeof SENSOR_FIELDS>;

export interface OperandoBoardOptions {
  /** The board's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
}

/** What a listener hears. */
export interface BoardListener {
  onReport?(report: BoardReport, timeSecond: number): void;
  onStatus?(status: BoardStatus): void;
  onDetectorEdge?(number: number, moment: PlacedMoment): void;
  /** Once for each start that succeeded: nothing more comes. */
  onLost?(fault: Fault): void;
}

const READY_TIMEOUT_SECOND = 5;
/** Of the board's 950 ms at the most: three may be lost. */
const HEARTBEAT_EVERY_SECOND = 0.2;
/**
 * The board reports ten times a second. Data older than this are no sign of a board: johnny-five
 * would go on repeating the last.
 */
const SILENCE_SECOND_MAX = 1;
const COMPARE_EVERY_SECOND = 1;
const COUNTERS = 2 ** 14;

/**
 * The operando board with its own firmware: johnny-five knows its free pins, this class all that
 * safety depends on. While started it sends heartbeats; the board switches everything off by
 * itself without them. Nothing here ever switches an output on again that the board has tripped.
 */
export class OperandoBoard {
  readonly #options: OperandoBoardOptions;
  readonly #firmata: FirmataBoard;
  readonly #listeners = new Set<BoardListener>();
  readonly #framer = new SysexFramer();
  readonly #orders: BoardOrders;
  readonly #moments: BoardMoments;
  readonly #silence: SilenceWatch;
  #status: BoardStatus | undefined;
  #counter = 0;
  #damaged = 0;
  #timers: CancelTimer[] = [];
  #unlisten: (() => void)[] = [];
  #isStarted = false;
  /** From a `start` that has succeeded to its end; before that its failure tells what is wrong. */
  #isInService = false;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: OperandoBoardOptions) {
    this.#options = options;
    this.#firmata = new FirmataBoard({ ...options, readyTimeoutSecond: READY_TIMEOUT_SECOND });
    const wire: BoardWire = {
      clock: options.clock,
      send: (command, payload) => this.#send(command, payload),
      fault: (code, message) => this.#fault(code, message),
    };
    this.#orders = new BoardOrders(wire);
    this.#moments = new BoardMoments(wire);
    this.#silence = new SilenceWatch(
      { clock: options.clock, silenceSecondMax: SILENCE_SECOND_MAX },
      (reason) => this.#lose(reason),
    );
  }

  /** The johnny-five side: the free pins. */
  get firmata(): FirmataBoard {
    return this.#firmata;
  }

  /** What it last said of itself; undefined before `start`. */
  get status(): BoardStatus | undefined {
    return this.#status;
  }

  /** Messages of the board whose check sum was wrong, or that johnny-five could not take. */
  get damagedMessages(): number {
    return this.#damaged + this.#firmata.damagedMessages;
  }

  listen(listener: BoardListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Opens the link, waits until johnny-five is ready and the board has said what state it is in.
   * A trip that it finds stays: see `clearTrip`.
   * @throws Fault timeout, instrumentLost, or instrumentUnable when it speaks another version
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#isStarted) throw this.#fault('instrumentUnable', 'it is already started');
    const { link } = this.#options;
    this.#isStarted = true;
    await this.#closing;
    if (!this.#isStarted) throw this.#fault('instrumentLost', 'it was stopped');
    this.#status = undefined;
    this.#unlisten = [
      link.onData((bytes) => this.#hear(bytes)),
      link.onClose((reason) => this.#lose(reason)),
    ];
    try {
      await this.#firmata.start(signal);
      const status = await this.#orders.askStatus();
      this.#refuseOtherVersion(status);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#isInService = true;
    this.#beat();
    this.#compareClocks();
    this.#silence.restart();
  }

  /** Lets go of the board, which then switches off by itself if anything is on. Idempotent. */
  async stop(): Promise<void> {
    this.#end('it was stopped');
    await this.#closing;
    await this.#firmata.stop();
  }

  /**
   * What the board itself holds to from now on. All outputs must be off.
   * @throws Fault instrumentUnable when it refuses, naming why; timeout, instrumentLost
   */
  setLimits(limits: BoardLimits): Promise<BoardStatus> {
    return this.#orders.setLimits(limits);
  }

  /**
   * Sets heater and cell relay, and waits until the board says that it drives them so.
   * @throws Fault instrumentUnable when it refuses, naming why; timeout, instrumentLost
   */
  setOutputs(outputs: BoardOutputs): Promise<BoardStatus> {
    return this.#orders.setOutputs(outputs);
  }

  /**
   * Ends a trip that a person has seen and given a reason for. Outputs stay off; limits must be
   * set again.
   * @throws Fault instrumentUnable when it is another trip, or its cause is still there
   */
  clearTrip(name: TripName): Promise<BoardStatus> {
    return this.#orders.clearTrip(name);
  }

  /**
   * One pulse on the trigger pin.
   * @returns when its edge rose @throws Fault timeout when the board does not say so
   */
  trigger(number: number, widthMs: number): Promise<PlacedMoment> {
    return this.#moments.pulse(number, widthMs);
  }

  #hear(bytes: Uint8Array): void {
    for (const bytesOfOne of this.#framer.push(bytes)) {
      const [command = 0] = bytesOfOne;
      // Firmata's own messages have commands above the user range.
      if (command > COMMANDS.refused) continue;
      const message = decodeMessage(bytesOfOne);
      if (message) this.#take(message.command, message.payload);
      else this.#damaged += 1;
    }
  }

  #take(command: number, payload: Uint8Array): void {
    if (this.#timers.length > 0) this.#silence.restart();
    switch (command) {
      case COMMANDS.sensors:
        this.#decoded(SENSOR_FIELDS, payload, (report) => {
          const timeSecond = this.#options.clock.nowSecond();
          for (const one of this.#listeners) one.onReport?.(report, timeSecond);
        });
        break;
      case COMMANDS.status:
        this.#decoded(STATUS_FIELDS, payload, (status) => this.#takeStatus(status));
        break;
      case COMMANDS.refused:
        this.#decoded(REFUSED_FIELDS, payload, (refused) => this.#orders.takeRefusal(refused));
        break;
      case COMMANDS.triggered:
        this.#decoded(MOMENT_FIELDS, payload, (pulse) => this.#moments.takePulse(pulse));
        break;
      case COMMANDS.detectorEdge:
        this.#decoded(MOMENT_FIELDS, payload, (edge) => {
          const moment = this.#moments.place(edge);
          if (moment) for (const one of this.#listeners) one.onDetectorEdge?.(edge.number, moment);
        });
        break;
      case COMMANDS.time:
        this.#decoded(MOMENT_FIELDS, payload, (time) => this.#moments.takeTime(time));
        break;
    }
  }

  #decoded<F extends readonly Field[]>(
    fields: F,
    payload: Uint8Array,
    use: (values: Values<F>) => void,
  ): void {
    const values = decodeFields(fields, payload);
    if (values) use(values);
    else this.#damaged += 1;
  }

  #takeStatus(status: BoardStatus): void {
    this.#status = status;
    this.#orders.takeStatus(status);
    for (const one of this.#listeners) one.onStatus?.(status);
  }

  #beat(): void {
    this.#counter = (this.#counter + 1) % COUNTERS;
    const values = { counter: this.#counter, settingsCrc: this.#orders.settingsCrc };
    if (!this.#trySend(COMMANDS.heartbeat, encodeFields(HEARTBEAT_FIELDS, values))) return;
    this.#repeat(HEARTBEAT_EVERY_SECOND, () => this.#beat());
  }

  #compareClocks(): void {
    const token = this.#counter;
    this.#moments.expectTime(token);
    if (!this.#trySend(COMMANDS.askTime, encodeFields(TOKEN_FIELDS, { token }))) return;
    this.#repeat(COMPARE_EVERY_SECOND, () => this.#compareClocks());
  }

  #repeat(afterSecond: number, act: () => void): void {
    const cancel = this.#options.clock.after(afterSecond, () => {
      this.#timers = this.#timers.filter((one) => one !== cancel);
      act();
    });
    this.#timers.push(cancel);
  }

  /** A link that has just gone says so itself, by its close. */
  #trySend(command: number, payload: readonly number[]): boolean {
    if (!this.#options.link.isOpen) return false;
    this.#send(command, payload);
    return true;
  }

  #send(command: number, payload: readonly number[]): void {
    this.#options.link.write(encodeMessage(command, payload));
  }

  #lose(reason: string): void {
    if (!this.#isStarted) return;
    const isNews = this.#isInService;
    const fault = this.#end(reason);
    // Whoever starts it again waits for the end of this.
    this.#closing = this.#firmata.stop();
    if (!isNews) return;
    for (const one of [...this.#listeners]) one.onLost?.(fault);
  }

  /** Ends what waits and what repeats; says with what fault. */
  #end(reason: string): Fault {
    const fault = this.#fault('instrumentLost', reason);
    this.#isStarted = false;
    this.#isInService = false;
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    this.#silence.stop();
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [];
    this.#orders.end(fault);
    return fault;
  }

  #refuseOtherVersion({ protocol }: BoardStatus): void {
    if (protocol === PROTOCOL_VERSION) return;
    const message = `its firmware speaks version ${protocol}, expected ${PROTOCOL_VERSION}: load firmware-bridge/firmware/board.hex`;
    throw this.#fault('instrumentUnable', message);
  }

  #fault(code: FaultCode, message: string): Fault {
    const { id, link } = this.#options;
    return new Fault(code, { where: `board ${id} on ${link.name}`, message });
  }
}
