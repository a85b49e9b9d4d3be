import { Fault } from '../domain/fault.ts';
import { LOCK_IN_UNKNOWNS, TRIANGLE_COLUMNS, type WindowTriangle } from './lock-in-triangle.ts';
import { instantiateKernel } from './wasm-module.ts';

/** Where a window's sine stands; one cycle is 2π. */
export interface SineWindow {
  /** Frequency over sampling rate, above 0 and below 0.5. */
  readonly cyclesPerSample: number;
  /** Phase of the reference at the window's first sample. */
  readonly cycleFirst: number;
  /** At least six: the fit has five unknowns. */
  readonly sampleCount: number;
}

interface RawKernel {
  readonly memory: WebAssembly.Memory;
  begin(cyclesPerSample: number, cycleFirst: number, samples: number): void;
  push(count: number): number;
  samplesTaken(): number;
  voltageResidual(): number;
  currentResidual(): number;
  chunkSamplesMax(): number;
  voltageAddress(): number;
  currentAddress(): number;
  triangleAddress(): number;
  rowValues(): number;
}

/** Reduces one window of voltage and current at a time, in constant memory: `begin`, `push`, `finish`. */
export class LockInKernel {
  readonly #raw: RawKernel;
  readonly #voltage: Float64Array;
  readonly #current: Float64Array;
  readonly #triangle: Float64Array;
  #window: SineWindow = { cyclesPerSample: 0, cycleFirst: 0, sampleCount: 0 };

  /** @param module `loadKernelModule('lock-in')`; every kernel has memory of its own. */
  constructor(module: WebAssembly.Module) {
    this.#raw = instantiateKernel(module) as unknown as RawKernel;
    // Memory never grows, so these views stay valid.
    const { memory } = this.#raw;
    const chunk = this.#raw.chunkSamplesMax();
    this.#voltage = new Float64Array(memory.buffer, this.#raw.voltageAddress(), chunk);
    this.#current = new Float64Array(memory.buffer, this.#raw.currentAddress(), chunk);
    const values = LOCK_IN_UNKNOWNS * this.#raw.rowValues();
    this.#triangle = new Float64Array(memory.buffer, this.#raw.triangleAddress(), values);
  }

  /** Samples the window still takes. */
  get samplesMissing(): number {
    return this.#window.sampleCount - this.#raw.samplesTaken();
  }

  /** Starts a window. @throws Fault badInput when the sine or the count cannot be fitted */
  begin(window: SineWindow): void {
    checkWindow(window);
    this.#window = window;
    const phase = window.cycleFirst - Math.floor(window.cycleFirst);
    this.#raw.begin(window.cyclesPerSample, phase, window.sampleCount);
  }

  /**
   * Takes the next samples, voltage and current of the same moments.
   * @throws Fault badInput when lengths differ, a value is not finite, or the window is full
   */
  push(voltageVolt: Float64Array, currentAmpere: Float64Array): void {
    checkSamples(voltageVolt, currentAmpere, this.samplesMissing);
    const chunk = this.#voltage.length;
    for (let from = 0; from < voltageVolt.length; from += chunk) {
      const end = Math.min(from + chunk, voltageVolt.length);
      this.#voltage.set(voltageVolt.subarray(from, end));
      this.#current.set(currentAmpere.subarray(from, end));
      this.#raw.push(end - from);
    }
  }

  /** What a complete window amounts to. @throws Fault badInput when samples are missing */
  finish(): WindowTriangle {
    if (this.samplesMissing > 0) {
      throw windowFault(`${this.samplesMissing} samples are missing; push the whole window first`);
    }
    const rowValues = this.#raw.rowValues();
    return {
      sampleCount: this.#window.sampleCount,
      rows: Array.from({ length: LOCK_IN_UNKNOWNS }, (_, row) =>
        this.#triangle.slice(row * rowValues, row * rowValues + TRIANGLE_COLUMNS),
      ),
      voltageSquares: this.#raw.voltageResidual(),
      currentSquares: this.#raw.currentResidual(),
    };
  }
}

function checkWindow({ cyclesPerSample, cycleFirst, sampleCount }: SineWindow): void {
  if (!(cyclesPerSample > 0 && cyclesPerSample < 0.5)) {
    const message = `${cyclesPerSample} cycles per sample; expected more than 0 and less than 0.5`;
    throw windowFault(message);
  }
  if (!Number.isSafeInteger(sampleCount) || sampleCount <= LOCK_IN_UNKNOWNS) {
    throw windowFault(`${sampleCount} samples; expected a whole number above ${LOCK_IN_UNKNOWNS}`);
  }
  if (!Number.isFinite(cycleFirst)) {
    throw windowFault(`starts at cycle ${cycleFirst}; expected a finite number`);
  }
}

function checkSamples(voltage: Float64Array, current: Float64Array, missing: number): void {
  if (voltage.length !== current.length) {
    const message = `${voltage.length} voltages and ${current.length} currents; expected as many`;
    throw windowFault(message);
  }
  if (voltage.length > missing) {
    throw windowFault(`${voltage.length} samples; the window takes ${missing} more`);
  }
  for (let k = 0; k < voltage.length; k += 1) {
    if (!Number.isFinite(voltage[k]) || !Number.isFinite(current[k])) {
      const message = `sample ${k + 1} is ${voltage[k]} V, ${current[k]} A; expected finite numbers`;
      throw windowFault(message);
    }
  }
}

function windowFault(message: string): Fault {
  return new Fault('badInput', { where: 'lock-in window', message });
}
