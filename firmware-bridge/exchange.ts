import { type Clock, sleep } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { LineChannel } from './line-channel.ts';

/** Lines that may come before the reply: what an instrument was still sending. */
const SKIPPED_LINES_MAX = 10_000;

/** Text that is sent before a pause, for an instrument that loses what comes too soon. */
export interface PacedText {
  readonly text: string;
  readonly pauseSecond: number;
}

export interface Request {
  /** Sent before `text`, piece by piece. A reply that comes meanwhile counts. */
  readonly before?: readonly PacedText[];
  /** What is sent, with its line end. */
  readonly text: string;
  /** What people call it: "the firmware version (t)". */
  readonly title: string;
  readonly isReply: (line: string) => boolean;
  /** Seconds on the clock from the last of the request to the reply, whatever comes between. */
  readonly timeoutSecond: number;
  /**
   * How often it may be sent again after a timeout; never unless given. Only for requests that
   * change nothing: the first one may have been carried out although its reply was lost.
   */
  readonly retriesMax?: number;
  readonly signal?: AbortSignal;
}

export interface Reply {
  readonly line: string;
  /** Lines before the request that nobody had read: late replies to earlier ones. */
  readonly lateLines: number;
  /** Lines between the request and its reply, in order. */
  readonly skipped: readonly string[];
  /** How often the request was sent again. */
  readonly retries: number;
}

/**
 * One request and its reply. Lines that wait from before cannot be the reply and are dropped and
 * counted; lines that do not match are kept for the caller.
 *
 * @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come
 */
export async function exchange(
  channel: LineChannel,
  clock: Clock,
  request: Request,
): Promise<Reply> {
  const { retriesMax = 0, title } = request;
  const skipped: string[] = [];
  let lateLines = 0;
  for (let retries = 0; ; retries += 1) {
    lateLines += channel.discardWaiting();
    try {
      const line = await askOnce(channel, clock, request, skipped);
      return { line, lateLines, skipped, retries };
    } catch (error) {
      const isLate = error instanceof Fault && error.code === 'timeout';
      if (!isLate || retriesMax === 0) throw error;
      if (retries < retriesMax) continue;
      const message = `${title} was not answered although it was sent ${retries + 1} times`;
      throw new Fault('timeout', { where: channel.name, message }, error);
    }
  }
}

/** @param skipped where lines that are not the reply are added */
async function askOnce(
  channel: LineChannel,
  clock: Clock,
  request: Request,
  skipped: string[],
): Promise<string> {
  for (const { text, pauseSecond } of request.before ?? []) {
    channel.write(text);
    await sleep(clock, pauseSecond, request.signal);
  }
  const deadlineSecond = clock.nowSecond() + request.timeoutSecond;
  channel.write(request.text);
  while (skipped.length <= SKIPPED_LINES_MAX) {
    const line = await nextBefore(channel, request, deadlineSecond - clock.nowSecond());
    if (request.isReply(line)) return line;
    skipped.push(line);
  }
  throw new Fault('instrumentReply', {
    where: channel.name,
    message: `${request.title} was not answered among ${SKIPPED_LINES_MAX} other lines`,
  });
}

async function nextBefore(
  channel: LineChannel,
  request: Request,
  leftSecond: number,
): Promise<string> {
  const { title, signal } = request;
  const wait = { timeoutSecond: Math.max(0, leftSecond), waitingFor: `the reply to ${title}` };
  return channel.next(signal ? { ...wait, signal } : wait);
}
