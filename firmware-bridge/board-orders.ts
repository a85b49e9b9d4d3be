import type { Clock } from '../src/domain/clock.ts';
import { Fault, type FaultCode } from '../src/domain/fault.ts';
import { crc16, encodeFields, type Values } from './board-message.ts';
import {
  CLEAR_FIELDS,
  COMMANDS,
  LIMIT_FIELDS,
  OUTPUT_FIELDS,
  REFUSALS,
  type REFUSED_FIELDS,
  type STATUS_FIELDS,
  TRIPS,
  type TripName,
} from './board-protocol.ts';
import { OneAtATime } from './one-at-a-time.ts';

export type BoardLimits = Values<typeof LIMIT_FIELDS>;
export type BoardStatus = Values<typeof STATUS_FIELDS>;
export interface BoardOutputs {
  /** Share of full power, 0 to 1, in steps of a thousandth. */
  readonly dutyFraction: number;
  readonly isRelayClosed: boolean;
}

/** The way to a board. */
export interface BoardWire {
  readonly clock: Clock;
  /** @throws Fault instrumentLost when the link is closed */
  send(command: number, payload: readonly number[]): void;
  /** A fault of this board. */
  fault(code: FaultCode, message: string): Fault;
}

/** What the board says of anything that it is told or asked comes within this. */
export const REPLY_TIMEOUT_SECOND = 0.5;
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
 * Orders to the board, one at a time: each is followed when a status says so, and remembered as
 * what the board was told, which its heartbeats repeat.
 */
export class BoardOrders {
  readonly #wire: BoardWire;
  readonly #turns = new OneAtATime();
  #limits: readonly number[] = [];
  #settings: readonly number[] = [];
  #waiting: Waiting | undefined;

  constructor(wire: BoardWire) {
    this.#wire = wire;
  }

  /** Check sum of all that the board was told. */
  get settingsCrc(): number {
    return crc16(this.#settings);
  }

  /** @throws Fault timeout or instrumentLost */
  askStatus(): Promise<BoardStatus> {
    return this.#order(COMMANDS.askStatus, [], () => true);
  }

  /** @throws Fault instrumentUnable when it refuses, naming why; timeout, instrumentLost */
  setLimits(limits: BoardLimits): Promise<BoardStatus> {
    return this.#turns.run(async () => {
      const payload = encodeFields(LIMIT_FIELDS, limits);
      return this.#unlessRefused({ limits: payload, settings: payload }, () =>
        this.#order(COMMANDS.setLimits, payload, hasSettings(payload)),
      );
    });
  }

  /** @throws Fault instrumentUnable when it refuses, naming why; timeout, instrumentLost */
  setOutputs({ dutyFraction, isRelayClosed }: BoardOutputs): Promise<BoardStatus> {
    return this.#turns.run(async () => {
      const duty = Math.round(dutyFraction * DUTY_FULL);
      const relay = isRelayClosed ? 1 : 0;
      const payload = encodeFields(OUTPUT_FIELDS, { duty, relay });
      const settings = [...this.#limits, ...payload];
      const isSet = hasSettings(settings);
      return this.#unlessRefused({ limits: this.#limits, settings }, () =>
        this.#order(
          COMMANDS.setOutputs,
          payload,
          (status) => isSet(status) && status.duty === duty && status.relay === relay,
        ),
      );
    });
  }

  /** @throws Fault instrumentUnable when it is another trip, or its cause is still there */
  clearTrip(name: TripName): Promise<BoardStatus> {
    return this.#turns.run(async () => {
      const payload = encodeFields(CLEAR_FIELDS, { reason: TRIPS[name] });
      return this.#unlessRefused({ limits: [], settings: [] }, () =>
        this.#order(COMMANDS.clearTrip, payload, (status) => status.trip === TRIPS.none),
      );
    });
  }

  takeRefusal({ command, reason }: Values<typeof REFUSED_FIELDS>): void {
    if (this.#waiting?.command === command) this.#waiting.refusal = reason;
  }

  takeStatus(status: BoardStatus): void {
    const waiting = this.#waiting;
    if (waiting?.refusal !== undefined) {
      const why = spoken(nameOf(REFUSALS, waiting.refusal));
      const trip =
        status.trip === TRIPS.none ? '' : ` (tripped: ${spoken(nameOf(TRIPS, status.trip))})`;
      const message = `it refused ${spoken(nameOf(COMMANDS, waiting.command))}: ${why}${trip}`;
      waiting.reject(this.#wire.fault('instrumentUnable', message));
    } else if (waiting?.isDone(status)) waiting.resolve(status);
  }

  /** The board is gone: what waits fails, and the next one was told nothing. */
  end(fault: Fault): void {
    this.#limits = [];
    this.#settings = [];
    this.#waiting?.reject(fault);
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

  /** Sends an order and waits for the status that says it was followed. */
  #order(
    command: number,
    payload: readonly number[],
    isDone: (status: BoardStatus) => boolean,
  ): Promise<BoardStatus> {
    const { clock } = this.#wire;
    return new Promise<BoardStatus>((resolve, reject) => {
      const settle = (): void => {
        cancel();
        this.#waiting = undefined;
      };
      const cancel = clock.after(REPLY_TIMEOUT_SECOND, () => {
        settle();
        const message = `${nameOf(COMMANDS, command)} was not followed within ${REPLY_TIMEOUT_SECOND} s`;
        reject(this.#wire.fault('timeout', message));
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
        this.#wire.send(command, payload);
      } catch (error) {
        settle();
        reject(error);
      }
    });
  }
}

/** True of a status that shows these settings, and no trip. */
function hasSettings(settings: readonly number[]): (status: BoardStatus) => boolean {
  const crc = crc16(settings);
  return (status) => status.settingsCrc === crc && status.trip === TRIPS.none;
}

function nameOf(table: Readonly<Record<string, number>>, code: number): string {
  return Object.entries(table).find(([, value]) => value === code)?.[0] ?? `number ${code}`;
}

/** thermometerFailed: thermometer failed. */
function spoken(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
