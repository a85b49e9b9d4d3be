import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault, type FaultCode } from '../src/domain/fault.ts';
import { BoardClock, type PlacedMoment } from './board-clock.ts';
import {
  crc16,
  decodeFields,
  decodeMessage,
  encodeFields,
  encodeMessage,
  type Values,
} from './board-message.ts';
import {
  CLEAR_FIELDS,
  COMMANDS,
  type Field,
  HEARTBEAT_FIELDS,
  LIMIT_FIELDS,
  MOMENT_FIELDS,
  OUTPUT_FIELDS,
  PROTOCOL_VERSION,
  REFUSALS,
  REFUSED_FIELDS,
  SENSOR_FIELDS,
  STATUS_FIELDS,
  TOKEN_FIELDS,
  TRIGGER_FIELDS,
  TRIPS,
  type TripName,
} from './board-protocol.ts';
import { FirmataBoard } from './firmata-board.ts';
import type { Link } from './link.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { SysexFramer } from './sysex-framer.ts';

export type BoardLimits = Values<typeof LIMIT_FIELDS>;
export type BoardStatus = Values<typeof STATUS_FIELDS>;
export type BoardReport = Values<typeof SENSOR_FIELDS>;
export interface BoardOutputs {
  /** Share of full power, 0 to 1, in steps of a thousandth. */
  readonly dutyFraction: number;
  readonly isRelayClosed: boolean;
}

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
/** The board reports ten times a second. */
const SILENCE_SECOND_MAX = 1;
const REPLY_TIMEOUT_SECOND = 0.5;
const COMPARE_EVERY_SECOND = 1;
/** Ten bits for each byte, at the speed that the firmware is made for. */
export const BAUD_RATE = 57_600;
const BYTE_SECOND = 10 / BAUD_RATE;
/** Marks, command and check sum, besides the payload. */
const FRAME_BYTES = 6;
const QUESTION_BYTES = FRAME_BYTES + 2;
const ANSWER_BYTES = FRAME_BYTES + 7;
const COUNTERS = 2 ** 14;
const DUTY_FULL = 1000;

