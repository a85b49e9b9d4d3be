import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';

export interface SerialLinkOptions {
  /** Best a path that names the device and not the order of plugging: /dev/serial/by-id/… */
  readonly path: string;
  readonly baudRate: number;
  readonly clock: Clock;
  /**
   * Closes the link when nothing was received for so long. A hang-up can race with incoming data
   * and then be reported by nobody (node-serialport issues 2323 and 2043), so a caller whose
   * instrument sends regularly should set it.
   */
  readonly silenceSecondMax?: number;
  /** Set after opening where the adapter has these lines; one without them is tolerated. */
  readonly controlLines?: { readonly dtr: boolean; readonly rts: boolean };
}

type DataListener = (bytes: Uint8Array) => void;
type CloseListener = (reason: string) => void;

/** Bytes handed to the driver of the port and not yet sent; more means the port is stuck. */
const UNSENT_BYTES_MAX = 2 ** 20;

/** A serial port, opened exclusively. 8 data bits, no parity, 1 stop bit. */
export class SerialLink implements Link {
  readonly #options: SerialLinkOptions;
  readonly #dataListeners = new Set<DataListener>();
  readonly #closeListeners = new Set<CloseListener>();
  #port: SerialPort | undefined;
  #cancelSilence: CancelTimer | undefined;
  #unsentBytes = 0;
  #controlLineProblem: string | undefined;

  constructor(options: SerialLinkOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.path;
  }

  get isOpen(): boolean {
    return this.#port !== undefined;
  }

  /** Why DTR and RTS could not be set at the last opening; undefined when they were. */
  get controlLineProblem(): string | undefined {
    return this.#controlLineProblem;
  }

  /**
   * @throws Fault instrumentMissing when the path is not there or may not be used, instrumentLost
   *   when another program has it open; the signal's reason when it aborts
   */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#port) throw this.#fault('instrumentLost', 'it is already open');
    await this.#checkPath();
    const { path, baudRate } = this.#options;
    const port = new SerialPort({ path, baudRate, autoOpen: false, lock: true });
    await this.#openPort(port);
    this.#adopt(port);
    await this.#setControlLines(port);
    if (signal.aborted) await this.close();
    signal.throwIfAborted();
    if (this.#port !== port) throw this.#fault('instrumentLost', 'it was closed while opening');
  }

  write(bytes: Uint8Array): void {
    const port = this.#port;
    if (!port) throw this.#fault('instrumentLost', 'it is closed');
    if (this.#unsentBytes + bytes.length > UNSENT_BYTES_MAX) {
      throw this.#fault('capacity', `more than ${UNSENT_BYTES_MAX} bytes wait to be sent`);
    }
    this.#unsentBytes += bytes.length;
    port.write(Buffer.from(bytes), (error) => {
      if (this.#port !== port) return;
      this.#unsentBytes -= bytes.length;
      if (error) this.#lose(port, `writing failed: ${error.message}`);
    });
  }

  onData(listener: DataListener): () => void {
    this.#dataListeners.add(listener);
    return () => this.#dataListeners.delete(listener);
  }

  onClose(listener: CloseListener): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  async close(): Promise<void> {
    const port = this.#port;
    if (port) await this.#lose(port, 'closed by this end');
  }

  /** serialport tells its errors apart only by their text; the file system has codes. */
  async #checkPath(): Promise<void> {
    const { path } = this.#options;
    try {
      await access(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
      const message = isDenied
        ? 'this user may not open it: add the user to the group dialout and log in again'
        : 'there is no such port: is the instrument plugged in and switched on?';
      throw new Fault('instrumentMissing', { where: path, message }, error);
    }
  }

  #openPort(port: SerialPort): Promise<void> {
    return new Promise((resolve, reject) => {
      port.open((error) => {
        if (!error) {
          resolve();
          return;
        }
        const message = `it could not be opened; does another program use it? (${error.message})`;
        reject(new Fault('instrumentLost', { where: this.name, message }, error));
      });
    });
  }

  #adopt(port: SerialPort): void {
    this.#port = port;
    this.#unsentBytes = 0;
    port.on('data', (bytes: Buffer) => this.#hear(port, bytes));
    // After a hang-up with writes in flight both events come, and `close` even twice.
    port.on('error', (error: Error) => void this.#lose(port, error.message));
    port.on('close', (error: Error | null) => {
      void this.#lose(port, error?.message ?? 'the port was closed');
    });
    this.#watchSilence(port);
  }

  #hear(port: SerialPort, bytes: Buffer): void {
    if (this.#port !== port) return;
    this.#watchSilence(port);
    for (const listener of [...this.#dataListeners]) listener(bytes);
  }

  #watchSilence(port: SerialPort): void {
    const { clock, silenceSecondMax } = this.#options;
    this.#cancelSilence?.();
    if (silenceSecondMax === undefined) return;
    this.#cancelSilence = clock.after(silenceSecondMax, () => {
      void this.#lose(port, `nothing was received for ${silenceSecondMax} s`);
    });
  }

  /** Ends one opening, whoever asks first; tells the listeners once. */
  async #lose(port: SerialPort, reason: string): Promise<void> {
    if (this.#port !== port) return;
    this.#port = undefined;
    this.#cancelSilence?.();
    const closed = closePort(port);
    for (const listener of [...this.#closeListeners]) listener(reason);
    await closed;
  }

  async #setControlLines(port: SerialPort): Promise<void> {
    const { controlLines } = this.#options;
    this.#controlLineProblem = undefined;
    if (!controlLines) return;
    this.#controlLineProblem = await new Promise((resolve) => {
      port.set(controlLines, (error) => resolve(error?.message));
    });
  }

  #fault(code: 'instrumentLost' | 'capacity', message: string): Fault {
    return new Fault(code, { where: this.name, message });
  }
}

/** Closes the port if it still is open; one that is already gone is closed. */
function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (port.isOpen) port.close(() => resolve());
    else resolve();
  });
}
