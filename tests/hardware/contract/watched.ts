import type { Link } from '../../../firmware-bridge/link.ts';
import type { CancelTimer, Clock, ReleaseHold } from '../../../src/domain/clock.ts';
import { ArmedTimers } from '../../support/armed-timers.ts';

/** Another clock, and how many timers its user has armed and not yet met. */
export class WatchedClock implements Clock {
  readonly #clock: Clock;
  readonly #timers: ArmedTimers;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timers = new ArmedTimers(clock);
  }

  get armedTimers(): number {
    return this.#timers.count;
  }

  nowSecond(): number {
    return this.#clock.nowSecond();
  }

  utcMs(): number {
    return this.#clock.utcMs();
  }

  after(delaySecond: number, callback: () => void): CancelTimer {
    return this.#timers.after(delaySecond, callback);
  }

  hold(): ReleaseHold {
    return this.#clock.hold();
  }
}

/** Another link, and what its user has written and listens to. */
export class WatchedLink implements Link {
  /** Told after each writing how many there were. */
  onWrite: (writes: number) => void = () => {};
  readonly #link: Link;
  #writes = 0;
  #writtenBytes = 0;
  #listeners = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Listeners that were not taken away again. */
  get listeners(): number {
    return this.#listeners;
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#link.open(signal);
  }

  write(bytes: Uint8Array): void {
    this.#writtenBytes += bytes.length;
    this.#link.write(bytes);
    this.#writes += 1;
    this.onWrite(this.#writes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#counted(this.#link.onData(listener));
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#counted(this.#link.onClose(listener));
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #counted(unlisten: () => void): () => void {
    this.#listeners += 1;
    let isListening = true;
    return () => {
      if (isListening) this.#listeners -= 1;
      isListening = false;
      unlisten();
    };
  }
}
