import type { AbsorptionPlace } from './absorption.ts';
import type { CircuitFit } from './circuit-fit.ts';
import type { DerivedValue } from './derived-quantity.ts';
import type { DetectorSpectrum } from './detector-spectrum.ts';
import type { PeakRequest } from './peak.ts';
import type { Frame, LiveSlice, ReconstructionSummary, ScanPlan } from './scan.ts';
import type { ImpedancePoint } from './spectrum.ts';
import type {
  ScanSpan,
  SegmentationResult,
  VolumeAnalysis,
  VolumeChangeResult,
} from './volume-results.ts';
import type { ImpedanceWaveform } from './waveform.ts';

/**
 * What the experiment and the analysis services tell each other while a run goes on. Outlets do
 * not listen here for data: they read the run database. Only pictures come this way to them.
 */
export interface BusEvents {
  spectrumStarted: { readonly spectrumId: string; readonly circuit: string | undefined };
  spectrumPoint: {
    readonly spectrumId: string;
    readonly point: ImpedancePoint;
    readonly waveform?: ImpedanceWaveform;
  };
  spectrumEnded: { readonly spectrumId: string; readonly complete: boolean };
  /** `final` is false while the spectrum is still being measured. */
  fit: { readonly spectrumId: string; readonly final: boolean; readonly fit: CircuitFit };
  scanStarted: {
    readonly plan: ScanPlan;
    readonly rows: number;
    readonly columns: number;
    /** Of a scan in a set over the energies of an edge whose phases are asked for. */
    readonly absorption?: AbsorptionPlace;
  };
  frame: { readonly frame: Frame };
  scanEnded: { readonly scanId: string; readonly complete: boolean };
  liveSlice: { readonly slice: LiveSlice };
  volume: {
    readonly scanId: string;
    readonly summary: ReconstructionSummary;
    readonly file: string;
  };
  /** A finished scan whose volume is looked into as soon as it is there. */
  volumeWanted: ScanSpan & { readonly scanId: string; readonly analysis: VolumeAnalysis };
  /** What was found out from the volume of a scan. */
  volumeResults: ScanSpan & {
    readonly scanId: string;
    readonly segmentation?: SegmentationResult | undefined;
    readonly change?: VolumeChangeResult | undefined;
  };
  /** Another specimen is in place: nothing that was found out of the one before holds for it. */
  freshCell: Readonly<Record<string, never>>;
  /** The run listens: results of what an earlier start has measured may come. */
  runBegun: Readonly<Record<string, never>>;
  detectorSpectrum: {
    readonly spectrumId: string;
    readonly startSecond: number;
    readonly stopSecond: number;
    readonly startChargeCoulomb: number;
    readonly stopChargeCoulomb: number;
    readonly spectrum: DetectorSpectrum;
    /** What the recipe wants fitted in it. */
    readonly peaks: readonly PeakRequest[];
  };
  /** A step has ended; what loops and branches decide by is worked out while this is heard. */
  stepEnded: {
    readonly stepId: string;
    readonly technique: string;
    /** Passed in the step; negative for a discharge. */
    readonly chargeCoulomb: number;
  };
  /** A number a step may end on. */
  derived: { readonly value: DerivedValue };
  analysisFault: { readonly where: string; readonly message: string };
  /** Work a service could not keep up with and left out, counted. */
  dropped: { readonly what: string; readonly count: number };
}

export type BusEventName = keyof BusEvents;
type Listener<K extends BusEventName> = (event: BusEvents[K]) => void;

export class Bus {
  readonly #listeners = new Map<BusEventName, Set<Listener<never>>>();
  readonly #onListenerError: (name: BusEventName, error: unknown) => void;

  /** @param onListenerError told when a listener throws; the other listeners still hear. */
  constructor(onListenerError: (name: BusEventName, error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  on<K extends BusEventName>(name: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener as Listener<never>);
    return () => set.delete(listener as Listener<never>);
  }

  publish<K extends BusEventName>(name: K, event: BusEvents[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<K>)(event);
      } catch (error) {
        this.#onListenerError(name, error);
      }
    }
  }
}
