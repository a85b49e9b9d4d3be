import { asFault, Fault } from '../domain/fault.ts';
import type { Scanner } from '../domain/instrument.ts';
import type { ScanSpool } from '../domain/run-store.ts';
import type { Frame, ScanPlan } from '../domain/scan.ts';
import type { Bench } from './bench.ts';
import { readMeasurement } from './measurement.ts';
import type { PlannedScan } from './plan.ts';

/** Longest silence between two frames: moving to the start, plus this many exposures. */
const FRAME_SILENCE_SECOND = 60;
const FRAME_SILENCE_EXPOSURES = 10;

/**
 * Takes one scan, or one at each photon energy. One that a suspension cuts off stays on record as
 * incomplete and is taken again.
 * @throws Fault of the scanner or of the spool
 */
export async function takeScans(
  bench: Bench,
  scan: PlannedScan,
  signal: AbortSignal,
): Promise<void> {
  const energies = scan.energiesJoule.length === 0 ? [undefined] : scan.energiesJoule;
  for (const energyJoule of energies) {
    signal.throwIfAborted();
    await bench.suspension.whole(signal, (own) =>
      takeScan(bench, scan, { signal: own.signal, energyJoule }),
    );
  }
}

/**
 * Takes one scan; each frame goes to the spool first, then to whoever reconstructs.
 * @param signal ends the scan early; it is then marked incomplete.
 * @throws Fault of the scanner or of the spool
 */
async function takeScan(
  bench: Bench,
  scan: PlannedScan,
  {
    signal,
    energyJoule,
  }: { readonly signal: AbortSignal; readonly energyJoule: number | undefined },
): Promise<void> {
  const scanner = scannerOf(bench);
  const plan: ScanPlan = {
    scanId: bench.nextId('scan'),
    views: scan.views,
    startAngleRadian: 0,
    spanRadian: scan.spanRadian,
    durationSecond: scan.durationSecond,
    ...(energyJoule === undefined ? {} : { energyJoule }),
  };
  const record = new ScanRecord(bench, plan, bench.spools.open(plan.scanId));
  bench.bus.publish('scanStarted', { plan, rows: scanner.rows, columns: scanner.columns });
  let failure: unknown;
  try {
    await readFrames(bench, { scanner, plan, signal, record });
  } catch (error) {
    failure = error;
  }
  record.end(failure);
}

function readFrames(
  bench: Bench,
  options: {
    readonly scanner: Scanner;
    readonly plan: ScanPlan;
    readonly signal: AbortSignal;
    readonly record: ScanRecord;
  },
): Promise<'ended' | 'aborted'> {
  const { scanner, plan, signal, record } = options;
  const exposureSecond = plan.durationSecond / plan.views;
  return readMeasurement<Frame>({
    stream: scanner.scan(plan, signal),
    signal,
    clock: bench.clock,
    instrument: scanner.info.id,
    silenceSecondMax: FRAME_SILENCE_SECOND + FRAME_SILENCE_EXPOSURES * exposureSecond,
    onSilence: (silentSecond) =>
      new Fault('timeout', {
        where: scanner.info.id,
        message: `no frame for ${Math.round(silentSecond)} s in the middle of ${plan.scanId}`,
      }),
    onValue: (frame) => record.add(frame),
  });
}

function scannerOf({ instruments }: Bench): Scanner {
  if (instruments.scanner) return instruments.scanner;
  throw new Fault('instrumentMissing', { where: 'scanner', message: 'the rig has no scanner' });
}

class ScanRecord {
  readonly #bench: Bench;
  readonly #plan: ScanPlan;
  readonly #spool: ScanSpool;
  readonly #startSecond: number;
  readonly #startChargeCoulomb: number;
  #views = 0;

  constructor(bench: Bench, plan: ScanPlan, spool: ScanSpool) {
    this.#bench = bench;
    this.#plan = plan;
    this.#spool = spool;
    this.#startSecond = bench.clock.nowSecond();
    this.#startChargeCoulomb = bench.charge.chargeCoulombAt(this.#startSecond);
  }

  add(frame: Frame): void {
    this.#spool.add(frame);
    if (frame.kind === 'projection') this.#views += 1;
    this.#bench.bus.publish('frame', { frame });
  }

  /** Makes the file durable and writes the record; a failure passes through after that. */
  end(failure: unknown): void {
    const { scanId } = this.#plan;
    const { bus, charge, clock, journal } = this.#bench;
    const complete = failure === undefined && this.#views === this.#plan.views;
    try {
      const framesFile = this.#spool.finish();
      const stopSecond = clock.nowSecond();
      journal.record({
        kind: 'scan',
        scanId,
        views: this.#views,
        startSecond: this.#startSecond,
        stopSecond,
        startChargeCoulomb: this.#startChargeCoulomb,
        stopChargeCoulomb: charge.chargeCoulombAt(stopSecond),
        complete,
        framesFile,
      });
      journal.commit();
    } catch (error) {
      failure ??= asFault(error, scanId, 'storage');
    }
    bus.publish('scanEnded', { scanId, complete: complete && failure === undefined });
    if (failure !== undefined) throw failure;
  }
}
