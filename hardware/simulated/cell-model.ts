import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import { Fault } from '../../src/domain/fault.ts';
import { Battery, batteryStateSchema } from './cell-battery.ts';
import {
  type CellCircuit,
  type CellMoment,
  CircuitMaker,
  circuitImpedance,
  type Impedance,
} from './cell-circuit.ts';
import { type CellContents, CellView } from './cell-interior.ts';
import { lithiumStateSchema, PlatedElectrode } from './cell-lithium.ts';
import type { CellSimulation } from './cell-parameters.ts';
import type { CellTerminals } from './cell-terminals.ts';

const ARCS = 2;

const stateSchema = z.strictObject({
  ageSecond: z.number(),
  currentAmpere: z.number(),
  arcVolt: z.array(z.number()).max(ARCS),
  lithium: lithiumStateSchema,
  battery: batteryStateSchema.optional(),
});
/** Everything a simulated cell remembers, as plain data. */
export type CellState = z.output<typeof stateSchema>;

/**
 * The simulated cell: symmetric lithium electrodes after Park 2023, or a battery. It stands still
 * between calls and makes up for the time that has passed at the next one: with constant current
 * since the last call everything has a closed form, so the length of the step does not matter.
 * The time domain sees each arc as R beside C; the spectrum sees the constant-phase element.
 */
export class CellModel implements CellTerminals {
  readonly #clock: Clock;
  readonly #cell: CellSimulation;
  readonly #areaSquareMetre: number;
  readonly #celsiusNow: () => number;
  readonly #circuits: CircuitMaker;
  readonly #lithium: PlatedElectrode;
  readonly #battery: Battery | undefined;
  readonly #view: CellView;
  #timeSecond: number;
  /** How long the cell has lived, in s. */
  #ageSecond = 0;
  #currentAmpere = 0;
  /** Voltage over each arc, in the order of the circuit. */
  #arcVolt: readonly number[] = new Array(ARCS).fill(0);
  /** Temperature and circuit at `#timeSecond`. */
  #celsius = 0;
  #circuit: CellCircuit | undefined;

