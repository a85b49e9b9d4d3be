import { ScpiFailure } from './scpi-parameters.ts';

/** One block of a trigger model, 2450 manual 3-102. Block numbers begin at 1. */
export type TriggerBlock =
  | { readonly kind: 'clear' }
  | { readonly kind: 'source'; readonly isOn: boolean }
  | { readonly kind: 'measure' }
  | { readonly kind: 'notify' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'pause'; readonly seconds: number }
  | { readonly kind: 'count'; readonly target: number; readonly to: number }
  | { readonly kind: 'command'; readonly to: number }
  | {
      readonly kind: 'limits';
      readonly isOutside: boolean;
      readonly low: number;
      readonly high: number;
      readonly to: number;
    };

/** What the blocks act on. */
export interface TriggerActions {
  clear(): void;
  setOutput(isOn: boolean): void;
  /** Takes a reading, stores it and returns it. */
  measure(signal: AbortSignal): Promise<number>;
  notify(): void;
  pause(seconds: number, signal: AbortSignal): Promise<void>;
}

const BLOCKS_MAX = 63;
/** Blocks without any time in them that are passed in a row before a model counts as stuck. */
const TIMELESS_MAX = 1000;

/** The trigger model of a simulated 2450: blocks, their counters, and the one event it hears. */
export class TriggerModel {
  readonly #actions: TriggerActions;
  readonly #blocks = new Map<number, TriggerBlock>();
  #run: AbortController | undefined;
  #hasCommand = false;
  #at = 0;
  #state = 'EMPTY';

  constructor(actions: TriggerActions) {
    this.#actions = actions;
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /** As `:TRIG:STAT?` says it: state, state, block. */
  get stateText(): string {
    return `${this.#state};${this.#state};${this.#at}`;
  }

  load(): void {
    this.#blocks.clear();
    this.#state = 'EMPTY';
  }

  /** @throws ScpiFailure when the number is none that comes next or is there */
  define(number: number, block: TriggerBlock): void {
    if (number > BLOCKS_MAX || number > this.#blocks.size + 1) throw new ScpiFailure(-222);
    this.#blocks.set(number, block);
    this.#state = 'BUILDING';
  }

  /** The command event (`*TRG`); it is remembered until a block has asked for it. */
  command(): void {
    this.#hasCommand = true;
  }

  /** @throws ScpiFailure when it runs already or there is nothing to run */
  initiate(): void {
    if (this.#run) throw new ScpiFailure(-213);
    if (this.#blocks.size === 0) throw new ScpiFailure(-221);
    const run = new AbortController();
    this.#run = run;
    this.#hasCommand = false;
    this.#state = 'RUNNING';
    void this.#execute(run.signal);
  }

  /** Stops it where it is; the output stays as it is. */
  abort(): void {
    if (!this.#run) return;
    this.#run.abort(new Error('aborted'));
    this.#run = undefined;
    this.#state = 'ABORTED';
  }

  async #execute(signal: AbortSignal): Promise<void> {
    const counters = new Map<number, number>();
    let reading = Number.NaN;
    let timeless = 0;
    this.#at = 1;
    try {
      for (let block = this.#block(); block; block = this.#block()) {
        timeless += 1;
        if (timeless > TIMELESS_MAX) break;
        let to = this.#at + 1;
        if (block.kind === 'measure') {
          reading = await this.#actions.measure(signal);
          timeless = 0;
        } else if (block.kind === 'pause') {
          await this.#actions.pause(block.seconds, signal);
          timeless = 0;
        } else {
          to = this.#instant(block, { reading, counters }) ?? to;
        }
        this.#at = to;
      }
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      throw error;
    }
    this.#run = undefined;
    this.#state = 'IDLE';
  }

  #block(): TriggerBlock | undefined {
    return this.#blocks.get(this.#at);
  }

  /** @returns where it goes on, undefined for the next block */
  #instant(
    block: Exclude<TriggerBlock, { kind: 'measure' | 'pause' }>,
    { reading, counters }: { readonly reading: number; readonly counters: Map<number, number> },
  ): number | undefined {
    switch (block.kind) {
      case 'clear':
        this.#actions.clear();
        return undefined;
      case 'source':
        this.#actions.setOutput(block.isOn);
        return undefined;
      case 'notify':
        this.#actions.notify();
        return undefined;
      case 'nothing':
        return undefined;
      case 'limits': {
        const isInside = reading >= block.low && reading <= block.high;
        return isInside === block.isOutside ? undefined : block.to;
      }
      case 'count': {
        const count = (counters.get(this.#at) ?? 0) + 1;
        const isReached = count >= block.target;
        counters.set(this.#at, isReached ? 0 : count);
        return isReached ? undefined : block.to;
      }
      case 'command': {
        const { to } = block;
        const isHeard = this.#hasCommand;
        this.#hasCommand = false;
        return isHeard ? to : undefined;
      }
      default:
        return block satisfies never;
    }
  }
}
