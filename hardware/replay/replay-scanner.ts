import { z } from 'zod';
import { type Clock, sleep } from '../../src/domain/clock.ts';
import { closedObject } from '../../src/domain/closed-object.ts';
import { Fault, type Problem } from '../../src/domain/fault.ts';
import type { InstrumentInfo, Scanner } from '../../src/domain/instrument.ts';
import type { Frame, ScanData, ScanPlan } from '../../src/domain/scan.ts';
import { exposureSchedule, ScanSession } from '../detectors/scan-session.ts';

export const replayScannerSchema = closedObject({
  /** Recorded scan, below the data folder. */
  scan: z.string().min(1),
});

const COUNTS_MAX = 65_535;
/** A recording may end one step short of its span or exactly on it. */
const SPAN_STEPS_OFF_MAX = 1.5;
const DEGREE_PER_RADIAN = 180 / Math.PI;

/**
 * Plays a recorded scan, every time it is asked for one: flats, darks, then the projections with
 * their recorded angles, spread over the plan's duration. Nothing is resampled: a plan with
 * another number of views or another span than recorded is refused with both numbers, because
 * whoever reconstructs sizes its work by the plan.
 */
export class ReplayScanner implements Scanner {
  readonly info: InstrumentInfo;
  readonly rows: number;
  readonly columns: number;
  readonly viewsMax: number;
  readonly #data: ScanData;
  readonly #clock: Clock;
  readonly #session: ScanSession;

  /** @throws Fault fileFormat when the recording does not hold detector counts */
  constructor(options: {
    readonly id: string;
    readonly source: string;
    readonly data: ScanData;
    readonly clock: Clock;
  }) {
    const { id, source, data } = options;
    checkRecording(source, data);
    this.info = { id, model: 'recorded scan', provenance: 'recorded' };
    this.rows = data.rows;
    this.columns = data.columns;
    this.viewsMax = data.anglesRadian.length;
    this.#data = data;
    this.#clock = options.clock;
    this.#session = new ScanSession(id);
  }

  async connect(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  /** @throws Fault instrumentUnable when the plan is not the recorded scan */
  async *scan(plan: ScanPlan, signal: AbortSignal): AsyncIterable<Frame> {
    const problems = planProblems(plan, this.#data.anglesRadian, `scanner ${this.info.id}`);
    if (problems.length > 0) throw new Fault('instrumentUnable', problems);
    const stopped = this.#session.begin(signal);
    const frameSize = this.rows * this.columns;
    try {
      const schedule = exposureSchedule({
        flats: this.#data.flats.length / frameSize,
        darks: this.#data.darks.length / frameSize,
        views: plan.views,
      });
      const originSecond = this.#clock.nowSecond();
      for (const [done, { kind, index }] of schedule.entries()) {
        const endSecond = originSecond + (plan.durationSecond * (done + 1)) / schedule.length;
        await sleep(this.#clock, Math.max(0, endSecond - this.#clock.nowSecond()), stopped);
        yield {
          scanId: plan.scanId,
          kind,
          index,
          angleRadian: kind === 'projection' ? (this.#data.anglesRadian[index] ?? 0) : 0,
          timeSecond: this.#clock.nowSecond(),
          rows: this.rows,
          columns: this.columns,
          pixels: Uint16Array.from(
            seriesOf(this.#data, kind).subarray(index * frameSize, (index + 1) * frameSize),
          ),
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
}

function seriesOf(data: ScanData, kind: Frame['kind']): Uint16Array | Float32Array {
  if (kind === 'projection') return data.projections;
  return kind === 'flat' ? data.flats : data.darks;
}

function planProblems(plan: ScanPlan, anglesRadian: Float64Array, where: string): Problem[] {
  const problems: Problem[] = [];
  const views = anglesRadian.length;
  if (plan.views !== views) {
    problems.push({
      where,
      message: `the recording has ${views} views and the recipe asks for ${plan.views}; write "views: ${views}"`,
    });
  }
  const span = recordedSpanRadian(anglesRadian);
  const stepRadian = views > 1 ? span / (views - 1) : span;
  if (Math.abs(Math.abs(plan.spanRadian) - span) > SPAN_STEPS_OFF_MAX * stepRadian) {
    const recorded = (span * DEGREE_PER_RADIAN).toFixed(1);
    const asked = (plan.spanRadian * DEGREE_PER_RADIAN).toFixed(1);
    problems.push({
      where,
      message: `the recording spans ${recorded}° and the recipe asks for ${asked}°; write "span: ${recorded}°"`,
    });
  }
  return problems;
}

function recordedSpanRadian(anglesRadian: Float64Array): number {
  return Math.abs((anglesRadian.at(-1) ?? 0) - (anglesRadian[0] ?? 0));
}

function checkRecording(source: string, data: ScanData): void {
  const problems: Problem[] = [];
  const frameSize = data.rows * data.columns;
  if (data.projections.length !== data.anglesRadian.length * frameSize) {
    problems.push({
      where: source,
      message: `${data.anglesRadian.length} angles do not go with ${data.projections.length / frameSize} projections`,
    });
  }
  for (const kind of ['projection', 'flat', 'dark'] as const) {
    const bad = firstNonCount(seriesOf(data, kind));
    if (bad === undefined) continue;
    problems.push({
      where: source,
      message: `${kind} pixel ${bad.at} is ${bad.value}; a replayed detector needs whole counts from 0 to ${COUNTS_MAX}`,
    });
  }
  if (problems.length > 0) throw new Fault('fileFormat', problems);
}

/** 16-bit counts cannot be wrong; other recordings may hold something else than counts. */
function firstNonCount(
  pixels: Uint16Array | Float32Array,
): { readonly at: number; readonly value: number } | undefined {
  if (pixels instanceof Uint16Array) return undefined;
  for (const [at, value] of pixels.entries()) {
    const isCount = Number.isInteger(value) && value >= 0 && value <= COUNTS_MAX;
    if (!isCount) return { at, value };
  }
  return undefined;
}