  /** @param options.celsius temperature of the cell now, in °C */
  constructor(options: {
    readonly clock: Clock;
    readonly simulation: CellSimulation;
    readonly areaSquareMetre: number;
    readonly celsius: () => number;
    readonly seed: number;
  }) {
    const { simulation, areaSquareMetre } = options;
    this.#clock = options.clock;
    this.#cell = simulation;
    this.#areaSquareMetre = areaSquareMetre;
    this.#celsiusNow = options.celsius;
    this.#circuits = new CircuitMaker(simulation, areaSquareMetre);
    this.#lithium = new PlatedElectrode(simulation.lithium, options.seed);
    if (simulation.kind === 'insertion') this.#battery = new Battery(simulation, areaSquareMetre);
    this.#view = new CellView(simulation);
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
    const overVolt = this.#overVolt(this.#advance());
    if (this.#lithium.growth.shorted) return overVolt;
    // Soft contacts carry current only while current flows; at rest they heal.
    const dip = this.#currentAmpere === 0 ? 0 : this.#lithium.dipFraction(this.#ageSecond);
    return this.#openCircuitVolt() + overVolt * (1 - dip);
  }

  /** Soft contacts are left out: they come and go faster than a sweep and are not linear. */
  impedance(frequencyHertz: number): Impedance {
    const ofCircuit = circuitImpedance(this.#advance(), frequencyHertz);
    if (!this.#battery || this.#lithium.growth.shorted) return ofCircuit;
    const ofStorage = this.#battery.impedance(frequencyHertz, this.#celsius);
    return {
      zRealOhm: ofCircuit.zRealOhm + ofStorage.zRealOhm,
      zImagOhm: ofCircuit.zImagOhm + ofStorage.zImagOhm,
    };
  }

  /** The equivalent circuit now, without diffusion: what a perfect fit of the arcs would find. */
  circuit(): CellCircuit {
    return this.#advance();
  }

  interior(): CellContents {
    this.#advance();
    return this.#view.contents(this.#lithium, this.#battery);
  }

  /** Stack pressure now, in Pa. */
  pressurePascal(): number {
    this.#advance();
    return this.#view.pressurePascal(this.#lithium, this.#battery, this.#celsius);
  }

  /**
   * Heat the cell gave off at the newest call to another method, in W, negative while it cooled.
   * It asks for nothing itself: an oven may take it while the cell asks for its temperature.
   */
  heatWatt(): number {
    if (!this.#circuit) return 0;
    const ohmicWatt = this.#currentAmpere * this.#overVolt(this.#circuit);
    if (!this.#battery) return ohmicWatt;
    if (!this.#lithium.growth.shorted) {
      return ohmicWatt + this.#battery.heatWatt(this.#currentAmpere, this.#celsius);
    }
    return ohmicWatt + this.#battery.emptyingWatt(this.#insideOhm());
  }

  /** Everything the cell remembers, as plain data. */
  saveState(): CellState {
    this.#advance();
    return {
      ageSecond: this.#ageSecond,
      currentAmpere: this.#currentAmpere,
      arcVolt: [...this.#arcVolt],
      lithium: this.#lithium.state,
      ...(this.#battery && { battery: this.#battery.save() }),
    };
  }

  /**
   * Goes on from a saved state, now. Time that passed in between does not exist for the cell.
   * @throws Fault fileFormat when it is not the state of such a cell; nothing is changed then
   */
  restoreState(saved: unknown): void {
    const { success, data } = stateSchema.safeParse(saved);
    const fits =
      success &&
      (this.#battery
        ? data.battery !== undefined && this.#battery.restore(data.battery)
        : data.battery === undefined);
    if (!fits) {
      throw new Fault('fileFormat', {
        where: 'state of the simulated cell',
        message: `expected what was saved of a ${this.#cell.kind} cell with the same cell file`,
      });
    }
    this.#lithium.restore(data.lithium);
    this.#ageSecond = data.ageSecond;
    this.#currentAmpere = data.currentAmpere;
    this.#arcVolt = data.arcVolt;
    this.#timeSecond = this.#clock.nowSecond();
    this.#circuit = undefined;
  }

  /** Brings the state to the clock's present moment. */
  #advance(): CellCircuit {
    const nowSecond = this.#clock.nowSecond();
    const durationSecond = nowSecond - this.#timeSecond;
    if (this.#circuit && durationSecond <= 0) return this.#circuit;
    this.#celsius = this.#celsiusNow();
    if (durationSecond > 0) this.#flow(durationSecond);
    this.#timeSecond = nowSecond;
    const circuit = this.#circuits.circuitAt(this.#moment());
    this.#arcVolt = circuit.arcs.map((arc, at) => {
      // The time constants are milliseconds: what R was earlier in the step is long forgotten.
      const settledVolt = this.#currentAmpere * arc.resistanceOhm;
      const lag = Math.exp(-durationSecond / (arc.resistanceOhm * arc.capacitanceFarad));
      return settledVolt + ((this.#arcVolt[at] ?? 0) - settledVolt) * lag;
    });
    this.#circuit = circuit;
    return circuit;
  }

  #flow(durationSecond: number): void {
    const currentDensity = this.#currentAmpere / this.#areaSquareMetre;
    const throughSecond = this.#lithium.advance(currentDensity, durationSecond);
    this.#ageSecond += durationSecond;
    const battery = this.#battery;
    if (!battery) return;
    if (throughSecond > 0) battery.advance(this.#currentAmpere, throughSecond, this.#celsius);
    const emptyingSecond = durationSecond - throughSecond;
    if (emptyingSecond > 0) battery.runEmpty(emptyingSecond, this.#insideOhm(), this.#celsius);
  }

  /** What a short inside leaves in the way: the cell's own resistance, as if it were whole. */
  #insideOhm(): number {
    const { seriesOhm, arcs } = this.#circuits.circuitAt({ ...this.#moment(), isShorted: false });
    return arcs.reduce((sum, { resistanceOhm }) => sum + resistanceOhm, seriesOhm);
  }

  #moment(): CellMoment {
    const { growth } = this.#lithium;
    return {
      celsius: this.#celsius,
      growth,
      isShorted: growth.shorted,
      stateOfCharge: this.#battery?.stateOfCharge ?? 0,
      cycles: this.#battery?.cycles ?? 0,
    };
  }

  /** Voltage over everything that resists. */
  #overVolt(circuit: CellCircuit): number {
    let overVolt = this.#currentAmpere * circuit.seriesOhm;
    for (const volt of this.#arcVolt) overVolt += volt;
    return overVolt;
  }

  #openCircuitVolt(): number {
    if (this.#cell.kind === 'symmetric') return this.#cell.openCircuitVoltage;
    return this.#battery?.voltageVolt(this.#celsius) ?? 0;
  }
}
