import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { type FaultSchedule, faultDraw } from './faults.ts';
import type { PowerStage } from './oven-plant.ts';

/** What a power stage that leaks conducts of its full power. */
const LEAK_FRACTION = [0.1, 0.6] as const;

function leakFraction(fault: InjectedFault): number {
  const [least, most] = LEAK_FRACTION;
  return least + (most - least) * faultDraw(fault, 'fraction');
}

/**
 * A power stage that sticks, and confirms what it was told all the same: what a relay whose
 * contacts have welded does. Only the plant knows the truth.
 */
export function faultyPowerStage(schedule: FaultSchedule): PowerStage {
  const faults = schedule.faults.filter(({ name }) =>
    ['heaterStuckOn', 'heaterStuckOff', 'heaterLeak', 'brownOut'].includes(name),
  );
  const span = ({ at, for: length = Number.POSITIVE_INFINITY }: (typeof faults)[number]) => ({
    fromSecond: at,
    toSecond: at + length,
  });
  return {
    changesSecond: faults
      .flatMap((fault) => [span(fault).fromSecond, span(fault).toSecond])
      .sort((a, b) => a - b),
    trueFraction(toldFraction, timeSecond) {
      const on = faults.filter((fault) => {
        const { fromSecond, toSecond } = span(fault);
        return timeSecond >= fromSecond && timeSecond < toSecond;
      });
      if (on.some(({ name }) => name === 'heaterStuckOff' || name === 'brownOut')) return 0;
      if (on.some(({ name }) => name === 'heaterStuckOn')) return 1;
      const [leak] = on;
      return Math.max(toldFraction, leak ? leakFraction(leak) : 0);
    },
  };
}
