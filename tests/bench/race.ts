import type { Figure, MeasuredFigure, Target } from './bench.ts';
import { spreadOf } from './spread.ts';

/** Time of one call, ms. */
export interface CallTime {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Something whose calls can be timed. */
export interface Contender {
  readonly name: string;
  /** One call fills any batch, and nothing is to be warmed up: it is measured call by call. */
  readonly isSlow?: boolean;
  /** The mean time over so many calls in a row. */
  measure(calls: number): CallTime;
}

/** The times of one contender, one per round. */
export type Times = ReadonlyMap<string, readonly CallTime[]>;

export interface RaceOptions {
  readonly rounds: number;
  readonly batchMs: number;
}

/** Calls of a batch stay below this, however short the call. */
const CALLS_MAX = 1_000_000;
/** Calls of unknown length are doubled at most this often to fill a batch. */
const GROWTHS_MAX = 20;
const NANOSECONDS_PER_MS = 1e6;
/** Batches that let the engine optimise and the processor speed up, before any counts. */
const WARM_UP_BATCHES = 5;

/** A contender that runs in this process. */
export function inProcess(name: string, action: () => unknown): Contender {
  return {
    name,
    measure(calls) {
      const cpuBefore = process.cpuUsage();
      const wallBefore = performance.now();
      for (let i = 0; i < calls; i++) action();
      const wallMs = performance.now() - wallBefore;
      const { user, system } = process.cpuUsage(cpuBefore);
      return { wallMs: wallMs / calls, cpuMs: (user + system) / 1000 / calls };
    },
  };
}

/** The same contender, timed by one of the `count` units that each of its calls makes. */
export function perUnit(contender: Contender, count: number): Contender {
  return {
    ...contender,
    measure(calls) {
      const { wallMs, cpuMs } = contender.measure(calls);
      return { wallMs: wallMs / count, cpuMs: cpuMs / count };
    },
  };
}

/**
 * Measures contenders in turn, round after round, so that what else the machine does meets all of
 * them alike. The order rotates. The first batches, which find how many calls fill a batch and
 * warm up, do not count.
 */
export function race(contenders: readonly Contender[], options: RaceOptions): Times {
  const calls = contenders.map((contender) => callsPerBatch(contender, options.batchMs));
  const times = contenders.map((): CallTime[] => []);
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const at = (round + turn) % contenders.length;
      const time = contenders[at]?.measure(calls[at] ?? 1);
      if (time) times[at]?.push(time);
    }
  }
  return new Map(contenders.map(({ name }, at) => [name, times[at] ?? []]));
}

function callsPerBatch(contender: Contender, batchMs: number): number {
  if (contender.isSlow) return 1;
  let calls = 1;
  for (let growth = 0; growth < GROWTHS_MAX; growth++) {
    const { wallMs } = contender.measure(calls);
    if (wallMs * calls >= batchMs / 2) break;
    calls = Math.min(CALLS_MAX, 2 * calls);
  }
  const { wallMs } = contender.measure(WARM_UP_BATCHES * calls);
  return Math.min(CALLS_MAX, Math.max(1, Math.round(batchMs / wallMs)));
}

/**
 * The time of one contender as a figure; `share` is the part of a call that is one unit, and with
 * the unit `ns` times are given in nanoseconds.
 */
export function timeFigure(
  times: Times,
  contender: string,
  about: { name?: string; target?: Target; note?: string; share?: number; unit?: 'ms' | 'ns' } = {},
): MeasuredFigure {
  const found = timesOf(times, contender);
  const unit = about.unit ?? 'ms';
  const share = (about.share ?? 1) * (unit === 'ns' ? NANOSECONDS_PER_MS : 1);
  return {
    kind: 'measured',
    name: about.name ?? contender,
    unit,
    wall: spreadOf(found.map(({ wallMs }) => wallMs * share)),
    cpu: spreadOf(found.map(({ cpuMs }) => cpuMs * share)),
    target: about.target ?? null,
    note: about.note ?? '',
  };
}

/** The times of `over` in those of `of`, round by round: how many times as fast `of` is. */
export function ratioFigure(
  times: Times,
  pair: { readonly of: string; readonly over: string },
  about: { readonly name: string; readonly target?: Target; readonly note?: string },
): Figure {
  const [ours, theirs] = [timesOf(times, pair.of), timesOf(times, pair.over)];
  const ratios = (key: keyof CallTime): number[] =>
    theirs.map((time, round) => time[key] / (ours[round]?.[key] ?? Number.NaN));
  return {
    kind: 'measured',
    name: about.name,
    unit: 'x',
    wall: spreadOf(ratios('wallMs')),
    cpu: spreadOf(ratios('cpuMs')),
    target: about.target ?? null,
    note: about.note ?? '',
  };
}

function timesOf(times: Times, contender: string): readonly CallTime[] {
  const found = times.get(contender);
  if (!found) throw new RangeError(`${contender} took no part in the race`);
  return found;
}
