import { CHANNELS } from '../domain/channel.ts';
import type { DerivedValue } from '../domain/derived-quantity.ts';
import type { CellEvent } from '../domain/recipe-conditions.ts';
import type { StepMemory } from '../domain/run-store.ts';
import type { Quality } from '../domain/sample.ts';
import type { Bench } from './bench.ts';
import type { ElectricalReading } from './intake.ts';
import { VoltageRate } from './voltage-rate.ts';

export interface KnownValue {
  readonly value: number;
  readonly quality: Quality;
}

/** What is known about a step at the moment its end is decided. */
export interface StepFacts {
  readonly elapsedSecond: number;
  /** The newest of this step, each. */
  readonly voltage: KnownValue | undefined;
  readonly current: KnownValue | undefined;
  readonly temperature: KnownValue | undefined;
  readonly pressure: KnownValue | undefined;
  /** V/s over the last minute. */
  readonly voltageRate: KnownValue | undefined;
  /** Passed since the step began. */
  readonly chargeCoulomb: number;
  /** What analysis has worked out since the step began, by name. */
  readonly derived: ReadonlyMap<string, number>;
  readonly events: ReadonlySet<CellEvent>;
}

/** What an earlier start of the software has done of a step that is resumed. */
export interface CarriedStep {
  readonly elapsedSecond: number;
  readonly chargeCoulomb: number;
  /** Pulses of a titration that were begun. */
  readonly pulsesBegun?: number;
  /** What it knew of itself; undefined of a step that begins. */
  readonly memory?: StepMemory | undefined;
  /** Measurements beside it that were cut off are taken again. */
  readonly repeats?: boolean;
}

export const NOTHING_CARRIED: CarriedStep = { elapsedSecond: 0, chargeCoulomb: 0 };

/** Collects what is known about one running step. */
export class StepFactsCollector {
  readonly #bench: Bench;
  /** On the clock without suspensions. */
  readonly #startSecond: number;
  readonly #startCoulomb: number;
  readonly #unlisten: (() => void)[];
  readonly #derived: Map<string, number>;
  readonly #events: Set<CellEvent>;
  #voltage: KnownValue | undefined;
  #current: KnownValue | undefined;
  #ignoresCurrent = false;
  #temperature: KnownValue | undefined;
  #pressure: KnownValue | undefined;
  readonly #rate = new VoltageRate();

  constructor(bench: Bench, carried: CarriedStep) {
    const { bus, clock, charge, intake, suspension } = bench;
    this.#bench = bench;
    this.#startSecond = suspension.activeSecond() - carried.elapsedSecond;
    this.#derived = new Map(Object.entries(carried.memory?.derived ?? {}));
    this.#events = new Set(carried.memory?.events);
    this.#startCoulomb = charge.chargeCoulombAt(clock.nowSecond()) - carried.chargeCoulomb;
    const known = (sample: KnownValue): KnownValue => ({
      value: sample.value,
      quality: sample.quality,
    });
    this.#unlisten = [
      intake.listen(CHANNELS.temperature.name, (sample) => {
        this.#temperature = known(sample);
      }),
      intake.listen(CHANNELS.pressure.name, (sample) => {
        this.#pressure = known(sample);
      }),
      bus.on('derived', ({ value }: { readonly value: DerivedValue }) => {
        this.#derived.set(value.name, value.value);
      }),
    ];
  }

  get events(): ReadonlySet<CellEvent> {
    return this.#events;
  }

  /** For a resumed run. */
  memory(): Pick<StepMemory, 'derived' | 'events'> {
    return { derived: Object.fromEntries(this.#derived), events: [...this.#events] };
  }

  look(reading: ElectricalReading): void {
    const { timeSecond, voltageVolt, currentAmpere, quality } = reading;
    this.#voltage = { value: voltageVolt, quality };
    const currentQuality = reading.currentQuality ?? quality;
    if (!this.#ignoresCurrent) this.#current = { value: currentAmpere, quality: currentQuality };
    if (quality === 'good') this.#rate.add({ timeSecond, voltageVolt });
  }

  /** The current was switched, so that the slope of the voltage begins anew. */
  forgetRate(): void {
    this.#rate.forget();
  }

  /** Until further notice the size of the current says nothing of the step. */
  ignoreCurrent(isIgnored: boolean): void {
    this.#ignoresCurrent = isIgnored;
    this.#current = undefined;
  }

  addEvent(event: CellEvent): void {
    this.#events.add(event);
  }

  /** Time of the step so far; it stands still while the run is suspended. */
  get elapsedSecond(): number {
    return this.#bench.suspension.activeSecond() - this.#startSecond;
  }

  /** @param atLeastSecond the clock says so, whatever the rounding of times */
  now(atLeastSecond = 0): StepFacts {
    const nowSecond = this.#bench.clock.nowSecond();
    const rate = this.#rate;
    return {
      elapsedSecond: Math.max(this.elapsedSecond, atLeastSecond),
      voltage: this.#voltage,
      current: this.#current,
      temperature: this.#temperature,
      pressure: this.#pressure,
      get voltageRate() {
        return rate.newest();
      },
      chargeCoulomb: this.#bench.charge.chargeCoulombAt(nowSecond) - this.#startCoulomb,
      derived: this.#derived,
      events: this.#events,
    };
  }

  stop(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }
}
