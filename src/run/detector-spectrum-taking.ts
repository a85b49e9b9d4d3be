import { Fault } from '../domain/fault.ts';
import type { Spectrometer } from '../domain/instrument.ts';
import type { Bench } from './bench.ts';
import type { PlannedSpectrum } from './plan.ts';
import { settledWithin } from './waiting.ts';

/** Longer than the counting itself a spectrometer may take: moving, reading out. */
const OVERTIME_SECOND = 60;
const OVERTIME_FRACTION = 0.5;

/**
 * Counts one region after another; each is stamped with the times and charges between which it
 * was counted, because the chemistry goes on meanwhile.
 * @throws Fault of the spectrometer, or timeout
 */
export async function takeDetectorSpectra(
  bench: Bench,
  { regions, durationSecond }: PlannedSpectrum,
  signal: AbortSignal,
): Promise<void> {
  const spectrometer = spectrometerOf(bench);
  for (const region of regions) {
    signal.throwIfAborted();
    await bench.suspension.whole(signal, (own) =>
      takeOne(bench, spectrometer, { region, durationSecond, signal: own.signal }),
    );
  }
}

async function takeOne(
  { bus, charge, clock, journal, nextId }: Bench,
  spectrometer: Spectrometer,
  {
    region,
    durationSecond,
    signal,
  }: { readonly region: string; readonly durationSecond: number; readonly signal: AbortSignal },
): Promise<void> {
  const spectrumId = nextId('detectorSpectrum');
  const startSecond = clock.nowSecond();
  const startChargeCoulomb = charge.chargeCoulombAt(startSecond);
  const bound = durationSecond * (1 + OVERTIME_FRACTION) + OVERTIME_SECOND;
  const measuring = spectrometer.measure({ region, durationSecond }, signal);
  const outcome = await settledWithin(clock, bound, measuring, signal);
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
  journal.record({ kind: 'detectorSpectrum', ...facts });
  journal.commit();
  bus.publish('detectorSpectrum', facts);
}

function spectrometerOf({ instruments }: Bench): Spectrometer {
  if (instruments.spectrometer) return instruments.spectrometer;
  throw new Fault('instrumentMissing', {
    where: 'spectrometer',
    message: 'the rig has no spectrometer',
  });
}
