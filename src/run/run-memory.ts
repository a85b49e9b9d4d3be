import type { EngineState, OpenMeasurement, StepMemory } from '../domain/run-store.ts';
import type { Bench } from './bench.ts';

/** What a run must not forget beside its place in the plan: saved with each commit. */
export class RunMemory {
  /** A cell that has shorted gets no more current in this run. */
  readonly short: { latched: boolean };
  readonly #idCounts: Record<string, number>;
  readonly #open = new Set<() => OpenMeasurement>();
  #heaterTargetCelsius: number | null;
  #pulsesBegun: number;
  #step: () => StepMemory | undefined;

  /** @param earlier what an earlier start of the software has saved */
  constructor(earlier: EngineState | undefined) {
    this.short = { latched: earlier?.shortLatched ?? false };
    this.#idCounts = { ...earlier?.idCounts };
    this.#heaterTargetCelsius = earlier?.heaterTargetCelsius ?? null;
    this.#pulsesBegun = earlier?.titrationPulses ?? 0;
    this.#step = () => earlier?.step;
  }

  /** The step is over: what it knew of itself means nothing to the next one. */
  forgetStep(): void {
    this.#step = () => undefined;
  }

  /** The part of a bench through which a step has something remembered. */
  forSteps(): Pick<
    Bench,
    'short' | 'nextId' | 'heaterSetTo' | 'pulsesBegun' | 'remembers' | 'opened'
  > {
    return {
      short: this.short,
      nextId: (kind) => this.#nextId(kind),
      heaterSetTo: (celsius) => {
        this.#heaterTargetCelsius = celsius;
      },
      pulsesBegun: (count) => {
        this.#pulsesBegun = count;
      },
      remembers: (memory) => {
        this.#step = memory;
      },
      opened: (describe) => {
        this.#open.add(describe);
        return () => this.#open.delete(describe);
      },
    };
  }

  state(): Pick<
    EngineState,
    | 'idCounts'
    | 'shortLatched'
    | 'heaterTargetCelsius'
    | 'titrationPulses'
    | 'step'
    | 'openMeasurements'
  > {
    const step = this.#step();
    const openMeasurements = Array.from(this.#open, (describe) => describe());
    return {
      idCounts: { ...this.#idCounts },
      shortLatched: this.short.latched,
      heaterTargetCelsius: this.#heaterTargetCelsius,
      ...(this.#pulsesBegun > 0 ? { titrationPulses: this.#pulsesBegun } : {}),
      ...(step ? { step } : {}),
      ...(openMeasurements.length > 0 ? { openMeasurements } : {}),
    };
  }

  #nextId(kind: string): string {
    const count = (this.#idCounts[kind] ?? 0) + 1;
    this.#idCounts[kind] = count;
    return `${kind === 'detectorSpectrum' ? 'detector' : kind}-${String(count).padStart(3, '0')}`;
  }
}
