import { z } from 'zod';
import {
  type AgeingState,
  age,
  capacityCoulomb,
  cyclesDone,
  referenceSecond,
  storedShare,
  UNUSED,
} from './cell-ageing.ts';
import { arrheniusFactor, ZERO_CELSIUS_KELVIN } from './cell-arrhenius.ts';
import { Curve } from './cell-curve.ts';
import { Diffusion } from './cell-diffusion.ts';
import { OpenCircuit } from './cell-open-circuit.ts';
import type { InsertionSimulation } from './cell-parameters.ts';

export const batteryStateSchema = z.strictObject({
  stateOfCharge: z.number(),
  lag: z.number(),
  ageing: z.strictObject({
    throughput: z.number(),
    returned: z.number(),
    isFormed: z.boolean(),
    storedSecond: z.number(),
  }),
  excursions: z.array(z.number()),
});
/** Plain data: all that a battery remembers. */
export type BatteryState = z.output<typeof batteryStateSchema>;

/** What a battery stores: its charge, the gradients in its material, its hysteresis and age. */
export class Battery {
  readonly #cell: InsertionSimulation;
  readonly #openCircuit: OpenCircuit;
  readonly #diffusion: Diffusion | undefined;
  readonly #diffusivityOverCharge: Curve | undefined;
  #stateOfCharge: number;
  /** Where the hysteresis stands between its branches, -1 (discharged) to 1 (charged). */
  #lag = 0;
  #ageing: AgeingState = UNUSED;

  constructor(cell: InsertionSimulation, areaSquareMetre: number) {
    this.#cell = cell;
    this.#openCircuit = new OpenCircuit(cell.openCircuit);
    this.#stateOfCharge = cell.initialStateOfCharge;
    const { diffusion } = cell;
    if (!diffusion) return;
    const { shape, activeMass, molarVolume, molarMass } = diffusion;
    const surface = diffusion.contactArea ?? areaSquareMetre;
    this.#diffusion = new Diffusion(shape, (activeMass * molarVolume) / (molarMass * surface));
    if (diffusion.overStateOfCharge) {
      this.#diffusivityOverCharge = new Curve(diffusion.overStateOfCharge);
    }
  }

  get stateOfCharge(): number {
    return this.#stateOfCharge;
  }

  /** At the surface of the active material, where the potential is made. */
  get surfaceStateOfCharge(): number {
    return this.#stateOfCharge + (this.#diffusion?.lead ?? 0);
  }

