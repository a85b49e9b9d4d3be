import type { CancelTimer, Clock } from '../../src/domain/clock.ts';

/**
 * Calls `beat` at once and then every `everySecond`, on a grid fixed at the start so that late
 * beats do not add up. Beats that the process slept through are skipped, not made up for.
 */
export function startRhythm(clock: Clock, everySecond: number, beat: () => void): CancelTimer {
  const originSecond = clock.nowSecond();
  let count = 0;
  let cancel: CancelTimer = () => {};
  const tick = (): void => {
    const elapsed = clock.nowSecond() - originSecond;
    count = Math.max(count + 1, Math.floor(elapsed / everySecond) + 1);
    cancel = clock.after(originSecond + count * everySecond - clock.nowSecond(), tick);
    beat();
  };
  tick();
  return () => cancel();
}
