import { CHANNELS } from '../domain/channel.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Reading } from '../domain/instrument.ts';
import type { Sample } from '../domain/sample.ts';
import type { ChargeCounter } from './charge-counter.ts';
import { judgeSample, judgeSilence, type Limit, type Trip } from './interlocks.ts';
import type { Journal } from './journal.ts';
import type { SampleWatch } from './sample-watch.ts';

const COULOMB_PER_AMPERE_HOUR = 3600;
/** A watched sensor that says nothing for so long may have fallen off the cell. */
export const SENSOR_SILENCE_SECOND_MAX = 30;

/** A sensor with a fixed rhythm may miss two beats, and be this late whatever its rhythm. */
const SENSOR_SILENCE_BEATS = 2.5;
const SENSOR_SILENCE_SECOND_MIN = 5;

/** Rounding must not make the watch look again at the very same moment for ever. */
const LOOK_SECOND_MIN = 0.01;

export type ElectricalReading = Extract<Reading, { readonly kind: 'electrical' }>;

export interface IntakeOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly charge: ChargeCounter;
  readonly limits: ReadonlyMap<string, Limit>;
  /** Asked of every sample after its limits: they may trip, or doubt the sample. */
  readonly watches?: readonly SampleWatch[];
  readonly onTrip: (trip: Trip) => void;
}

