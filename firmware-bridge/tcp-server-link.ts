import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import { DroppingWriter } from './dropping-writer.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';

export interface TcpServerLinkOptions {
  /** Address of this machine that is listened at; "127.0.0.1" lets in nobody from outside. */
  readonly host: string;
  /** 0 takes a free one, which `port` then tells and every later opening takes again. */
  readonly port: number;
  readonly clock: Clock;
  /** Turns away everybody, as an instrument does that somebody else is using. */
  readonly isBusy?: boolean;
}

/** The end of one host and the beginning of the next may be heard in either order. */
const HANDOVER_SECOND_MAX = 0.2;

/**
 * The instrument's end of a TCP connection: open means that a host may connect. One host at a time
 * is let in, as real instruments do. What is said while nobody listens is lost, and a host that
 * goes away is not the end: the instrument goes on with what it was doing.
 */
export class TcpServerLink implements Link {
  readonly #options: TcpServerLinkOptions;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  readonly #mouth = new DroppingWriter();
  #server: Server | undefined;
  #socket: Socket | undefined;
  #port: number;
  #turnedAway = 0;

  constructor(options: TcpServerLinkOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get name(): string {
    return `tcp:${this.#options.host}:${this.port}`;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  /** Bytes of the instrument that no host has taken. */
  get droppedBytes(): number {
    return this.#mouth.droppedBytes;
  }

  /** Hosts that were not let in, because another one was there. */
  get turnedAway(): number {
    return this.#turnedAway;
  }

  /** @throws Fault instrumentLost when the port is taken or may not be used */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#server) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is already open' });
    }
    const server = createServer((socket) => this.#welcome(socket));
    this.#server = server;
    try {
      await this.#listen(server);
      const address = server.address();
      if (address && typeof address === 'object') this.#port = address.port;
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    if (!signal.aborted) return;
    await this.close();
    throw signal.reason;
  }

  write(bytes: Uint8Array): void {
    if (!this.#server) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is closed' });
    }
    this.#mouth.write(this.#socket, bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#closed.tell('closed by this end');
  }

  #listen(server: Server): Promise<void> {
    const { host } = this.#options;
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        const message = `it cannot be listened at: ${error.message}`;
        reject(new Fault('instrumentLost', { where: this.name, message }, error));
      });
      server.listen(this.#port, host, resolve);
    });
  }

  #welcome(socket: Socket): void {
    // A host that goes away without a word is no news; `close` follows.
    socket.on('error', () => {});
    const before = this.#socket;
    if (this.#options.isBusy === true) {
      this.#turnAway(socket);
    } else if (before) {
      this.#handOver(before, socket);
    } else {
      this.#adopt(socket);
    }
  }

  #handOver(before: Socket, socket: Socket): void {
    const onFree = (): void => {
      cancel();
      if (!socket.destroyed) this.#welcome(socket);
    };
    const cancel = this.#options.clock.after(HANDOVER_SECOND_MAX, () => {
      before.removeListener('close', onFree);
      this.#turnAway(socket);
    });
    before.once('close', onFree);
  }

  #turnAway(socket: Socket): void {
    this.#turnedAway += 1;
    socket.destroy();
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#data.tell(bytes);
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
  }
}
