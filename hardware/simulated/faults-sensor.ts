import type { Channel } from '../../src/domain/channel.ts';
import type { InjectedFault } from '../../src/domain/injected-fault.ts';
import type { InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import type { Sample, SampleSink } from '../../src/domain/sample.ts';
import { type FaultSchedule, faultDraw } from './faults.ts';

/** Slowest and fastest drift, in the channel's unit per second. */
const DRIFT_PER_SECOND: Readonly<Record<string, readonly [number, number]>> = {
  '°C': [0.05 / 60, 0.5 / 60],
  Pa: [2e3 / 60, 2e4 / 60],
};
/** What the converter reads from a broken lead and from a shorted one. */
const RAILS: Readonly<Record<string, readonly [number, number]>> = {
  '°C': [-242, 850],
  Pa: [-1e7, 1e9],
};
/** Where a sensor that has come off ends, and how soon. */
const FALLEN: Readonly<Record<string, number>> = { '°C': 25, Pa: 0 };
const FALLING_SECOND = 10;

/** How a sensor can break. */
export const FAILINGS = ['notANumber', 'lowRail', 'highRail', 'fallenOff', 'flagged'] as const;
export type Failing = (typeof FAILINGS)[number];

/** Which way this fault breaks a sensor. */
export function failingOf(fault: InjectedFault): Failing {
  return FAILINGS[Math.floor(faultDraw(fault, 'way') * FAILINGS.length)] ?? 'notANumber';
}

/** A sensor between which and its reader the faults of a rig are played. */
export class FaultySensor implements Sensor {
  readonly #sensor: Sensor;
  readonly #id: string;
  readonly #schedule: FaultSchedule;
  readonly #last = new Map<string, number>();

  constructor(sensor: Sensor, id: string, schedule: FaultSchedule) {
    this.#sensor = sensor;
    this.#id = id;
    this.#schedule = schedule;
  }

  get info(): InstrumentInfo {
    return this.#sensor.info;
  }

  get channels(): readonly Channel[] {
    return this.#sensor.channels;
  }

  get everySecond(): number | undefined {
    return this.#sensor.everySecond;
  }

  connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    return this.#sensor.connect(signal, (sample) => {
      const altered = this.#alter(sample);
      if (altered) sink(altered);
    });
  }

  disconnect(): Promise<void> {
    return this.#sensor.disconnect();
  }

  /** The sample as it arrives; undefined when none does. */
  #alter(sample: Sample): Sample | undefined {
    const { channel } = sample;
    // The potentiostat is what stalls when no sensor is named.
    const stall = this.#schedule.onSensor(this.#id, 'stall');
    if (stall?.sensor !== undefined || this.#schedule.on('brownOut')) return undefined;
    if (this.#schedule.onSensor(this.#id, 'stuckSensor')) {
      return { ...sample, value: this.#last.get(channel) ?? sample.value };
    }
    this.#last.set(channel, sample.value);
    const unit = this.channels.find(({ name }) => name === channel)?.unit ?? '';
    const failing = this.#schedule.onSensor(this.#id, 'failingSensor');
    if (failing) return fail(sample, unit, failing, this.#schedule.sinceSecond(failing));
    const drift = this.#schedule.onSensor(this.#id, 'drift');
    if (!drift) return sample;
    const value = sample.value + driftPerSecond(drift, unit) * this.#schedule.sinceSecond(drift);
    return { ...sample, value };
  }
}

/** Unit of the channel per second, with its sign. */
export function driftPerSecond(fault: InjectedFault, unit: string): number {
  const [slow, fast] = DRIFT_PER_SECOND[unit] ?? [0, 0];
  const sign = faultDraw(fault, 'sign') < 0.5 ? -1 : 1;
  return sign * (slow + (fast - slow) * faultDraw(fault, 'rate'));
}

function fail(sample: Sample, unit: string, fault: InjectedFault, sinceSecond: number): Sample {
  const [low, high] = RAILS[unit] ?? [0, 0];
  const way = failingOf(fault);
  switch (way) {
    case 'notANumber':
      return { ...sample, value: Number.NaN };
    case 'lowRail':
      return { ...sample, value: low };
    case 'highRail':
      return { ...sample, value: high };
    case 'flagged':
      return { ...sample, quality: 'bad' };
    case 'fallenOff': {
      const end = FALLEN[unit] ?? 0;
      return {
        ...sample,
        value: end + (sample.value - end) * Math.exp(-sinceSecond / FALLING_SECOND),
      };
    }
    default:
      return way satisfies never;
  }
}
