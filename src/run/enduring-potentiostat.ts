import { type Clock, sleep } from '../domain/clock.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type {
  InstrumentInfo,
  LineLosses,
  Potentiostat,
  PotentiostatCapability,
  Reading,
} from '../domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../domain/technique.ts';
import { settledWithin } from './waiting.ts';

/** One attempt to reach a potentiostat again, with everything it asks the instrument. */
export const RECONNECT_SECOND_MAX = 30;
/** Between attempts to open the cell of a lost instrument; together less than a safe state waits. */
const CELL_OFF_WAITS_SECOND = [0.25, 0.5, 1, 2] as const;

/**
 * A potentiostat whose loss can be outlived: it says when it was lost, and can be connected again
 * until the same instrument answers with its cell off. To everybody else it is the potentiostat.
 */
export class EnduringPotentiostat implements Potentiostat {
  readonly #inner: Potentiostat;
  readonly #clock: Clock;
  readonly #onLost: (fault: Fault) => boolean;
  #model: string | undefined;
  #isLost = false;
  #earlierLosses: LineLosses = {};
  #attempt: Promise<void> | undefined;

  /** @param options `onLost` decides whether the loss is waited out; a measurement then just ends */
  constructor(
    inner: Potentiostat,
    options: { readonly clock: Clock; readonly onLost: (fault: Fault) => boolean },
  ) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#onLost = options.onLost;
  }

  get info(): InstrumentInfo {
    return this.#inner.info;
  }

  get capability(): PotentiostatCapability {
    return this.#inner.capability;
  }

  /** Of all its connections: each begins to count anew. */
  get losses(): LineLosses {
    return sumOf(this.#earlierLosses, this.#inner.losses ?? {});
  }

  /** Lost, and not connected again since. */
  get isLost(): boolean {
    return this.#isLost;
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#inner.connect(signal);
    this.#model = this.#inner.info.model;
  }

  /** Where the loss is waited out the readings end early: the wait has aborted the signal. */
  async *measure(technique: ElectrochemicalTechnique, signal: AbortSignal): AsyncIterable<Reading> {
    try {
      yield* this.#inner.measure(technique, signal);
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#isLost = true;
      if (!this.#onLost(error)) throw error;
    }
  }

  /** A lost instrument is connected first: whoever asks wants the cell off, not an excuse. */
  async cellOff(): Promise<void> {
    // In the same turn where it can be: nothing may be told to another instrument before.
    if (this.#attempt) await this.#attempt.catch(() => {});
    if (!this.#isLost) {
      try {
        await this.#inner.cellOff();
        return;
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'instrumentLost') throw error;
        this.#isLost = true;
      }
    }
    await this.#reconnectSoon();
  }

  /** A plug that is being put back is there a moment later. @throws Fault of the last attempt */
  async #reconnectSoon(): Promise<void> {
    const { signal } = new AbortController();
    for (const waitSecond of CELL_OFF_WAITS_SECOND) {
      try {
        await this.reconnect(signal);
        return;
      } catch (error) {
        if (!isAbsence(error)) throw error;
        await sleep(this.#clock, waitSecond);
      }
    }
    await this.reconnect(signal);
  }

  /**
   * One attempt: lets go of what is left, connects anew, checks that it is the instrument it was,
   * and opens the cell.
   * @throws Fault instrumentUnable when it is another one; what the instrument throws; timeout
   */
  reconnect(signal: AbortSignal): Promise<void> {
    this.#attempt ??= this.#reconnect(signal).finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async disconnect(): Promise<void> {
    await this.#inner.disconnect();
  }

  async #reconnect(signal: AbortSignal): Promise<void> {
    const { id } = this.#inner.info;
    const attempt = new AbortController();
    const both = AbortSignal.any([signal, attempt.signal]);
    const work = this.#connectAnew(both);
    const end = await settledWithin(this.#clock, RECONNECT_SECOND_MAX, work, signal);
    if (end.kind === 'value') {
      this.#isLost = false;
      return;
    }
    const message = `did not answer within ${RECONNECT_SECOND_MAX} s of being connected again`;
    const fault = new Fault('timeout', { where: id, message });
    attempt.abort(fault);
    throw fault;
  }

  async #connectAnew(signal: AbortSignal): Promise<void> {
    // What is lost may not let go cleanly; the next connection shows whether that matters.
    await this.#inner.disconnect().catch(() => {});
    const lost = this.losses;
    await this.#inner.connect(signal);
    this.#earlierLosses = lost;
    this.#refuseOther();
    await this.#inner.cellOff();
  }

  #refuseOther(): void {
    const { id, model } = this.#inner.info;
    if (this.#model === undefined || model === this.#model) return;
    throw new Fault('instrumentUnable', {
      where: id,
      message: `another instrument answers there now: expected ${this.#model}, found ${model}; plug in the one the run began with`,
    });
  }
}

function sumOf(one: LineLosses, other: LineLosses): LineLosses {
  const sum: Record<string, number> = { ...one };
  for (const [kind, count] of Object.entries(other)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

/** The link is gone, or nothing comes over it any more. */
function isLoss(error: unknown): error is Fault {
  return error instanceof Fault && (error.code === 'instrumentLost' || error.code === 'timeout');
}

function isAbsence(error: unknown): boolean {
  return error instanceof Fault && error.code === 'instrumentMissing';
}

/** The reason as one clause, for messages. */
export function lossOf(error: unknown, where: string): string {
  return asFault(error, where, 'instrumentLost').message.replaceAll('\n', '; ');
}
