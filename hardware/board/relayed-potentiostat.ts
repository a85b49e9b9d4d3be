import type {
  InstrumentInfo,
  Potentiostat,
  PotentiostatCapability,
  Reading,
} from '../../src/domain/instrument.ts';
import type { ElectrochemicalTechnique } from '../../src/domain/technique.ts';
import type { SharedBoard } from './shared-board.ts';

/**
 * A potentiostat behind the board's cell relay: closed before it measures, open after it. So the
 * cell is off also when the potentiostat itself does not answer.
 */
export class RelayedPotentiostat implements Potentiostat {
  readonly #potentiostat: Potentiostat;
  readonly #board: SharedBoard;

  constructor(potentiostat: Potentiostat, board: SharedBoard) {
    this.#potentiostat = potentiostat;
    this.#board = board;
  }

  get info(): InstrumentInfo {
    return this.#potentiostat.info;
  }

  get capability(): PotentiostatCapability {
    return this.#potentiostat.capability;
  }

  /** @throws Fault as the board's `acquire`, or the potentiostat's own */
  async connect(signal: AbortSignal): Promise<void> {
    await this.#board.acquire(this, signal);
    await this.#potentiostat.connect(signal);
  }

  /** @throws Fault as the board's `setOutputs`, or the potentiostat's own */
  async *measure(
    technique: ElectrochemicalTechnique,
    signal: AbortSignal,
  ): AsyncGenerator<Reading, void, undefined> {
    await this.#board.setOutputs({ isRelayClosed: true });
    try {
      yield* this.#potentiostat.measure(technique, signal);
    } finally {
      await this.#board.setOutputs({ isRelayClosed: false });
    }
  }

  /** Both at once: a potentiostat that hangs does not keep the relay closed. */
  async cellOff(): Promise<void> {
    const ends = await Promise.allSettled([
      this.#potentiostat.cellOff(),
      this.#board.setOutputs({ isRelayClosed: false }),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async disconnect(): Promise<void> {
    try {
      await this.#potentiostat.disconnect();
    } finally {
      await this.#board.release(this);
    }
  }
}
