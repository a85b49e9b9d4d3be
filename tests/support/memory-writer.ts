import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { InstrumentInfo } from '../../src/domain/instrument.ts';
import type { RecordBody, RunRecord } from '../../src/domain/run-record.ts';
import type {
  EngineState,
  RunWriter,
  ScanSpool,
  ScanSpoolFactory,
} from '../../src/domain/run-store.ts';
import type { Frame } from '../../src/domain/scan.ts';

/** A run database in memory that can be told to fail. */
export class MemoryWriter implements RunWriter {
  readonly records: RunRecord[] = [];
  readonly states: {
    readonly timeSecond: number;
    readonly state: EngineState;
    /** Records that it is saved with or after. */
    readonly recordCount: number;
  }[] = [];
  readonly #clock: Clock;
  readonly utcLabels: { readonly fromSecond: number; readonly utcAtZeroMs: number }[] = [];
  #prepare: () => void = () => {};
  #committed = 0;
  commits = 0;
  /** As they were named last. */
  instruments: readonly InstrumentInfo[] = [];
  finished: string | undefined;
  /** Fails from this record on. */
  failsAtRecord = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  append(timeSecond: number, body: RecordBody): number {
    if (this.records.length >= this.failsAtRecord) {
      throw new Fault('storage', { where: 'run.db', message: 'the disk is full' });
    }
    const sequence = this.records.length + 1;
    this.records.push({ sequence, timeSecond, boot: 0, body });
    return sequence;
  }
  saveState(state: EngineState): void {
    const recordCount = this.records.length;
    this.states.push({ timeSecond: this.#clock.nowSecond(), state, recordCount });
  }
  commit(): void {
    this.#prepare();
    this.commits += 1;
    this.#committed = this.records.length;
  }
  beforeCommit(prepare: () => void): void {
    this.#prepare = prepare;
  }
  committedSequence(): number {
    return this.#committed;
  }
  labelUtc(fromSecond: number, utcAtZeroMs: number): void {
    this.utcLabels.push({ fromSecond, utcAtZeroMs });
  }
  nameInstruments(instruments: readonly InstrumentInfo[]): void {
    this.instruments = instruments;
  }
  finish(status: string): void {
    this.finished = status;
  }
  /** The records of one kind. */
  of<K extends RecordBody['kind']>(kind: K) {
    return this.records.flatMap(({ timeSecond, body }) =>
      body.kind === kind
        ? [{ timeSecond, ...(body as Extract<RecordBody, { readonly kind: K }>) }]
        : [],
    );
  }
  samplesOf(channel: string) {
    return this.of('sample').filter((sample) => sample.channel === channel);
  }
}

/** Keeps the frames of every scan. */
export class MemorySpools implements ScanSpoolFactory {
  readonly frames = new Map<string, Frame[]>();
  /** Fails when a scan has so many frames. */
  failsAtFrame = Number.POSITIVE_INFINITY;

  open(scanId: string): ScanSpool {
    const frames: Frame[] = [];
    this.frames.set(scanId, frames);
    return {
      name: `${scanId}.frames`,
      add: (frame) => {
        if (frames.length >= this.failsAtFrame) {
          throw new Fault('storage', { where: scanId, message: 'the disk is full' });
        }
        frames.push(frame);
      },
      finish: () => `${scanId}.frames`,
    };
  }
}
