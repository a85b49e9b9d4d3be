import { Fault } from '../../src/domain/fault.ts';
import { Conversation, type SessionOptions } from './conversation.ts';
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
 * queue, and questions.
 */
export class KeithleySession {
  readonly place: string;
  readonly conversation: Conversation;

  constructor(options: SessionOptions) {
    this.place = options.place;
    // The framer leaves out CR, so the terminators LF and CR LF are both understood.
    this.conversation = new Conversation(options, { lengthMax: LINE_LENGTH_MAX });
  }

  /** Sends one command that has no reply and whose errors the next question will bring. */
  send(command: string): Promise<void> {
    return this.conversation.takeTurn(async () => this.conversation.write(`${command}\n`));
  }

  /**
   * Asks for one line.
   * @param shape what a reply looks like; other lines are late replies to earlier questions
   * @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come
   */
  ask(question: string, shape: RegExp, signal?: AbortSignal): Promise<string> {
    return this.conversation.takeTurn(() =>
      this.#ask(question, shape, REPLY_TIMEOUT_SECOND, signal),
    );
  }

  /**
   * Sends commands in messages of a bounded length, each with a look at the error queue.
   * @throws Fault instrumentReply naming every error and the commands among which it came
   */
  command(commands: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.conversation.takeTurn(async () => {
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
    return this.conversation.takeTurn(async () => {
      this.conversation.write(`\n${OFF}\n*CLS\n`);
      const retriesMax = RETRIES_MAX;
      return this.#ask('*IDN?', IDENTITY, IDENTITY_TIMEOUT_SECOND, signal, retriesMax);
    });
  }

  /** @throws Fault instrumentReply when the output is still on; timeout or instrumentLost */
  async confirmOff(): Promise<void> {
    const isOn = await this.conversation.takeTurn(() =>
      this.#ask(':OUTP?', /^[01]$/, REPLY_TIMEOUT_SECOND, undefined, RETRIES_MAX),
    );
    if (isOn === '0') return;
    throw new Fault('instrumentReply', {
      where: this.place,
      message: 'its output is still on although it was told to switch it off',
    });
  }

  /** Stops whatever runs, then waits until the output is known to be off. */
  async stopAndOpenCell(): Promise<void> {
    await this.synchronise();
    await this.confirmOff();
  }

  /** Errors of the instrument as a fault. */
  refusal(errors: readonly ScpiError[], message: string): Fault {
    const found = errors.filter(({ code }) => code !== 0).map(describeScpiError);
    const reported = found.length > 0 ? found.join(', ') : 'an error that makes no sense';
    return new Fault('instrumentReply', {
      where: this.place,
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
      where: this.place,
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
    const { line } = await this.conversation.exchange({
      text: `${question}\n`,
      title: `"${question}"`,
      isReply: (reply) => shape.test(reply),
      timeoutSecond,
      retriesMax,
      signal,
    });
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
