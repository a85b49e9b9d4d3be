import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import type { MeasuringRange } from '../../src/domain/instrument.ts';
import { Random } from '../../src/domain/random.ts';
import {
  DAC_STEPS,
  type RodeostatRange,
  type RodeostatVariant,
} from '../potentiostats/rodeostat-variants.ts';
import type { CellTerminals } from './cell-terminals.ts';
import { REGULATION_SECOND_MIN, regulatedAmpere } from './potentiostatic-regulation.ts';

export const ELECTRODES = ['Ref', 'Ctr', 'Wrk'] as const;
export type Electrode = (typeof ELECTRODES)[number];

/** A calibrated instrument would do better; this one uses so much of its limits of error. */
const SHARE_OF_LIMITS = 0.5;
/** Standard deviation of a reading, in steps of its converter. */
const NOISE_STEPS = 0.3;
/** The output drives so much more than the largest range measures. */
const OVER_RANGE = 1.2;
/** While nothing is measured the potential is looked after so rarely. */
const IDLE_SECOND = 0.1;
/** Steps of the converters that measure: 16 bits of a Teensy, 12 bits of an ItsyBitsy. */
const ADC_STEPS = { '0.1': 65_535, '0.2': 4095 } as const;

/**
 * The analogue side of a simulated Rodeostat: the converter that sets the potential, the electrode
 * switches (hardware 0.2), the two meters, with the errors of one instrument. The low-pass filter
 * of the current is left out: the cell settles more slowly.
 */
export class RodeostatFrontEnd {
  readonly #variant: RodeostatVariant;
  readonly #terminals: CellTerminals;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Where in its limits this instrument lies: gain and offset of output, current, reference. */
  readonly #lies: readonly number[];
  readonly #connected = new Set<Electrode>();
  #voltRange: RodeostatRange;
  #refRange: RodeostatRange;
  #currRange: RodeostatRange;
  #dacCode = Math.floor(DAC_STEPS / 2);
  #hasPower = false;
  #cancelTick: CancelTimer | undefined;

  constructor(options: {
    readonly variant: RodeostatVariant;
    readonly terminals: CellTerminals;
    readonly clock: Clock;
    readonly seed: number;
  }) {
    const { variant } = options;
    this.#variant = variant;
    this.#terminals = options.terminals;
    this.#clock = options.clock;
    this.#random = new Random(options.seed);
    this.#lies = Array.from({ length: 6 }, () => 2 * this.#random.uniform() - 1);
    this.#voltRange = at(variant.voltageRanges, 0);
    this.#refRange = at(variant.voltageRanges, variant.hasSwitches ? 0 : -1);
    this.#currRange = at(variant.currentRanges, 1);
  }

