import { Fault } from '../src/domain/fault.ts';
import type { LineChannel } from './line-channel.ts';

/** Lines that may come before the reply: what an instrument was still sending. */
const SKIPPED_LINES_MAX = 10_000;

export interface Request {
  /** What is sent, with its line end. */
  readonly text: string;
  /** What people call it: "the firmware version (t)". */
  readonly title: string;
  readonly isReply: (line: string) => boolean;
  /** Seconds on the clock from the request to the reply, whatever comes between. */
  readonly timeoutSecond: number;
  readonly signal?: AbortSignal;
}

export interface Reply {
  readonly line: string;
  /** Lines before the request that nobody had read: late replies to earlier ones. */
  readonly lateLines: number;
  /** Lines between the request and its reply, in order. */
  readonly skipped: readonly string[];
}

/**
 * One request and its reply. Lines that wait from before cannot be the reply and are dropped and
 * counted; lines that do not match are kept for the caller.
 *
 * @throws Fault timeout, instrumentLost, or instrumentReply when only other lines come
 */
export async function exchange(
  channel: LineChannel,
  clock: { nowSecond(): number },
  request: Request,
): Promise<Reply> {
  const lateLines = channel.discardWaiting();
  const deadlineSecond = clock.nowSecond() + request.timeoutSecond;
  const skipped: string[] = [];
  channel.write(request.text);
  while (skipped.length <= SKIPPED_LINES_MAX) {
    const line = await nextBefore(channel, request, deadlineSecond - clock.nowSecond());
    if (request.isReply(line)) return { line, lateLines, skipped };
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
