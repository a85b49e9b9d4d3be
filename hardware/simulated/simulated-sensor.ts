import type { Channel } from '../../src/domain/channel.ts';
import type { CancelTimer, Clock } from '../../src/domain/clock.ts';
import type { InstrumentInfo, Sensor } from '../../src/domain/instrument.ts';
import { Random } from '../../src/domain/random.ts';
import type { SampleSink } from '../../src/domain/sample.ts';
import { startRhythm } from '../sensors/rhythm.ts';

export interface SimulatedSensorOptions {
  readonly id: string;
  readonly model: string;
  readonly channel: Channel;
  /** The true value now, in the channel's unit. */
  readonly trueValue: () => number;
  readonly everySecond: number;
  /** Standard deviation, in the channel's unit. */
  readonly noise: number;
  /** Smallest step of the converter, in the channel's unit; 0 for none. */
  readonly resolution: number;
  readonly clock: Clock;
  readonly seed: number;
}

/** Reads one quantity of the simulated rig in a steady rhythm, with noise and resolution. */
export class SimulatedSensor implements Sensor {
  readonly info: InstrumentInfo;
  readonly channels: readonly Channel[];
  readonly everySecond: number;
  readonly #options: SimulatedSensorOptions;
  readonly #random: Random;
  #cancel: CancelTimer | undefined;

  constructor(options: SimulatedSensorOptions) {
    this.info = { id: options.id, model: options.model, provenance: 'simulated' };
    this.channels = [options.channel];
    this.everySecond = options.everySecond;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    signal.throwIfAborted();
    this.#cancel?.();
    const { clock, everySecond } = this.#options;
    this.#cancel = startRhythm(clock, everySecond, () => this.#measure(sink));
  }

  async disconnect(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #measure(sink: SampleSink): void {
    const { channel, trueValue, noise, resolution, clock } = this.#options;
    const noisy = trueValue() + noise * this.#random.normal();
    const value = resolution > 0 ? Math.round(noisy / resolution) * resolution : noisy;
    sink({ channel: channel.name, timeSecond: clock.nowSecond(), value, quality: 'good' });
  }
}
