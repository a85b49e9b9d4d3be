import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';
import { holderOf, lockerOf } from './port-holder.ts';
import { SilenceWatch } from './silence-watch.ts';

export interface SerialLinkOptions {
  /** Best a path that names the device and not the order of plugging: /dev/serial/by-id/… */
  readonly path: string;
  readonly baudRate: number;
  readonly clock: Clock;
  /**
   * Closes the link when nothing was received for so long: for an instrument that sends regularly
   * and may stop to do so while its adapter stays plugged in.
   */
  readonly silenceSecondMax?: number;
  /** XON and XOFF, for an instrument that stops the host while it cannot listen. */
  readonly usesFlowControl?: boolean;
  /** Set after opening where the adapter has these lines; one without them is tolerated. */
  readonly controlLines?: { readonly dtr: boolean; readonly rts: boolean };
}

/** Bytes handed to the driver of the port and not yet sent; more means the port is stuck. */
const UNSENT_BYTES_MAX = 2 ** 20;
/**
 * A hang-up can race with incoming data: nobody reports it then, and the binding reads end of file
 * for ever at full load (node-serialport issues 2323 and 2043). So the link asks by itself whether
 * the port is still there. A hang-up is noticed within this time and the time of one question.
 */
const PRESENCE_EVERY_SECOND = 0.5;
/** Closing waits for what was written last, and some drivers wait for a flow control that is gone. */
const CLOSE_SECOND_MAX = 2;

/**
 * A serial port, opened exclusively: 8 data bits, no parity, 1 stop bit. The lock is the kernel's
 * (flock) and ends with the process that holds it; lock files of other programs are respected as
 * long as those programs live.
 */
export class SerialLink implements Link {
  readonly #options: SerialLinkOptions;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  readonly #silence: SilenceWatch;
  #port: SerialPort | undefined;
  #isOpening = false;
  #cancelPresence: CancelTimer | undefined;
  #unfinishedCloses = 0;
  #unsentBytes = 0;
  #controlLineProblem: string | undefined;

  constructor(options: SerialLinkOptions) {
    this.#options = options;
    this.#silence = new SilenceWatch(options, (reason) => void this.#end(reason));
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

  /** Closes that the driver of the port has not confirmed within their time. */
  get unfinishedCloses(): number {
    return this.#unfinishedCloses;
  }

  /**
   * @throws Fault instrumentMissing when the path is not there or may not be used, instrumentLost
   *   when another program has it open, which is named where it can be; the signal's reason when
   *   it aborts
   */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#port || this.#isOpening) throw this.#fault('instrumentLost', 'it is already open');
    this.#isOpening = true;
    try {
      await this.#openAlone(signal);
    } finally {
      this.#isOpening = false;
    }
  }

  async #openAlone(signal: AbortSignal): Promise<void> {
    await this.#checkPath();
    const { path, baudRate, usesFlowControl = false } = this.#options;
    const port = new SerialPort({
      path,
      baudRate,
      xon: usesFlowControl,
      xoff: usesFlowControl,
      autoOpen: false,
      lock: true,
    });
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

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    await this.#end('closed by this end');
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
    const locker = await lockerOf(path);
    if (locker === undefined) return;
    const message = `${locker} uses it, as its lock file says: end that program first`;
    throw this.#fault('instrumentLost', message);
  }

  async #openPort(port: SerialPort): Promise<void> {
    const error = await new Promise<Error | null>((resolve) => {
      port.open(resolve);
    });
    if (!error) return;
    // It may have gone between the look and the opening.
    await this.#checkPath();
    const holder = await holderOf(this.name);
    const who =
      holder === undefined
        ? 'does another program use it?'
        : `it is open in ${holder}: end that first`;
    const message = `it could not be opened; ${who} (${error.message})`;
    throw new Fault('instrumentLost', { where: this.name, message }, error);
  }

  #adopt(port: SerialPort): void {
    this.#port = port;
    this.#unsentBytes = 0;
    port.on('data', (bytes: Buffer) => this.#hear(port, bytes));
    // After a hang-up with writes in flight both events come, and `close` even twice.
    port.on('error', (error: Error) => void this.#lose(port, error.message));
    port.on('close', (error: Error | null) => {
      void this.#lose(port, error ? hungUp(error.message) : 'the port was closed');
    });
    this.#silence.restart();
    this.#watchPresence(port);
  }

  /** Asks, waits for the answer, and asks again a little later. */
  #watchPresence(port: SerialPort): void {
    this.#cancelPresence = this.#options.clock.after(PRESENCE_EVERY_SECOND, async () => {
      const reason = await this.#absence(port);
      if (this.#port !== port) return;
      if (reason === undefined) this.#watchPresence(port);
      else void this.#lose(port, reason);
    });
  }

  /** A terminal that has hung up refuses to tell its speed (EIO); a path may lead nowhere. */
  async #absence(port: SerialPort): Promise<string | undefined> {
    try {
      await port.port?.getBaudRate();
      await access(this.#options.path);
      return undefined;
    } catch (error) {
      return hungUp(error instanceof Error ? error.message : String(error));
    }
  }

  #hear(port: SerialPort, bytes: Buffer): void {
    if (this.#port !== port) return;
    this.#silence.restart();
    this.#data.tell(bytes);
  }

  async #end(reason: string): Promise<void> {
    const port = this.#port;
    if (port) await this.#lose(port, reason);
  }

  /** Ends one opening, whoever asks first; tells the listeners once. */
  async #lose(port: SerialPort, reason: string): Promise<void> {
    if (this.#port !== port) return;
    this.#port = undefined;
    this.#silence.stop();
    this.#cancelPresence?.();
    const closed = this.#closePort(port);
    this.#closed.tell(reason);
    await closed;
  }

  /** A port that is already gone is closed; one whose driver is stuck is given up. */
  #closePort(port: SerialPort): Promise<void> {
    if (!port.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(CLOSE_SECOND_MAX, () => {
        this.#unfinishedCloses += 1;
        resolve();
      });
      port.close(() => {
        cancel();
        resolve();
      });
    });
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

/** The kernel tells a pulled plug in many ways. */
function hungUp(detail: string): string {
  return `the port has gone (${detail.replace(/^Error: /, '')}): was the plug pulled, or the instrument switched off?`;
}
