import { exchange, type Reply, type Request } from '../../firmware-bridge/exchange.ts';
import { LineChannel, type LineWait } from '../../firmware-bridge/line-channel.ts';
import type { LineFramerOptions } from '../../firmware-bridge/line-framer.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { OneAtATime } from '../../firmware-bridge/one-at-a-time.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { namingExpected } from './expected-instrument.ts';

/** Whom a session talks to, and over what. */
export interface SessionOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** How faults name the instrument: "potentiostat cell-7". */
  readonly place: string;
}

/** What is asked, with its signal where there is one. */
export type Question = Omit<Request, 'signal'> & { readonly signal: AbortSignal | undefined };

/** What is awaited, with its signal where there is one. */
export type Wait = Omit<LineWait, 'signal'> & { readonly signal: AbortSignal | undefined };

/**
 * Lines to and from one instrument whose replies carry no number that would tell them apart: what
 * belongs together takes its turn, and the next one waits.
 */
export class Conversation {
  readonly #place: string;
  readonly #clock: Clock;
  readonly #channel: LineChannel;
  readonly #turns = new OneAtATime();
  #lostReplies = 0;

  constructor({ link, clock, place }: SessionOptions, framer: LineFramerOptions) {
    this.#place = place;
    this.#clock = clock;
    this.#channel = new LineChannel({ link, clock, framer });
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** Bytes received since the opening that are part of no line. */
  get discardedBytes(): number {
    return this.#channel.discardedBytes;
  }

  /** Since the opening: of questions that were then asked again. */
  get lostReplies(): number {
    return this.#lostReplies;
  }

  /** @throws Fault instrumentMissing or instrumentLost */
  open(signal: AbortSignal): Promise<void> {
    this.#lostReplies = 0;
    return this.#channel.open(signal);
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.#channel.close();
  }

  /**
   * Opens and lets `work` find out who is there. After a failure it is closed; aborted half-way it
   * stays open, so that the command to open the cell still reaches the instrument.
   * @param options `expected` is what should be there: "a Keithley 2450"
   * @throws Fault instrumentMissing, instrumentLost, and what `work` throws; a timeout also says
   *   what was expected
   */
  async connect(
    { signal, expected }: { readonly signal: AbortSignal; readonly expected: () => string },
    work: () => Promise<void>,
  ): Promise<void> {
    await this.open(signal);
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) await this.close();
      throw namingExpected(error, this.#place, expected());
    }
  }

  /** Runs `work` when all that came before has ended. */
  takeTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work);
  }

  /** In a turn. @throws Fault instrumentLost when the link is closed */
  write(text: string): void {
    this.#channel.write(text);
  }

  /** The next line. @throws Fault timeout, instrumentLost or capacity; the signal's reason */
  next({ signal, ...wait }: Wait): Promise<string> {
    return this.#channel.next(signal ? { ...wait, signal } : wait);
  }

  /**
   * In a turn: one request and its reply.
   * @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come
   */
  async exchange({ signal, ...request }: Question): Promise<Reply> {
    const reply = await exchange(
      this.#channel,
      this.#clock,
      signal ? { ...request, signal } : request,
    );
    this.#lostReplies += reply.retries;
    return reply;
  }
}
