import type { Link } from '../../firmware-bridge/link.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { FaultSchedule } from './faults.ts';

/** The near end of a wire that goes silent or is pulled out when the rig plays that. */
export class FaultyLink implements Link {
  readonly #link: Link;
  readonly #schedule: FaultSchedule;
  readonly #clock: Clock;
  #timers: CancelTimer[] = [];

  constructor(link: Link, schedule: FaultSchedule, clock: Clock) {
    this.#link = link;
    this.#schedule = schedule;
    this.#clock = clock;
  }

  get name(): string {
    return this.#link.name;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#schedule.on('portLoss')) {
      throw new Fault('instrumentMissing', { where: this.name, message: 'the port is gone' });
    }
    await this.#link.open(signal);
    for (const fault of this.#schedule.faults) {
      if (fault.name !== 'portLoss' || fault.at < this.#clock.nowSecond()) continue;
      const delaySecond = fault.at - this.#clock.nowSecond();
      this.#timers.push(this.#clock.after(delaySecond, () => void this.#link.close()));
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#isSilent()) return;
    this.#link.write(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onData((bytes) => {
      if (!this.#isSilent()) listener(bytes);
    });
  }

  onClose(listener: (reason: string) => void): () => void {
    return this.#link.onClose(listener);
  }

  async close(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    await this.#link.close();
  }

  #isSilent(): boolean {
    return (
      this.#schedule.on('brownOut') !== undefined ||
      this.#schedule.faults.some(
        (fault) =>
          fault.name === 'stall' && fault.sensor === undefined && this.#schedule.isOn(fault),
      )
    );
  }
}
