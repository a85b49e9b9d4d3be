import { EventEmitter } from 'node:events';
import firmata from 'firmata-io';
import five from 'johnny-five';
import type { Clock } from '../src/domain/clock.ts';
import { Fault, type FaultCode } from '../src/domain/fault.ts';
import type { Link } from './link.ts';

export interface FirmataBoardOptions {
  /** The board's name in the rig file. */
  readonly id: string;
  readonly link: Link;
  readonly clock: Clock;
  /** Seconds from the opening of the link to `ready`; a board that resets on opening needs 3. */
  readonly readyTimeoutSecond: number;
}

/** Direction of a pin, as Firmata numbers it. */
export const PIN_MODES = { input: 0, output: 1, analog: 2, pwm: 3, pullUp: 11 } as const;

/** firmata-io would ask for the version by itself only after this; we ask at once. */
const NEVER_MS = 2 ** 31 - 1;
const PIN_STATE_TIMEOUT_SECOND = 1;

interface Session {
  readonly io: InstanceType<typeof firmata.Firmata>;
  readonly board: InstanceType<typeof five.Board>;
  readonly unlisten: readonly (() => void)[];
}

/**
 * A microcontroller board that speaks Firmata, driven by johnny-five over one of our links: it
 * never opens a port itself. Whether the board is alive is not read from johnny-five's events,
 * which go on after the port has closed, but from the link. One session per `start`; johnny-five
 * keeps every Board object it ever made, so a reconnect costs a few kilobytes.
 */
export class FirmataBoard {
  readonly #options: FirmataBoardOptions;
  #session: Session | undefined;
  #damaged = 0;

  constructor(options: FirmataBoardOptions) {
    this.#options = options;
  }

  /** Firmware name the board reports: "StandardFirmata.ino"; empty before it is ready. */
  get firmwareName(): string {
    return this.#session?.io.firmware.name ?? '';
  }

  /** Times that firmata-io could not take what came. */
  get damagedMessages(): number {
    return this.#damaged;
  }

  get pinCount(): number {
    return this.#session?.io.pins.length ?? 0;
  }

  get isReady(): boolean {
    return this.#options.link.isOpen && this.#session?.board.isReady === true;
  }

  /**
   * Opens the link and waits until johnny-five knows the board's pins.
   * @throws Fault timeout, instrumentLost, or what the link's `open` throws
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#session) throw this.#fault('instrumentUnable', 'it is already started');
    const { link, id } = this.#options;
    const transport = new LinkTransport(link);
    const io = new firmata.Firmata(transport, { reportVersionTimeout: NEVER_MS });
    const board = new five.Board({ io, id, repl: false, debug: false, sigint: false });
    const session: Session = {
      io,
      board,
      unlisten: [
        link.onData((bytes) => this.#hear(io, transport, bytes)),
        link.onClose(() => transport.emit('close')),
      ],
    };
    this.#session = session;
    try {
      await link.open(signal);
      await this.#untilReady(session, transport, signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Lets go of johnny-five and closes the link. Idempotent. */
  async stop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) dispose(session);
    await this.#options.link.close();
  }

  /** @throws Fault instrumentLost, or badInput for a pin the board does not have */
  setMode(pin: number, mode: (typeof PIN_MODES)[keyof typeof PIN_MODES]): void {
    this.#ioFor(pin).pinMode(pin, mode);
  }

  /** Drives an output. Firmata does not acknowledge: see `readState`. */
  write(pin: number, value: 0 | 1): void {
    this.#ioFor(pin).digitalWrite(pin, value);
  }

  /** What the board itself says it drives the pin to. @throws Fault timeout, instrumentLost */
  readState(pin: number): Promise<number> {
    const io = this.#ioFor(pin);
    return this.#deadline(PIN_STATE_TIMEOUT_SECOND, `the state of pin ${pin}`, (done) => {
      io.queryPinState(pin, () => done(io.pins[pin]?.state ?? Number.NaN));
    });
  }

  /**
   * Firmata has no check sum, and firmata-io throws at a damaged message that names a pin which is
   * not there: noise on the line must not end the process that looks after the heater.
   */
  #hear(io: Session['io'], transport: EventEmitter, bytes: Uint8Array): void {
    try {
      transport.emit('data', bytes);
    } catch {
      this.#damaged += 1;
      // It would find the same bytes there again.
      io.buffer.length = 0;
    }
  }

  #untilReady({ board, io }: Session, transport: EventEmitter, signal: AbortSignal): Promise<void> {
    const { readyTimeoutSecond } = this.#options;
    const ask = (done: () => void): void => {
      board.once('ready', done);
      transport.emit('open');
      // The banner a board sends when it starts may have gone by before the link was open.
      io.reportVersion(() => {});
      io.queryFirmware(() => {});
    };
    return this.#deadline(readyTimeoutSecond, 'the answer of a Firmata board', ask, signal);
  }

  /** Waits for one answer, until the clock, the link or the signal says otherwise. */
  #deadline<T>(
    timeoutSecond: number,
    what: string,
    ask: (done: (value: T) => void) => void,
    signal?: AbortSignal,
  ): Promise<T> {
    const { clock, link } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => fail(signal?.reason);
      const cancelTimer = clock.after(timeoutSecond, () => {
        fail(this.#fault('timeout', `${what} did not come within ${timeoutSecond} s`));
      });
      const unlisten = link.onClose((reason) => fail(this.#fault('instrumentLost', reason)));
      const release = (): void => {
        cancelTimer();
        unlisten();
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (reason: unknown): void => {
        release();
        reject(reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        ask((value) => {
          release();
          resolve(value);
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  #ioFor(pin: number): Session['io'] {
    const session = this.#session;
    if (!session || !this.isReady) throw this.#fault('instrumentLost', 'it is not connected');
    if (session.io.pins[pin]) return session.io;
    const message = `there is no pin ${pin}: expected 0 to ${session.io.pins.length - 1}`;
    throw this.#fault('badInput', message);
  }

  #fault(code: FaultCode, message: string): Fault {
    return new Fault(code, {
      where: `board ${this.#options.id} on ${this.#options.link.name}`,
      message,
    });
  }
}

/** What firmata-io wants of a port: `write` with a callback, and the events open, data, close. */
class LinkTransport extends EventEmitter {
  readonly #link: Link;

  constructor(link: Link) {
    super();
    this.#link = link;
  }

  write(bytes: Uint8Array, onWritten?: () => void): void {
    this.#link.write(bytes);
    onWritten?.();
  }
}

/** Both packages keep real timers that would hold the process up. */
function dispose({ io, board, unlisten }: Session): void {
  for (const stop of unlisten) stop();
  clearTimeout(io.reportVersionTimeoutId);
  if (board.timer) clearTimeout(board.timer);
  board.timer = null;
  io.removeAllListeners();
  board.removeAllListeners();
}