interface Waiting {
  readonly command: number;
  readonly isDone: (status: BoardStatus) => boolean;
  readonly resolve: (status: BoardStatus) => void;
  readonly reject: (fault: Fault) => void;
  /** The last thing it was told in refusal; a status follows every refusal. */
  refusal: number | undefined;
}

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
  readonly #clock = new BoardClock();
  readonly #moments = new Map<number, (boardUs: number) => void>();
  readonly #questions = new Map<number, number>();
  #limits: readonly number[] = [];
  #settings: readonly number[] = [];
  #status: BoardStatus | undefined;
  #waiting: Waiting | undefined;
  readonly #turns = new OneAtATime();
  #counter = 0;
  #damaged = 0;
  #timers: CancelTimer[] = [];
  #cancelSilence: CancelTimer | undefined;
  #unlisten: (() => void)[] = [];
  #isStarted = false;
  /** From a `start` that has succeeded to its end; before that its failure tells what is wrong. */
  #isInService = false;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: OperandoBoardOptions) {
    this.#options = options;
    this.#firmata = new FirmataBoard({ ...options, readyTimeoutSecond: READY_TIMEOUT_SECOND });
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
      const status = await this.#order(COMMANDS.askStatus, [], () => true);
      this.#refuseOtherVersion(status);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#isInService = true;
    this.#beat();
    this.#compareClocks();
    this.#watchSilence();
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
    return this.#turns.run(async () => {
      const payload = encodeFields(LIMIT_FIELDS, limits);
      return this.#unlessRefused({ limits: payload, settings: payload }, () =>
        this.#order(COMMANDS.setLimits, payload, this.#hasSettings(payload)),
      );
    });
  }

  /**
   * Sets heater and cell relay, and waits until the board says that it drives them so.
   * @throws Fault instrumentUnable when it refuses, naming why; timeout, instrumentLost
   */
  setOutputs({ dutyFraction, isRelayClosed }: BoardOutputs): Promise<BoardStatus> {
    return this.#turns.run(async () => {
      const duty = Math.round(dutyFraction * DUTY_FULL);
      const relay = isRelayClosed ? 1 : 0;
      const payload = encodeFields(OUTPUT_FIELDS, { duty, relay });
      const settings = [...this.#limits, ...payload];
      const isSet = this.#hasSettings(settings);
      return this.#unlessRefused({ limits: this.#limits, settings }, () =>
        this.#order(
          COMMANDS.setOutputs,
          payload,
          (status) => isSet(status) && status.duty === duty && status.relay === relay,
        ),
      );
    });
  }

  /**
   * Ends a trip that a person has seen and given a reason for. Outputs stay off; limits must be
   * set again.
   * @throws Fault instrumentUnable when it is another trip, or its cause is still there
   */
  clearTrip(name: TripName): Promise<BoardStatus> {
    return this.#turns.run(async () => {
      const payload = encodeFields(CLEAR_FIELDS, { reason: TRIPS[name] });
      return this.#unlessRefused({ limits: [], settings: [] }, () =>
        this.#order(COMMANDS.clearTrip, payload, (status) => status.trip === TRIPS.none),
      );
    });
  }

  /**
   * One pulse on the trigger pin.
   * @returns when its edge rose @throws Fault timeout when the board does not say so
   */
  trigger(number: number, widthMs: number): Promise<PlacedMoment> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(REPLY_TIMEOUT_SECOND, () => {
        this.#moments.delete(number);
        const message = `pulse ${number} was not confirmed within ${REPLY_TIMEOUT_SECOND} s`;
        reject(this.#fault('timeout', message));
      });
      this.#moments.set(number, (boardUs) => {
        cancel();
        const moment = this.#clock.place(boardUs);
        if (moment) resolve(moment);
        else reject(this.#fault('instrumentUnable', 'its clock was not compared yet'));
      });
      this.#send(COMMANDS.trigger, encodeFields(TRIGGER_FIELDS, { number, widthMs }));
    });
  }

  /** Heartbeats say what the board was told; where it refused, it still has what it had. */
  async #unlessRefused(
    told: { readonly limits: readonly number[]; readonly settings: readonly number[] },
    order: () => Promise<BoardStatus>,
  ): Promise<BoardStatus> {
    const before = { limits: this.#limits, settings: this.#settings };
    this.#limits = told.limits;
    this.#settings = told.settings;
    try {
      return await order();
    } catch (error) {
      if (error instanceof Fault && error.code === 'instrumentUnable') {
        this.#limits = before.limits;
        this.#settings = before.settings;
      }
      throw error;
    }
  }

  #hasSettings(settings: readonly number[]): (status: BoardStatus) => boolean {
    const crc = crc16(settings);
    return (status) => status.settingsCrc === crc && status.trip === TRIPS.none;
  }

  /** Sends an order and waits for the status that says it was followed. */
  #order(
    command: number,
    payload: readonly number[],
    isDone: (status: BoardStatus) => boolean,
  ): Promise<BoardStatus> {
    const { clock } = this.#options;
    return new Promise<BoardStatus>((resolve, reject) => {
      const settle = (): void => {
        cancel();
        this.#waiting = undefined;
      };
      const cancel = clock.after(REPLY_TIMEOUT_SECOND, () => {
        settle();
        const message = `${nameOf(COMMANDS, command)} was not followed within ${REPLY_TIMEOUT_SECOND} s`;
        reject(this.#fault('timeout', message));
      });
      this.#waiting = {
        command,
        isDone,
        refusal: undefined,
        resolve: (status) => {
          settle();
          resolve(status);
        },
        reject: (fault) => {
          settle();
          reject(fault);
        },
      };
      try {
        this.#send(command, payload);
      } catch (error) {
        settle();
        reject(error);
      }
    });
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
    const { clock } = this.#options;
    if (this.#timers.length > 0) this.#watchSilence();
    switch (command) {
      case COMMANDS.sensors:
        this.#decoded(SENSOR_FIELDS, payload, (report) => {
          for (const one of this.#listeners) one.onReport?.(report, clock.nowSecond());
        });
        break;
      case COMMANDS.status:
        this.#decoded(STATUS_FIELDS, payload, (status) => this.#takeStatus(status));
        break;
      case COMMANDS.refused:
        this.#decoded(REFUSED_FIELDS, payload, (refused) => {
          if (this.#waiting?.command === refused.command) this.#waiting.refusal = refused.reason;
        });
        break;
      case COMMANDS.triggered:
        this.#decoded(MOMENT_FIELDS, payload, ({ number, timeUs }) => {
          this.#moments.get(number)?.(timeUs);
          this.#moments.delete(number);
        });
        break;
      case COMMANDS.detectorEdge:
        this.#decoded(MOMENT_FIELDS, payload, ({ number, timeUs }) => {
          const moment = this.#clock.place(timeUs);
          if (moment) for (const one of this.#listeners) one.onDetectorEdge?.(number, moment);
        });
        break;
      case COMMANDS.time:
        this.#decoded(MOMENT_FIELDS, payload, ({ number, timeUs }) => {
          const sentSecond = this.#questions.get(number);
          this.#questions.clear();
          if (sentSecond === undefined) return;
          this.#clock.compare({
            sentSecond,
            heardSecond: clock.nowSecond(),
            questionSecond: QUESTION_BYTES * BYTE_SECOND,
            answerSecond: ANSWER_BYTES * BYTE_SECOND,
            boardUs: timeUs,
          });
        });
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
    const waiting = this.#waiting;
    if (waiting?.refusal !== undefined) {
      const why = spoken(nameOf(REFUSALS, waiting.refusal));
      const trip =
        status.trip === TRIPS.none ? '' : ` (tripped: ${spoken(nameOf(TRIPS, status.trip))})`;
      const message = `it refused ${spoken(nameOf(COMMANDS, waiting.command))}: ${why}${trip}`;
      waiting.reject(this.#fault('instrumentUnable', message));
    } else if (waiting?.isDone(status)) waiting.resolve(status);
    for (const one of this.#listeners) one.onStatus?.(status);
  }

  #beat(): void {
    this.#counter = (this.#counter + 1) % COUNTERS;
    const values = { counter: this.#counter, settingsCrc: crc16(this.#settings) };
    if (!this.#trySend(COMMANDS.heartbeat, encodeFields(HEARTBEAT_FIELDS, values))) return;
    this.#repeat(HEARTBEAT_EVERY_SECOND, () => this.#beat());
  }

  #compareClocks(): void {
    const token = this.#counter;
    this.#questions.clear();
    this.#questions.set(token, this.#options.clock.nowSecond());
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

  /** Data older than this are no sign of a board: johnny-five would go on repeating the last. */
  #watchSilence(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.#options.clock.after(SILENCE_SECOND_MAX, () => {
      this.#lose(`nothing was received for ${SILENCE_SECOND_MAX} s`);
    });
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
    this.#cancelSilence?.();
    this.#cancelSilence = undefined;
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [];
    this.#limits = [];
    this.#settings = [];
    this.#waiting?.reject(fault);
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

function nameOf(table: Readonly<Record<string, number>>, code: number): string {
  return Object.entries(table).find(([, value]) => value === code)?.[0] ?? `number ${code}`;
}

/** thermometerFailed: thermometer failed. */
function spoken(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
