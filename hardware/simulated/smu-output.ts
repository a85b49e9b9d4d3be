import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import { sleep } from '../../src/domain/clock.ts';
import type { MeasuringRange } from '../../src/domain/instrument.ts';
import { Random } from '../../src/domain/random.ts';
import type { CellTerminals } from './cell-terminals.ts';

/** What the terminals do while the output is off. */
export type OutputOffMode = 'HIMP' | 'NORM' | 'ZERO' | 'GUAR';

/** What the source is set to. */
export interface SourceSetting {
  readonly source: 'current' | 'voltage';
  /** A or V. */
  readonly level: number;
  /** Full scale, A or V. */
  readonly range: number;
  /** Of the other quantity, whatever the sign. */
  readonly limit: number;
}

/** Limits of error of one model, source and meter. */
export interface SmuAccuracy {
  readonly sourceVolt: readonly MeasuringRange[];
  readonly sourceAmpere: readonly MeasuringRange[];
  readonly measureVolt: readonly MeasuringRange[];
  readonly measureAmpere: readonly MeasuringRange[];
}

/** What the meters show. */
export interface Metered {
  readonly voltageVolt: number;
  readonly currentAmpere: number;
  readonly isLimited: boolean;
}

/** A calibrated instrument uses this much of its limits of error. */
const SHARE_OF_LIMITS = 0.5;
/** Standard deviation of a reading, of the offset in its limits of error. */
const NOISE_OF_OFFSET = 0.05;
/** In the normal output-off state 0 V is held with 0.5 % of the current range. */
const NORMAL_OFF_SHARE = 0.005;
/** A source gives 5 % more than its range. */
const OVER_RANGE = 1.05;
/** The simulated regulator works in steps; a wait ends with a few of the shortest. */
const REGULATION_SECOND = 0.1;
/** Nothing is connected: all that flows is a leakage. */
const OPEN_OHM = 1e8;
const LEAKAGE_AMPERE = 1e-12;
/** While a current flows that nothing limits, it is looked after so rarely. */
const QUIET_SECOND = 1;
const SETTLING_SECOND = 1e-3;
const SETTLING_STEPS = 4;

/**
 * The analogue side of a simulated source-measure unit: source with its limit, output relay and
 * what it does when it is off, meters with the errors of one calibrated instrument.
 */
export class SmuOutput {
  readonly #terminals: CellTerminals;
  readonly #clock: Clock;
  readonly #accuracy: SmuAccuracy;
  readonly #random: Random;
  /** Where in its limits this instrument lies, -1 to 1: gain and offset of four quantities. */
  readonly #lies: readonly number[];
  #setting: SourceSetting = { source: 'voltage', level: 0, range: 1, limit: 1e-4 };
  #offMode: OutputOffMode = 'NORM';
  #currentRangeAmpere = 1e-4;
  #isOn = false;
  #isLimited = false;
  #cancelTick: CancelTimer | undefined;
  /** Power of the whole instrument. */
  #hasPower = false;
  #switchings = 0;

