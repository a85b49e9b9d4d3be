import type { Clock } from '../../src/domain/clock.ts';
import type { Link } from '../link.ts';
import { BoardLink } from './board-link.ts';
import type { SimulatedBoard } from './simulated-board.ts';

/** What really is at the terminals of a simulated board, whatever it says of itself. */
export interface BoardState {
  /** On the board's own time, which a busy machine lets slip behind the clock. */
  readonly boardSecond: number;
  readonly slippedSecond: number;
  readonly utcMs: number;
  /** Share of full power at the heater, 0 to 1. */
  readonly dutyFraction: number;
  readonly isRelayClosed: boolean;
  readonly resets: number;
  /** When the host's last bytes came, on the board's own time; null before the first. */
  readonly lastByteSecond: number | null;
}

/** A state is told at every change of heater, relay or resets, and after this long without one. */
const TELL_EVERY_SECOND = 0.1;
/**
 * A process that was not let run for longer than this loses time instead of making it up: the
 * bytes of a host that was well all the while come only after it, and the board would trip.
 */
const CATCH_UP_SECOND_MAX = 0.02;

/**
 * A simulated board in real time: the firmware at the pace of the clock behind a link, with its
 * true state told step by step to whoever judges it.
 */
export class BoardProcess {
  readonly #clock: Clock;
  readonly #line: BoardLink;
  readonly #onState: (state: BoardState) => void;
  #told: BoardState | undefined;

  /** @param options `onStep` is told how much time has passed, before the board lives through it */
  constructor(options: {
    readonly link: Link;
    readonly clock: Clock;
    readonly makeBoard: (onByte: (byte: number) => void) => SimulatedBoard;
    readonly onStep?: (stepSecond: number) => void;
    readonly onState?: (state: BoardState) => void;
  }) {
    const { link, clock, makeBoard, onStep, onState } = options;
    this.#clock = clock;
    this.#onState = onState ?? (() => {});
    this.#line = new BoardLink({
      link,
      clock,
      makeBoard,
      catchUpSecondMax: CATCH_UP_SECOND_MAX,
      onStep: (stepSecond) => {
        this.#tell();
        onStep?.(stepSecond);
      },
    });
  }

  get board(): SimulatedBoard {
    return this.#line.board;
  }

  start(): Promise<void> {
    return this.#line.start();
  }

  /** Idempotent. */
  stop(): Promise<void> {
    return this.#line.stop();
  }

  /** The cable is put in again. */
  plugIn(): Promise<void> {
    return this.#line.plugIn();
  }

  unplug(): Promise<void> {
    return this.#line.unplug();
  }

  /** What is so now. */
  state(): BoardState {
    const { board, slippedSecond, lastByteSecond } = this.#line;
    return {
      boardSecond: board.timeSecond,
      slippedSecond,
      utcMs: this.#clock.utcMs(),
      dutyFraction: board.heaterDuty,
      isRelayClosed: board.isRelayClosed,
      resets: board.resets,
      lastByteSecond: lastByteSecond ?? null,
    };
  }

  #tell(): void {
    const { board } = this.#line;
    const told = this.#told;
    const isNews =
      told === undefined ||
      told.dutyFraction !== board.heaterDuty ||
      told.isRelayClosed !== board.isRelayClosed ||
      told.resets !== board.resets ||
      board.timeSecond - told.boardSecond >= TELL_EVERY_SECOND;
    if (!isNews) return;
    this.#told = this.state();
    this.#onState(this.#told);
  }
}
