import { z } from 'zod';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { InstrumentInfo, Scanner } from '../../src/domain/instrument.ts';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { Frame, ScanPlan } from '../../src/domain/scan.ts';
import { quantity } from '../../src/domain/units.ts';
import type { VoxelSize } from '../../src/domain/volume-results.ts';
import { exposureSchedule, ScanSession } from '../detectors/scan-session.ts';
import { type DetectorGrid, projectSolids, type Solid } from './phantom-solids.ts';
import type { ScannedSample } from './scanned-sample.ts';
import { SimulatedDetector } from './simulated-detector.ts';

const pitch = quantity('length').refine((value) => value > 0, 'expected a length above zero');

export const simulatedScannerSchema = closedObject({
  rows: z.int().min(1).max(2048).default(64),
  columns: z.int().min(8).max(4096).default(192),
  /** Detector pitch at the sample, across the rotation axis and along it. */
  columnPitch: pitch.default(60e-6),
  rowPitch: pitch.default(20e-6),
  /** Distance of the rotation axis from the detector's middle. */
  axisOffsetPixel: z.number().min(-1000).max(1000).default(3.4),
  flats: z.int().min(1).max(100).default(10),
  darks: z.int().min(1).max(100).default(5),
  /** In the open beam, per pixel and exposure. */
  photons: z.number().min(1).max(45_000).default(30_000),
  darkCounts: z.number().min(0).max(10_000).default(100),
  /** Standard deviation of the stage's read-back against where it really is. */
  encoderNoise: quantity('angle').default(1e-4),
  /** Standard deviation of where the stage really is against where it was sent. */
  stageNoise: quantity('angle').default(2e-4),
  viewsMax: z.int().min(1).max(10_000).default(3600),
  /** What a scan at one photon energy looks at through its microscope. */
  particle: closedObject({
    radius: pitch.default(8e-6),
    /** Of the detector at the particle, in both directions. */
    pitch: pitch.default(0.3e-6),
  }).prefault({}),
});
export type SimulatedScannerSettings = z.output<typeof simulatedScannerSchema>;

/** The detector's rays through the cell, or through the particle. */
export function detectorGrid(
  settings: SimulatedScannerSettings,
  sees: 'cell' | 'particle' = 'cell',
): DetectorGrid {
  const { columnPitch, columns, particle, rowPitch, rows } = settings;
  return {
    rows,
    columns,
    columnPitchMetre: sees === 'cell' ? columnPitch : particle.pitch,
    rowPitchMetre: sees === 'cell' ? rowPitch : particle.pitch,
    axisColumn: (columns - 1) / 2 + settings.axisOffsetPixel,
  };
}

/**
 * A sample that leaves the field of view cannot be reconstructed.
 * @throws Fault badInput when an object of this width, turning about the axis, does not fit
 */
export function refuseNarrowDetector(
  settings: SimulatedScannerSettings,
  sampleWidthMetre: number,
): void {
  const reachPixel = settings.columns / 2 - Math.abs(settings.axisOffsetPixel);
  const needPixel = sampleWidthMetre / 2 / settings.columnPitch;
  if (needPixel <= reachPixel) return;
  throw new Fault('badInput', {
    where: 'instruments.scanner.options',
    message:
      `the sample reaches ${needPixel.toFixed(1)} pixels to each side of the rotation axis and ` +
      `the detector ${reachPixel.toFixed(1)}: expected more columns, a larger columnPitch or a ` +
      'smaller axisOffsetPixel',
  });
}

/**
 * Parallel-beam scanner on the simulated cell. Views start at the plan's start angle, one step
 * of span / views apart, the far end left out: a half turn sees no direction twice. The cell goes
 * on living while it is scanned. A scan at one photon energy sees a particle of the cell's active
 * material.
 */
export class SimulatedScanner implements Scanner {
  readonly info: InstrumentInfo;
  readonly rows: number;
  readonly columns: number;
  readonly viewsMax: number;
  readonly voxel: VoxelSize;
  readonly #settings: SimulatedScannerSettings;
  readonly #sample: ScannedSample;
  readonly #clock: Clock;
  readonly #detector: SimulatedDetector;
  readonly #stage: Random;
  readonly #session: ScanSession;

