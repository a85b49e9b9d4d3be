import type { AnalysisService } from '../domain/analysis-service.ts';
import type { Bus, BusEvents } from '../domain/bus.ts';
import { type Circuit, parseCircuit } from '../domain/circuit.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { SpectrumValidity } from '../domain/spectrum-validity.ts';
import { FREQUENCIES_MAX } from '../kernels/impedance-kernel.ts';
import type { Executor } from './executor.ts';
import type { FitOptions } from './impedance-fit.ts';
import type { ImpedanceJobs } from './impedance-jobs.ts';
import { canFit } from './impedance-points.ts';
import type { PointWithWaveform } from './waveform-check.ts';

/** Spectra being measured at once; the oldest is given up, and counted, when one more starts. */
export const SPECTRA_OPEN_MAX = 16;
/** Circuits whose last final fit is remembered; the oldest is forgotten. */
const CIRCUITS_REMEMBERED_MAX = 16;
/** A worse final fit (5 % rms) says too little about the next spectrum to be its prior. */
const PRIOR_RMS_PERCENT_MAX = 5;

interface OpenSpectrum {
  readonly spectrumId: string;
  readonly circuit: Circuit;
  readonly points: ImpedancePoint[];
  /** Of the points that came with their samples; as many as points at most. */
  readonly waveforms: PointWithWaveform[];
  /** Points that have arrived since the last fit was started and could have had one each. */
  waiting: number;
  /** Undefined while it is being measured. */
  ended: { readonly complete: boolean } | undefined;
  latest: CircuitFit | undefined;
  /** An interim fit has failed: only the final one is tried again. */
  faulted: boolean;
}

/**
 * Fits each spectrum that names a circuit: again at every point that arrives, from as many points
 * as the circuit needs, and once more when the spectrum has ended, then with the verdict on the
 * data. One fit runs at a time; while it does, further points of a spectrum wait for one common
 * interim fit, and the ones left out are counted. Final fits are never left out.
 */
export class ImpedanceService implements AnalysisService {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #executor: Executor<ImpedanceJobs>;
  readonly #open = new Map<string, OpenSpectrum>();
  /** Last final fit of each circuit, by its notation. */
  readonly #finals = new Map<string, CircuitFit>();
  #unsubscribe: (() => void)[] = [];
  #working: Promise<void> | undefined;

  /** @param partners the executor becomes the service's own: `stop` closes it. */
  constructor(partners: {
    readonly bus: Bus;
    readonly clock: Clock;
    readonly executor: Executor<ImpedanceJobs>;
  }) {
    this.#bus = partners.bus;
    this.#clock = partners.clock;
    this.#executor = partners.executor;
  }

  async start(): Promise<void> {
    if (this.#unsubscribe.length > 0) return;
    this.#unsubscribe = [
      this.#bus.on('spectrumStarted', (event) => this.#onStarted(event)),
      this.#bus.on('spectrumPoint', (event) => this.#onPoint(event)),
      this.#bus.on('spectrumEnded', (event) => this.#onEnded(event)),
    ];
  }

