import type { RunReader } from '../domain/run-store.ts';

/** Bounds of one message of records. */
export const BATCH_RECORDS_MAX = 500;
export const BATCH_BYTES_MAX = 256 * 1024;

export interface RecordBatch {
  /** A `records` message, ready to send. */
  readonly bytes: Buffer;
  readonly after: number;
  /** Sequence number of its last record: the cursor of who has received it. */
  readonly lastSequence: number;
}

/**
 * Cuts the run into messages. The newest message is kept: pages that stand at the same place, as
 * all live ones do, share one read and one text. Records never change, so it cannot be stale.
 */
export class RecordBatches {
  readonly #reader: RunReader;
  #newest: RecordBatch | undefined;

  constructor(reader: RunReader) {
    this.#reader = reader;
  }

  /** The next message after `sequence`; undefined when there is nothing newer. */
  after(sequence: number): RecordBatch | undefined {
    if (this.#newest?.after === sequence) return this.#newest;
    const records = this.#reader.readAfter(sequence, BATCH_RECORDS_MAX);
    const parts: string[] = [];
    let lastSequence = sequence;
    let bytes = 0;
    for (const record of records) {
      const text = JSON.stringify(record);
      bytes += Buffer.byteLength(text) + 1;
      // One record always goes, however long: a cursor that cannot move would stand for ever.
      if (parts.length > 0 && bytes > BATCH_BYTES_MAX) break;
      parts.push(text);
      lastSequence = record.sequence;
    }
    if (parts.length === 0) return undefined;
    const message = `{"type":"records","records":[${parts.join(',')}]}`;
    this.#newest = { bytes: Buffer.from(message), after: sequence, lastSequence };
    return this.#newest;
  }
}
