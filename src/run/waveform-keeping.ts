import { asFault } from '../domain/fault.ts';
import type { WaveformSpool } from '../domain/run-store.ts';
import { type ImpedanceWaveform, WAVEFORM_BYTES_MAX } from '../domain/waveform.ts';
import type { Bench } from './bench.ts';

/**
 * Keeps the samples behind the points of one spectrum in a file beside the run database. What did
 * not come whole and what could not be kept is counted once, at the end: the spectrum goes on.
 */
export class WaveformKeeping {
  readonly #bench: Bench;
  readonly #spectrumId: string;
  readonly #pointCount: number;
  #spool: WaveformSpool | undefined;
  /** Why nothing more is kept; undefined while all is well. */
  #refusal: string | undefined;
  #missing = 0;
  #refused = 0;

  /** @param pointCount of the whole spectrum */
  constructor(bench: Bench, spectrumId: string, pointCount: number) {
    this.#bench = bench;
    this.#spectrumId = spectrumId;
    this.#pointCount = pointCount;
  }

  /** Takes the waveform of a point, or that it has none. */
  add(pointIndex: number, frequencyHertz: number, waveform: ImpedanceWaveform | undefined): void {
    if (!waveform) {
      this.#missing += 1;
      return;
    }
    this.#try(() => this.#open()?.add(pointIndex, frequencyHertz, waveform));
    if (this.#refusal !== undefined) this.#refused += 1;
  }

  /** Makes the file durable and says what is not in it. */
  end(): void {
    this.#try(() => this.#spool?.finish());
    const { drops } = this.#bench;
    const details = { spectrum_id: this.#spectrumId };
    if (this.#missing > 0) {
      const message = `${this.#missing} waveforms of ${this.#spectrumId} did not come whole and are left out; its points are kept.`;
      drops.add({ what: 'waveform', count: this.#missing, message, details });
    }
    if (this.#refused === 0) return;
    const message = `${this.#refused} waveforms of ${this.#spectrumId} are not kept: ${this.#refusal}. Its points are.`;
    drops.add({ what: 'waveform', count: this.#refused, message, details });
  }

  #open(): WaveformSpool | undefined {
    if (this.#spool || this.#refusal !== undefined) return this.#spool;
    const { waveforms } = this.#bench;
    this.#refusal = waveforms
      ? waveforms.refusal?.(this.#pointCount * WAVEFORM_BYTES_MAX)
      : 'there is no place for them';
    if (this.#refusal === undefined) this.#spool = waveforms?.open(this.#spectrumId);
    return this.#spool;
  }

  #try(act: () => void): void {
    if (this.#refusal !== undefined) return;
    try {
      act();
    } catch (error) {
      this.#refusal = asFault(error, this.#spectrumId, 'storage').message;
    }
  }
}
