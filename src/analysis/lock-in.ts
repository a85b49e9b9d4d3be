import { Fault } from '../domain/fault.ts';
import type { Quality } from '../domain/sample.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { LockInKernel } from '../kernels/lock-in-kernel.ts';
import { ClippingWatch } from './lock-in-clipping.ts';
import { magnitude } from './lock-in-phasor.ts';
import { type SettleState, WINDOWS_MIN } from './lock-in-settling.ts';
import { joined, type MeasuredWindow, settledImpedance } from './lock-in-windows.ts';

export interface SineSettings {
  readonly frequencyHertz: number;
  readonly sampleRateHertz: number;
  /** Magnitude at which the range ends; samples there are counted as overload. */
  readonly voltageLimitVolt?: number;
  readonly currentLimitAmpere?: number;
}

/** Impedance at one frequency, from samples of a single sine. */
export interface SinePoint extends ImpedancePoint {
  /** One standard deviation of the real, and of the imaginary, part; weight for a fit. */
  readonly sigmaOhm: number;
  /** `overload` when clipped, `underload` when the current is hardly above its noise. */
  readonly quality: Quality;
  readonly state: SettleState;
  readonly voltageAmplitudeVolt: number;
  readonly currentAmplitudeAmpere: number;
  readonly periodsUsed: number;
  /** Periods left out at the start, where the response had not settled. */
  readonly periodsDiscarded: number;
  /** Middle of the periods used, since the first sample. */
  readonly timeSecond: number;
  /** Change of |Z| against |Z|; zero unless the state is `drifting`. */
  readonly driftPercentPerSecond: number;
  /** True when every period holds the same whole number of samples. */
  readonly coherent: boolean;
  /** Sentences for people; empty when there is nothing to say. */
  readonly remarks: readonly string[];
}

/** Fewer samples in a fit leave too little to judge its noise by. */
const WINDOW_SAMPLES_MIN = 64;
/** Windows kept; when full, neighbours are joined and windows last twice as long. Even. */
const WINDOWS_MAX = 256;
/** From here to half the sampling rate cosine and sine are hardly told apart. */
const CYCLES_PER_SAMPLE_MAX = 0.45;
/** Current amplitude over its standard deviation: below, no impedance; below, a warning. */
const CURRENT_SIGMA_MIN = 3;
const CURRENT_SIGMA_GOOD = 30;
const COHERENT_TOLERANCE = 1e-9;

/**
 * Software lock-in: takes samples of voltage and current at one frequency as they come, in
 * constant memory, and says what impedance they show. Each window of whole periods is fitted by
 * linear least squares on sine, cosine and a quadratic trend, so it needs no coherent sampling.
 */
export class SineLockIn {
  readonly #kernel: LockInKernel;
  readonly #settings: SineSettings;
  readonly #samplesPerPeriod: number;
  readonly #voltageWatch: ClippingWatch;
  readonly #currentWatch: ClippingWatch;
  #windows: MeasuredWindow[] = [];
  #periodsPerWindow: number;
  #windowSamples = 0;
  /** Samples before the current window. */
  #windowStart = 0;

  /**
   * @param kernel used by no other measurement until this one ends
   * @throws Fault badInput when the sampling cannot show the frequency
   */
  constructor(kernel: LockInKernel, settings: SineSettings) {
    const { frequencyHertz, sampleRateHertz } = settings;
    checkSampling(frequencyHertz, sampleRateHertz);
    this.#kernel = kernel;
    this.#settings = settings;
    this.#samplesPerPeriod = sampleRateHertz / frequencyHertz;
    this.#periodsPerWindow = Math.ceil(WINDOW_SAMPLES_MIN / this.#samplesPerPeriod);
    this.#voltageWatch = new ClippingWatch(settings.voltageLimitVolt);
    this.#currentWatch = new ClippingWatch(settings.currentLimitAmpere);
    this.#beginWindow();
  }