  constructor(options: {
    readonly terminals: CellTerminals;
    readonly clock: Clock;
    readonly accuracy: SmuAccuracy;
    readonly seed: number;
  }) {
    this.#terminals = options.terminals;
    this.#clock = options.clock;
    this.#accuracy = options.accuracy;
    this.#random = new Random(options.seed);
    this.#lies = Array.from({ length: 8 }, () => 2 * this.#random.uniform() - 1);
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** The source does not give what it was told to. */
  get isLimited(): boolean {
    return this.#isLimited;
  }

  /** Every change of the relay, for those who count its wear. */
  get switchings(): number {
    return this.#switchings;
  }

  get setting(): SourceSetting {
    return this.#setting;
  }

  powerOn(): void {
    this.#hasPower = true;
    this.#isOn = false;
    this.#apply(SETTLING_SECOND);
  }

  /** Without power the relay is open. */
  powerOff(): void {
    this.#hasPower = false;
    this.#isOn = false;
    this.#stopTicking();
    this.#terminals.setOpen();
  }

  set(setting: SourceSetting): void {
    this.#setting = setting;
    this.#apply(SETTLING_SECOND);
  }

  /** Of the normal output-off state: its current is a share of this range. */
  setCurrentRange(rangeAmpere: number): void {
    this.#currentRangeAmpere = rangeAmpere;
  }

  /** Entered at once when the output is off (2400 manual 13-11). */
  setOffMode(mode: OutputOffMode): void {
    this.#offMode = mode;
    this.#apply(SETTLING_SECOND);
  }

  switch(isOn: boolean): void {
    if (isOn !== this.#isOn) this.#switchings += 1;
    this.#isOn = isOn;
    this.#apply(SETTLING_SECOND);
  }

  /** Lets time pass; the regulator does its work, and has settled at the end. */
  async hold(seconds: number, signal: AbortSignal): Promise<void> {
    const settlingSecond = this.#isQuiet() ? 0 : SETTLING_STEPS * SETTLING_SECOND;
    await sleep(this.#clock, Math.max(0, seconds - settlingSecond), signal);
    if (settlingSecond === 0) return;
    for (let step = 0; step < SETTLING_STEPS; step += 1) {
      await sleep(this.#clock, SETTLING_SECOND, signal);
      this.#regulate(SETTLING_SECOND);
    }
  }

  /** Voltage and current now. @param ranges full scales in use */
  measure(ranges: { readonly volt: number; readonly ampere: number }): Metered {
    this.#regulate(SETTLING_SECOND);
    const volt = this.#voltAtLeads();
    const { measureVolt, measureAmpere } = this.#accuracy;
    return {
      voltageVolt: this.#meter(volt, rangeOf(measureVolt, ranges.volt), 0),
      currentAmpere: this.#meter(
        this.#terminals.currentAmpere(),
        rangeOf(measureAmpere, ranges.ampere),
        2,
      ),
      isLimited: this.#isLimited,
    };
  }

  /** What is at the terminals, without any error: what ranges are chosen by. */
  get trueVolt(): number {
    return this.#terminals.voltageVolt();
  }

  get trueAmpere(): number {
    return this.#terminals.currentAmpere();
  }

  /** What the instrument sees: of a lead that has come off its own voltage. */
  #voltAtLeads(): number {
    const { level, limit, source } = this.#setting;
    const trueVolt = this.#terminals.voltageVolt();
    if (source === 'current') return this.#isLimited ? bounded(trueVolt, limit) : trueVolt;
    return this.#isOn && this.#ohmOver(SETTLING_SECOND) >= OPEN_OHM ? level : trueVolt;
  }

  /** A current that flows without being limited needs no regulator. */
  #isQuiet(): boolean {
    return this.#isOn && this.#setting.source === 'current' && !this.#isLimited;
  }

  #apply(stepSecond: number): void {
    this.#stopTicking();
    if (!this.#hasPower) return;
    if (!this.#isOn && this.#offMode === 'HIMP') {
      this.#isLimited = false;
      this.#terminals.setOpen();
      return;
    }
    this.#regulate(stepSecond);
    this.#tick();
  }

  /** Regulates also while nobody measures. */
  #tick(): void {
    const stepSecond = this.#isQuiet() ? QUIET_SECOND : REGULATION_SECOND;
    this.#cancelTick = this.#clock.after(stepSecond, () => {
      this.#regulate(stepSecond);
      this.#tick();
    });
  }

  #stopTicking(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #regulate(stepSecond: number): void {
    if (!this.#hasPower || (!this.#isOn && this.#offMode === 'HIMP')) return;
    const setting = this.#isOn ? this.#setting : this.#settingWhileOff();
    const { ampere, isLimited } =
      setting.source === 'current'
        ? this.#asCurrent(setting, stepSecond)
        : this.#asVoltage(setting, stepSecond);
    this.#isLimited = this.#isOn && isLimited;
    this.#terminals.setCurrent(ampere);
  }

  #settingWhileOff(): SourceSetting {
    const { source, level } = this.#setting;
    if (this.#offMode === 'GUAR') return { source: 'current', level: 0, range: 1e-6, limit: 0.1 };
    const normal = NORMAL_OFF_SHARE * this.#currentRangeAmpere;
    const zero = source === 'current' ? Math.max(Math.abs(level), normal) : this.#setting.limit;
    const limit = this.#offMode === 'ZERO' ? zero : normal;
    return { source: 'voltage', level: 0, range: this.#setting.range, limit };
  }

  /** The current it is told to give, unless the voltage would pass its limit: then that is held. */
  #asCurrent({ level, range, limit }: SourceSetting, stepSecond: number) {
    const wanted = this.#sourced(level, rangeOf(this.#accuracy.sourceAmpere, range), 4);
    const nowVolt = this.#terminals.voltageVolt();
    const nowAmpere = this.#terminals.currentAmpere();
    if (nowAmpere === wanted && Math.abs(nowVolt) <= limit) {
      return { ampere: wanted, isLimited: false };
    }
    const ohm = this.#ohmOver(stepSecond);
    if (ohm >= OPEN_OHM) return { ampere: Math.sign(wanted) * LEAKAGE_AMPERE, isLimited: true };
    const thenVolt = nowVolt + (wanted - nowAmpere) * ohm;
    if (Math.abs(thenVolt) <= limit) return { ampere: wanted, isLimited: false };
    const held = nowAmpere + (Math.sign(thenVolt) * limit - nowVolt) / ohm;
    const most = range * OVER_RANGE;
    // At the upper limit it gives no more than it was told, and takes what it can; and so below.
    const ampere = thenVolt > 0 ? clamp(held, -most, wanted) : clamp(held, wanted, most);
    return { ampere, isLimited: true };
  }

  #asVoltage({ level, range, limit }: SourceSetting, stepSecond: number) {
    const wanted = this.#sourced(level, rangeOf(this.#accuracy.sourceVolt, range), 6);
    const errorVolt = wanted - this.#terminals.voltageVolt();
    const needed = this.#terminals.currentAmpere() + errorVolt / this.#ohmOver(stepSecond);
    const ampere = bounded(needed, limit);
    return { ampere, isLimited: ampere !== needed };
  }

  /** What the cell opposes to a change of current that lasts so long. */
  #ohmOver(stepSecond: number): number {
    const { zRealOhm, zImagOhm } = this.#terminals.impedance(1 / (2 * Math.PI * stepSecond));
    return Math.hypot(zRealOhm, zImagOhm);
  }

  #sourced(level: number, range: MeasuringRange | undefined, at: number): number {
    return level + this.#error(level, range, at);
  }

  #meter(value: number, range: MeasuringRange | undefined, at: number): number {
    const noise = (range?.offset ?? 0) * NOISE_OF_OFFSET * this.#random.normal();
    return value + this.#error(value, range, at) + noise;
  }

  #error(value: number, range: MeasuringRange | undefined, at: number): number {
    if (!range) return 0;
    const [gain = 0, offset = 0] = this.#lies.slice(at, at + 2);
    return SHARE_OF_LIMITS * (gain * range.gainRelative * value + offset * range.offset);
  }
}

function rangeOf(ranges: readonly MeasuringRange[], fullScale: number): MeasuringRange | undefined {
  return ranges.find((range) => range.fullScale >= fullScale * 0.999) ?? ranges.at(-1);
}

function bounded(value: number, limit: number): number {
  return clamp(value, -limit, limit);
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}