  /** Net charge stored since it was made, in C. */
  get storedCoulomb(): number {
    return (this.#stateOfCharge - this.#cell.initialStateOfCharge) * this.capacityCoulomb;
  }

  /** Equivalent full cycles done. */
  get cycles(): number {
    return cyclesDone(this.#ageing, this.#cell);
  }

  get capacityCoulomb(): number {
    return capacityCoulomb(this.#ageing, this.#cell);
  }

  /** A constant current (A, positive charges) has flowed for a time. */
  advance(currentAmpere: number, durationSecond: number, celsius: number): void {
    const chargeCoulomb = currentAmpere * durationSecond;
    const before = this.capacityCoulomb;
    const stored = chargeCoulomb * storedShare(this.#ageing, this.#cell, currentAmpere);
    const livedSecond = referenceSecond(this.#cell, durationSecond, celsius);
    this.#ageing = age(this.#ageing, this.#cell, { chargeCoulomb, referenceSecond: livedSecond });
    // ∫ dq / Q for a capacity whose square falls linearly with charge.
    const change = (2 * stored) / (before + this.capacityCoulomb);
    const { selfDischarge } = this.#cell.storage;
    const leaked = selfDischarge
      ? this.#stateOfCharge * Math.expm1(-livedSecond / selfDischarge)
      : 0;
    this.#store(change + leaked, durationSecond, celsius);
  }

  /** The battery runs empty through a short inside it, as a charged capacitor would. */
  runEmpty(durationSecond: number, insideOhm: number, celsius: number): void {
    const fullAmpere = this.#openCircuit.voltageVolt(1) / insideOhm;
    const decay = (fullAmpere * durationSecond) / this.capacityCoulomb;
    const change = this.#stateOfCharge * Math.expm1(-decay);
    this.#store(change, durationSecond, celsius);
  }

  /** Voltage without current through any resistance, in V. */
  voltageVolt(celsius: number): number {
    const { changePerCelsius, hysteresis } = this.#cell.openCircuit;
    const warmer = celsius - this.#cell.referenceTemperature;
    return (
      this.#openCircuit.voltageVolt(this.surfaceStateOfCharge) +
      changePerCelsius * warmer +
      (this.#lag * (hysteresis?.voltage ?? 0)) / 2
    );
  }

  /**
   * Heat of the material itself while a current flows, in W: what gradients and hysteresis cost,
   * and the reversible part I T dU/dT (charging is positive; Bernardi 1985).
   */
  heatWatt(currentAmpere: number, celsius: number): number {
    const { changePerCelsius } = this.#cell.openCircuit;
    const warmer = celsius - this.#cell.referenceTemperature;
    const behindVolt = this.voltageVolt(celsius) - changePerCelsius * warmer - this.#restVolt();
    const entropyVolt = changePerCelsius * (celsius + ZERO_CELSIUS_KELVIN);
    return currentAmpere * (behindVolt + entropyVolt);
  }

  /** Heat while it runs empty through a short, in W. */
  emptyingWatt(insideOhm: number): number {
    const fullAmpere = this.#openCircuit.voltageVolt(1) / insideOhm;
    return fullAmpere * Math.max(0, this.#stateOfCharge) * this.#restVolt();
  }

  /**
   * Impedance of storing charge: dU/dx / Q (1 / jω + diffusion). A small signal does not move the
   * hysteresis and its side reaction is left out.
   */
  impedance(
    frequencyHertz: number,
    celsius: number,
  ): { readonly zRealOhm: number; readonly zImagOhm: number } {
    const omega = 2 * Math.PI * frequencyHertz;
    const scale = this.#openCircuit.slopeVolt(this.surfaceStateOfCharge) / this.capacityCoulomb;
    const response = this.#diffusion?.response(omega, this.#diffusivity(celsius));
    return {
      zRealOhm: scale * (response?.real ?? 0),
      zImagOhm: scale * ((response?.imag ?? 0) - 1 / omega),
    };
  }

  save(): BatteryState {
    return {
      stateOfCharge: this.#stateOfCharge,
      lag: this.#lag,
      ageing: this.#ageing,
      excursions: this.#diffusion?.save() ?? [],
    };
  }

  /** @returns false when the state is of another kind of battery; nothing is changed then */
  restore(state: BatteryState): boolean {
    const fits = this.#diffusion?.restore(state.excursions) ?? state.excursions.length === 0;
    if (!fits) return false;
    this.#stateOfCharge = state.stateOfCharge;
    this.#lag = state.lag;
    this.#ageing = state.ageing;
    return true;
  }

  #store(change: number, durationSecond: number, celsius: number): void {
    const diffusivity = this.#diffusivity(celsius);
    this.#diffusion?.advance({ durationSecond, change, diffusivity });
    this.#stateOfCharge += change;
    const { hysteresis } = this.#cell.openCircuit;
    if (!hysteresis || change === 0) return;
    const branch = Math.sign(change);
    const left = Math.exp(-Math.abs(change) / hysteresis.transition);
    this.#lag = branch + (this.#lag - branch) * left;
  }

  /** Voltage it would rest at, without gradients and hysteresis. */
  #restVolt(): number {
    return this.#openCircuit.voltageVolt(this.#stateOfCharge);
  }

  #diffusivity(celsius: number): number {
    const { diffusion, referenceTemperature } = this.#cell;
    if (!diffusion) return 0;
    const factor = arrheniusFactor(diffusion.activationEnergy, {
      celsius,
      referenceCelsius: referenceTemperature,
    });
    const overCharge = this.#diffusivityOverCharge?.value(this.#stateOfCharge) ?? 1;
    return diffusion.diffusivity * factor * overCharge;
  }
}
