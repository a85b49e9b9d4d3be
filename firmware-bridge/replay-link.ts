import { readFile, stat } from 'node:fs/promises';
import type { CancelTimer, Clock } from '../src/domain/clock.ts';
import { Fault } from '../src/domain/fault.ts';
import type { Link } from './link.ts';
import { Listeners } from './listeners.ts';
import { parseTraceEntry, spokenBytes, type TraceEntry } from './wire-trace.ts';

export interface ReplayLinkOptions {
  /** A trace as `RecordingLink` writes it. */
  readonly file: string;
  readonly clock: Clock;
  /** `asRecorded` keeps the time between request and reply; `atOnce` answers in the same turn. */
  readonly pace?: 'asRecorded' | 'atOnce';
}

interface PlacedEntry {
  readonly line: number;
  readonly entry: TraceEntry;
}

/** Larger traces are cut into their openings by whoever wants to replay them. */
const FILE_BYTES_MAX = 512 * 2 ** 20;
/** Of what was said right, so much is shown before what was not. */
const AGREED_SHOWN_MAX = 24;

/**
 * Plays a recorded trace: each opening of the link plays the next opening in the file. What the
 * host says must be what it said then, byte for byte though not chunk for chunk; what was answered
 * is answered. A host that speaks before everything was delivered gets the rest first, in order.
 */
export class ReplayLink implements Link {
  readonly #options: ReplayLinkOptions;
  readonly #data = new Listeners<Uint8Array>();
  readonly #closed = new Listeners<string>();
  #openings: PlacedEntry[][] | undefined;
  #playing: PlacedEntry[] | undefined;
  /** Of the entry that the host is saying, bytes it has said already. */
  #said = 0;
  #lastSecond = 0;
  #cancelNext: CancelTimer | undefined;

  constructor(options: ReplayLinkOptions) {
    this.#options = options;
  }

  get name(): string {
    return `replay of ${this.#options.file}`;
  }

  get isOpen(): boolean {
    return this.#playing !== undefined;
  }

