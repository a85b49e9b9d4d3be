import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { type FaultSchedule, faultDraw } from './faults.ts';

/** What is left of a cell that lithium has bridged. */
const SHORT_OHM = 2;
/** A potentiostat that finds no way for its current runs to the end of its voltage. */
const COMPLIANCE_VOLT = 8;
const OPEN_OHM = 1e9;
/** A filament that leaks: from some tens of microampere to a milliampere at the cells of a bench. */
const LEAK_OHM = [2e3, 1e5] as const;
/** Times the current that was told: a wrong range, or a wrong driver. */
const OVER_CURRENT = [2, 8] as const;
/** Soft contacts come so often, stay so long, and take so much of the voltage. */
const DIP_EVERY_SECOND = [60, 150] as const;
const DIP_SECOND = [12, 40] as const;
const DIP_SHARE = [0.15, 0.4] as const;

interface Impedance {
  readonly zRealOhm: number;
  readonly zImagOhm: number;
}

/** The terminals of a cell with everything that a rig plays at them and inside it. */
export class FaultyTerminals implements CellTerminals {
  readonly #cell: CellTerminals;
  readonly #schedule: FaultSchedule;
  #wantedAmpere = 0;
  #isOpen = true;

  constructor(cell: CellTerminals, schedule: FaultSchedule) {
    this.#cell = cell;
    this.#schedule = schedule;
  }

  setCurrent(currentAmpere: number): void {
    this.#wantedAmpere = currentAmpere;
    this.#isOpen = false;
    this.#reach();
  }

  setOpen(): void {
    this.#wantedAmpere = 0;
    this.#isOpen = true;
    this.#reach();
  }

  currentAmpere(): number {
    this.#reach();
    return this.#isLeadOpen() ? 0 : this.#passedAmpere();
  }

  voltageVolt(): number {
    this.#reach();
    if (this.#isShorted()) return this.#passedAmpere() * SHORT_OHM;
    if (this.#isLeadOpen() && this.#wantedAmpere !== 0) {
      return Math.sign(this.#wantedAmpere) * COMPLIANCE_VOLT;
    }
    return this.#cell.voltageVolt() * (1 - this.#dipShare());
  }

  impedance(frequencyHertz: number): Impedance {
    this.#reach();
    if (this.#isShorted()) return { zRealOhm: SHORT_OHM, zImagOhm: 0 };
    if (this.#isLeadOpen()) return { zRealOhm: OPEN_OHM, zImagOhm: 0 };
    const ofCell = this.#cell.impedance(frequencyHertz);
    const leak = this.#schedule.on('leak');
    return leak ? beside(ofCell, leakOhm(leak)) : ofCell;
  }

  #isShorted(): boolean {
    return this.#schedule.on('short') !== undefined;
  }

  #isLeadOpen(): boolean {
    return this.#schedule.on('openLead', 'brownOut') !== undefined;
  }

  /** What the potentiostat passes of its own. */
  #passedAmpere(): number {
    const over = this.#schedule.on('overCurrent');
    return this.#wantedAmpere * (over ? between(OVER_CURRENT, faultDraw(over, 'factor')) : 1);
  }

  /** What is missing of the voltage now: soft contacts heal when no current flows. */
  #dipShare(): number {
    const dips = this.#schedule.on('dips');
    if (!dips || this.#wantedAmpere === 0) return 0;
    const everySecond = between(DIP_EVERY_SECOND, faultDraw(dips, 'every'));
    const phaseSecond = this.#schedule.sinceSecond(dips) % everySecond;
    const isIn = phaseSecond < between(DIP_SECOND, faultDraw(dips, 'length'));
    return isIn ? between(DIP_SHARE, faultDraw(dips, 'share')) : 0;
  }

  /** The current reaches the cell, or no longer does, and what leaks flows beside it. */
  #reach(): void {
    const isCut = this.#isOpen || this.#isShorted() || this.#isLeadOpen();
    const leak = this.#schedule.on('leak');
    const leakAmpere = leak ? this.#cell.voltageVolt() / leakOhm(leak) : 0;
    const throughAmpere = (isCut ? 0 : this.#passedAmpere()) - leakAmpere;
    if (this.#cell.currentAmpere() !== throughAmpere) this.#cell.setCurrent(throughAmpere);
  }
}

/** The resistance of a leak, ohm. */
export function leakOhm(fault: InjectedFault): number {
  const [low, high] = LEAK_OHM;
  return low * (high / low) ** faultDraw(fault, 'ohm');
}

function between([from, to]: readonly [number, number], share: number): number {
  return from + (to - from) * share;
}

function beside({ zRealOhm, zImagOhm }: Impedance, ohm: number): Impedance {
  // Z R / (Z + R)
  const real = zRealOhm + ohm;
  const square = real ** 2 + zImagOhm ** 2;
  return {
    zRealOhm: (ohm * (zRealOhm * real + zImagOhm ** 2)) / square,
    zImagOhm: (ohm * ohm * zImagOhm) / square,
  };
}
