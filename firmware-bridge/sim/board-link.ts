import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import type { Link } from '../link.ts';
import type { SimulatedBoard } from './simulated-board.ts';

/** From one look to the next: bytes are handed over so often. */
const STEP_SECOND = 0.001;

/** A step this close is due: the clock's seconds are sums of steps. */
const ROUNDING_SECOND = 1e-6;

/**
 * Lets a simulated board live on a clock, at the far end of a link. Switching off takes its power
 * away; its link may close and open while it goes on, as a cable may be pulled.
 */
export class BoardLink {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #board: SimulatedBoard;
  readonly #onStep: (stepSecond: number) => void;
  readonly #catchUpSecondMax: number;
  #unlisten: (() => void)[] = [];
  #cancel: CancelTimer | undefined;
  #startSecond = 0;
  #slippedSecond = 0;
  #lastByteSecond: number | undefined;
  #sent: number[] = [];

  /**
   * @param options `onStep` is told how much time has passed, before the board lives through it;
   *   `catchUpSecondMax`: on a clock of real time a busy machine may let this process wait. What
   *   is beyond that the board does not live through at once, deaf to its host: its time slips.
   */
  constructor(options: {
    readonly link: Link;
    readonly clock: Clock;
    readonly makeBoard: (onByte: (byte: number) => void) => SimulatedBoard;
    readonly onStep?: (stepSecond: number) => void;
    readonly catchUpSecondMax?: number;
  }) {
    this.#link = options.link;
    this.#clock = options.clock;
    this.#board = options.makeBoard((byte) => this.#sent.push(byte));
    this.#onStep = options.onStep ?? (() => {});
    this.#catchUpSecondMax = options.catchUpSecondMax ?? Number.POSITIVE_INFINITY;
  }

  get board(): SimulatedBoard {
    return this.#board;
  }

  /** How far its time has fallen behind the clock since the start. */
  get slippedSecond(): number {
    return this.#slippedSecond;
  }

  /** On the board's own time: when the host's last bytes came to it; undefined before the first. */
  get lastByteSecond(): number | undefined {
    return this.#lastByteSecond;
  }

  async start(): Promise<void> {
    if (this.#cancel) return;
    this.#unlisten = [this.#link.onData((bytes) => this.#hear(bytes))];
    this.#startSecond = this.#clock.nowSecond() - this.#board.timeSecond;
    this.#slippedSecond = 0;
    await this.plugIn();
    this.#live();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [];
    await this.#link.close();
  }

  /** The cable is put in again. */
  async plugIn(): Promise<void> {
    if (!this.#link.isOpen) await this.#link.open(new AbortController().signal);
  }

  unplug(): Promise<void> {
    return this.#link.close();
  }

  #hear(bytes: Uint8Array): void {
    this.#lastByteSecond = this.#board.timeSecond;
    this.#board.receive(bytes);
  }

  #live(): void {
    const lagSecond = this.#lagSecond();
    const catchUpSecond = Math.min(lagSecond, this.#catchUpSecondMax);
    this.#slippedSecond += lagSecond - catchUpSecond;
    // A late look is made up for step by step, so that whoever watches sees every one.
    for (let left = catchUpSecond; left > ROUNDING_SECOND; left -= STEP_SECOND) {
      const stepSecond = Math.min(left, STEP_SECOND);
      this.#onStep(stepSecond);
      this.#board.run(stepSecond);
    }
    // Without a host at the other end the bytes are lost, as on a real wire.
    if (this.#link.isOpen && this.#sent.length > 0) this.#link.write(Uint8Array.from(this.#sent));
    this.#sent = [];
    this.#cancel = this.#clock.after(STEP_SECOND, () => this.#live());
  }

  /** How much of the clock's time it has not lived through. */
  #lagSecond(): number {
    const lived = this.#board.timeSecond + this.#slippedSecond;
    return this.#clock.nowSecond() - this.#startSecond - lived;
  }
}
