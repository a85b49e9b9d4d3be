import type { RunRecord } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';
import type { RecordMessage } from './record-messages.ts';

/** Records read from the database at a time: the bound of what waits in memory. */
export const RECORDS_PER_PAGE = 512;

/**
 * What is still to be delivered: reads the run database one page at a time, remembers what is on
 * its way, and moves the cursor up to the first message that is not acknowledged. Memory is
 * bounded by one page and the window of the connection, however long the broker is away.
 */
export class Delivery {
  readonly #reader: RunReader;
  readonly #outlet: string;
  readonly #pack: (records: readonly RunRecord[]) => readonly RecordMessage[];
  #waiting: RecordMessage[] = [];
  readonly #onTheWay = new Set<RecordMessage>();
  #readUpTo = 0;
  #cursor = 0;

  constructor(
    reader: RunReader,
    outlet: string,
    pack: (records: readonly RunRecord[]) => readonly RecordMessage[],
  ) {
    this.#reader = reader;
    this.#outlet = outlet;
    this.#pack = pack;
  }

  /** Goes on where the saved cursor stands. @throws Fault storage */
  start(): void {
    this.#cursor = this.#reader.loadCursor(this.#outlet);
    this.#readUpTo = this.#cursor;
  }

  /** Everything up to here is acknowledged. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Committed records that are not acknowledged yet. */
  remaining(): number {
    return this.#reader.lastSequence() - this.#cursor;
  }

  /** The next message to send; it counts as on its way. @throws Fault storage */
  next(): RecordMessage | undefined {
    if (this.#waiting.length === 0) this.#readPage();
    const message = this.#waiting.shift();
    if (message) this.#onTheWay.add(message);
    return message;
  }

  /** @throws Fault storage when the cursor cannot be saved; the message counts as delivered */
  acknowledge(message: RecordMessage): void {
    if (!this.#onTheWay.delete(message)) return;
    const cursor = this.#firstOpen() - 1;
    if (cursor <= this.#cursor) return;
    this.#cursor = cursor;
    this.#reader.saveCursor(this.#outlet, cursor);
  }

  /** The connection is gone: what was on its way is sent again, first. */
  takeBack(): number {
    const again = [...this.#onTheWay];
    this.#onTheWay.clear();
    this.#waiting = [...again, ...this.#waiting];
    return again.length;
  }

  #readPage(): void {
    const records = this.#reader.readAfter(this.#readUpTo, RECORDS_PER_PAGE);
    this.#readUpTo = records.at(-1)?.sequence ?? this.#readUpTo;
    this.#waiting.push(...this.#pack(records));
  }

  /** Messages leave in the order of their first records, so the oldest open one is in front. */
  #firstOpen(): number {
    const [oldest] = this.#onTheWay;
    const open = oldest ?? this.#waiting[0];
    return open ? open.firstSequence : this.#readUpTo + 1;
  }
}
