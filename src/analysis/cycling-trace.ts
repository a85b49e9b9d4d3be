import { CHANNELS } from '../domain/channel.ts';
import type { CircuitFit } from '../domain/circuit-fit.ts';
import type { DerivedValue } from '../domain/derived-quantity.ts';
import { Fault } from '../domain/fault.ts';
import type { RecordOf, RunRecord } from '../domain/run-record.ts';
import type { RunReader } from '../domain/run-store.ts';

/** Readings of voltage and current together, oldest first. */
export interface ElectricalSeries {
  readonly timeSecond: Float64Array;
  readonly voltageVolt: Float64Array;
  readonly currentAmpere: Float64Array;
}

/** One step as it was run, with every repetition of a loop a step of its own. */
export interface StepSpan {
  readonly stepId: string;
  readonly name: string;
  readonly technique: string;
  readonly startSecond: number;
  readonly stopSecond: number;
  /** Passed in the step; negative for a discharge. */
  readonly chargeCoulomb: number;
  /** Undefined when the run ended before the step did. */
  readonly endedBy: string | undefined;
}

/** A spectrum with the final fit of its circuit. */
export interface FittedSpectrum {
  readonly spectrumId: string;
  readonly startSecond: number;
  readonly stopSecond: number;
  readonly startChargeCoulomb: number;
  readonly fit: CircuitFit;
}

/** What the analyses of a whole run look at. */
export interface RunTrace {
  readonly electrical: ElectricalSeries;
  readonly temperature: { readonly timeSecond: Float64Array; readonly celsius: Float64Array };
  readonly steps: readonly StepSpan[];
  readonly spectra: readonly FittedSpectrum[];
  readonly scans: readonly RecordOf<'scan'>['body'][];
  readonly detectorSpectra: readonly RecordOf<'detectorSpectrum'>['body'][];
  /** Numbers that were worked out during the run. */
  readonly derived: readonly { readonly timeSecond: number; readonly value: DerivedValue }[];
  /** What was found out from volumes. */
  readonly segmentations: readonly RecordOf<'segmentation'>['body'][];
  readonly volumeChanges: readonly RecordOf<'volumeChange'>['body'][];
  readonly events: readonly RecordOf<'event'>[];
}

const READ_BATCH = 5000;
/** Readings of one run that fit into memory beside everything else: 64 bytes each. */
export const READINGS_MAX = 10_000_000;

/**
 * Reads a run once, from its first record to its last. Readings that the instrument does not
 * trust are left out.
 * @throws Fault capacity for a run with more readings than can be held
 */
export function readTrace(reader: RunReader): RunTrace {
  const collector = new TraceCollector();
  for (let after = 0; ; ) {
    const batch = reader.readAfter(after, READ_BATCH);
    const last = batch.at(-1);
    if (!last) return collector.trace();
    for (const record of batch) collector.take(record);
    after = last.sequence;
  }
}

interface OpenStep {
  readonly startSecond: number;
  readonly startCoulomb: number;
  readonly body: RecordOf<'step'>['body'];
}

class TraceCollector {
  readonly #time: number[] = [];
  readonly #volt: number[] = [];
  readonly #ampere: number[] = [];
  readonly #temperatureTime: number[] = [];
  readonly #celsius: number[] = [];
  readonly #steps: StepSpan[] = [];
  readonly #open = new Map<string, OpenStep>();
  readonly #fits = new Map<string, CircuitFit>();
  readonly #spectra: RecordOf<'spectrum'>['body'][] = [];
  readonly #scans: RecordOf<'scan'>['body'][] = [];
  readonly #detectorSpectra: RecordOf<'detectorSpectrum'>['body'][] = [];
  readonly #derived: { readonly timeSecond: number; readonly value: DerivedValue }[] = [];
  readonly #segmentations: RecordOf<'segmentation'>['body'][] = [];
  readonly #volumeChanges: RecordOf<'volumeChange'>['body'][] = [];
  readonly #events: RecordOf<'event'>[] = [];
  /** A voltage waits for the current that was read with it. */
  #voltage: { readonly timeSecond: number; readonly value: number } | undefined;
  #lastSecond = 0;
  #lastCoulomb = 0;

  take(record: RunRecord): void {
    const { body, timeSecond } = record;
    this.#lastSecond = Math.max(this.#lastSecond, timeSecond);
    switch (body.kind) {
      case 'sample':
        this.#sample(timeSecond, body);
        return;
      case 'step':
        this.#step(timeSecond, body);
        return;
      case 'fit':
        if (body.final) this.#fits.set(body.spectrumId, body.fit);
        return;
      case 'spectrum':
        this.#spectra.push(body);
        return;
      case 'scan':
        this.#scans.push(body);
        return;
      case 'detectorSpectrum':
        this.#detectorSpectra.push(body);
        return;
      case 'derived':
        this.#derived.push({ timeSecond, value: body.value });
        return;
      case 'segmentation':
        this.#segmentations.push(body);
        return;
      case 'volumeChange':
        this.#volumeChanges.push(body);
        return;
      case 'event':
        this.#events.push(record as RecordOf<'event'>);
        return;
      default:
        return;
    }
  }

