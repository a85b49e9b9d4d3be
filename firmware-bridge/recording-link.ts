import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Clock } from '../src/domain/clock.ts';
import { asFault, Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';
import { formatTraceEntry, type TraceEntry } from './wire-trace.ts';

export interface RecordingLinkOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** Where the trace goes; every opening is added at its end. */
  readonly file: string;
  /** What the link leads to, for the header: "potentiostat cell-7 (EmStat4 HR)". */
  readonly instrument: string;
  /** Largest file in bytes; 256 MiB unless given. */
  readonly bytesMax?: number;
}

/** A week of samples each second, with what was asked. */
const FILE_BYTES_MAX = 256 * 2 ** 20;
/** Bytes on the way to the disk; a disk that is slower than this costs the trace, nothing else. */
const WAITING_BYTES_MAX = 4 * 2 ** 20;

/**
 * A link that writes down everything that goes over it. A file that cannot be written is refused
 * when the link is opened; after that recording never disturbs the link: when the file is full, or
 * the disk is too slow or fails, entries are left out and counted, and a full file ends with a line
 * that says so. Entries after a loss are left out to the end of the opening, so that a trace has no
 * holes that nobody sees.
 */
export class RecordingLink implements Link {
  readonly #options: RecordingLinkOptions;
  readonly #link: Link;
  #stream: WriteStream | undefined;
  #openedSecond = 0;
  #fileBytes = 0;
  #lostEntries = 0;
  #problem: string | undefined;
  #unlisten: (() => void)[] = [];
  /** The file of an opening is whole before the next one begins. */
  #ended: Promise<void> = Promise.resolve();

  constructor(options: RecordingLinkOptions) {
    this.#options = options;
    this.#link = options.link;
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  /** Entries that are not in the trace, and why. */
  get losses(): { readonly entries: number; readonly problem: string | undefined } {
    return { entries: this.#lostEntries, problem: this.#problem };
  }

  /** @throws Fault storage when the trace cannot be written, and what the link's `open` throws */
  async open(signal: AbortSignal): Promise<void> {
    // Simulated time stands still for the disk: no run may depend on how fast that is.
    const release = this.#options.clock.hold();
    try {
      await this.#ended;
      if (!this.#link.isOpen) await this.#begin();
    } finally {
      release();
    }
    try {
      await this.#link.open(signal);
    } catch (error) {
      // A link that was open already goes on being recorded.
      if (!this.#link.isOpen) this.#end(`not opened: ${asFault(error, this.name).message}`);
      await this.#ended;
      throw error;
    }
  }

  /** Recorded before it is sent: a simulated instrument may answer within the call. */
  write(bytes: Uint8Array): void {
    if (this.#link.isOpen) this.#record({ kind: 'sent', ...this.#now(), bytes });
    this.#link.write(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onData(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#link.onClose(listener);
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.#end('closed by this end');
    await this.#ended;
  }

  /** Listens before anybody else can have been told, so that nothing at the start is missed. */
  async #begin(): Promise<void> {
    const { clock, instrument } = this.#options;
    const stream = await this.#openFile();
    this.#openedSecond = clock.nowSecond();
    this.#problem = undefined;
    this.#stream = stream;
    this.#unlisten = [
      this.#link.onData((bytes) => this.#record({ kind: 'received', ...this.#now(), bytes })),
      this.#link.onClose((reason) => this.#end(reason)),
    ];
    const header = { link: this.name, instrument, startedUtcMs: clock.utcMs() };
    this.#record({ kind: 'opened', header });
  }

  async #openFile(): Promise<WriteStream> {
    const { file } = this.#options;
    try {
      const handle = await open(file, 'a');
      this.#fileBytes = (await handle.stat()).size;
      const stream = handle.createWriteStream();
      stream.on('error', (error) => {
        this.#problem ??= error.message;
      });
      return stream;
    } catch (error) {
      const message = `the trace cannot be written: ${asFault(error, file).message}`;
      throw new Fault('storage', { where: file, message }, error);
    }
  }

  #now(): { readonly timeSecond: number } {
    return { timeSecond: this.#options.clock.nowSecond() - this.#openedSecond };
  }

  #record(entry: TraceEntry): void {
    const stream = this.#stream;
    if (!stream) return;
    if (this.#problem !== undefined) {
      this.#lostEntries += 1;
      return;
    }
    const line = formatTraceEntry(entry);
    const { bytesMax = FILE_BYTES_MAX } = this.#options;
    if (this.#fileBytes + line.length > bytesMax) {
      this.#give(stream, `the trace has reached its ${bytesMax} bytes`);
    } else if (stream.writableLength > WAITING_BYTES_MAX) {
      this.#give(stream, `the disk takes less than is to be written`);
    } else {
      this.#fileBytes += line.length;
      stream.write(line);
    }
  }

  /** The entry at hand is lost, and those after it. */
  #give(stream: WriteStream, problem: string): void {
    this.#problem = problem;
    this.#lostEntries += 1;
    stream.write(formatTraceEntry({ kind: 'full', ...this.#now(), message: problem }));
  }

  #end(reason: string): void {
    const stream = this.#stream;
    if (!stream) return;
    this.#record({ kind: 'closed', ...this.#now(), reason });
    this.#stream = undefined;
    for (const unlisten of this.#unlisten) unlisten();
    if (stream.destroyed) return;
    this.#ended = new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      stream.end();
    });
  }
}
