import type {
  ClearedBy,
  Guard,
  GuardListener,
  InstrumentInfo,
} from '../../src/domain/instrument.ts';
import type { GpioInterlock } from './gpio-interlock.ts';

/** Everything that can trip a run beside its own limits, as its one guard. */
export class RunGuard implements Guard {
  readonly info: InstrumentInfo;
  readonly #board: Guard | undefined;
  readonly #interlocks: readonly GpioInterlock[];

  /** @param interlocks at least one; they are connected as the sensors that they are */
  constructor(board: Guard | undefined, interlocks: readonly GpioInterlock[]) {
    this.#board = board;
    this.#interlocks = interlocks;
    const parts = [...(board ? [board] : []), ...interlocks].map(({ info }) => info);
    this.info = {
      id: parts.map(({ id }) => id).join('+'),
      model: parts.map(({ model }) => model).join(' and '),
      provenance: board?.info.provenance ?? 'measured',
    };
  }

  listen(listener: GuardListener): () => void {
    const parts = [...(this.#board ? [this.#board] : []), ...this.#interlocks];
    const stops = parts.map((part) => part.listen(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Of the board alone: a contact that is closed again needs no clearing. */
  permitClearing(cleared: ClearedBy): void {
    this.#board?.permitClearing(cleared);
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#board?.connect(signal);
  }

  async disconnect(): Promise<void> {
    await this.#board?.disconnect();
  }
}