  async drain(): Promise<void> {
    while (this.#working) await this.#working;
  }

  /** Gives up what has not been fitted yet; `drain` first to have it. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#open.clear();
    await this.drain();
    await this.#executor.close();
  }

  #onStarted({ spectrumId, circuit }: BusEvents['spectrumStarted']): void {
    if (circuit === undefined) return;
    this.#open.delete(spectrumId);
    try {
      this.#open.set(spectrumId, {
        spectrumId,
        circuit: parseCircuit(circuit),
        points: [],
        waveforms: [],
        waiting: 0,
        ended: undefined,
        latest: undefined,
        faulted: false,
      });
    } catch (error) {
      this.#publishFault(`fit of spectrum ${spectrumId}`, error);
    }
    const [oldest] = this.#open.keys();
    if (this.#open.size > SPECTRA_OPEN_MAX && oldest !== undefined) {
      this.#open.delete(oldest);
      this.#bus.publish('dropped', { what: `fit of spectrum ${oldest}`, count: 1 });
    }
  }

  #onPoint({ spectrumId, point, waveform }: BusEvents['spectrumPoint']): void {
    const spectrum = this.#open.get(spectrumId);
    if (!spectrum || spectrum.ended) return;
    if (spectrum.points.length >= FREQUENCIES_MAX) {
      this.#bus.publish('dropped', { what: `points of spectrum ${spectrumId}`, count: 1 });
      return;
    }
    spectrum.points.push(point);
    if (waveform) spectrum.waveforms.push({ point, waveform });
    if (spectrum.faulted || !canFit(spectrum.circuit, spectrum.points)) return;
    spectrum.waiting += 1;
    this.#wake();
  }

  #onEnded({ spectrumId, complete }: BusEvents['spectrumEnded']): void {
    const spectrum = this.#open.get(spectrumId);
    if (!spectrum) return;
    spectrum.ended = { complete };
    this.#wake();
  }

  #wake(): void {
    if (!this.#working && this.#next()) this.#working = this.#work();
  }

  #next(): OpenSpectrum | undefined {
    for (const spectrum of this.#open.values()) {
      if (spectrum.ended || spectrum.waiting > 0) return spectrum;
    }
    return undefined;
  }

  /** Simulated time stands still meanwhile: the experiment may depend on the answer. */
  async #work(): Promise<void> {
    const release = this.#clock.hold();
    try {
      for (let next = this.#next(); next; next = this.#next()) await this.#fit(next);
    } finally {
      release();
      this.#working = undefined;
    }
  }

  async #fit(spectrum: OpenSpectrum): Promise<void> {
    const { spectrumId, circuit, ended } = spectrum;
    this.#countSkipped(spectrum, ended ? 0 : 1);
    if (ended) this.#open.delete(spectrumId);
    try {
      const fit = await this.#executor.call('fit', {
        circuit: circuit.text,
        points: [...spectrum.points],
        options: this.#options(spectrum),
      });
      if (fit.parameters.length > 0) spectrum.latest = fit;
      if (!ended) {
        this.#bus.publish('fit', { spectrumId, final: false, fit });
        return;
      }
      // Data that fail may come from a drifting cell, whose next spectrum still resembles this one.
      if (ended.complete && fit.status !== 'failed') this.#remember(fit);
      const validity = await this.#assess(spectrum);
      this.#bus.publish('fit', { spectrumId, final: true, fit: { ...fit, validity } });
    } catch (error) {
      spectrum.faulted = true;
      spectrum.waiting = 0;
      this.#publishFault(`fit of spectrum ${spectrumId}`, error);
    }
  }

  /** The verdict on the data; null, and a fault published, when they could not be tested. */
  async #assess({ spectrumId, points, waveforms }: OpenSpectrum): Promise<SpectrumValidity | null> {
    try {
      return await this.#executor.call('assess', {
        points: [...points],
        ...(waveforms.length > 0 ? { waveforms: [...waveforms] } : {}),
      });
    } catch (error) {
      this.#publishFault(`validity of spectrum ${spectrumId}`, error);
      return null;
    }
  }

  /** @param served how many of the waiting points the fit that now starts answers. */
  #countSkipped(spectrum: OpenSpectrum, served: number): void {
    const count = spectrum.waiting - served;
    spectrum.waiting = 0;
    if (count <= 0) return;
    this.#bus.publish('dropped', { what: `interim fits of ${spectrum.spectrumId}`, count });
  }

  #options(spectrum: OpenSpectrum): FitOptions {
    const previous = this.#finals.get(spectrum.circuit.text);
    const starts = [spectrum.latest, previous].flatMap((fit) => (fit ? [valuesOf(fit)] : []));
    // Nothing vouches for the final fit: it always searches globally as well. That costs a few
    // milliseconds once per spectrum, and a chain of warm starts can drift into a side minimum
    // where the circuit describes the cell badly.
    const reference = spectrum.ended ? undefined : (previous ?? spectrum.latest);
    const isPrior = !spectrum.ended && previous && previous.rmsPercent <= PRIOR_RMS_PERCENT_MAX;
    return {
      starts,
      ...(reference && {
        reference: {
          values: valuesOf(reference),
          chiSquarePerPoint: reference.chiSquare / reference.points,
        },
      }),
      ...(isPrior && { priorValues: valuesOf(previous) }),
      // While points come they would change with each: they are worked out once, at the end.
      diagnostics: spectrum.ended !== undefined,
    };
  }

  #remember(fit: CircuitFit): void {
    this.#finals.delete(fit.circuit);
    this.#finals.set(fit.circuit, fit);
    const [oldest] = this.#finals.keys();
    if (this.#finals.size > CIRCUITS_REMEMBERED_MAX && oldest !== undefined) {
      this.#finals.delete(oldest);
    }
  }

  #publishFault(where: string, error: unknown): void {
    const { problems } = asFault(error, where);
    const message = problems.map((problem) => `${problem.where}: ${problem.message}`).join('; ');
    this.#bus.publish('analysisFault', { where, message });
  }
}

function valuesOf(fit: CircuitFit): number[] {
  return fit.parameters.map(({ value }) => value);
}
