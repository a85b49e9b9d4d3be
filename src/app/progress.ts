import type { Clock } from '../domain/clock.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_SECOND = 0.2;
/** Without a terminal a line is written at each tenth, not at each redraw. */
const PLAIN_STEPS = 10;
const BAR_WIDTH_MAX = 30;

export interface ProgressState {
  readonly fraction: number;
  readonly text: string;
}

/** A bar on a terminal, a line per tenth elsewhere; asks for its state, is never told. */
export class ProgressDisplay {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #state: () => ProgressState;
  #cancel: (() => void) | undefined;
  #plainStep = -1;

  /** @param clock real time: how often to redraw. */
  constructor(terminal: Terminal, clock: Clock, state: () => ProgressState) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#state = state;
  }

  start(): void {
    this.#draw();
    this.#cancel = this.#clock.after(REDRAW_SECOND, () => this.start());
  }

  /** Prints a line above the bar. */
  note(text: string): void {
    this.#terminal.err(this.#terminal.isInteractive ? `\r\x1b[2K${text}\n` : `${text}\n`);
    if (this.#terminal.isInteractive && this.#cancel) this.#draw();
  }

  stop(): void {
    this.#cancel?.();
    if (this.#cancel && this.#terminal.isInteractive) this.#terminal.err('\r\x1b[2K');
    this.#cancel = undefined;
  }

  #draw(): void {
    const state = this.#state();
    if (this.#terminal.isInteractive) {
      this.#terminal.err(`\r\x1b[2K${progressLine(state, this.#terminal.columns)}`);
      return;
    }
    const plainStep = Math.floor(state.fraction * PLAIN_STEPS);
    if (plainStep <= this.#plainStep) return;
    this.#plainStep = plainStep;
    this.#terminal.err(`${percent(state.fraction)} ${state.text}\n`);
  }
}

/** `█████░░░░░  48 %  plate · 1 h 30 min`, cut to the width of the terminal. */
export function progressLine({ fraction, text }: ProgressState, columns: number): string {
  const width = Math.max(5, Math.min(BAR_WIDTH_MAX, columns - 40));
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  const bar = '█'.repeat(full) + '░'.repeat(width - full);
  return `${bar} ${percent(fraction)}  ${text}`.slice(0, columns - 1);
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)
    .toString()
    .padStart(3)} %`;
}
