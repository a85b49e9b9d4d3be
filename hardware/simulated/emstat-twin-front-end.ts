import { type Clock, sleep } from '../../src/domain/clock.ts';
import type { Random } from '../../src/domain/random.ts';
import {
  GALVANOSTAT_MODE,
  type MethodScriptDevice,
  type PgstatMode,
} from '../potentiostats/methodscript-devices.ts';
import type { CellTerminals } from './cell-terminals.ts';
import {
  REGULATION_SECOND_MIN,
  regulatedAmpere,
  regulationTimes,
} from './potentiostatic-regulation.ts';

/** Standard deviations of what is measured. */
export const NOISE = {
  voltageVolt: 20e-6,
  /** Of the full scale of the current range. */
  currentOfRange: 1e-4,
  /** Of the modulus, for each of real and imaginary part. */
  impedanceOfModulus: 1e-3,
} as const;

export interface Measured {
  readonly value: number;
  readonly isOverloaded: boolean;
}

export interface MeasuredCurrent extends Measured {
  readonly isUnderloaded: boolean;
  readonly rangeIndex: number;
}

/** Below this share of its range a current is underloaded: an EmStat Pico has it at 0.8 to 1.6 %. */
const UNDERLOAD_OF_RANGE = 0.01;

/** Value of `set_pgstat_mode` that switches everything off. */
const MODE_OFF = 0;
/** From this index on the ranges are those of the high-speed mode of an EmStat Pico. */
const PICO_HIGH_SPEED_INDEX = 128;
/** From this index on the ranges are those of a Nexus as a galvanostat. */
const NEXUS_GALVANOSTAT_INDEX = 32;

interface CurrentRange {
  readonly index: number;
  readonly ampere: number;
}

/** Where the potential may be set, in V. */
export interface PotentialLimits {
  readonly least: number;
  readonly most: number;
}

/** The analogue side of the simulated instrument: its cell switch, its two regulators, its meters. */
export class FrontEnd {
  readonly #device: MethodScriptDevice;
  readonly #terminals: CellTerminals;
  readonly #clock: Clock;
  readonly #random: Random;
  #modeNumber = MODE_OFF;
  #mode: PgstatMode | undefined;
  #ranges: readonly CurrentRange[];
  /** Middle of the dynamic window. */
  #windowCentreVolt = 0;
  #isCellOn = false;
  #setVolt = 0;
  #setAmpere = 0;
  #isLimited = false;