  /** @throws Fault fileMissing or fileFormat; instrumentMissing when every opening was played */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#playing) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is already open' });
    }
    this.#openings ??= await this.#readHeld();
    signal.throwIfAborted();
    const entries = this.#openings.shift();
    if (!entries) {
      const message = 'the trace was opened as often as it was recorded';
      throw new Fault('instrumentMissing', { where: this.name, message });
    }
    this.#playing = entries;
    this.#said = 0;
    this.#lastSecond = 0;
    this.#scheduleNext();
  }

  /** @throws Fault instrumentReply when the host said something else then; the link is closed */
  write(bytes: Uint8Array): void {
    if (!this.#playing) {
      throw new Fault('instrumentLost', { where: this.name, message: 'it is closed' });
    }
    for (let at = 0; at < bytes.length; ) at = this.#compare(bytes, at);
    this.#scheduleNext();
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#data.add(listener);
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#closed.add(listener);
  }

  async close(): Promise<void> {
    this.#shut('closed by this end');
  }

  /** Simulated time stands still for the disk: no run may depend on how fast that is. */
  async #readHeld(): Promise<PlacedEntry[][]> {
    const { clock, file } = this.#options;
    const release = clock.hold();
    try {
      return await readOpenings(file);
    } finally {
      release();
    }
  }

  /** @returns how far the host's bytes were what the trace has */
  #compare(bytes: Uint8Array, from: number): number {
    const next = this.#nextSent();
    const got = bytes.subarray(from);
    if (!next) throw this.#complain(undefined, got);
    const expected = next.bytes.subarray(this.#said);
    const length = Math.min(expected.length, got.length);
    for (let at = 0; at < length; at += 1) {
      if (expected[at] === got[at]) continue;
      const agreed = next.bytes.subarray(0, this.#said + at);
      const wanted = { line: next.line, agreed, expected: expected.subarray(at) };
      throw this.#complain(wanted, got.subarray(at));
    }
    this.#said += length;
    if (this.#said === next.bytes.length) {
      this.#playing?.shift();
      this.#said = 0;
      this.#lastSecond = next.timeSecond;
    }
    return from + length;
  }

  /** What comes before it is delivered on the way. */
  #nextSent():
    | { readonly line: number; readonly bytes: Uint8Array; readonly timeSecond: number }
    | undefined {
    this.#cancelNext?.();
    for (;;) {
      const first = this.#playing?.[0];
      if (!first) return undefined;
      if (first.entry.kind === 'sent') return { line: first.line, ...first.entry };
      if (first.entry.kind !== 'received') return undefined;
      this.#playing?.shift();
      this.#deliverSoon(first.entry.bytes);
    }
  }

  /** Never within the host's own call. */
  #deliverSoon(bytes: Uint8Array): void {
    const playing = this.#playing;
    queueMicrotask(() => {
      if (this.#playing === playing) this.#deliver(bytes);
    });
  }

  #deliver(bytes: Uint8Array): void {
    this.#data.tell(bytes);
  }

  #scheduleNext(): void {
    this.#cancelNext?.();
    const next = this.#playing?.[0]?.entry;
    if (!next || next.kind === 'sent' || next.kind === 'opened') return;
    const { clock, pace = 'asRecorded' } = this.#options;
    const delaySecond = pace === 'atOnce' ? 0 : Math.max(0, next.timeSecond - this.#lastSecond);
    this.#cancelNext = clock.after(delaySecond, () => this.#playNext(next));
  }

  #playNext(next: Exclude<TraceEntry, { kind: 'opened' }>): void {
    this.#lastSecond = next.timeSecond;
    this.#playing?.shift();
    if (next.kind === 'closed') this.#shut(next.reason);
    else if (next.kind === 'full') this.#shut(`the trace ends here: ${next.message}`);
    else if (next.kind === 'received') {
      this.#deliver(next.bytes);
      this.#scheduleNext();
    }
  }

  #complain(
    wanted:
      | { readonly line: number; readonly agreed: Uint8Array; readonly expected: Uint8Array }
      | undefined,
    got: Uint8Array,
  ): Fault {
    const { file } = this.#options;
    const line = wanted?.line ?? this.#playing?.[0]?.line;
    const expected = wanted ? spokenBytes(wanted.expected) : 'nothing more';
    const after =
      wanted && wanted.agreed.length > 0
        ? `after ${spokenBytes(wanted.agreed.subarray(-AGREED_SHOWN_MAX))} `
        : '';
    const message = `${after}the trace has ${expected} sent here, and this was: ${spokenBytes(got)}`;
    this.#shut('the host said something else than in the trace');
    const where = line === undefined ? `${file}: at its end` : `${file}:${line}`;
    return new Fault('instrumentReply', { where, message });
  }

  #shut(reason: string): void {
    if (!this.#playing) return;
    this.#playing = undefined;
    this.#cancelNext?.();
    this.#closed.tell(reason);
  }
}

/** The entries of each opening. @throws Fault fileMissing or fileFormat */
async function readOpenings(file: string): Promise<PlacedEntry[][]> {
  const openings: PlacedEntry[][] = [];
  const lines = (await readText(file)).split('\n');
  for (const [at, text] of lines.entries()) {
    if (text === '') continue;
    const line = at + 1;
    const entry = parseTraceEntry(text, `${file}:${line}`);
    if (entry.kind === 'opened') openings.push([]);
    else if (openings.length === 0) {
      const message = 'a wire trace begins with its header: {"trace":1,…}';
      throw new Fault('fileFormat', { where: `${file}:${line}`, message });
    } else openings.at(-1)?.push({ line, entry });
  }
  if (openings.length > 0) return openings;
  throw new Fault('fileFormat', { where: file, message: 'the trace is empty' });
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= FILE_BYTES_MAX) return await readFile(file, 'latin1');
  } catch (error) {
    throw new Fault('fileMissing', { where: file, message: 'there is no such trace' }, error);
  }
  const message = `the trace is larger than ${FILE_BYTES_MAX} bytes`;
  throw new Fault('capacity', { where: file, message });
}
