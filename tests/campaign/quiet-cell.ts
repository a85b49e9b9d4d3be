import type { Random } from '../../src/domain/random.ts';

/** What a cell is made of that rests or is held: enough for every course that relaxation takes. */
export interface QuietCellParameters {
  readonly openCircuitVolt: number;
  /** Of the open-circuit curve: charge for a volt, F. */
  readonly capacitanceFarad: number;
  readonly seriesOhm: number;
  /** Arcs: resistance and time constant. */
  readonly arcs: readonly { readonly ohm: number; readonly second: number }[];
  /** Diffusion in each electrode: resistance of its slowest mode, and its time constant. */
  readonly diffusion: readonly { readonly ohm: number; readonly second: number }[];
  /** Entropy, V/K. */
  readonly voltPerKelvin: number;
  /** What a sound cell loses by itself, V/s. */
  readonly selfDischargeVoltPerSecond: number;
}

const MODES = 24;

/**
 * A linear cell: capacitance, resistance, arcs, and sheets with a closed far side, whose modes k
 * have 1/k² of the slowest one's resistance and time (Crank, eq. 4.55). Exact for a current that is
 * constant between two calls.
 */
export class QuietCell {
  readonly parameters: QuietCellParameters;
  readonly #modes: readonly { readonly ohm: number; readonly second: number }[];
  readonly #volts: number[];
  #storedVolt: number;

  constructor(parameters: QuietCellParameters) {
    this.parameters = parameters;
    this.#modes = [
      ...parameters.arcs,
      ...parameters.diffusion.flatMap(({ ohm, second }) =>
        Array.from({ length: MODES }, (_, at) => {
          const square = (at + 1) ** 2;
          return { ohm: ohm / square, second: second / square };
        }),
      ),
    ];
    this.#volts = this.#modes.map(() => 0);
    this.#storedVolt = parameters.openCircuitVolt;
  }

  /** Voltage without current, as it is now. */
  get relaxingVolt(): number {
    return this.#volts.reduce((sum, volt) => sum + volt, this.#storedVolt);
  }

  /** Lets a current flow into the cell; what leaks flows out of it beside. */
  flow(currentAmpere: number, second: number): void {
    const { capacitanceFarad, selfDischargeVoltPerSecond } = this.parameters;
    for (const [at, mode] of this.#modes.entries()) {
      const decay = Math.exp(-second / mode.second);
      const settled = currentAmpere * mode.ohm;
      this.#volts[at] = settled + ((this.#volts[at] ?? 0) - settled) * decay;
    }
    this.#storedVolt += (currentAmpere * second) / capacitanceFarad;
    this.#storedVolt -= selfDischargeVoltPerSecond * second;
  }

  /** The current that brings the cell to a voltage after so long. */
  currentToHold(volt: number, second: number): number {
    const { capacitanceFarad, seriesOhm, selfDischargeVoltPerSecond } = this.parameters;
    let freeVolt = this.#storedVolt - selfDischargeVoltPerSecond * second;
    let ohm = seriesOhm + second / capacitanceFarad;
    for (const [at, mode] of this.#modes.entries()) {
      const decay = Math.exp(-second / mode.second);
      freeVolt += (this.#volts[at] ?? 0) * decay;
      ohm += mode.ohm * (1 - decay);
    }
    return (volt - freeVolt) / ohm;
  }
}

/** Cells of every kind: from a button to a pouch, fast and slow, one electrode or two that relax. */
export function quietCellOf(random: Random): { readonly cell: QuietCell; readonly ampere: number } {
  const hours = 1 + 9 * random.uniform();
  const spanVolt = between(random, 0.1, 1.2);
  const ampere = 10 ** between(random, -4.5, -2);
  const seriesOhm = between(random, 0.005, 0.05) / ampere;
  const electrodes = random.uniform() < 0.6 ? 1 : 2;
  const cell = new QuietCell({
    openCircuitVolt: between(random, 1, 4.2),
    capacitanceFarad: (ampere * hours * 3600) / spanVolt,
    seriesOhm,
    arcs: [
      { ohm: seriesOhm * random.uniform(), second: 10 ** between(random, -2, 0) },
      { ohm: seriesOhm * random.uniform(), second: 10 ** between(random, 0, 2) },
    ],
    diffusion: Array.from({ length: electrodes }, () => ({
      ohm: between(random, 0.002, 0.06) / ampere,
      second: 10 ** between(random, 2.5, 5.3),
    })),
    voltPerKelvin: between(random, -3e-4, 3e-4),
    selfDischargeVoltPerSecond: between(random, 0, 0.3e-3) / 3600,
  });
  return { cell, ampere };
}

function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.uniform();
}
