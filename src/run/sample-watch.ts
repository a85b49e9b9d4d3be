import type { Quality, Sample } from '../domain/sample.ts';
import type { Trip } from './interlocks.ts';
import { STUCK_SECOND, StuckSensor } from './stuck-sensor.ts';

/** What a watch says of one sample. */
export interface SampleVerdict {
  /** A reason for the safe state. */
  readonly trip?: Trip;
  /** A doubt about the sample: it is recorded with this quality and satisfies no condition. */
  readonly quality?: Quality;
}

/** Looks at every sample, after its limits and before anybody else. */
export interface SampleWatch {
  look(sample: Sample): SampleVerdict;
}

/** Calls sensors whose noise has gone: stale first, then a reason for the safe state. */
export class StuckWatch implements SampleWatch {
  readonly #sensors: ReadonlyMap<string, { readonly label: string; readonly stuck: StuckSensor }>;

  constructor(channels: Iterable<{ readonly channel: string; readonly label: string }>) {
    this.#sensors = new Map(
      [...channels].map(({ channel, label }) => [channel, { label, stuck: new StuckSensor() }]),
    );
  }

  look({ channel, timeSecond, value, quality }: Sample): SampleVerdict {
    const sensor = this.#sensors.get(channel);
    if (!sensor || quality !== 'good' || !Number.isFinite(value)) return {};
    const verdict = sensor.stuck.add(timeSecond, value);
    if (verdict === 'moving') return {};
    if (verdict === 'stale') return { quality: 'stale' };
    const message = `${sensor.label} has read exactly ${value} for ${STUCK_SECOND / 60} min, without any of its noise: its sensor is stuck`;
    return { quality: 'stale', trip: { channel, message, value } };
  }
}