/** The one way in for samples: interlocks first, then the record, then who listens. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #lastHeardSecond = new Map<string, number>();
  readonly #newest = new Map<string, number>();
  readonly #watchTimers = new Map<string, CancelTimer>();
  readonly #listeners = new Map<string, Set<(sample: Sample) => void>>();
  readonly #unusable = new Map<string, number>();
  #open = true;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A sample of any sensor or heater. After `close` samples are late and leave no trace. */
  readonly accept = (sample: Sample): void => {
    if (!this.#open) return;
    this.#pass(this.#judge(sample));
  };

  /**
   * A reading of the potentiostat: voltage, current, and the charge that follows from it. All of
   * it is judged before any of it is written.
   * @param isRecorded false for readings between those that a step wants written down
   */
  acceptElectrical(reading: ElectricalReading, isRecorded = true): void {
    if (!this.#open) return;
    const { timeSecond, voltageVolt, currentAmpere, quality } = reading;
    const currentQuality = reading.currentQuality ?? quality;
    const { voltage, current, charge } = CHANNELS;
    const { voltageErrorVolt, currentErrorAmpere, currentRangeAmpere } = reading;
    const ofVoltage = known('standardError', voltageErrorVolt);
    const ofCurrent = {
      ...known('standardError', currentErrorAmpere),
      ...known('range', currentRangeAmpere),
    };
    const measured: readonly Sample[] = [
      { channel: voltage.name, timeSecond, value: voltageVolt, quality, ...ofVoltage },
      {
        ...ofCurrent,
        channel: current.name,
        timeSecond,
        value: currentAmpere,
        quality: currentQuality,
      },
    ];
    const judged = measured.map((sample) => this.#judge(sample));
    if (isRecorded) for (const sample of judged) this.#pass(sample);
    if (!Number.isFinite(currentAmpere)) return;
    this.#options.charge.add({ timeSecond, currentAmpere });
    if (!isRecorded) return;
    const value = this.#options.charge.chargeCoulomb / COULOMB_PER_AMPERE_HOUR;
    this.accept({ channel: charge.name, timeSecond, value, quality: currentQuality });
  }

  /** The newest value of a channel that could be trusted. */
  newest(channel: string): number | undefined {
    return this.#newest.get(channel);
  }

  /** Hears every sample of a channel after it was judged. Returns the way to stop. */
  listen(channel: string, listener: (sample: Sample) => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    // Wrapped, so that the same listener can hear twice and stop once.
    const own = (sample: Sample): void => listener(sample);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  /**
   * From now on a silence of this channel trips, if it has a limit.
   * @param everySecond its rhythm, where it has a fixed one: the bound is shorter then
   */
  watch(channel: string, everySecond?: number): void {
    const limit = this.#options.limits.get(channel);
    if (!limit || this.#watchTimers.has(channel)) return;
    this.#lastHeardSecond.set(channel, this.#options.clock.nowSecond());
    const silenceSecondMax = silenceBound(everySecond);
    this.#lookAfter(limit, { silenceSecondMax, delaySecond: silenceSecondMax });
  }

  /** Values that were not a number, by channel: they cannot be stored. */
  get unusable(): ReadonlyMap<string, number> {
    return this.#unusable;
  }

  close(): void {
    this.#open = false;
    for (const cancel of this.#watchTimers.values()) cancel();
    this.#watchTimers.clear();
    this.#listeners.clear();
  }

  #lookAfter(
    limit: Limit,
    { silenceSecondMax, delaySecond }: { silenceSecondMax: number; delaySecond: number },
  ): void {
    const { clock, onTrip } = this.#options;
    const look = (): void => {
      const heardSecond = this.#lastHeardSecond.get(limit.channel) ?? 0;
      const silentSecond = clock.nowSecond() - heardSecond;
      const trip = judgeSilence(limit, { silentSecond, silenceSecondMax });
      if (trip) {
        onTrip(trip);
        return;
      }
      const leftSecond = Math.max(LOOK_SECOND_MIN, silenceSecondMax - silentSecond);
      this.#lookAfter(limit, { silenceSecondMax, delaySecond: leftSecond });
    };
    this.#watchTimers.set(limit.channel, clock.after(delaySecond, look));
  }

  /** Trips when it must; returns the sample as it is recorded. */
  #judge(sample: Sample): Sample {
    const { clock, limits, onTrip, watches = [] } = this.#options;
    this.#lastHeardSecond.set(sample.channel, clock.nowSecond());
    const trip = judgeSample(limits, sample);
    if (trip) onTrip(trip);
    let judged = sample;
    for (const watch of watches) {
      const verdict = watch.look(sample);
      if (verdict.trip) onTrip(verdict.trip);
      if (verdict.quality) judged = { ...sample, quality: verdict.quality };
    }
    if (judged.quality === 'good') this.#newest.set(sample.channel, sample.value);
    return judged;
  }

  #pass(sample: Sample): void {
    this.#record(sample);
    for (const listener of this.#listeners.get(sample.channel) ?? []) listener(sample);
  }

  #record({ channel, timeSecond, value, quality, standardError, range }: Sample): void {
    if (Number.isFinite(value)) {
      const told = { ...known('standardError', standardError), ...known('range', range) };
      const body = { kind: 'sample', channel, value, quality, ...told } as const;
      this.#options.journal.record(body, timeSecond);
      return;
    }
    const count = (this.#unusable.get(channel) ?? 0) + 1;
    this.#unusable.set(channel, count);
    if (count > 1) return;
    this.#options.journal.event({
      code: 'dropped',
      severity: 'warning',
      message: `A value of ${channel} is not a number and is left out; later ones are counted.`,
      details: { channel },
    });
  }
}

/** What an instrument says beside a value: nothing is written down where it says nothing. */
function known<K extends 'standardError' | 'range'>(
  key: K,
  value: number | undefined,
): { readonly [P in K]?: number } {
  if (value === undefined || !Number.isFinite(value)) return {};
  return { [key]: value } as { readonly [P in K]: number };
}

/** How long a sensor of this rhythm may say nothing, s. */
export function silenceBound(everySecond: number | undefined): number {
  if (everySecond === undefined) return SENSOR_SILENCE_SECOND_MAX;
  const bound = Math.max(SENSOR_SILENCE_SECOND_MIN, SENSOR_SILENCE_BEATS * everySecond);
  return Math.min(SENSOR_SILENCE_SECOND_MAX, bound);
}