  /**
   * Takes the next samples, voltage and current of the same moments.
   * @throws Fault badInput when lengths differ, or a value is not finite: the measurement is then
   * spoiled, since a sample is missing from its sine
   */
  push(voltageVolt: Float64Array, currentAmpere: Float64Array): void {
    if (voltageVolt.length !== currentAmpere.length) {
      const message = `${voltageVolt.length} voltages and ${currentAmpere.length} currents; expected as many`;
      throw new Fault('badInput', { where: `${this.#settings.frequencyHertz} Hz`, message });
    }
    for (let from = 0; from < voltageVolt.length; ) {
      const end = Math.min(from + this.#kernel.samplesMissing, voltageVolt.length);
      this.#kernel.push(voltageVolt.subarray(from, end), currentAmpere.subarray(from, end));
      if (this.#kernel.samplesMissing === 0) this.#endWindow();
      from = end;
    }
    this.#voltageWatch.push(voltageVolt);
    this.#currentWatch.push(currentAmpere);
  }

  /**
   * The impedance from all whole windows so far; more samples may follow.
   * @throws Fault badInput when there are too few periods, analysis when no current flows
   */
  result(): SinePoint {
    const { frequencyHertz } = this.#settings;
    if (this.#windows.length < WINDOWS_MIN) throw this.#tooFew();
    const found = settledImpedance(this.#windows, this.#periodsPerWindow);
    const currentAmplitude = magnitude(found.current);
    const strength = currentAmplitude / found.currentSigma;
    if (!(strength > CURRENT_SIGMA_MIN)) {
      throw new Fault('analysis', {
        where: `${frequencyHertz} Hz`,
        message: `the current of ${currentAmplitude} A is not above its noise; check the contacts, or use a larger amplitude or a smaller current range`,
      });
    }
    const clipped = this.#clipped(magnitude(found.voltage), currentAmplitude);
    const weak = strength < CURRENT_SIGMA_GOOD;
    const drift = (100 * magnitude(found.driftOhmPerSecond)) / magnitude(found.impedance);
    return {
      frequencyHertz,
      zRealOhm: found.impedance.re,
      zImagOhm: found.impedance.im,
      sigmaOhm: found.sigmaOhm,
      quality: clipped.length > 0 ? 'overload' : weak ? 'underload' : 'good',
      state: found.state,
      voltageAmplitudeVolt: magnitude(found.voltage),
      currentAmplitudeAmpere: currentAmplitude,
      periodsUsed: (this.#windows.length - found.discarded) * this.#periodsPerWindow,
      periodsDiscarded: found.discarded * this.#periodsPerWindow,
      timeSecond: found.timeSecond,
      driftPercentPerSecond: drift,
      coherent: isWhole(this.#samplesPerPeriod),
      remarks: [...clipped, ...remarksOf(found.state, weak, drift)],
    };
  }

  #beginWindow(): void {
    this.#windowSamples = Math.round(this.#periodsPerWindow * this.#samplesPerPeriod);
    this.#kernel.begin({
      cyclesPerSample: 1 / this.#samplesPerPeriod,
      cycleFirst: this.#windowStart / this.#samplesPerPeriod,
      sampleCount: this.#windowSamples,
    });
  }

  #endWindow(): void {
    const triangle = this.#kernel.finish();
    const middle = this.#windowStart + (this.#windowSamples - 1) / 2;
    this.#windows.push({ triangle, timeSecond: middle / this.#settings.sampleRateHertz });
    this.#windowStart += this.#windowSamples;
    if (this.#windows.length === WINDOWS_MAX) this.#joinWindows();
    this.#beginWindow();
  }

  #joinWindows(): void {
    const pairs: MeasuredWindow[] = [];
    for (let k = 0; k + 1 < this.#windows.length; k += 2) {
      const [a, b] = this.#windows.slice(k, k + 2);
      if (a && b) pairs.push(joined(a, b));
    }
    this.#windows = pairs;
    this.#periodsPerWindow *= 2;
  }

  #clipped(voltageAmplitude: number, currentAmplitude: number): string[] {
    const samplesPerPeriod = this.#samplesPerPeriod;
    const remarks: string[] = [];
    if (this.#voltageWatch.isClipped({ amplitude: voltageAmplitude, samplesPerPeriod })) {
      remarks.push('the voltage is clipped; use a larger range or a smaller amplitude');
    }
    if (this.#currentWatch.isClipped({ amplitude: currentAmplitude, samplesPerPeriod })) {
      remarks.push('the current is clipped; use a larger range or a smaller amplitude');
    }
    return remarks;
  }

  #tooFew(): Fault {
    const needed = WINDOWS_MIN * this.#periodsPerWindow;
    const found = this.#windows.length * this.#periodsPerWindow;
    const message = `${found} whole periods measured; expected at least ${needed} (${WINDOWS_MIN} windows of ${this.#windowSamples} samples)`;
    return new Fault('badInput', { where: `${this.#settings.frequencyHertz} Hz`, message });
  }
}

function checkSampling(frequencyHertz: number, sampleRateHertz: number): void {
  const where = `${frequencyHertz} Hz`;
  if (!(frequencyHertz > 0 && Number.isFinite(frequencyHertz))) {
    throw new Fault('badInput', { where, message: 'expected a frequency above 0' });
  }
  if (
    !(sampleRateHertz * CYCLES_PER_SAMPLE_MAX >= frequencyHertz && Number.isFinite(sampleRateHertz))
  ) {
    const least = frequencyHertz / CYCLES_PER_SAMPLE_MAX;
    const message = `sampled at ${sampleRateHertz} Hz; expected at least ${least} Hz`;
    throw new Fault('badInput', { where, message });
  }
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) <= COHERENT_TOLERANCE * value;
}

function remarksOf(state: SettleState, weak: boolean, driftPercentPerSecond: number): string[] {
  const remarks: string[] = [];
  if (state === 'settling') {
    remarks.push('the response has not settled; measure more periods');
  }
  if (state === 'drifting') {
    const rate = driftPercentPerSecond.toPrecision(2);
    remarks.push(`the impedance drifts by ${rate} % per second; the value is that of the middle`);
  }
  if (weak) remarks.push('the current is hardly above its noise; use a larger amplitude');
  return remarks;
}
