import assert from 'node:assert';
import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import { LineFramer, type LineFramerOptions } from './line-framer.ts';
import type { Link } from './link.ts';

/** Lines received and not yet read. More means the reader is stuck: reading then fails. */
const WAITING_LINES_MAX = 10_000;

export interface LineWait {
  /** Seconds on the clock until the wait ends in a Fault timeout. */
  readonly timeoutSecond: number;
  /** What is awaited, for the message: "the reply to t". */
  readonly waitingFor: string;
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly resolve: (line: string) => void;
  readonly reject: (reason: unknown) => void;
  readonly cancel: () => void;
}

/**
 * Lines over a link: writes text, and reads one line at a time with a deadline. There is one
 * reader; lines that nobody has asked for wait in a bounded queue.
 */
export class LineChannel {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #framerOptions: LineFramerOptions;
  readonly #encoder = new TextEncoder();
  #framer: LineFramer;
  #lines: string[] = [];
  #waiter: Waiter | undefined;
  #closedReason: string | undefined = 'not opened yet';
  #overflowed = false;
  #unlisten: (() => void)[] = [];

  constructor(options: { link: Link; clock: Clock; framer: LineFramerOptions }) {
    this.#link = options.link;
    this.#clock = options.clock;
    this.#framerOptions = options.framer;
    this.#framer = new LineFramer(options.framer);
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen && this.#closedReason === undefined;
  }

  /** Bytes received since the opening that are part of no line. */
  get discardedBytes(): number {
    return this.#framer.discardedBytes;
  }

  /** Opens the link. @throws Fault instrumentMissing or instrumentLost */
  async open(signal: AbortSignal): Promise<void> {
    if (this.isOpen) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is already open' });
    }
    this.#framer = new LineFramer(this.#framerOptions);
    this.#lines = [];
    this.#overflowed = false;
    this.#closedReason = undefined;
    this.#unlisten = [
      this.#link.onData((bytes) => this.#hear(bytes)),
      this.#link.onClose((reason) => this.#lose(reason)),
    ];
    try {
      await this.#link.open(signal);
    } catch (error) {
      this.#lose('it could not be opened');
      throw error;
    }
  }

  /** Closes the link; a pending read ends in a Fault instrumentLost. Idempotent. */
  async close(): Promise<void> {
    this.#lose('closed by the driver');
    await this.#link.close();
  }

  /** @throws Fault instrumentLost when the link is closed */
  write(text: string): void {
    if (this.#closedReason !== undefined) throw this.#lostFault();
    this.#link.write(this.#encoder.encode(text));
  }

  /** Forgets the lines that wait to be read, and says how many they were. */
  discardWaiting(): number {
    const count = this.#lines.length;
    this.#lines = [];
    return count;
  }

  /**
   * The next line, without its LF.
   * @throws Fault timeout, instrumentLost or capacity; the signal's reason when it aborts
   */
  async next(wait: LineWait): Promise<string> {
    assert(!this.#waiter, `two readers wait for a line of ${this.name}`);
    wait.signal?.throwIfAborted();
    if (this.#overflowed) throw this.#overflowFault();
    const line = this.#lines.shift();
    if (line !== undefined) return line;
    if (this.#closedReason !== undefined) throw this.#lostFault();
    return this.#wait(wait);
  }

  #wait(wait: LineWait): Promise<string> {
    // Taken here because the stack of a timer callback does not say who was waiting.
    const askedHere = new Error(`waited for ${wait.waitingFor}`);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#settle((waiter) => waiter.reject(wait.signal?.reason));
      const cancelTimer: CancelTimer = this.#clock.after(wait.timeoutSecond, () => {
        const message = `${wait.waitingFor} did not come within ${wait.timeoutSecond} s`;
        const fault = new Fault('timeout', { where: this.name, message }, askedHere);
        this.#settle((waiter) => waiter.reject(fault));
      });
      const cancel = (): void => {
        cancelTimer();
        wait.signal?.removeEventListener('abort', onAbort);
      };
      wait.signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiter = { resolve, reject, cancel };
    });
  }

  #settle(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    this.#waiter = undefined;
    waiter.cancel();
    how(waiter);
  }

  #hear(bytes: Uint8Array): void {
    for (const line of this.#framer.push(bytes)) {
      if (this.#waiter) this.#settle((waiter) => waiter.resolve(line));
      else if (this.#lines.length < WAITING_LINES_MAX) this.#lines.push(line);
      else this.#overflowed = true;
    }
  }

  #lose(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#closedReason = reason;
    for (const unlisten of this.#unlisten) unlisten();
    this.#settle((waiter) => waiter.reject(this.#lostFault()));
  }

  #lostFault(): Fault {
    const message = `the connection is closed: ${this.#closedReason}`;
    return new Fault('instrumentLost', { where: this.name, message });
  }

  #overflowFault(): Fault {
    const message = `more than ${WAITING_LINES_MAX} lines came that were not read in time`;
    return new Fault('capacity', { where: this.name, message });
  }
}
