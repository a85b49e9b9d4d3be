import { exchange } from '../../firmware-bridge/exchange.ts';
import { LineChannel } from '../../firmware-bridge/line-channel.ts';
import type { Link } from '../../firmware-bridge/link.ts';
import { OneAtATime } from '../../firmware-bridge/one-at-a-time.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { describeScpiError, parseScpiError, type ScpiError } from './keithley-errors.ts';

/** Longest line an instrument sends: an error text, or one reading. */
const LINE_LENGTH_MAX = 512;
const REPLY_TIMEOUT_SECOND = 2;
/** A 2400 that measures answers nothing before it has been aborted and has finished its reading. */
const IDENTITY_TIMEOUT_SECOND = 2.5;
/** Of questions that change nothing. */
const RETRIES_MAX = 2;
/** Over RS-232 without flow control no more than this may be on its way unanswered. */
const MESSAGE_LENGTH_MAX = 200;
/** Entries of an error queue that are read before it counts as broken; a 2400 keeps 10. */
const ERRORS_MAX = 64;

const OFF = ':ABOR;:OUTP:SMOD HIMP;:OUTP OFF';
const ERROR_QUERY = ':SYST:ERR?';
const IDENTITY = /^"?KEITHLEY/i;

/**
 * A conversation in SCPI: commands in groups that are each answered by the state of the error
 * queue, and questions. Conversations wait for each other, because replies carry no number that
 * would tell them apart.
 */
export class KeithleySession {
  readonly #place: string;
  readonly #clock: Clock;
  readonly #channel: LineChannel;
  readonly #turns = new OneAtATime();
  #lostReplies = 0;

  /** @param options `place` is how faults name the instrument: "potentiostat cell-7". */
  constructor({ link, clock, place }: { link: Link; clock: Clock; place: string }) {
    this.#place = place;
    this.#clock = clock;
    // The framer leaves out CR, so the terminators LF and CR LF are both understood.
    this.#channel = new LineChannel({ link, clock, framer: { lengthMax: LINE_LENGTH_MAX } });
  }

  get place(): string {
    return this.#place;
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

  open(signal: AbortSignal): Promise<void> {
    this.#lostReplies = 0;
    return this.#channel.open(signal);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /** Sends one command that has no reply and whose errors the next question will bring. */
  send(command: string): Promise<void> {
    return this.#turns.run(async () => this.#channel.write(`${command}\n`));
  }

  /**
   * Asks for one line.
   * @param shape what a reply looks like; other lines are late replies to earlier questions
   * @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come
   */
  ask(question: string, shape: RegExp, signal?: AbortSignal): Promise<string> {
    return this.#turns.run(() => this.#ask(question, shape, REPLY_TIMEOUT_SECOND, signal));
  }

  /**
   * Sends commands in messages of a bounded length, each with a look at the error queue.
   * @throws Fault instrumentReply naming every error and the commands among which it came
   */
  command(commands: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.#turns.run(async () => {
      for (const message of messagesOf(commands)) {
        const question = `${message};${ERROR_QUERY}`;
        const reply = await this.#ask(question, /^[+-]?\d+,"/, REPLY_TIMEOUT_SECOND, signal);
        const first = parseScpiError(reply);
        if (first?.code === 0) continue;
        const errors = first ? [first, ...(await this.#drain(signal))] : [];
        throw this.refusal(errors, message);
      }
    });
  }

  /**
   * Ends whatever the instrument was doing, switches its output off, and finds the beginning of a
   * reply again: a half-sent command is ended by the line end, a measurement by the abort, late
   * replies are passed over. Abort and off are one message, because an abort takes away what
   * would have switched the output off: alone it must not be the last that the instrument hears.
   * @returns the identity
   */
  synchronise(signal?: AbortSignal): Promise<string> {
    return this.#turns.run(async () => {
      this.#channel.write(`\n${OFF}\n*CLS\n`);
      const retriesMax = RETRIES_MAX;
      return this.#ask('*IDN?', IDENTITY, IDENTITY_TIMEOUT_SECOND, signal, retriesMax);
    });
  }

  /** Whether the output is on. @throws Fault timeout or instrumentLost */
  isOutputOn(signal?: AbortSignal): Promise<boolean> {
    return this.#turns.run(async () => {
      const retriesMax = RETRIES_MAX;
      const shape = /^[01]$/;
      const reply = await this.#ask(':OUTP?', shape, REPLY_TIMEOUT_SECOND, signal, retriesMax);
      return reply === '1';
    });
  }

  /** Errors of the instrument as a fault. */
  refusal(errors: readonly ScpiError[], message: string): Fault {
    const found = errors.filter(({ code }) => code !== 0).map(describeScpiError);
    const reported = found.length > 0 ? found.join(', ') : 'an error that makes no sense';
    return new Fault('instrumentReply', {
      where: this.#place,
      message: `it reported ${reported} after "${message}"`,
    });
  }

  async #drain(signal: AbortSignal | undefined): Promise<readonly ScpiError[]> {
    const errors: ScpiError[] = [];
    while (errors.length < ERRORS_MAX) {
      const reply = await this.#ask(ERROR_QUERY, /^[+-]?\d+,"/, REPLY_TIMEOUT_SECOND, signal);
      const error = parseScpiError(reply);
      if (!error || error.code === 0) return errors;
      errors.push(error);
    }
    throw new Fault('instrumentReply', {
      where: this.#place,
      message: `its error queue holds more than ${ERRORS_MAX} errors: switch it off and on`,
    });
  }

  async #ask(
    question: string,
    shape: RegExp,
    timeoutSecond: number,
    signal: AbortSignal | undefined,
    retriesMax = 0,
  ): Promise<string> {
    const { line, retries } = await exchange(this.#channel, this.#clock, {
      text: `${question}\n`,
      title: `"${question}"`,
      isReply: (reply) => shape.test(reply),
      timeoutSecond,
      retriesMax,
      ...(signal && { signal }),
    });
    this.#lostReplies += retries;
    return line;
  }
}

/** Commands joined into messages that fit the input buffer. */
function* messagesOf(commands: readonly string[]): Generator<string> {
  let message = '';
  for (const command of commands) {
    const longer = message === '' ? command : `${message};${command}`;
    if (longer.length <= MESSAGE_LENGTH_MAX) {
      message = longer;
      continue;
    }
    if (message !== '') yield message;
    message = command;
  }
  if (message !== '') yield message;
}

const SIGNIFICANT_DIGITS = 9;

/** A number as SCPI writes it: "1.3E-4". */
export function scpiNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be sent to an instrument`);
  return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)))
    .toUpperCase()
    .replace('E+', 'E');
}
