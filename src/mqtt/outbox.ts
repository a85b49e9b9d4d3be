import type { OutgoingMessage } from './message.ts';

/** Replies and retained topics that may wait for a place in the window. */
export const OUTBOX_MAX = 64;

/**
 * Short messages that go before the records: of a retained topic only the newest counts, replies
 * all do. When it is full, or the connection closes, what waits is dropped and replies counted.
 */
export class Outbox {
  readonly #retained = new Map<string, OutgoingMessage>();
  #replies: OutgoingMessage[] = [];
  #repliesDropped = 0;

  get repliesDropped(): number {
    return this.#repliesDropped;
  }

  get isEmpty(): boolean {
    return this.#retained.size === 0 && this.#replies.length === 0;
  }

  put(message: OutgoingMessage): void {
    const isKnown = message.retain && this.#retained.has(message.topic);
    if (!isKnown && this.#retained.size + this.#replies.length >= OUTBOX_MAX) {
      if (!message.retain) this.#repliesDropped += 1;
      return;
    }
    if (message.retain) this.#retained.set(message.topic, message);
    else this.#replies.push(message);
  }

  take(): OutgoingMessage | undefined {
    const reply = this.#replies.shift();
    if (reply) return reply;
    const [entry] = this.#retained;
    if (!entry) return undefined;
    this.#retained.delete(entry[0]);
    return entry[1];
  }

  /** Retained topics are written anew on the next connection; replies have lost their asker. */
  dropAll(): void {
    this.#repliesDropped += this.#replies.length;
    this.#replies = [];
    this.#retained.clear();
  }

  countDroppedReply(): void {
    this.#repliesDropped += 1;
  }
}
