import type { Clock } from '../domain/clock.ts';
import { parseClientMessage } from './client-message.ts';
import type { PersonAnswer, PersonRequest } from './person-desk.ts';
import type { EncodedPicture } from './picture-source.ts';
import type { ServerMessage } from './protocol.ts';
import type { RecordBatches } from './record-batches.ts';

/** Bounds of one client. */
export const BUFFERED_BYTES_MAX = 1024 * 1024;
export const BLOCKED_SECOND_MAX = 10;
export const PING_EVERY_SECOND = 15;
export const SILENT_SECOND_MAX = 30;
export const HELLO_WITHIN_SECOND = 10;
export const MESSAGES_PER_SECOND_MAX = 20;

/** Websocket close codes of RFC 6455 §7.4.1 and the IANA registry. */
export const CLOSE = { goingAway: 1001, policy: 1008, serverError: 1011, tryLater: 1013 } as const;

/** What a session needs of a websocket. */
export interface ClientSocket {
  readonly bufferedAmount: number;
  send(data: Uint8Array, options: { readonly binary: boolean }): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface SessionOptions {
  readonly socket: ClientSocket;
  readonly clock: Clock;
  readonly batches: RecordBatches;
  /** Answers a hello: the `run` message and the cursor the records follow from. */
  readonly greet: (after: number, runId: string | undefined) => ServerMessage & { type: 'run' };
  readonly progress: () => ServerMessage;
  readonly stop: () => void;
  readonly person: (request: PersonRequest) => Promise<PersonAnswer>;
}

/**
 * One page. Records go by cursor, so a client that is slow lags behind and loses nothing; one
 * that takes nothing for BLOCKED_SECOND_MAX is closed and comes back with its cursor. Pictures
 * and progress are left out while there is no room: only their newest is of interest.
 */
export class Session {
  readonly #options: SessionOptions;
  #cursor: number | undefined;
  #pictureNumber = 0;
  #blockedSinceSecond: number | undefined;
  #heardSecond: number;
  #pingedSecond: number;
  #secondOfCount = 0;
  #messagesInSecond = 0;
  #closed = false;
  readonly #openedSecond: number;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#openedSecond = options.clock.nowSecond();
    this.#heardSecond = this.#openedSecond;
    this.#pingedSecond = this.#openedSecond;
  }

  /** Sequence number of the last record sent; undefined before the page said hello. */
  get cursor(): number | undefined {
    return this.#cursor;
  }

  /** Takes one text frame of the page. */
  receive(text: string): void {
    this.heard();
    const message = parseClientMessage(text);
    // Stop goes first and is never limited: acting on one too many does no harm.
    if (message?.type === 'stop') this.#options.stop();
    if (this.#isFlooding()) {
      this.close(CLOSE.policy, `more than ${MESSAGES_PER_SECOND_MAX} messages per second`);
    } else if (message === undefined) {
      this.close(CLOSE.policy, 'not a message of the panel protocol');
    } else if (message.type === 'hello') {
      const run = this.#options.greet(message.after, message.runId);
      this.#cursor = run.after;
      this.say(run);
      this.say(this.#options.progress());
    } else if (message.type !== 'stop') {
      this.#answerPerson(message);
    }
  }

  /** A page that did not say which run it shows is not answered. */
  #answerPerson(request: PersonRequest): void {
    if (this.#cursor === undefined) {
      this.close(CLOSE.policy, 'expected hello first');
      return;
    }
    void this.#options.person(request).then((answer) => this.say(answer));
  }

  /** Notes a sign of life: a pong or any message. */
  heard(): void {
    this.#heardSecond = this.#options.clock.nowSecond();
  }

  /** Sends at most one message of records. Returns true when it sent one and may have more. */
  pump(): boolean {
    if (this.#closed || this.#cursor === undefined) return false;
    const batch = this.#options.batches.after(this.#cursor);
    if (!batch || !this.#hasRoom(batch.bytes.length)) return false;
    this.#send(batch.bytes, false);
    this.#cursor = batch.lastSequence;
    return true;
  }

  /** Sends a picture unless the page has it or there is no room. */
  show(picture: EncodedPicture): void {
    if (this.#closed || this.#cursor === undefined || this.#pictureNumber === picture.number)
      return;
    if (!this.#hasRoom(picture.bytes.length)) return;
    this.#send(picture.bytes, true);
    this.#pictureNumber = picture.number;
  }

  /** Sends a short message whether there is room or not: an answer is never left out. */
  say(message: ServerMessage): void {
    if (this.#closed) return;
    this.#send(Buffer.from(JSON.stringify(message)), false);
  }

  /** Sends a message, or leaves it out when there is no room: a newer one comes soon. */
  offer(message: ServerMessage): void {
    if (this.#closed || this.#cursor === undefined) return;
    const bytes = Buffer.from(JSON.stringify(message));
    if (this.#hasRoom(bytes.length)) this.#send(bytes, false);
  }

  /** Keeps the connection alive and ends it when the other side is gone, mute or stuck. */
  tick(): void {
    const nowSecond = this.#options.clock.nowSecond();
    if (this.#closed) return;
    if (nowSecond - this.#heardSecond >= SILENT_SECOND_MAX) {
      this.terminate();
    } else if (this.#isStuck(nowSecond)) {
      this.close(CLOSE.tryLater, `too slow: took nothing for ${BLOCKED_SECOND_MAX} s`);
    } else if (
      this.#cursor === undefined &&
      nowSecond - this.#openedSecond >= HELLO_WITHIN_SECOND
    ) {
      this.close(CLOSE.policy, `no hello within ${HELLO_WITHIN_SECOND} s`);
    } else if (nowSecond - this.#pingedSecond >= PING_EVERY_SECOND) {
      this.#pingedSecond = nowSecond;
      this.#options.socket.ping();
    }
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.socket.close(code, reason);
  }

  /** Cuts the line of a page that did not answer the closing handshake. */
  terminate(): void {
    this.#closed = true;
    this.#options.socket.terminate();
  }

  /** A message longer than the bound may go alone, or it could never go. */
  #hasRoom(bytes: number): boolean {
    const { bufferedAmount } = this.#options.socket;
    const room = bufferedAmount === 0 || bufferedAmount + bytes <= BUFFERED_BYTES_MAX;
    if (!room) this.#blockedSinceSecond ??= this.#options.clock.nowSecond();
    return room;
  }

  #send(bytes: Uint8Array, binary: boolean): void {
    this.#options.socket.send(bytes, { binary });
    // A small message may slip in beside a full buffer; only real room ends the blockade.
    if (this.#options.socket.bufferedAmount <= BUFFERED_BYTES_MAX / 2) {
      this.#blockedSinceSecond = undefined;
    }
  }

  #isStuck(nowSecond: number): boolean {
    if (this.#blockedSinceSecond === undefined) return false;
    if (this.#options.socket.bufferedAmount <= BUFFERED_BYTES_MAX / 2) {
      this.#blockedSinceSecond = undefined;
      return false;
    }
    return nowSecond - this.#blockedSinceSecond >= BLOCKED_SECOND_MAX;
  }

  #isFlooding(): boolean {
    const second = Math.floor(this.#options.clock.nowSecond());
    if (second !== this.#secondOfCount) {
      this.#secondOfCount = second;
      this.#messagesInSecond = 0;
    }
    this.#messagesInSecond += 1;
    return this.#messagesInSecond > MESSAGES_PER_SECOND_MAX;
  }
}
