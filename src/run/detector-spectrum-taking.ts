import { Fault } from '../domain/fault.ts';
import type { Spectrometer } from '../domain/instrument.ts';
import type { PeakRequest } from '../domain/peak.ts';
import type { Bench } from './bench.ts';
import type { PartsDone } from './parts-done.ts';
import type { PlannedSpectrum } from './plan.ts';
import { settledWithin } from './waiting.ts';

/** Longer than the counting itself a spectrometer may take: moving, reading out. */
const OVERTIME_SECOND = 60;
const OVERTIME_FRACTION = 0.5;

/**
 * Counts one region after another; each is stamped with the times and charges between which it
 * was counted, because the chemistry goes on meanwhile.
 * @param done of these regions in an earlier start of the software; counts on
 * @throws Fault of the spectrometer, or timeout
 */
export async function takeDetectorSpectra(
  bench: Bench,
  { regions, durationSecond, peaks }: PlannedSpectrum,
  { signal, done }: { readonly signal: AbortSignal; readonly done: PartsDone },
): Promise<void> {
  const spectrometer = spectrometerOf(bench);
  for (const region of regions.slice(done.count)) {
    signal.throwIfAborted();
    await bench.suspension.whole(signal, (own) =>
      takeOne(bench, spectrometer, {
        region,
        durationSecond,
        peaks: peaks.filter((peak) => peak.region === region),
        signal: own.signal,
        onWhole: () => done.add(),
      }),
    );
  }
}

async function takeOne(
  bench: Bench,
  spectrometer: Spectrometer,
  {
    region,
    durationSecond,
    peaks,
    signal,
    onWhole,
  }: {
    readonly region: string;
    readonly durationSecond: number;
    readonly peaks: readonly PeakRequest[];
    readonly signal: AbortSignal;
    readonly onWhole: () => void;
  },
): Promise<void> {
  const { bus, charge, clock, journal } = bench;
  const spectrumId = bench.nextId('detectorSpectrum');
  const startSecond = clock.nowSecond();
  const startChargeCoulomb = charge.chargeCoulombAt(startSecond);
  const closes = bench.opened(() => ({
    kind: 'detectorSpectrum',
    spectrumId,
    region,
    startSecond,
    startChargeCoulomb,
  }));
  const bound = durationSecond * (1 + OVERTIME_FRACTION) + OVERTIME_SECOND;
  const measuring = spectrometer.measure({ region, durationSecond }, signal);
  // In the same turn as the record: a commit in between would know of neither.
  const outcome = await settledWithin(clock, bound, measuring, signal).catch((error: unknown) => {
    closes();
    throw error;
  });
  closes();
  if (outcome.kind === 'late') {
    throw new Fault('timeout', {
      where: spectrometer.info.id,
      message: `region "${region}" was not counted within ${Math.round(bound)} s`,
    });
  }
  const stopSecond = clock.nowSecond();
  const facts = {
    spectrumId,
    startSecond,
    stopSecond,
    startChargeCoulomb,
    stopChargeCoulomb: charge.chargeCoulombAt(stopSecond),
    spectrum: outcome.value,
  };
  onWhole();
  journal.record({ kind: 'detectorSpectrum', ...facts });
  journal.commit();
  bus.publish('detectorSpectrum', { ...facts, peaks });
}

function spectrometerOf({ instruments }: Bench): Spectrometer {
  if (instruments.spectrometer) return instruments.spectrometer;
  throw new Fault('instrumentMissing', {
    where: 'spectrometer',
    message: 'the rig has no spectrometer',
  });
}
