import type { FaultSchedule } from './faults.ts';
import type { PowerStage } from './oven-plant.ts';

/**
 * A power stage that sticks, and confirms what it was told all the same: what a relay whose
 * contacts have welded does. Only the plant knows the truth.
 */
export function faultyPowerStage(schedule: FaultSchedule): PowerStage {
  const faults = schedule.faults.filter(({ name }) =>
    ['heaterStuckOn', 'heaterStuckOff', 'brownOut'].includes(name),
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
      if (on.some(({ name }) => name !== 'heaterStuckOn')) return 0;
      return on.length > 0 ? 1 : toldFraction;
    },
  };
}
