import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';

/** How a call misbehaves: throws a fault, or never answers. */
export type Misbehaviour = 'throws' | 'hangs';

/** Does what the script says of a call; returns at once without it. */
export async function misbehave(how: Misbehaviour | undefined, where: string): Promise<void> {
  if (how === 'throws') {
    throw new Fault('instrumentReply', { where, message: 'scripted failure' });
  }
  if (how === 'hangs') await new Promise<never>(() => {});
}

/** What every scripted instrument writes its calls into, in order. */
export class CallLog {
  readonly lines: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  add(call: string): void {
    this.lines.push(`${Math.round(this.#clock.nowSecond() * 1000) / 1000} ${call}`);
  }
  /** The calls without their times. */
  get calls(): string[] {
    return this.lines.map((line) => line.slice(line.indexOf(' ') + 1));
  }
}