  constructor(options: {
    readonly device: MethodScriptDevice;
    readonly terminals: CellTerminals;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#device = options.device;
    this.#terminals = options.terminals;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#ranges = currentRangesOf(options.device, MODE_OFF);
  }

  get device(): MethodScriptDevice {
    return this.#device;
  }

  get isCellOn(): boolean {
    return this.#isCellOn;
  }

  get isGalvanostat(): boolean {
    return this.#modeNumber === GALVANOSTAT_MODE;
  }

  /** True in the mode that impedance needs; an EmStat Pico has one that is fast enough. */
  get isImpedanceMode(): boolean {
    return this.#modeNumber === this.#device.impedanceMode.number;
  }

  /** What the potentiostat is told to hold. */
  get appliedVolt(): number {
    return this.#setVolt;
  }

  get isOff(): boolean {
    return this.#modeNumber === MODE_OFF;
  }

  /** Changing the mode opens the cell. @returns false when the device has no such mode */
  setMode(number: number): boolean {
    const { potentiostatModes, openCircuitMode, impedanceMode, galvanostat } = this.#device;
    const modes = [...potentiostatModes, openCircuitMode, impedanceMode];
    const mode = modes.find((one) => one.number === number);
    const isGalvanostat = number === GALVANOSTAT_MODE && galvanostat !== undefined;
    if (!mode && !isGalvanostat && number !== MODE_OFF) return false;
    this.cellOff();
    this.#modeNumber = number;
    this.#mode = mode;
    this.#windowCentreVolt = 0;
    this.#ranges = currentRangesOf(this.#device, number);
    return true;
  }

  /** Lays the dynamic window over what will be applied. @returns false when that is too wide */
  setPotentialSpan(leastVolt: number, mostVolt: number): boolean {
    if (this.#mode && mostVolt - leastVolt > this.#mode.windowVolt) return false;
    this.#windowCentreVolt = (leastVolt + mostVolt) / 2;
    return true;
  }

  /** Within the mode, and within its dynamic window where it lies now. */
  get potentialLimits(): PotentialLimits {
    const { voltageVoltMin, voltageVoltMax } = this.#mode ?? this.#device.capability;
    const half = (this.#mode?.windowVolt ?? Number.POSITIVE_INFINITY) / 2;
    return {
      least: Math.max(voltageVoltMin, this.#windowCentreVolt - half),
      most: Math.min(voltageVoltMax, this.#windowCentreVolt + half),
    };
  }

  setVoltage(voltageVolt: number): void {
    this.#setVolt = voltageVolt;
    if (this.#isCellOn && !this.isGalvanostat) this.#regulate(REGULATION_SECOND_MIN);
  }

  setCurrent(currentAmpere: number): void {
    this.#setAmpere = currentAmpere;
    if (this.#isCellOn && this.isGalvanostat) this.#terminals.setCurrent(currentAmpere);
  }

  cellOn(): void {
    this.#isCellOn = true;
    if (this.isGalvanostat) this.#terminals.setCurrent(this.#setAmpere);
    else this.#regulate(REGULATION_SECOND_MIN);
  }

  cellOff(): void {
    this.#isCellOn = false;
    this.#terminals.setOpen();
  }

  /** Lets time pass while the regulator does its work. */
  async hold(seconds: number, signal: AbortSignal): Promise<void> {
    const endSecond = this.#clock.nowSecond() + seconds;
    const isRegulating = this.#isCellOn && !this.isGalvanostat;
    const times = isRegulating ? regulationTimes(this.#clock.nowSecond(), endSecond) : [endSecond];
    for (const dueSecond of times) {
      const waitSecond = Math.max(0, dueSecond - this.#clock.nowSecond());
      await sleep(this.#clock, waitSecond, signal);
      if (isRegulating) this.#regulate(Math.max(waitSecond, REGULATION_SECOND_MIN));
    }
  }

  voltage(): Measured {
    const trueVolt = this.#terminals.voltageVolt();
    const limitVolt = this.#device.voltageRangeVolt;
    const isOverloaded = Math.abs(trueVolt) > limitVolt;
    const shownVolt = clamp(trueVolt, limitVolt);
    return { value: shownVolt + NOISE.voltageVolt * this.#random.normal(), isOverloaded };
  }

  current(): MeasuredCurrent {
    const trueAmpere = this.#terminals.currentAmpere();
    const { index, ampere: fullScaleAmpere } = this.#rangeFor(trueAmpere);
    const noiseAmpere = NOISE.currentOfRange * fullScaleAmpere;
    return {
      value: trueAmpere + noiseAmpere * this.#random.normal(),
      isOverloaded: this.#isLimited,
      isUnderloaded: Math.abs(trueAmpere) < UNDERLOAD_OF_RANGE * fullScaleAmpere,
      rangeIndex: index,
    };
  }

  impedance(frequencyHertz: number): { zRealOhm: number; zImagOhm: number } {
    const { zRealOhm, zImagOhm } = this.#terminals.impedance(frequencyHertz);
    const sigmaOhm = NOISE.impedanceOfModulus * Math.hypot(zRealOhm, zImagOhm);
    return {
      zRealOhm: zRealOhm + sigmaOhm * this.#random.normal(),
      zImagOhm: zImagOhm + sigmaOhm * this.#random.normal(),
    };
  }

  /** The cell's own response to a sine, without noise. */
  response(frequencyHertz: number): { zRealOhm: number; zImagOhm: number } {
    return this.#terminals.impedance(frequencyHertz);
  }

  /** What now lies at the cell, and flows, without noise. */
  directPart(): { readonly voltageVolt: number; readonly currentAmpere: number } {
    return {
      voltageVolt: this.#terminals.voltageVolt(),
      currentAmpere: this.#terminals.currentAmpere(),
    };
  }

  /** Noise of one sample of the current, in the range that holds a peak current. */
  currentNoise(peakAmpere: number): number {
    return NOISE.currentOfRange * this.#rangeFor(peakAmpere).ampere * this.#random.normal();
  }

  /** Noise of one sample of the voltage. */
  voltageNoise(): number {
    return NOISE.voltageVolt * this.#random.normal();
  }

  /** Index of the range that autoranging has chosen for the present current. */
  currentRangeIndex(): number {
    return this.#rangeFor(this.#terminals.currentAmpere()).index;
  }

  /** Autoranging: the smallest range that holds the current, the largest when none does. */
  #rangeFor(currentAmpere: number): CurrentRange {
    const largest = { index: 0, ampere: this.#device.capability.currentAmpereMax };
    const needed = Math.abs(currentAmpere);
    return this.#ranges.find(({ ampere }) => ampere >= needed) ?? this.#ranges.at(-1) ?? largest;
  }

  #regulate(stepSecond: number): void {
    const wantedAmpere = regulatedAmpere(this.#terminals, this.#setVolt, stepSecond);
    const currentAmpere = clamp(wantedAmpere, this.#device.capability.currentAmpereMax);
    this.#isLimited = currentAmpere !== wantedAmpere;
    this.#terminals.setCurrent(currentAmpere);
  }
}

/** The ranges of one mode, from the smallest; of two of the same scale the first in the table. */
function currentRangesOf(device: MethodScriptDevice, mode: number): readonly CurrentRange[] {
  const { id, impedanceMode, currentRanges, usesFlowControl } = device;
  const isHigh = (index: number): boolean =>
    usesFlowControl ? index >= PICO_HIGH_SPEED_INDEX : index >= NEXUS_GALVANOSTAT_INDEX;
  const wantsHigh = mode === (usesFlowControl ? impedanceMode.number : GALVANOSTAT_MODE);
  const hasTwo = usesFlowControl || id === 'nexus1';
  return [...currentRanges]
    .filter(([index]) => !hasTwo || isHigh(index) === wantsHigh)
    .map(([index, ampere]) => ({ index, ampere }))
    .sort((left, right) => left.ampere - right.ampere);
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
