import type { AbsorptionPlace } from '../domain/absorption.ts';
import { asFault, Fault } from '../domain/fault.ts';
import type { Scanner } from '../domain/instrument.ts';
import type { ScanSpool } from '../domain/run-store.ts';
import type { Frame, ScanPlan } from '../domain/scan.ts';
import type { VolumeAnalysis } from '../domain/volume-results.ts';
import type { Bench } from './bench.ts';
import { readMeasurement } from './measurement.ts';
import type { PartsDone } from './parts-done.ts';
import type { PlannedScan } from './plan.ts';

/** Longest silence between two frames: moving to the start, plus this many exposures. */
const FRAME_SILENCE_SECOND = 60;
const FRAME_SILENCE_EXPOSURES = 10;
const BYTES_PER_PIXEL = 2;

/**
 * Takes one scan, or one at each photon energy. One that a suspension cuts off stays on record as
 * incomplete and is taken again.
 * @param done of these scans in an earlier start of the software; counts on
 * @throws Fault of the scanner or of the spool
 */
export async function takeScans(
  bench: Bench,
  scan: PlannedScan,
  { signal, done }: { readonly signal: AbortSignal; readonly done: PartsDone },
): Promise<void> {
  const energies = scan.energiesJoule.length === 0 ? [undefined] : scan.energiesJoule;
  const first = done.count;
  for (const [after, energyJoule] of energies.slice(first).entries()) {
    const place = scan.absorption?.[first + after];
    signal.throwIfAborted();
    await bench.suspension.whole(signal, (own) =>
      takeScan(bench, scan, {
        signal: own.signal,
        energyJoule,
        place,
        onWhole: () => done.add(),
      }),
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
    place,
    onWhole,
  }: {
    readonly signal: AbortSignal;
    readonly energyJoule: number | undefined;
    readonly place: AbsorptionPlace | undefined;
    readonly onWhole: () => void;
  },
): Promise<void> {
  const scanner = scannerOf(bench);
  if (isLeftOut(bench, scan, scanner)) {
    onWhole();
    return;
  }
  const plan: ScanPlan = {
    scanId: bench.nextId('scan'),
    views: scan.views,
    startAngleRadian: 0,
    spanRadian: scan.spanRadian,
    durationSecond: scan.durationSecond,
    ...(energyJoule === undefined ? {} : { energyJoule }),
  };
  const spool = bench.spools.open(plan.scanId);
  const record = new ScanRecord(bench, { plan, spool, analysis: scan.analysis });
  bench.bus.publish('scanStarted', {
    plan,
    rows: scanner.rows,
    columns: scanner.columns,
    ...(place ? { absorption: place } : {}),
  });
  let failure: unknown;
  try {
    await readFrames(bench, { scanner, plan, signal, record });
  } catch (error) {
    failure = error;
  }
  const isOfDisk = failure !== undefined && failure === record.spoolFailure;
  if (isOfDisk) leaveOut(bench, `${plan.scanId} is cut off: ${asFault(failure, 'disk').message}`);
  record.end(isOfDisk ? undefined : failure, onWhole);
}

/** A scan for which the disk has no room is left out; the run goes on without its pictures. */
function isLeftOut(bench: Bench, { views }: PlannedScan, { rows, columns }: Scanner): boolean {
  const bytes = views * rows * columns * BYTES_PER_PIXEL;
  const refusal = bench.spools.refusal?.(bytes);
  if (refusal !== undefined) leaveOut(bench, `A scan of ${views} views is not taken: ${refusal}`);
  return refusal !== undefined;
}

function leaveOut({ drops }: Bench, what: string): void {
  drops.add({
    what: 'scan',
    count: 1,
    message: `${what}. Voltage, current and temperature go on: free some space.`,
    details: { cause: 'disk' },
  });
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
  readonly #analysis: VolumeAnalysis | undefined;
  readonly #startSecond: number;
  readonly #startChargeCoulomb: number;
  readonly #closes: () => void;
  #views = 0;
  #spoolFailure: unknown;

  constructor(
    bench: Bench,
    scan: {
      readonly plan: ScanPlan;
      readonly spool: ScanSpool;
      readonly analysis: VolumeAnalysis | undefined;
    },
  ) {
    const { plan, spool, analysis } = scan;
    this.#bench = bench;
    this.#plan = plan;
    this.#spool = spool;
    this.#analysis = analysis;
    this.#startSecond = bench.clock.nowSecond();
    this.#startChargeCoulomb = bench.charge.chargeCoulombAt(this.#startSecond);
    this.#closes = bench.opened(() => ({
      kind: 'scan',
      scanId: plan.scanId,
      views: this.#views,
      framesFile: spool.name,
      startSecond: this.#startSecond,
      startChargeCoulomb: this.#startChargeCoulomb,
    }));
  }

  /** Why a frame could not be written; undefined while all could. */
  get spoolFailure(): unknown {
    return this.#spoolFailure;
  }

  add(frame: Frame): void {
    try {
      this.#spool.add(frame);
    } catch (error) {
      if (error instanceof Fault && error.code === 'storage') this.#spoolFailure = error;
      throw error;
    }
    if (frame.kind === 'projection') this.#views += 1;
    this.#bench.bus.publish('frame', { frame });
  }

  /** Makes the file durable and writes the record; a failure passes through after that. */
  end(failure: unknown, onWhole: () => void): void {
    const { scanId } = this.#plan;
    const { bus, charge, clock, journal } = this.#bench;
    const complete = failure === undefined && this.#views === this.#plan.views;
    try {
      const framesFile = this.#spool.finish();
      const stopSecond = clock.nowSecond();
      this.#closes();
      if (complete) onWhole();
      const span = {
        startSecond: this.#startSecond,
        stopSecond,
        startChargeCoulomb: this.#startChargeCoulomb,
        stopChargeCoulomb: charge.chargeCoulombAt(stopSecond),
      };
      const analysis = this.#analysis;
      journal.record({
        kind: 'scan',
        scanId,
        views: this.#views,
        ...span,
        complete,
        framesFile,
        ...(analysis ? { analysis } : {}),
      });
      journal.commit();
      if (analysis && complete) bus.publish('volumeWanted', { scanId, analysis, ...span });
    } catch (error) {
      failure ??= asFault(error, scanId, 'storage');
    }
    bus.publish('scanEnded', { scanId, complete: complete && failure === undefined });
    if (failure !== undefined) throw failure;
  }
}
