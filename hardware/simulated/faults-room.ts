import type { Clock } from '../../src/domain/clock.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import { type FaultSchedule, faultDraw } from './faults.ts';

/** How much warmer a room becomes at the end, and how much colder, K. */
const HOTTER_KELVIN = [60, 120] as const;
const COLDER_KELVIN = [30, 60] as const;
/** How soon, s. */
const ROOM_SECOND = [120, 600] as const;
/** How fast a cell that gives off gas gains pressure, Pa/s. */
const GAS_PASCAL_PER_SECOND = [5e3, 5e4] as const;

/** By how much the room differs from what the rig file says, K. */
export function roomShiftKelvin(schedule: FaultSchedule): number {
  return schedule.faults.reduce((sum, fault) => {
    if (!schedule.isOn(fault)) return sum;
    if (fault.name === 'hotRoom') return sum + shift(fault, HOTTER_KELVIN, schedule);
    if (fault.name === 'coldRoom') return sum - shift(fault, COLDER_KELVIN, schedule);
    return sum;
  }, 0);
}

function shift(
  fault: InjectedFault,
  [least, most]: readonly [number, number],
  schedule: FaultSchedule,
): number {
  const kelvin = least + (most - least) * faultDraw(fault, 'kelvin');
  const [soon, late] = ROOM_SECOND;
  const lagSecond = soon + (late - soon) * faultDraw(fault, 'lag');
  return kelvin * (1 - Math.exp(-schedule.sinceSecond(fault) / lagSecond));
}

/** The gas a cell gives off while it is driven, and keeps. */
export class GassingCell {
  readonly #cell: { pressurePascal(): number; currentAmpere(): number };
  readonly #schedule: FaultSchedule;
  readonly #clock: Clock;
  #lookedSecond: number;
  #gasPascal = 0;

  constructor(
    cell: { pressurePascal(): number; currentAmpere(): number },
    schedule: FaultSchedule,
    clock: Clock,
  ) {
    this.#cell = cell;
    this.#schedule = schedule;
    this.#clock = clock;
    this.#lookedSecond = clock.nowSecond();
  }

  /** Stack pressure now, gas included, Pa. */
  pressurePascal(): number {
    const gas = this.#schedule.on('gas');
    const nowSecond = this.#clock.nowSecond();
    const fromSecond = Math.max(this.#lookedSecond, gas?.at ?? nowSecond);
    if (gas && this.#cell.currentAmpere() !== 0) {
      const [slow, fast] = GAS_PASCAL_PER_SECOND;
      const rate = slow * (fast / slow) ** faultDraw(gas, 'rate');
      this.#gasPascal += rate * Math.max(0, nowSecond - fromSecond);
    }
    this.#lookedSecond = nowSecond;
    return this.#cell.pressurePascal() + this.#gasPascal;
  }
}
