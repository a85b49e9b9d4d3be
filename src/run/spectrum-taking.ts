import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { ImpedancePoint } from '../domain/spectrum.ts';
import type { Impedance } from '../domain/technique.ts';
import type { Bench } from './bench.ts';
import { readMeasurement } from './measurement.ts';
import type { PlannedSweep } from './plan.ts';
import { WaveformKeeping } from './waveform-keeping.ts';

/** Longest silence in a sweep: settling, plus this many periods of the lowest frequency. */
const POINT_SILENCE_SECOND = 60;
const POINT_SILENCE_PERIODS = 20;

/**
 * Around what a sweep is taken: a current, or a potential against the reference with the current
 * that flowed there last.
 */
export type SweepBias =
  | { readonly ampere: number }
  | { readonly volt: number; readonly ampere: number };

export interface SweepTaking {
  readonly bias: SweepBias;
  /** Ends the sweep early; the spectrum is then marked incomplete. */
  readonly signal: AbortSignal;
  /** Told of each good point after it was recorded. */
  readonly onPoint?: (point: ImpedancePoint) => void;
  /** Told that the spectrum is whole, before its record is written. */
  readonly onWhole?: () => void;
}

/**
 * Measures one impedance spectrum; each point is recorded and published as it comes. The
 * charge that the bias passes is counted: at a current that is the current, at a held voltage
 * the one that flowed last, because a sweep tells none.
 * @throws Fault of the potentiostat
 */
export async function takeSpectrum(
  bench: Bench,
  sweep: PlannedSweep,
  { bias, signal, onPoint, onWhole }: SweepTaking,
): Promise<void> {
  const { bus, charge, clock, journal } = bench;
  const spectrumId = bench.nextId('spectrum');
  const startSecond = clock.nowSecond();
  charge.switchTo({ timeSecond: startSecond, currentAmpere: meanAmpere(sweep, bias) });
  const startChargeCoulomb = charge.chargeCoulomb;
  bus.publish('spectrumStarted', { spectrumId, circuit: sweep.circuit });
  const waveforms = sweep.waveforms && new WaveformKeeping(bench, spectrumId, sweep.pointCount);
  const points = new SpectrumPoints(bench, { spectrumId, waveforms, onPoint });
  const closes = bench.opened(() => ({
    kind: 'spectrum',
    spectrumId,
    pointCount: points.count,
    startSecond,
    startChargeCoulomb,
  }));
  let complete = false;
  try {
    complete = (await readSweep(bench, { sweep, bias, signal, points })) === 'ended';
  } finally {
    const stopSecond = clock.nowSecond();
    charge.switchTo({ timeSecond: stopSecond, currentAmpere: 0 });
    waveforms?.end();
    closes();
    if (complete) onWhole?.();
    journal.record({
      kind: 'spectrum',
      spectrumId,
      pointCount: points.count,
      startSecond,
      stopSecond,
      startChargeCoulomb,
      stopChargeCoulomb: charge.chargeCoulomb,
      complete,
    });
    bus.publish('spectrumEnded', { spectrumId, complete });
    journal.commit();
  }
}

function readSweep(
  bench: Bench,
  options: {
    readonly sweep: PlannedSweep;
    readonly bias: SweepBias;
    readonly signal: AbortSignal;
    readonly points: SpectrumPoints;
  },
): Promise<'ended' | 'aborted'> {
  const { potentiostat } = bench.instruments;
  const { sweep, bias, signal, points } = options;
  return readMeasurement<Reading>({
    stream: potentiostat.measure(techniqueOf(sweep, bias), signal),
    signal,
    clock: bench.clock,
    instrument: potentiostat.info.id,
    silenceSecondMax: POINT_SILENCE_SECOND + POINT_SILENCE_PERIODS / sweep.frequencyHertzMin,
    onSilence: (silentSecond) =>
      new Fault('timeout', {
        where: potentiostat.info.id,
        message: `no impedance point for ${Math.round(silentSecond)} s in the middle of a sweep`,
      }),
    onValue: (reading) => {
      if (reading.kind === 'impedancePoint') points.add(reading);
      else bench.intake.acceptElectrical(reading);
    },
  });
}

/** A potentiostatic sweep at no given potential is one at open circuit. */
function meanAmpere({ mode }: PlannedSweep, bias: SweepBias): number {
  return mode === 'galvanostatic' || 'volt' in bias ? bias.ampere : 0;
}

function techniqueOf(sweep: PlannedSweep, bias: SweepBias): Impedance {
  const { frequencyHertzMax, frequencyHertzMin, pointCount, amplitudeRms, waveforms } = sweep;
  return {
    kind: 'impedance',
    frequencyHertzMax,
    frequencyHertzMin,
    pointCount,
    ...(waveforms ? { waveforms } : {}),
    excitation:
      sweep.mode === 'galvanostatic'
        ? {
            mode: 'galvanostatic',
            amplitudeAmpereRms: amplitudeRms,
            biasAmpere: 'volt' in bias ? 0 : bias.ampere,
          }
        : {
            mode: 'potentiostatic',
            amplitudeVoltRms: amplitudeRms,
            biasVolt: 'volt' in bias ? bias.volt : 0,
            versusOpenCircuit: !('volt' in bias),
          },
  };
}

type PointReading = Extract<Reading, { readonly kind: 'impedancePoint' }>;

class SpectrumPoints {
  readonly #bench: Bench;
  readonly #spectrumId: string;
  readonly #waveforms: WaveformKeeping | undefined;
  readonly #onPoint: SweepTaking['onPoint'];
  #count = 0;

  constructor(
    bench: Bench,
    options: {
      readonly spectrumId: string;
      readonly waveforms: WaveformKeeping | undefined;
      readonly onPoint: SweepTaking['onPoint'];
    },
  ) {
    this.#bench = bench;
    this.#spectrumId = options.spectrumId;
    this.#waveforms = options.waveforms;
    this.#onPoint = options.onPoint;
  }

  get count(): number {
    return this.#count;
  }

  add({ point, quality, timeSecond, waveform }: PointReading): void {
    const spectrumId = this.#spectrumId;
    const { frequencyHertz, zRealOhm, zImagOhm } = point;
    if (![frequencyHertz, zRealOhm, zImagOhm].every(Number.isFinite)) {
      this.#bench.drops.add({
        what: 'impedancePoint',
        count: 1,
        message: `A point of ${spectrumId} is not a number and is left out.`,
        details: { spectrum_id: spectrumId, point_index: this.#count },
      });
      return;
    }
    const index = this.#count++;
    this.#bench.journal.record(
      { kind: 'spectrumPoint', spectrumId, index, point, quality },
      timeSecond,
    );
    this.#waveforms?.add(index, frequencyHertz, waveform);
    // An overloaded point is kept for the record, but must not pull the fit.
    if (quality !== 'good') return;
    this.#bench.bus.publish('spectrumPoint', {
      spectrumId,
      point,
      ...(waveform ? { waveform } : {}),
    });
    this.#onPoint?.(point);
  }
}
