import type { CellTerminals } from './cell-terminals.ts';
import type { FaultSchedule } from './faults.ts';

/** What is left of a cell that lithium has bridged. */
const SHORT_OHM = 2;
/** A potentiostat that finds no way for its current runs to the end of its voltage. */
const COMPLIANCE_VOLT = 8;
const OPEN_OHM = 1e9;

/** The terminals of a cell whose leads are broken or which is bridged, when the rig plays that. */
export class FaultyTerminals implements CellTerminals {
  readonly #cell: CellTerminals;
  readonly #schedule: FaultSchedule;
  #wantedAmpere = 0;
  #isOpen = true;
  #isCut = false;

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
    return this.#isLeadOpen() ? 0 : this.#wantedAmpere;
  }

  voltageVolt(): number {
    this.#reach();
    if (this.#isShorted()) return this.#wantedAmpere * SHORT_OHM;
    if (this.#isLeadOpen() && this.#wantedAmpere !== 0) {
      return Math.sign(this.#wantedAmpere) * COMPLIANCE_VOLT;
    }
    return this.#cell.voltageVolt();
  }

  impedance(frequencyHertz: number): { readonly zRealOhm: number; readonly zImagOhm: number } {
    this.#reach();
    if (this.#isShorted()) return { zRealOhm: SHORT_OHM, zImagOhm: 0 };
    if (this.#isLeadOpen()) return { zRealOhm: OPEN_OHM, zImagOhm: 0 };
    return this.#cell.impedance(frequencyHertz);
  }

  #isShorted(): boolean {
    return this.#schedule.on('short') !== undefined;
  }

  #isLeadOpen(): boolean {
    return this.#schedule.on('openLead', 'brownOut') !== undefined;
  }

  /** The current reaches the cell, or no longer does. */
  #reach(): void {
    const isCut = this.#isShorted() || this.#isLeadOpen();
    if (this.#isOpen || isCut) {
      if (this.#isOpen || !this.#isCut) this.#cell.setOpen();
    } else {
      if (this.#cell.currentAmpere() !== this.#wantedAmpere || this.#isCut) {
        this.#cell.setCurrent(this.#wantedAmpere);
      }
    }
    this.#isCut = isCut;
  }
}
