import { type Clock, sleep } from '../../src/domain/clock.ts';
import type { Reading } from '../../src/domain/instrument.ts';
import { samplingStretches } from '../../src/domain/sampling.ts';
import type { OpenCircuit } from '../../src/domain/technique.ts';
import { standardErrors } from './measuring-error.ts';
import { connectForRest } from './rodeostat-electrodes.ts';
import type { RodeostatSession } from './rodeostat-session.ts';
import { type RodeostatRange, type RodeostatVariant, smallestRange } from './rodeostat-variants.ts';

/** The potential of the reference input, and the range it was read in. */
export interface RestPotential {
  readonly voltageVolt: number;
  readonly range: RodeostatRange;
  readonly isOverloaded: boolean;
}

/** Sums of intervals differ in their last digits. */
const SLACK_SECOND = 1e-6;
/** A range is left for the next larger one above this share of it, */
const FULL_SHARE = 0.98;
/** and a smaller one is taken only when the potential fills less than this of it. */
const COMFORTABLE_SHARE = 0.9;

/** Where the potential at rest is read, and until when. */
export interface RestContext {
  readonly session: RodeostatSession;
  readonly variant: RodeostatVariant;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Readings of the potential with the counter electrode disconnected, in the rhythm asked for until
 * the time is over. Those that are missed are not made up for.
 * @throws Fault instrumentReply, timeout, instrumentLost; the signal's reason when it aborts
 */
export async function* restReadings(
  technique: OpenCircuit,
  { session, variant, clock, signal }: RestContext,
): AsyncGenerator<Reading> {
  await connectForRest(session, signal);
  const voltmeter = new RestVoltmeter(session, variant);
  // The first one finds the range.
  await voltmeter.read(signal);
  const startSecond = clock.nowSecond();
  const endSecond = startSecond + technique.durationSecond;
  let missedSecond = 0;
  for (const { afterSecond, everySecond } of restTimes(technique)) {
    const dueSecond = startSecond + afterSecond + missedSecond;
    if (dueSecond > endSecond + SLACK_SECOND) break;
    const lateSecond = await sleepUntil(clock, dueSecond, signal);
    const isLate = lateSecond > everySecond;
    const potential = await voltmeter.read(signal);
    yield restReading(potential, variant, { timeSecond: clock.nowSecond(), isLate });
    if (isLate) missedSecond += lateSecond - everySecond;
  }
  await sleepUntil(clock, endSecond, signal);
}

/** When each reading is due, and how long after the one before. */
function* restTimes(
  technique: OpenCircuit,
): Generator<{ readonly afterSecond: number; readonly everySecond: number }> {
  let startSecond = 0;
  for (const { everySecond, durationSecond } of samplingStretches(technique)) {
    const readings = Math.floor((durationSecond + SLACK_SECOND) / everySecond);
    for (let at = 1; at <= readings; at += 1) {
      yield { afterSecond: startSecond + at * everySecond, everySecond };
    }
    startSecond += durationSecond;
  }
}

function restReading(
  { voltageVolt, range, isOverloaded }: RestPotential,
  { capability }: RodeostatVariant,
  { timeSecond, isLate }: { readonly timeSecond: number; readonly isLate: boolean },
): Reading {
  const { voltageErrorVolt } = standardErrors(capability.accuracy, {
    voltageVolt,
    currentAmpere: 0,
    voltageRangeVolt: range.fullScale,
  });
  return {
    kind: 'electrical',
    timeSecond,
    voltageVolt,
    currentAmpere: 0,
    quality: isOverloaded ? 'overload' : isLate ? 'late' : 'good',
    ...(voltageErrorVolt !== undefined && { voltageErrorVolt }),
  };
}

/** @returns how much too late it is already, s */
async function sleepUntil(clock: Clock, dueSecond: number, signal: AbortSignal): Promise<number> {
  const leftSecond = dueSecond - clock.nowSecond();
  if (leftSecond > 0) await sleep(clock, leftSecond, signal);
  else signal.throwIfAborted();
  return Math.max(0, -leftSecond);
}

/** Reads the potential between working and reference electrode in the range that fits it. */
export class RestVoltmeter {
  readonly #session: RodeostatSession;
  readonly #ranges: readonly RodeostatRange[];
  #range: RodeostatRange | undefined;

  constructor(session: RodeostatSession, { voltageRanges }: RodeostatVariant) {
    this.#session = session;
    this.#ranges = voltageRanges;
  }

  /** @throws Fault instrumentReply, timeout, instrumentLost */
  async read(signal: AbortSignal): Promise<RestPotential> {
    let range = this.#range ?? (await this.#choose(signal));
    for (;;) {
      const voltageVolt = await this.#ask(signal);
      const isOverloaded = Math.abs(voltageVolt) > FULL_SHARE * range.fullScale;
      const next = isOverloaded ? this.#ranges[this.#ranges.indexOf(range) + 1] : undefined;
      if (!next) return { voltageVolt, range, isOverloaded };
      range = await this.#take(next, signal);
    }
  }

  /** Looks in the largest range first, and takes the smallest that holds what it sees. */
  async #choose(signal: AbortSignal): Promise<RodeostatRange> {
    const largest = this.#ranges.at(-1);
    if (!largest) throw new Error('a variant without ranges');
    await this.#take(largest, signal);
    const seenVolt = await this.#ask(signal);
    const fitting = smallestRange(this.#ranges, seenVolt / COMFORTABLE_SHARE) ?? largest;
    return fitting === largest ? largest : this.#take(fitting, signal);
  }

  async #take(range: RodeostatRange, signal: AbortSignal): Promise<RodeostatRange> {
    const request = { command: 'setRefElectVoltRange', voltRange: range.name };
    const { voltRange } = await this.#session.question(request, signal);
    if (voltRange !== range.name) {
      throw this.#session.misunderstanding(request, range.name, voltRange);
    }
    this.#range = range;
    return range;
  }

  async #ask(signal: AbortSignal): Promise<number> {
    const request = { command: 'getRefVolt' };
    const { r } = await this.#session.question(request, signal);
    if (typeof r === 'number' && Number.isFinite(r)) return r;
    throw this.#session.misunderstanding(request, 'a potential', r);
  }
}
