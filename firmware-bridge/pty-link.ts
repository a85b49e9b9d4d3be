import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, lstatSync, rmSync } from 'node:fs';
import { type Clock, sleep } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import { DroppingWriter } from './dropping-writer.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';

export interface PtyLinkOptions {
  /** Where the host finds the pseudo-terminal; nothing may be there before. */
  readonly path: string;
  readonly clock: Clock;
  /** The program that makes it; another name is for tests. */
  readonly program?: string;
}

const APPEARS_SECOND_MAX = 5;
const LOOK_EVERY_SECOND = 0.02;

/**
 * The instrument's end of a pseudo-terminal, which to the host is a serial port. socat makes it and
 * keeps it there while no host has it open; what is said then waits, up to what the kernel keeps.
 */
export class PtyLink implements Link {
  readonly #options: PtyLinkOptions;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  #child: ChildProcessWithoutNullStreams | undefined;
  readonly #mouth = new DroppingWriter();

  constructor(options: PtyLinkOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.path;
  }

  get isOpen(): boolean {
    return this.#child !== undefined;
  }

  /** Bytes of the instrument that the host has not taken. */
  get droppedBytes(): number {
    return this.#mouth.droppedBytes;
  }

  /** @throws Fault instrumentMissing without socat, badInput when the path is taken */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#child) throw this.#fault('instrumentLost', 'it is already open');
    const { path, program = 'socat' } = this.#options;
    if (isThere(path)) {
      throw this.#fault('badInput', 'there is something already: remove it, or choose another');
    }
    const child = spawn(program, [`PTY,raw,echo=0,link=${path}`, 'STDIO']);
    this.#adopt(child);
    const failure = new Promise<Error>((resolve) => child.once('error', resolve));
    const refusal = await Promise.race([this.#appears(child, signal), failure]);
    if (refusal === undefined) return;
    if (this.#child === child) await this.close();
    if (refusal instanceof Fault || refusal === signal.reason) throw refusal;
    const message = `${program} makes pseudo-terminals and does not start (${refusal.message}): install it with "sudo apt-get install socat"`;
    throw new Fault('instrumentMissing', { where: program, message }, refusal);
  }

  write(bytes: Uint8Array): void {
    if (!this.#child) throw this.#fault('instrumentLost', 'it is closed');
    this.#mouth.write(this.#child.stdin, bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#lose(child, 'closed by this end');
    if (child.pid !== undefined) await gone;
  }

  #adopt(child: ChildProcessWithoutNullStreams): void {
    this.#child = child;
    child.stdout.on('data', (bytes: Uint8Array) => {
      if (this.#child !== child) return;
      this.#data.tell(bytes);
    });
    // What it says of its end is told by its exit.
    child.stderr.resume();
    // A write that finds nobody is often sooner than the news of the exit: both are the same end.
    child.stdin.on('error', () => this.#lose(child, 'the pseudo-terminal has gone'));
    child.on('error', () => this.#lose(child, 'the pseudo-terminal could not be made'));
    child.on('exit', () => this.#lose(child, 'the pseudo-terminal has gone'));
  }

  /** @returns why it has not appeared */
  async #appears(
    child: ChildProcessWithoutNullStreams,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const { clock, path } = this.#options;
    const untilSecond = clock.nowSecond() + APPEARS_SECOND_MAX;
    while (!existsSync(path)) {
      if (signal.aborted) return signal.reason as Error;
      if (this.#child !== child || clock.nowSecond() > untilSecond) {
        return this.#fault('instrumentLost', 'the pseudo-terminal did not appear');
      }
      await sleep(clock, LOOK_EVERY_SECOND);
    }
    return undefined;
  }

  #lose(child: ChildProcessWithoutNullStreams, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    // Told to end in the middle of a transfer, socat does not always: then nobody ever ends.
    child.kill('SIGKILL');
    // A killed socat leaves the link, which would keep the next one from being made.
    rmSync(this.#options.path, { force: true });
    this.#closed.tell(reason);
  }

  #fault(code: 'instrumentLost' | 'badInput', message: string): Fault {
    return new Fault(code, { where: this.name, message });
  }
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