  powerOn(): void {
    this.#hasPower = true;
    this.#connected.clear();
    if (!this.#variant.hasSwitches) for (const one of ELECTRODES) this.#connected.add(one);
    this.#voltRange = at(this.#variant.voltageRanges, 0);
    this.setVolt(0);
  }

  powerOff(): void {
    this.#hasPower = false;
    this.#stopTicking();
    this.#terminals.setOpen();
  }

  get voltRange(): RodeostatRange {
    return this.#voltRange;
  }

  get refRange(): RodeostatRange {
    return this.#refRange;
  }

  get currRange(): RodeostatRange {
    return this.#currRange;
  }

  setVoltRange(range: RodeostatRange): void {
    this.#voltRange = range;
    this.#apply(REGULATION_SECOND_MIN);
  }

  setRefRange(range: RodeostatRange): void {
    this.#refRange = range;
  }

  setCurrRange(range: RodeostatRange): void {
    this.#currRange = range;
  }

  isConnected(electrode: Electrode): boolean {
    return this.#connected.has(electrode);
  }

  connect(electrode: Electrode, isConnected: boolean): void {
    if (isConnected) this.#connected.add(electrode);
    else this.#connected.delete(electrode);
    this.#apply(REGULATION_SECOND_MIN);
  }

  /** @param heldSecond how long the potential before it was held */
  setVolt(volt: number, heldSecond = REGULATION_SECOND_MIN): void {
    const { fullScale } = this.#voltRange;
    const code = Math.trunc((DAC_STEPS / (2 * fullScale)) * (fullScale + Math.fround(volt)));
    this.#dacCode = Math.min(DAC_STEPS, Math.max(0, code));
    this.#apply(Math.max(heldSecond, REGULATION_SECOND_MIN));
  }

  /** What the converter is set to, without its errors. */
  get volt(): number {
    const { fullScale } = this.#voltRange;
    return (this.#dacCode / DAC_STEPS) * 2 * fullScale - fullScale;
  }

  /** The converter ends at its range: then the current may be anything beyond. */
  current(): { readonly ampere: number; readonly isLimited: boolean } {
    const flowing = this.#isClosed ? this.#terminals.currentAmpere() : 0;
    const { accuracy } = this.#variant.capability;
    const limits = rangeOf(accuracy.currentAmpere, this.#currRange);
    const { value, isLimited } = this.#convert(this.#lie(flowing, limits, 2), this.#currRange);
    return { ampere: value, isLimited };
  }

  /** Of the reference input; without the reference electrode it floats near 0 V. */
  refVolt(): number {
    const isSeen = this.isConnected('Ref') && this.isConnected('Wrk');
    const { accuracy } = this.#variant.capability;
    const limits = rangeOf(accuracy.voltageVolt, this.#refRange);
    const seen = isSeen ? this.#terminals.voltageVolt() : 0;
    return this.#convert(this.#lie(seen, limits, 4), this.#refRange).value;
  }

  /** Current flows when it has a way through the cell. */
  get #isClosed(): boolean {
    return this.#hasPower && this.isConnected('Ctr') && this.isConnected('Wrk');
  }

  #apply(stepSecond: number): void {
    this.#stopTicking();
    if (!this.#hasPower) return;
    if (!this.#isClosed) {
      this.#terminals.setOpen();
      return;
    }
    const most = at(this.#variant.currentRanges, -1).fullScale * OVER_RANGE;
    const { accuracy } = this.#variant.capability;
    const wantedVolt = this.#lie(this.volt, rangeOf(accuracy.voltageVolt, this.#voltRange), 0);
    // Without its reference the regulator drives as much as it can.
    const wanted = this.isConnected('Ref')
      ? regulatedAmpere(this.#terminals, wantedVolt, stepSecond)
      : Math.sign(wantedVolt) * most;
    this.#terminals.setCurrent(Math.min(most, Math.max(-most, wanted)));
    this.#cancelTick = this.#clock.after(IDLE_SECOND, () => this.#apply(IDLE_SECOND));
  }

  #stopTicking(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #convert(
    value: number,
    { fullScale }: RodeostatRange,
  ): { readonly value: number; readonly isLimited: boolean } {
    const steps = ADC_STEPS[this.#variant.hardware];
    const exact = (steps * (fullScale + value)) / (2 * fullScale);
    const noisy = Math.round(exact + NOISE_STEPS * this.#random.normal());
    const code = Math.min(steps, Math.max(0, noisy));
    const isLimited = code === 0 || code === steps;
    return { value: (code / steps) * 2 * fullScale - fullScale, isLimited };
  }

  #lie(value: number, limits: MeasuringRange, first: number): number {
    const [gain = 0, offset = 0] = this.#lies.slice(first, first + 2);
    return value + SHARE_OF_LIMITS * (gain * limits.gainRelative * value + offset * limits.offset);
  }
}

function at(ranges: readonly RodeostatRange[], index: number): RodeostatRange {
  const range = ranges.at(index);
  if (!range) throw new Error('a variant without ranges');
  return range;
}

function rangeOf(limits: readonly MeasuringRange[], { fullScale }: RodeostatRange): MeasuringRange {
  const found = limits.find((one) => one.fullScale === fullScale);
  if (!found) throw new Error(`no limits of error for a range of ${fullScale}`);
  return found;
}
