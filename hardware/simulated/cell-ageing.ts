import { arrheniusFactor } from './cell-arrhenius.ts';
import type { InsertionSimulation } from './cell-parameters.ts';

/**
 * What use and time do to a battery: its side reaction, the capacity it loses and the cycles it
 * has done. All of it follows from charge and time, so a step of any length is exact.
 */

/** Plain data; charges in C. */
export interface AgeingState {
  /** |charge| passed, whatever its sign. */
  readonly throughput: number;
  /** Passed against the lossy direction since the beginning; it ends the first cycle. */
  readonly returned: number;
  readonly isFormed: boolean;
  /** Time lived, in s, as long as the reference temperature would have taken to the same effect. */
  readonly storedSecond: number;
}

export const UNUSED: AgeingState = {
  throughput: 0,
  returned: 0,
  isFormed: false,
  storedSecond: 0,
};

/** The first cycle is over when this share of a cycle's charge has flowed back. */
const RETURNED_SHARE = 0.2;
/** However long it is used, this share of the capacity stays. */
const CAPACITY_SHARE_MIN = 0.05;

/** State after a charge (C, positive charges the cell) has passed in a time at a temperature. */
export function age(
  state: AgeingState,
  cell: InsertionSimulation,
  step: { readonly chargeCoulomb: number; readonly referenceSecond: number },
): AgeingState {
  const { chargeCoulomb } = step;
  const passed = Math.abs(chargeCoulomb);
  const returned = state.returned + (isLossy(cell, chargeCoulomb) ? 0 : passed);
  return {
    throughput: state.throughput + passed,
    returned,
    isFormed: state.isFormed || returned >= RETURNED_SHARE * cycleCharge(cell),
    storedSecond: state.storedSecond + step.referenceSecond,
  };
}

/** Share of the charge that is stored when current flows in this direction. */
export function storedShare(
  state: AgeingState,
  cell: InsertionSimulation,
  currentAmpere: number,
): number {
  if (!isLossy(cell, currentAmpere)) return 1;
  return state.isFormed ? cell.cycling.efficiency : cell.cycling.firstEfficiency;
}

/** How much of its own time a step is worth at the reference temperature, in s. */
export function referenceSecond(
  cell: InsertionSimulation,
  durationSecond: number,
  celsius: number,
): number {
  const { activationEnergy } = cell.storage;
  const referenceCelsius = cell.referenceTemperature;
  return durationSecond * arrheniusFactor(activationEnergy, { celsius, referenceCelsius });
}

/** Capacity left, in C. */
export function capacityCoulomb(state: AgeingState, cell: InsertionSimulation): number {
  const { fade } = cell.storage;
  const lost = fade ? fade.share * Math.sqrt(state.storedSecond / fade.time) : 0;
  return cell.capacity * Math.max(CAPACITY_SHARE_MIN, leftByCycling(state, cell) * (1 - lost));
}

/**
 * Linear fade over cycles, where each cycle passes less charge than the one before:
 * dQ/dN = -a Q0 and dN = Q0 dq / (2 q_cycle Q) give Q² = Q0² (1 - a q / q_cycle).
 */
function leftByCycling(state: AgeingState, cell: InsertionSimulation): number {
  const left = 1 - (fadePerCycle(cell) * state.throughput) / cycleCharge(cell);
  return Math.sqrt(Math.max(CAPACITY_SHARE_MIN ** 2, left));
}

/** Equivalent full cycles done. */
export function cyclesDone(state: AgeingState, cell: InsertionSimulation): number {
  const perCycle = fadePerCycle(cell);
  const even = state.throughput / (2 * cycleCharge(cell));
  if (perCycle === 0) return even;
  const untilFloor = (1 - CAPACITY_SHARE_MIN ** 2) / (2 * perCycle);
  if (even <= untilFloor) return (1 - leftByCycling(state, cell)) / perCycle;
  return (1 - CAPACITY_SHARE_MIN) / perCycle + (even - untilFloor) / CAPACITY_SHARE_MIN;
}

function isLossy(cell: InsertionSimulation, flow: number): boolean {
  return cell.cycling.lossOn === 'charge' ? flow > 0 : flow < 0;
}

function cycleCharge(cell: InsertionSimulation): number {
  return cell.cycling.cycleCharge ?? cell.capacity;
}

function fadePerCycle(cell: InsertionSimulation): number {
  const { fade } = cell.cycling;
  return fade ? fade.share / fade.cycles : 0;
}
