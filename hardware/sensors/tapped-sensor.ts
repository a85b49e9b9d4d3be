import type { Channel } from '../../src/domain/channel.ts';
import type { InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import type { Sample, SampleSink } from '../../src/domain/sample.ts';

/** The newest sample of one quantity, for a controller. */
export interface ReadingSource {
  latest(): Sample | undefined;
}

/** A sensor whose newest sample of each channel can also be asked for. */
export class TappedSensor implements Sensor {
  readonly #sensor: Sensor;
  readonly #latest = new Map<string, Sample>();

  constructor(sensor: Sensor) {
    this.#sensor = sensor;
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
      this.#latest.set(sample.channel, sample);
      sink(sample);
    });
  }

  disconnect(): Promise<void> {
    return this.#sensor.disconnect();
  }

  source(channelName: string): ReadingSource {
    return { latest: () => this.#latest.get(channelName) };
  }
}