  trace(): RunTrace {
    // What was still going on when the run ended has ended there.
    for (const [stepId, open] of this.#open) {
      const stop = { timeSecond: this.#lastSecond, coulomb: this.#lastCoulomb };
      this.#steps.push(spanOf(stepId, open, stop, undefined));
    }
    this.#open.clear();
    return {
      electrical: {
        timeSecond: Float64Array.from(this.#time),
        voltageVolt: Float64Array.from(this.#volt),
        currentAmpere: Float64Array.from(this.#ampere),
      },
      temperature: {
        timeSecond: Float64Array.from(this.#temperatureTime),
        celsius: Float64Array.from(this.#celsius),
      },
      steps: this.#steps.toSorted((a, b) => a.startSecond - b.startSecond),
      spectra: this.#spectra.flatMap((spectrum) => {
        const fit = this.#fits.get(spectrum.spectrumId);
        return fit ? [{ ...spectrum, fit }] : [];
      }),
      scans: this.#scans,
      detectorSpectra: this.#detectorSpectra,
      derived: this.#derived,
      segmentations: this.#segmentations,
      volumeChanges: this.#volumeChanges,
      events: this.#events,
    };
  }

  #sample(timeSecond: number, { channel, value, quality }: RecordOf<'sample'>['body']): void {
    if (channel === CHANNELS.voltage.name) {
      this.#voltage = quality === 'good' ? { timeSecond, value } : undefined;
    } else if (channel === CHANNELS.current.name) {
      // A current below its range is a small current, and no reason to lose the voltage.
      const isUsable = quality === 'good' || quality === 'underload';
      if (this.#voltage?.timeSecond === timeSecond && isUsable) {
        this.#reading(timeSecond, this.#voltage.value, value);
      }
      this.#voltage = undefined;
    } else if (channel === CHANNELS.temperature.name && quality === 'good') {
      this.#temperatureTime.push(timeSecond);
      this.#celsius.push(value);
    }
  }

  #reading(timeSecond: number, volt: number, ampere: number): void {
    if (this.#time.length >= READINGS_MAX) {
      throw new Fault('capacity', {
        where: 'run',
        message: `more than ${READINGS_MAX} readings, which is all that can be looked at together`,
      });
    }
    this.#time.push(timeSecond);
    this.#volt.push(volt);
    this.#ampere.push(ampere);
  }

  #step(timeSecond: number, body: RecordOf<'step'>['body']): void {
    this.#lastCoulomb = body.chargeCoulomb;
    if (body.state === 'started') {
      // A step that is resumed after a power cut started when it started first.
      if (this.#open.has(body.stepId)) return;
      const startCoulomb = body.chargeCoulomb;
      this.#open.set(body.stepId, { startSecond: timeSecond, startCoulomb, body });
      return;
    }
    const open = this.#open.get(body.stepId);
    if (!open) return;
    this.#open.delete(body.stepId);
    const stop = { timeSecond, coulomb: body.chargeCoulomb };
    this.#steps.push(spanOf(body.stepId, open, stop, body.endedBy));
  }
}

function spanOf(
  stepId: string,
  { startSecond, startCoulomb, body }: OpenStep,
  stop: { readonly timeSecond: number; readonly coulomb: number },
  endedBy: string | undefined,
): StepSpan {
  return {
    stepId,
    name: body.name,
    technique: body.technique,
    startSecond,
    stopSecond: stop.timeSecond,
    chargeCoulomb: stop.coulomb - startCoulomb,
    endedBy,
  };
}

/** The readings from `startSecond` to `stopSecond`, both ends included; views, not copies. */
export function seriesWithin(
  series: ElectricalSeries,
  span: { readonly startSecond: number; readonly stopSecond: number },
): ElectricalSeries {
  const from = firstNotBefore(series.timeSecond, span.startSecond);
  const to = firstNotBefore(series.timeSecond, span.stopSecond, true);
  return sliceOf(series, from, to);
}

/** The readings with indices from `from` up to and without `to`; views, not copies. */
export function sliceOf(series: ElectricalSeries, from: number, to: number): ElectricalSeries {
  return {
    timeSecond: series.timeSecond.subarray(from, to),
    voltageVolt: series.voltageVolt.subarray(from, to),
    currentAmpere: series.currentAmpere.subarray(from, to),
  };
}

/** Index of the first time that is not before the given one; after it when `after` is set. */
export function firstNotBefore(times: Float64Array, second: number, after = false): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = times[middle] ?? Number.POSITIVE_INFINITY;
    if (after ? time <= second : time < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean cell temperature while something was measured, °C; undefined without a reading. */
export function meanCelsius(
  { temperature }: RunTrace,
  span: { readonly startSecond: number; readonly stopSecond: number },
): number | undefined {
  const { timeSecond, celsius } = temperature;
  const from = firstNotBefore(timeSecond, span.startSecond);
  const to = firstNotBefore(timeSecond, span.stopSecond, true);
  // A spectrum may be shorter than the thermometer's rhythm: then the reading before it counts.
  const readings = celsius.subarray(to > from ? from : Math.max(0, from - 1), Math.max(to, from));
  if (readings.length === 0) return undefined;
  return readings.reduce((total, one) => total + one, 0) / readings.length;
}
