import type { CellTerminals } from '../../../hardware/simulated/cell-terminals.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface Circuit {
  readonly openCircuitVolt: number;
  readonly seriesOhm: number;
  readonly parallelOhm: number;
  readonly capacitanceFarad: number;
}

/** R0 in series with R1 and C1 in parallel, on a constant voltage: exact at any moment. */
export class ResistorCapacitorTerminals implements CellTerminals {
  readonly #clock: Clock;
  readonly #circuit: Circuit;
  #isOpen = true;
  #currentAmpere = 0;
  #capacitorVolt = 0;
  #lastSecond: number;
  /** Every change of the switch or the current, for tests to look at. */
  readonly history: string[] = [];

  constructor(clock: Clock, circuit: Circuit) {
    this.#clock = clock;
    this.#circuit = circuit;
    this.#lastSecond = clock.nowSecond();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  setCurrent(currentAmpere: number): void {
    this.#integrate();
    this.#isOpen = false;
    this.#currentAmpere = currentAmpere;
    this.history.push(`current ${currentAmpere}`);
  }

  setOpen(): void {
    this.#integrate();
    this.#isOpen = true;
    this.#currentAmpere = 0;
    this.history.push('open');
  }

  currentAmpere(): number {
    return this.#currentAmpere;
  }

  voltageVolt(): number {
    this.#integrate();
    const { openCircuitVolt, seriesOhm } = this.#circuit;
    return openCircuitVolt + this.#capacitorVolt + this.#currentAmpere * seriesOhm;
  }

  impedance(frequencyHertz: number): { zRealOhm: number; zImagOhm: number } {
    const { seriesOhm, parallelOhm, capacitanceFarad } = this.#circuit;
    const turns = 2 * Math.PI * frequencyHertz * parallelOhm * capacitanceFarad;
    const share = parallelOhm / (1 + turns * turns);
    return { zRealOhm: seriesOhm + share, zImagOhm: -share * turns };
  }

  #integrate(): void {
    const { parallelOhm, capacitanceFarad } = this.#circuit;
    const elapsedSecond = this.#clock.nowSecond() - this.#lastSecond;
    const decay = Math.exp(-elapsedSecond / (parallelOhm * capacitanceFarad));
    const settledVolt = this.#currentAmpere * parallelOhm;
    this.#capacitorVolt = settledVolt + (this.#capacitorVolt - settledVolt) * decay;
    this.#lastSecond = this.#clock.nowSecond();
  }
}
