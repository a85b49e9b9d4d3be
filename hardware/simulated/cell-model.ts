import type { Clock } from '../../src/domain/clock.ts';
import { type CellCircuit, cellCircuit, circuitImpedance, type Impedance } from './cell-circuit.ts';
import type { CellSimulation } from './cell-parameters.ts';
import type { CellTerminals } from './cell-terminals.ts';
import {
  dipFraction,
  drawGrowthTraits,
  filamentFraction,
  type GrowthState,
  type GrowthTraits,
  grow,
  UNPLATED,
} from './lithium-growth.ts';

/** Molar mass over density of lithium metal: 6.94 g/mol, 0.534 g/cm³. */
const LITHIUM_MOLAR_VOLUME = 6.94e-6 / 0.534; // m³/mol
const FARADAY = 96_485.332_12; // C/mol

/** Thickness in m of dense lithium that a charge per area (C/m²) makes: V/A = Q M / (F ρ). */
export function lithiumThicknessMetre(chargeDensity: number): number {
  return (chargeDensity / FARADAY) * LITHIUM_MOLAR_VOLUME;
}

/** What the cell looks like inside, for a detector and a pressure gauge. */
export interface CellInterior {
  /** Net charge per area on the plated electrode, C/m²; negative when it was stripped. */
  readonly platedCharge: number;
  /** Dense thickness of that lithium, m. */
  readonly platedThicknessMetre: number;
  /** Share of the electrolyte's thickness that lithium has crossed, 0 to 1. */
  readonly filamentFraction: number;
  readonly shorted: boolean;
}

/**
 * Li|Li3PS4|Li symmetric cell after Park 2023. It stands still between calls and makes up for the
 * time that has passed at the next one: with constant current since the last call, lithium
 * growth and the arcs' relaxation have closed forms, so the length of the step does not matter.
 * The time domain sees each arc as R beside C; the spectrum sees the constant-phase element.
 */
export class CellModel implements CellTerminals {
  readonly #clock: Clock;
  readonly #cell: CellSimulation;
  readonly #areaSquareMetre: number;
  readonly #celsius: () => number;
  readonly #traits: GrowthTraits;
  #timeSecond: number;
  #currentAmpere = 0;
  #growth: GrowthState = UNPLATED;
  #platedCharge = 0;
  /** Voltage over each arc, in the order of the circuit. */
  #arcVolt: readonly number[] = [0, 0];

  /** @param options.celsius temperature of the cell now, in °C */
  constructor(options: {
    readonly clock: Clock;
    readonly simulation: CellSimulation;
    readonly areaSquareMetre: number;
    readonly celsius: () => number;
    readonly seed: number;
  }) {
    this.#clock = options.clock;
    this.#cell = options.simulation;
    this.#areaSquareMetre = options.areaSquareMetre;
    this.#celsius = options.celsius;
    this.#traits = drawGrowthTraits(options.simulation.lithium, options.seed);
    this.#timeSecond = options.clock.nowSecond();
  }

  setCurrent(currentAmpere: number): void {
    this.#advance();
    this.#currentAmpere = currentAmpere;
  }

  setOpen(): void {
    this.setCurrent(0);
  }

  currentAmpere(): number {
    return this.#currentAmpere;
  }

  voltageVolt(): number {
    const circuit = this.#advance();
    const overArcs = this.#arcVolt.reduce((sum, volt) => sum + volt, 0);
    const overCell = this.#currentAmpere * circuit.seriesOhm + overArcs;
    if (this.#growth.shorted) return overCell;
    // Soft contacts carry current only while current flows; at rest they heal.
    const dip = this.#currentAmpere === 0 ? 0 : this.#dipFraction();
    return this.#cell.openCircuitVoltage + overCell * (1 - dip);
  }

  /** Soft contacts are left out: they come and go faster than a sweep and are not linear. */
  impedance(frequencyHertz: number): Impedance {
    return circuitImpedance(this.#advance(), frequencyHertz);
  }

  /** The equivalent circuit now: what a perfect fit would find. */
  circuit(): CellCircuit {
    return this.#advance();
  }

  interior(): CellInterior {
    this.#advance();
    return {
      platedCharge: this.#platedCharge,
      platedThicknessMetre: lithiumThicknessMetre(this.#platedCharge),
      filamentFraction: filamentFraction(this.#growth, this.#cell.lithium, this.#traits),
      shorted: this.#growth.shorted,
    };
  }

  /** Stack pressure now, in Pa. */
  pressurePascal(): number {
    const { pressure, pressureTemperature, pressurePerCelsius, pressureRiseAtShort } =
      this.#cell.stack;
    const warmer = this.#celsius() - pressureTemperature;
    const rise = pressureRiseAtShort * this.interior().filamentFraction;
    return pressure + pressurePerCelsius * warmer + rise;
  }

  /** Brings the state to the clock's present moment. */
  #advance(): CellCircuit {
    const nowSecond = this.#clock.nowSecond();
    const durationSecond = nowSecond - this.#timeSecond;
    if (durationSecond > 0) this.#plate(durationSecond);
    this.#timeSecond = nowSecond;
    const circuit = cellCircuit(this.#cell, this.#areaSquareMetre, {
      celsius: this.#celsius(),
      growth: this.#growth,
    });
    this.#arcVolt = circuit.arcs.map((arc, at) => {
      // The time constants are milliseconds: what R was earlier in the step is long forgotten.
      const settledVolt = this.#currentAmpere * arc.resistanceOhm;
      const lag = Math.exp(-durationSecond / (arc.resistanceOhm * arc.capacitanceFarad));
      return settledVolt + ((this.#arcVolt[at] ?? 0) - settledVolt) * lag;
    });
    return circuit;
  }

  #plate(durationSecond: number): void {
    const currentDensity = this.#currentAmpere / this.#areaSquareMetre;
    const before = this.#growth;
    const flow = { currentDensity, durationSecond };
    this.#growth = grow(before, this.#cell.lithium, this.#traits, flow);
    // Only what passed before a short was plated.
    const plated = this.#growth.throughput - before.throughput;
    this.#platedCharge += Math.sign(currentDensity) * plated;
  }

  #dipFraction(): number {
    return dipFraction(this.#growth, this.#cell.lithium, this.#traits, this.#timeSecond);
  }
}
