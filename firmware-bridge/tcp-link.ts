import { connect, type Socket } from 'node:net';
import type { Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';
import { SilenceWatch } from './silence-watch.ts';

export interface TcpLinkOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Closes the link when nothing was received for so long; for instruments that send regularly. */
  readonly silenceSecondMax?: number;
  /** An instrument that has not accepted the connection by then is not there; 5 s unless given. */
  readonly connectSecondMax?: number;
}

const CONNECT_SECOND_MAX = 5;
/** Bytes handed to the socket that the instrument has not taken; more means that it is stuck. */
const UNSENT_BYTES_MAX = 2 ** 20;
/**
 * After so long without traffic the kernel begins to ask whether the other end is still there:
 * once a second, ten times (libuv, uv_tcp_keepalive). A cable that is pulled out shows after that.
 */
const KEEP_ALIVE_MS = 1000;
/** What was written last is sent within this, or given up. */
const CLOSE_SECOND_MAX = 2;

/** A raw TCP connection to an instrument; small writes are sent at once (TCP_NODELAY). */
export class TcpLink implements Link {
  readonly #options: TcpLinkOptions;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  readonly #silence: SilenceWatch;
  #socket: Socket | undefined;
  #isOpening = false;

  constructor(options: TcpLinkOptions) {
    this.#options = options;
    this.#silence = new SilenceWatch(options, (reason) => void this.#end(reason));
  }

  get name(): string {
    return `tcp:${this.#options.host}:${this.#options.port}`;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /**
   * @throws Fault instrumentMissing when nobody answers there; the signal's reason when it aborts
   */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#socket || this.#isOpening) throw this.#fault('instrumentLost', 'it is already open');
    this.#isOpening = true;
    try {
      this.#adopt(await this.#connect(signal));
    } finally {
      this.#isOpening = false;
    }
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (!socket) throw this.#fault('instrumentLost', 'it is closed');
    if (socket.writableLength + bytes.length > UNSENT_BYTES_MAX) {
      throw this.#fault('capacity', `more than ${UNSENT_BYTES_MAX} bytes wait to be sent`);
    }
    socket.write(Buffer.from(bytes));
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    await this.#end('closed by this end');
  }

  #connect(signal: AbortSignal): Promise<Socket> {
    const { host, port, clock, connectSecondMax = CONNECT_SECOND_MAX } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true });
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      const settle = (act: () => void): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        socket.removeListener('error', onError);
        act();
      };
      const fail = (reason: unknown): void => {
        // A connection that is given up may still fail, and nobody listens to that.
        socket.on('error', () => {});
        socket.destroy();
        reject(reason);
      };
      const onAbort = (): void => settle(() => fail(signal.reason));
      const onError = (error: Error): void =>
        settle(() => fail(this.#fault('instrumentMissing', spokenError(error), error)));
      const cancel = clock.after(connectSecondMax, () => {
        const message = `nobody accepted the connection within ${connectSecondMax} s: is the instrument switched on, and in this network?`;
        settle(() => fail(this.#fault('instrumentMissing', message)));
      });
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', onError);
      socket.once('connect', () => settle(() => resolve(socket)));
    });
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#hear(socket, bytes));
    socket.on('error', (error) => void this.#lose(socket, error.message));
    // An instrument that has ended its half will never answer again.
    socket.on('end', () => void this.#lose(socket, 'closed by the other end'));
    socket.on('close', () => void this.#lose(socket, 'the connection was closed'));
    this.#silence.restart();
  }

  #hear(socket: Socket, bytes: Uint8Array): void {
    if (this.#socket !== socket) return;
    this.#silence.restart();
    this.#data.tell(bytes);
  }

  async #end(reason: string): Promise<void> {
    const socket = this.#socket;
    if (socket) await this.#lose(socket, reason);
  }

  /** Ends one opening, whoever asks first; tells the listeners once. */
  async #lose(socket: Socket, reason: string): Promise<void> {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#silence.stop();
    const gone = this.#shut(socket);
    this.#closed.tell(reason);
    await gone;
  }

  /** What was written last (the command that opens the cell) is still sent, if anybody takes it. */
  #shut(socket: Socket): Promise<void> {
    if (socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(CLOSE_SECOND_MAX, () => socket.destroy());
      socket.once('close', () => {
        cancel();
        resolve();
      });
      socket.destroySoon();
    });
  }

  #fault(
    code: 'instrumentLost' | 'instrumentMissing' | 'capacity',
    message: string,
    cause?: unknown,
  ): Fault {
    return new Fault(code, { where: this.name, message }, cause);
  }
}

function spokenError(error: Error): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ECONNREFUSED':
      return 'nothing listens on that port: is the instrument switched on, and its network service?';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no computer of that name is known: check the spelling, or give its address';
    default:
      return `no connection: ${error.message}`;
  }
}
