import type { Clock } from '../domain/clock.ts';
import type { Instruments } from '../domain/instrument.ts';
import { type Ending, endingOf, type Halt, haltEvent, haltOfError } from './ending.ts';
import type { JournalEvent } from './journal.ts';
import { enterSafeState, type SafeActionOutcome, safeActions } from './safe-state.ts';

export interface HaltingOptions {
  readonly clock: Clock;
  readonly instruments: Instruments;
  /** Instruments that were talked to: what was never touched needs no safe state. */
  readonly touched: () => ReadonlySet<object>;
  readonly tell: (event: JournalEvent) => void;
  /** Told once, in the turn of the first cause. */
  readonly onHalt: () => void;
  /** Told when the potentiostat has confirmed that no current flows. */
  readonly onCellOff: () => void;
  /** What ended the last step, for the end of the run. */
  readonly lastEndedBy: () => string;
}

/**
 * Ends a run before its recipe does, and brings it to its safe state either way. The first cause
 * latches; later ones are only written down.
 */
export class Halting {
  readonly #options: HaltingOptions;
  readonly #abort = new AbortController();
  #halt: Halt | undefined;
  #isOver = false;
  #safeState: Promise<readonly SafeActionOutcome[]> | undefined;
  #safeEnding: Ending | undefined;

  constructor(options: HaltingOptions) {
    this.#options = options;
  }

  /** Aborts when the run ends before its recipe does. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isHalted(): boolean {
    return this.#halt !== undefined;
  }

  /** The run has ended: nothing halts it any more. */
  close(): void {
    this.#isOver = true;
  }

  haltWith(halt: Halt): void {
    if (this.#isOver) return;
    const isFirst = this.#halt === undefined;
    this.#halt ??= halt;
    // The safe state starts in the same turn, before anything is written.
    if (isFirst) {
      this.#options.onHalt();
      this.#abort.abort(new Error('the run ends before its recipe'));
      void this.safeState();
    }
    this.#options.tell(haltEvent(halt));
  }

  /** Unwinding after a halt throws the abort's own reason, which is no news. */
  haltOnError(error: unknown): void {
    if (error === this.#abort.signal.reason) return;
    this.haltWith(haltOfError(error));
  }

  /** Brings everything to its safe state, once, whoever asks first. */
  safeState(): Promise<readonly SafeActionOutcome[]> {
    this.#safeState ??= this.#enterSafeState();
    return this.#safeState;
  }

  /** How the run ends, as far as it is known. */
  ending(safety: readonly SafeActionOutcome[] = []): Ending {
    return endingOf(this.#halt, safety, this.#options.lastEndedBy());
  }

  /** How a halted run will end, from the moment when everything is safe; undefined before. */
  safeEnding(): Ending | undefined {
    return this.#safeEnding;
  }

  async #enterSafeState(): Promise<readonly SafeActionOutcome[]> {
    const { clock, instruments, touched } = this.#options;
    const known = touched();
    const actions = safeActions(instruments, (instrument) => known.has(instrument));
    const outcomes = await enterSafeState(clock, actions, (outcome) => this.#report(outcome));
    if (this.#halt) this.#safeEnding = this.ending(outcomes);
    return outcomes;
  }

  #report({ action, failure }: SafeActionOutcome): void {
    const { instruments, onCellOff, tell } = this.#options;
    if (action.instrument === instruments.potentiostat.info.id && !failure) onCellOff();
    tell({
      code: 'safeState',
      severity: failure === undefined ? 'info' : 'alarm',
      message:
        failure === undefined
          ? `Safe state: ${action.result}.`
          : `Safe state: it is NOT confirmed that ${action.result} (${failure}). Look at the rig.`,
      details: { instrument: action.instrument, confirmed: failure === undefined },
    });
  }
}
