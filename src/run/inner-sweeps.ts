import { CHANNELS } from '../domain/channel.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { Bench } from './bench.ts';
import type { PlannedSweep } from './plan.ts';
import type { ShortVerdict } from './short-detector.ts';
import { type SweepBias, takeSpectrum } from './spectrum-taking.ts';
import type { StepSweep } from './step-acquisitions.ts';
import type { StepFactsCollector } from './step-facts.ts';
import { SweepWatch } from './sweep-watch.ts';
import type { ChildAbort } from './waiting.ts';
import { spokenValue } from './wording.ts';

export interface InnerSweepOptions {
  readonly facts: StepFactsCollector;
  /** In seconds of the step: a sweep is cut off there. */
  readonly endSecond: number;
  readonly onShort: (verdict: ShortVerdict) => void;
}

interface Place {
  readonly bias: SweepBias;
  /** The newest voltage of the step at the same current. */
  readonly flowingVolt: number | undefined;
  readonly onWhole: () => void;
}

/**
 * Sweeps in the midst of a step, around its own current or voltage, so that what it does to the
 * cell goes on. A galvanostatic one tells no voltage: its points are watched instead.
 */
export class InnerSweeps {
  readonly #bench: Bench;
  readonly #options: InnerSweepOptions;
  /** Real parts of the newest whole spectrum of each series. */
  readonly #usualOhm = new Map<PlannedSweep, readonly number[]>();

  constructor(bench: Bench, options: InnerSweepOptions) {
    this.#bench = bench;
    this.#options = options;
  }

  /** @returns whether it was cut off because the time of the step is up */
  async take(
    { sweep, schedule }: StepSweep,
    bias: SweepBias,
    flowingVolt: number | undefined,
  ): Promise<boolean> {
    const { drops, resources, signal, suspension } = this.#bench;
    const startedFacts = this.#options.facts.now();
    const release = resources.take('impedance');
    schedule.begins();
    let missed: number | undefined;
    const ends = (): void => {
      missed ??= schedule.done(startedFacts, this.#options.facts.now());
      schedule.ends();
    };
    let isTimeUp = false;
    try {
      await suspension.whole(signal, async (own) => {
        isTimeUp = await this.#takeOnce(sweep, { bias, flowingVolt, onWhole: ends }, own);
      });
    } finally {
      release();
    }
    // One that was cut off for good, by the time or by what it has shown, is over too.
    if (!signal.aborted) ends();
    this.#countMissed(missed ?? 0, drops);
    return isTimeUp;
  }

  async #takeOnce(sweep: PlannedSweep, place: Place, own: ChildAbort): Promise<boolean> {
    const { endSecond, facts } = this.#options;
    let isTimeUp = false;
    const cancel = this.#bench.clock.after(Math.max(0, endSecond - facts.elapsedSecond), () => {
      isTimeUp = true;
      own.abort(new Error('the time of the step is up'));
    });
    const watch = this.#watchOf(sweep, place);
    try {
      await takeSpectrum(this.#bench, sweep, {
        bias: place.bias,
        signal: own.signal,
        onWhole: place.onWhole,
        onPoint: (point) => watch && this.#judge(watch, point, own),
      });
    } finally {
      cancel();
    }
    if (watch && !own.signal.aborted) this.#usualOhm.set(sweep, watch.seenOhm);
    return isTimeUp;
  }

  /** Undefined where the potentiostat holds a voltage, or no current flows. */
  #watchOf(sweep: PlannedSweep, { bias, flowingVolt }: Place): SweepWatch | undefined {
    if (sweep.mode !== 'galvanostatic' || 'volt' in bias || bias.ampere === 0) return undefined;
    const { intake, safety } = this.#bench;
    return new SweepWatch({
      biasAmpere: bias.ampere,
      amplitudeAmpereRms: sweep.amplitudeRms,
      flowingVolt,
      restVolt:
        intake.newest(CHANNELS.current.name) === 0
          ? intake.newest(CHANNELS.voltage.name)
          : undefined,
      usualOhm: this.#usualOhm.get(sweep) ?? [],
      safety,
    });
  }

  #judge(watch: SweepWatch, point: ImpedancePoint, own: ChildAbort): void {
    const verdict = watch.look(point);
    if (!verdict || own.signal.aborted) return;
    if (verdict.kind === 'short') {
      this.#options.onShort(verdict.short);
      own.abort(new Error('the cell has shorted in the midst of the sweep'));
      return;
    }
    this.#bench.journal.event({
      code: 'note',
      severity: 'warning',
      message: `The sweep is cut off: by its points the voltage may reach ${spokenValue(verdict.voltageVolt, 'V')}, outside of safety.voltage.`,
      details: { estimated_voltage_volt: verdict.voltageVolt },
    });
    own.abort(new Error('the voltage may have left its limits'));
  }

  #countMissed(count: number, drops: Bench['drops']): void {
    if (count === 0) return;
    const message = `${count} impedance spectra were left out: the one before took too long.`;
    drops.add({ what: 'impedance', count, message, details: { missed: count } });
  }
}
