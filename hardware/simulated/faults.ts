import type { Clock } from '../../src/domain/clock.ts';
import type { FaultName, InjectedFault } from '../../src/domain/injected-fault.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';

/** The faults a simulated rig plays on purpose, and which of them are on now. */
export class FaultSchedule {
  readonly faults: readonly InjectedFault[];
  readonly #clock: Clock;

  constructor(faults: readonly InjectedFault[], clock: Clock) {
    this.faults = faults;
    this.#clock = clock;
  }

  /** Seconds since the fault began; negative before. */
  sinceSecond(fault: InjectedFault): number {
    return this.#clock.nowSecond() - fault.at;
  }

  isOn(fault: InjectedFault): boolean {
    const since = this.sinceSecond(fault);
    return since >= 0 && since < (fault.for ?? Number.POSITIVE_INFINITY);
  }

  /** The first fault of one of these names that is on now. */
  on(...names: readonly FaultName[]): InjectedFault | undefined {
    return this.faults.find((fault) => names.includes(fault.name) && this.isOn(fault));
  }

  /** The same, of those that strike this sensor. */
  onSensor(sensor: string, ...names: readonly FaultName[]): InjectedFault | undefined {
    return this.faults.find(
      (fault) =>
        names.includes(fault.name) &&
        (fault.sensor === undefined || fault.sensor === sensor) &&
        this.isOn(fault),
    );
  }
}

/** Uniform in [0, 1), always the same for the same fault and purpose. */
export function faultDraw(fault: InjectedFault, purpose: string): number {
  return new Random(deriveSeed(fault.seed, `${fault.name} ${purpose}`)).uniform();
}