  constructor(options: {
    readonly id: string;
    readonly settings: SimulatedScannerSettings;
    readonly sample: ScannedSample;
    readonly clock: Clock;
    readonly seed: number;
  }) {
    const { id, settings, seed } = options;
    this.info = { id, model: 'simulated scanner', provenance: 'simulated' };
    this.rows = settings.rows;
    this.columns = settings.columns;
    this.viewsMax = settings.viewsMax;
    this.voxel = { acrossMetre: settings.columnPitch, alongMetre: settings.rowPitch };
    this.#settings = settings;
    this.#sample = options.sample;
    this.#clock = options.clock;
    this.#detector = new SimulatedDetector({ ...settings, seed: deriveSeed(seed, 'detector') });
    this.#stage = new Random(deriveSeed(seed, 'stage'));
    this.#session = new ScanSession(id);
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  /**
   * @throws Fault instrumentUnable when more views are asked for than `viewsMax`, or an energy at
   *   which there is nothing to see
   */
  async *scan(plan: ScanPlan, signal: AbortSignal): AsyncIterable<Frame> {
    this.#refuseTooManyViews(plan);
    // A sample that cannot be seen at this energy is known before time is spent on flats.
    this.#solids(plan.energyJoule);
    const stopped = this.#session.begin(signal);
    const { flats, darks } = this.#settings;
    const sums = new Float64Array(this.rows * this.columns);
    try {
      const schedule = exposureSchedule({ flats, darks, views: plan.views });
      const originSecond = this.#clock.nowSecond();
      for (const [done, { kind, index }] of schedule.entries()) {
        const endSecond = originSecond + (plan.durationSecond * (done + 1)) / schedule.length;
        await sleep(this.#clock, Math.max(0, endSecond - this.#clock.nowSecond()), stopped);
        const view = kind === 'projection' ? this.#turnTo(plan, index) : AT_REST;
        const beam =
          kind === 'dark' ? undefined : this.#lineIntegrals(kind, plan, { ...view, sums });
        yield {
          scanId: plan.scanId,
          kind,
          index,
          angleRadian: view.readRadian,
          timeSecond: this.#clock.nowSecond(),
          rows: this.rows,
          columns: this.columns,
          pixels: this.#detector.expose(sums.length, beam),
        };
      }
    } finally {
      this.#session.end();
    }
  }

  async stop(): Promise<void> {
    this.#session.stop();
  }

  async disconnect(): Promise<void> {
    this.#session.stop();
  }

  #refuseTooManyViews(plan: ScanPlan): void {
    if (plan.views <= this.viewsMax) return;
    throw new Fault('instrumentUnable', {
      where: `scanner ${this.info.id}`,
      message: `cannot take ${plan.views} views: its limit is ${this.viewsMax}`,
    });
  }

  #turnTo(plan: ScanPlan, index: number): typeof AT_REST {
    const sentRadian = plan.startAngleRadian + (plan.spanRadian * index) / plan.views;
    const trueRadian = sentRadian + this.#settings.stageNoise * this.#stage.normal();
    const readRadian = trueRadian + this.#settings.encoderNoise * this.#stage.normal();
    return { trueRadian, readRadian };
  }

  /** Flats are taken with the sample moved out of the beam. */
  #lineIntegrals(
    kind: Frame['kind'],
    { energyJoule }: ScanPlan,
    { trueRadian, sums }: { readonly trueRadian: number; readonly sums: Float64Array },
  ): Float64Array {
    const grid = detectorGrid(this.#settings, energyJoule === undefined ? 'cell' : 'particle');
    projectSolids(kind === 'projection' ? this.#solids(energyJoule) : [], trueRadian, grid, sums);
    return sums;
  }

  #solids(energyJoule: number | undefined): readonly Solid[] {
    if (energyJoule === undefined) return this.#sample.cell();
    return this.#sample.particle(energyJoule, this.#settings.particle.radius);
  }
}

const AT_REST = { trueRadian: 0, readRadian: 0 };
