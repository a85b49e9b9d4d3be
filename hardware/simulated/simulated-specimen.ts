import { deriveSeed } from '../../src/domain/random.ts';
import type { CellContents } from './cell-interior.ts';
import type { CellModel } from './cell-model.ts';
import type { CellTerminals } from './cell-terminals.ts';
import type { Phantom } from './phantom.ts';
import type { Solid } from './phantom-solids.ts';

/** One simulated cell and the arrangement of its voids and filaments. */
export interface SpecimenParts {
  readonly cell: CellModel;
  readonly phantom: Phantom;
}

/**
 * The cell that is in the rig now. Instruments keep hold of the place, not of the cell, so that it
 * can be exchanged for a new one of the same kind, which differs from it as two cells do.
 */
export class SimulatedSpecimen implements CellTerminals {
  readonly #make: (seed: number) => SpecimenParts;
  readonly #seed: number;
  #exchanges = 0;
  #parts: SpecimenParts;

  constructor(make: (seed: number) => SpecimenParts, seed: number) {
    this.#make = make;
    this.#seed = seed;
    this.#parts = make(this.#seedOf(0));
  }

  /** How often the cell was exchanged. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** Puts a new cell in; no current flows then. */
  exchange(): void {
    this.#parts.cell.setOpen();
    this.#exchanges += 1;
    this.#parts = this.#make(this.#seedOf(this.#exchanges));
  }

  /** Which cell is in, and everything it remembers: plain data. */
  saveState(): { readonly exchanges: number; readonly cell: unknown } {
    return { exchanges: this.#exchanges, cell: this.#parts.cell.saveState() };
  }

  /** The same cell again, with its circuit open. @throws Fault fileFormat */
  restoreState(saved: { readonly exchanges: number; readonly cell: unknown }): void {
    const parts = this.#make(this.#seedOf(saved.exchanges));
    parts.cell.restoreState(saved.cell);
    parts.cell.setOpen();
    this.#exchanges = saved.exchanges;
    this.#parts = parts;
  }

  setCurrent(currentAmpere: number): void {
    this.#parts.cell.setCurrent(currentAmpere);
  }

  setOpen(): void {
    this.#parts.cell.setOpen();
  }

  currentAmpere(): number {
    return this.#parts.cell.currentAmpere();
  }

  voltageVolt(): number {
    return this.#parts.cell.voltageVolt();
  }

  impedance(frequencyHertz: number): { readonly zRealOhm: number; readonly zImagOhm: number } {
    return this.#parts.cell.impedance(frequencyHertz);
  }

  interior(): CellContents {
    return this.#parts.cell.interior();
  }

  /** Stack pressure now, in Pa. */
  pressurePascal(): number {
    return this.#parts.cell.pressurePascal();
  }

  /** Heat it gives off now, in W; it asks for no temperature. */
  heatWatt(): number {
    return this.#parts.cell.heatWatt();
  }

  /** Diameter of the tube, the widest thing in the beam, in m. */
  get widthMetre(): number {
    return this.#parts.phantom.widthMetre;
  }

  /** Everything of the cell in the beam now. */
  solids(): readonly Solid[] {
    return this.#parts.phantom.solids(this.interior());
  }

  #seedOf(exchanges: number): number {
    return exchanges === 0 ? this.#seed : deriveSeed(this.#seed, `specimen ${exchanges}`);
  }
}
