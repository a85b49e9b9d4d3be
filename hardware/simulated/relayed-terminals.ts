import type { CellTerminals } from './cell-terminals.ts';

/** A potentiostat that finds no way for its current runs to the end of its voltage. */
const COMPLIANCE_VOLT = 8;
const OPEN_OHM = 1e9;

/** The cell behind a relay in its lead: open at first, whatever an instrument wants. */
export class RelayedTerminals implements CellTerminals {
  readonly #cell: CellTerminals;
  #isClosed = false;
  /** What the instrument forces; undefined while its own circuit is open. */
  #wantedAmpere: number | undefined;

  constructor(cell: CellTerminals) {
    this.#cell = cell;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What the board drives its relay to. */
  setRelay(isClosed: boolean): void {
    if (isClosed === this.#isClosed) return;
    this.#isClosed = isClosed;
    this.#reach();
  }

  setCurrent(currentAmpere: number): void {
    this.#wantedAmpere = currentAmpere;
    this.#reach();
  }

  setOpen(): void {
    this.#wantedAmpere = undefined;
    this.#reach();
  }

  currentAmpere(): number {
    return this.#isClosed ? this.#cell.currentAmpere() : 0;
  }

  voltageVolt(): number {
    if (!this.#isClosed && this.#wantedAmpere) {
      return Math.sign(this.#wantedAmpere) * COMPLIANCE_VOLT;
    }
    return this.#cell.voltageVolt();
  }

  impedance(frequencyHertz: number): { readonly zRealOhm: number; readonly zImagOhm: number } {
    if (!this.#isClosed) return { zRealOhm: OPEN_OHM, zImagOhm: 0 };
    return this.#cell.impedance(frequencyHertz);
  }

  #reach(): void {
    if (this.#isClosed && this.#wantedAmpere !== undefined)
      this.#cell.setCurrent(this.#wantedAmpere);
    else this.#cell.setOpen();
  }
}
