import { Fault } from '../../src/domain/fault.ts';
import { Conversation, type SessionOptions } from './conversation.ts';
import {
  parseRodeostatLine,
  type RodeostatLine,
  type RodeostatRequest,
  requestText,
} from './rodeostat-protocol.ts';

/** The firmware's own buffer for an answer. */
const LINE_LENGTH_MAX = 4000;
const REPLY_TIMEOUT_SECOND = 1.5;
/** Only for what changes nothing when it is done twice. */
const RETRIES_MAX = 2;
/** Samples that may still come after a test was told to stop: the firmware keeps 1000. */
const SAMPLES_AFTER_STOP_MAX = 1001;
/** Silence beyond the sample period (0.5 s at the most) after which a test counts as lost. */
const SILENCE_SECOND = 1.5;

export type RodeostatSample = Extract<RodeostatLine, { kind: 'sample' }>;
export type RodeostatResponse = Readonly<Record<string, unknown>>;
type Answer = Extract<RodeostatLine, { kind: 'reply' | 'refusal' }>;

/**
 * A conversation with a Rodeostat: one request at a time, each with its reply, and the samples of a
 * test.
 */
export class RodeostatSession {
  readonly place: string;
  readonly conversation: Conversation;

  constructor(options: SessionOptions) {
    this.place = options.place;
    this.conversation = new Conversation(options, { lengthMax: LINE_LENGTH_MAX });
  }

  /**
   * Sends a request once and waits for its reply.
   * @throws Fault timeout, instrumentLost, or instrumentReply when it refuses
   */
  async command(request: RodeostatRequest, signal?: AbortSignal): Promise<RodeostatResponse> {
    return this.#response(request, await this.#ask(request, 0, signal));
  }

  /** The same for a question, which may be repeated. */
  async question(request: RodeostatRequest, signal?: AbortSignal): Promise<RodeostatResponse> {
    return this.#response(request, await this.#ask(request, RETRIES_MAX, signal));
  }

  /** The same for a question that older firmware does not know: undefined when it is refused. */
  async questionIfKnown(
    request: RodeostatRequest,
    signal?: AbortSignal,
  ): Promise<RodeostatResponse | undefined> {
    const answer = await this.#ask(request, RETRIES_MAX, signal);
    return answer.kind === 'reply' ? answer.response : undefined;
  }

  /**
   * The next sample of the test that runs; undefined at its end.
   * @throws Fault timeout when nothing came in time, instrumentReply for any other line
   */
  async nextSample(
    samplePeriodMs: number,
    signal: AbortSignal,
  ): Promise<RodeostatSample | undefined> {
    // Before the channel is asked: whoever aborts may be reading from it already.
    signal.throwIfAborted();
    const line = await this.conversation.next({
      timeoutSecond: samplePeriodMs / 1000 + SILENCE_SECOND,
      waitingFor: 'the next sample of a test',
      signal,
    });
    const parsed = parseRodeostatLine(line);
    if (parsed?.kind === 'sample') return parsed;
    if (parsed?.kind === 'end') return undefined;
    throw new Fault('instrumentReply', {
      where: this.place,
      message: `expected a sample such as {"t":20,"v":-0.1,"i":-2.8}, or {} at the end of the test, found ${quoted(line)}`,
    });
  }

  /**
   * Ends the test that runs, or none. The line end before it ends half a request of an earlier
   * host; the end marker that always follows the reply is waited for, so nothing of the old test
   * is taken for a part of the next.
   */
  stopTest(signal?: AbortSignal): Promise<void> {
    return this.conversation.takeTurn(async () => {
      this.conversation.write('\n');
      const request = { command: 'stopTest' };
      this.#response(request, await this.#askNow(request, RETRIES_MAX, signal));
      for (let count = 0; count <= SAMPLES_AFTER_STOP_MAX; count += 1) {
        const line = await this.conversation.next({
          timeoutSecond: REPLY_TIMEOUT_SECOND,
          waitingFor: 'the end marker {} after stopTest',
          signal,
        });
        if (parseRodeostatLine(line)?.kind === 'end') return;
      }
      throw new Fault('instrumentReply', {
        where: this.place,
        message: `it goes on with its test although it was told to stop: ${SAMPLES_AFTER_STOP_MAX} samples came after its reply`,
      });
    });
  }

  /** A reply without what it should carry, as a fault. */
  misunderstanding(request: RodeostatRequest, expected: string, found: unknown): Fault {
    return new Fault('instrumentReply', {
      where: this.place,
      message: `${request.command}: expected ${expected}, found ${quoted(JSON.stringify(found) ?? 'nothing')}`,
    });
  }

  #ask(request: RodeostatRequest, retriesMax: number, signal?: AbortSignal): Promise<Answer> {
    return this.conversation.takeTurn(() => this.#askNow(request, retriesMax, signal));
  }

  async #askNow(
    request: RodeostatRequest,
    retriesMax: number,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const found: { answer?: Answer } = {};
    await this.conversation.exchange({
      text: requestText(request),
      title: request.command,
      isReply: (line) => {
        const answer = answerTo(request, line);
        if (answer) found.answer = answer;
        return answer !== undefined;
      },
      timeoutSecond: REPLY_TIMEOUT_SECOND,
      retriesMax,
      signal,
    });
    if (!found.answer) throw new Error('an exchange ended without its reply');
    return found.answer;
  }

  #response(request: RodeostatRequest, answer: Answer): RodeostatResponse {
    if (answer.kind === 'reply') return answer.response;
    throw new Fault('instrumentReply', {
      where: this.place,
      message: `it refused ${JSON.stringify(request)}: "${answer.message}"`,
    });
  }
}

/**
 * The answer to a request, or undefined: a line that names another command is a late reply, one
 * that names none refuses a command that is unknown, or half a request of an earlier host.
 */
export function answerTo({ command }: RodeostatRequest, line: string): Answer | undefined {
  const parsed = parseRodeostatLine(line);
  if (parsed?.kind !== 'reply' && parsed?.kind !== 'refusal') return undefined;
  if (parsed.command === command) return parsed;
  return parsed.kind === 'refusal' && parsed.message === `command, ${command}, not found`
    ? parsed
    : undefined;
}

const QUOTED_MAX = 120;

function quoted(text: string): string {
  return text.length <= QUOTED_MAX ? `'${text}'` : `'${text.slice(0, QUOTED_MAX)}…'`;
}
