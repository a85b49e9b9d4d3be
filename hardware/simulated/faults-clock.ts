import type { CancelTimer, Clock, ReleaseHold } from '../../src/domain/clock.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { faultDraw } from './faults.ts';

/** A wall clock without a battery is wrong by up to so much until the network tells it. */
const STEP_SECOND_MAX = 6 * 3600;

/** A clock whose wall time steps when the rig plays that; order and durations never do. */
export class JumpingClock implements Clock {
  readonly #clock: Clock;
  readonly #jumps: readonly InjectedFault[];

  constructor(clock: Clock, faults: readonly InjectedFault[]) {
    this.#clock = clock;
    this.#jumps = faults.filter(({ name }) => name === 'clockJump');
  }

  nowSecond(): number {
    return this.#clock.nowSecond();
  }

  utcMs(): number {
    const nowSecond = this.nowSecond();
    const isOn = ({ at, for: length = Number.POSITIVE_INFINITY }: InjectedFault): boolean =>
      nowSecond >= at && nowSecond < at + length;
    const stepMs = this.#jumps.filter(isOn).reduce((sum, one) => sum + jumpSecond(one) * 1000, 0);
    return this.#clock.utcMs() + stepMs;
  }

  after(delaySecond: number, callback: () => void): CancelTimer {
    return this.#clock.after(delaySecond, callback);
  }

  hold(): ReleaseHold {
    return this.#clock.hold();
  }
}

/** By how much the wall clock steps, forward or back. */
export function jumpSecond(fault: InjectedFault): number {
  return Math.round((2 * faultDraw(fault, 'step') - 1) * STEP_SECOND_MAX);
}
