import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { Impedance } from '../domain/technique.ts';
import type { Bench } from './bench.ts';
import { readMeasurement } from './measurement.ts';
import type { PlannedSweep } from './plan.ts';

/** Longest silence in a sweep: settling, plus this many periods of the lowest frequency. */
const POINT_SILENCE_SECOND = 60;
const POINT_SILENCE_PERIODS = 20;

/**
 * Measures one impedance spectrum; each point is recorded and published as it comes. The
 * charge that the bias current passes is counted.
 * @param signal ends the sweep early; the spectrum is then marked incomplete.
 * @throws Fault of the potentiostat
 */
export async function takeSpectrum(
  bench: Bench,
  sweep: PlannedSweep,
  { biasAmpere, signal }: { readonly biasAmpere: number; readonly signal: AbortSignal },
): Promise<void> {
  const { bus, charge, clock, journal } = bench;
  const spectrumId = bench.nextId('spectrum');
  const startSecond = clock.nowSecond();
  charge.switchTo({ timeSecond: startSecond, currentAmpere: biasAmpere });
  const startChargeCoulomb = charge.chargeCoulomb;
  bus.publish('spectrumStarted', { spectrumId, circuit: sweep.circuit });
  const points = new SpectrumPoints(bench, spectrumId);
  let complete = false;
  try {
    complete = (await readSweep(bench, { sweep, biasAmpere, signal, points })) === 'ended';
  } finally {
    const stopSecond = clock.nowSecond();
    charge.switchTo({ timeSecond: stopSecond, currentAmpere: 0 });
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
    readonly biasAmpere: number;
    readonly signal: AbortSignal;
    readonly points: SpectrumPoints;
  },
): Promise<'ended' | 'aborted'> {
  const { potentiostat } = bench.instruments;
  const { sweep, biasAmpere, signal, points } = options;
  return readMeasurement<Reading>({
    stream: potentiostat.measure(techniqueOf(sweep, biasAmpere), signal),
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

function techniqueOf(sweep: PlannedSweep, biasAmpere: number): Impedance {
  const { frequencyHertzMax, frequencyHertzMin, pointCount, amplitudeRms } = sweep;
  return {
    kind: 'impedance',
    frequencyHertzMax,
    frequencyHertzMin,
    pointCount,
    excitation:
      sweep.mode === 'galvanostatic'
        ? { mode: 'galvanostatic', amplitudeAmpereRms: amplitudeRms, biasAmpere }
        : {
            mode: 'potentiostatic',
            amplitudeVoltRms: amplitudeRms,
            biasVolt: 0,
            versusOpenCircuit: true,
          },
  };
}

type PointReading = Extract<Reading, { readonly kind: 'impedancePoint' }>;

class SpectrumPoints {
  readonly #bench: Bench;
  readonly #spectrumId: string;
  #count = 0;

  constructor(bench: Bench, spectrumId: string) {
    this.#bench = bench;
    this.#spectrumId = spectrumId;
  }

  get count(): number {
    return this.#count;
  }

  add({ point, quality, timeSecond }: PointReading): void {
    const spectrumId = this.#spectrumId;
    const { frequencyHertz, zRealOhm, zImagOhm } = point;
    if (![frequencyHertz, zRealOhm, zImagOhm].every(Number.isFinite)) {
      this.#bench.journal.event({
        code: 'dropped',
        severity: 'warning',
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
    // An overloaded point is kept for the record, but must not pull the fit.
    if (quality === 'good') this.#bench.bus.publish('spectrumPoint', { spectrumId, point });
  }
}
