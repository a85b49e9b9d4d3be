import { CHANNELS } from '../domain/channel.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Reading } from '../domain/instrument.ts';
import type { Sample } from '../domain/sample.ts';
import type { ChargeCounter } from './charge-counter.ts';
import { judgeSample, judgeSilence, type Limit, type Trip } from './interlocks.ts';
import type { Journal } from './journal.ts';

const COULOMB_PER_AMPERE_HOUR = 3600;
/** A watched sensor that says nothing for so long may have fallen off the cell. */
export const SENSOR_SILENCE_SECOND_MAX = 30;

/** Rounding must not make the watch look again at the very same moment for ever. */
const LOOK_SECOND_MIN = 0.01;

export type ElectricalReading = Extract<Reading, { readonly kind: 'electrical' }>;

export interface IntakeOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly charge: ChargeCounter;
  readonly limits: ReadonlyMap<string, Limit>;
  readonly onTrip: (trip: Trip) => void;
}

/** The one way in for samples: interlocks first, then the record, then who listens. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #lastHeardSecond = new Map<string, number>();
  readonly #watchTimers = new Map<string, CancelTimer>();
  readonly #listeners = new Set<(sample: Sample) => void>();
  readonly #unusable = new Map<string, number>();
  #open = true;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A sample of any sensor or heater. After `close` samples are late and leave no trace. */
  readonly accept = (sample: Sample): void => {
    if (!this.#open) return;
    this.#judge(sample);
    this.#pass(sample);
  };

  /**
   * A reading of the potentiostat: voltage, current, and the charge that follows from it. All of
   * it is judged before any of it is written.
   */
  acceptElectrical(reading: ElectricalReading): void {
    if (!this.#open) return;
    const { timeSecond, voltageVolt, currentAmpere, quality } = reading;
    const { voltage, current, charge } = CHANNELS;
    const measured: readonly Sample[] = [
      { channel: voltage.name, timeSecond, value: voltageVolt, quality },
      { channel: current.name, timeSecond, value: currentAmpere, quality },
    ];
    for (const sample of measured) this.#judge(sample);
    for (const sample of measured) this.#pass(sample);
    if (!Number.isFinite(currentAmpere)) return;
    this.#options.charge.add({ timeSecond, currentAmpere });
    const value = this.#options.charge.chargeCoulomb / COULOMB_PER_AMPERE_HOUR;
    this.accept({ channel: charge.name, timeSecond, value, quality });
  }

  /** Hears every sample of a channel after it was judged. Returns the way to stop. */
  listen(channel: string, listener: (sample: Sample) => void): () => void {
    const filtered = (sample: Sample): void => {
      if (sample.channel === channel) listener(sample);
    };
    this.#listeners.add(filtered);
    return () => this.#listeners.delete(filtered);
  }

  /** From now on a silence of this channel trips, if it has a limit. */
  watch(channel: string): void {
    const limit = this.#options.limits.get(channel);
    if (!limit || this.#watchTimers.has(channel)) return;
    this.#lastHeardSecond.set(channel, this.#options.clock.nowSecond());
    this.#lookAfter(limit, SENSOR_SILENCE_SECOND_MAX);
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

  #lookAfter(limit: Limit, delaySecond: number): void {
    const { clock, onTrip } = this.#options;
    const look = (): void => {
      const heardSecond = this.#lastHeardSecond.get(limit.channel) ?? 0;
      const silentSecond = clock.nowSecond() - heardSecond;
      const bound = { silentSecond, silenceSecondMax: SENSOR_SILENCE_SECOND_MAX };
      const trip = judgeSilence(limit, bound);
      if (trip) onTrip(trip);
      else
        this.#lookAfter(limit, Math.max(LOOK_SECOND_MIN, SENSOR_SILENCE_SECOND_MAX - silentSecond));
    };
    this.#watchTimers.set(limit.channel, clock.after(delaySecond, look));
  }

  #judge(sample: Sample): void {
    this.#lastHeardSecond.set(sample.channel, this.#options.clock.nowSecond());
    const trip = judgeSample(this.#options.limits, sample);
    if (trip) this.#options.onTrip(trip);
  }

  #pass(sample: Sample): void {
    this.#record(sample);
    for (const listener of this.#listeners) listener(sample);
  }

  #record({ channel, timeSecond, value, quality }: Sample): void {
    if (Number.isFinite(value)) {
      this.#options.journal.record({ kind: 'sample', channel, value, quality }, timeSecond);
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
