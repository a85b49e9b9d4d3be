import type { CellTerminals } from './cell-terminals.ts';

/** The simulated regulator works in steps: so many per waiting time, but none shorter than: */
const REGULATIONS_PER_WAIT = 10;
export const REGULATION_SECOND_MIN = 1e-3;
/** So many of the shortest steps end each wait: what is measured then is held to its last µV. */
const SETTLING_STEPS = 4;

/**
 * The current that brings the cell to `wantedVolt`: the present one, corrected by the voltage error
 * over the impedance the cell shows to a change that lasts `stepSecond`. With that of a shorter
 * time the steps would overshoot and grow. Its modulus counts, because a battery answers a long
 * step as a capacitor does.
 */
export function regulatedAmpere(
  terminals: CellTerminals,
  wantedVolt: number,
  stepSecond: number,
): number {
  const { zRealOhm, zImagOhm } = terminals.impedance(1 / (2 * Math.PI * stepSecond));
  const errorVolt = wantedVolt - terminals.voltageVolt();
  return terminals.currentAmpere() + errorVolt / Math.hypot(zRealOhm, zImagOhm);
}

/** When to regulate in a wait: even steps, then a few of the shortest, the last one at its end. */
export function* regulationTimes(startSecond: number, endSecond: number): Generator<number> {
  const settleSecond = endSecond - SETTLING_STEPS * REGULATION_SECOND_MIN;
  const stepSecond = Math.max(
    (endSecond - startSecond) / REGULATIONS_PER_WAIT,
    REGULATION_SECOND_MIN,
  );
  for (let at = startSecond + stepSecond; at < settleSecond; at += stepSecond) yield at;
  for (let left = SETTLING_STEPS; left >= 0; left -= 1) {
    const at = endSecond - left * REGULATION_SECOND_MIN;
    if (at > startSecond || left === 0) yield at;
  }
}
