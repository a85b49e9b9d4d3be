import type { Channel } from '../../src/domain/channel.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { InstrumentInfo, Scanner, Sensor, Spectrometer } from '../../src/domain/instrument.ts';
import type { SampleSink } from '../../src/domain/sample.ts';

/** Which instrument it triggers: at the start of each of its measurements. */
export type Triggered = 'scanner' | 'spectrometer';

/** When a pulse began: not before the one and not after the other, on the rig's clock. */
export interface Pulse {
  readonly earliestSecond: number;
  readonly latestSecond: number;
}

/** A line that is low but for its pulses. */
export interface PulseOutput {
  /** @throws Fault instrumentLost, instrumentReply, timeout or interrupted */
  pulse(widthSecond: number): Promise<Pulse>;
  /** Low, and given back. Idempotent. */
  close(): Promise<void>;
}

export interface DetectorTriggerOptions {
  readonly info: InstrumentInfo;
  readonly widthSecond: number;
  readonly triggers: Triggered;
  readonly openOutput: (signal: AbortSignal) => Promise<PulseOutput>;
}

/** For the standard uncertainty of a time that lies anywhere in an interval (GUM 4.3.7). */
const HALF_WIDTHS = Math.sqrt(3);

/**
 * A line that pulses when a detector is to begin. Each pulse is a sample: its number, at the time
 * it began, and how well that time is known.
 */
export class DetectorTrigger implements Sensor {
  readonly channels: readonly Channel[];
  readonly triggers: Triggered;
  readonly #options: DetectorTriggerOptions;
  readonly #number: Channel;
  readonly #uncertainty: Channel;
  #output: PulseOutput | undefined;
  #sink: SampleSink | undefined;
  #count = 0;

  constructor(options: DetectorTriggerOptions) {
    const { triggers } = options;
    this.#options = options;
    this.triggers = triggers;
    this.#number = {
      name: `${triggers}_trigger_count`,
      label: `Trigger of the ${triggers}`,
      unit: '1',
    };
    this.#uncertainty = {
      name: `${triggers}_trigger_uncertainty_second`,
      label: `Standard uncertainty of the trigger's time`,
      unit: 's',
    };
    this.channels = [this.#number, this.#uncertainty];
  }

  get info(): InstrumentInfo {
    return this.#options.info;
  }

  /** @throws Fault as the opening of its output */
  async connect(signal: AbortSignal, sink: SampleSink): Promise<void> {
    await this.disconnect();
    signal.throwIfAborted();
    this.#output = await this.#options.openOutput(signal);
    this.#sink = sink;
  }

  /** @throws Fault instrumentLost when it is not connected; as the output's pulse */
  async pulse(): Promise<void> {
    const { info, widthSecond } = this.#options;
    if (!this.#output) {
      throw new Fault('instrumentLost', {
        where: info.id,
        message: 'the trigger is not connected',
      });
    }
    const { earliestSecond, latestSecond } = await this.#output.pulse(widthSecond);
    this.#count += 1;
    const halfSecond = (latestSecond - earliestSecond) / 2;
    const at = { timeSecond: earliestSecond + halfSecond, quality: 'good' } as const;
    this.#sink?.({ channel: this.#number.name, value: this.#count, ...at });
    this.#sink?.({ channel: this.#uncertainty.name, value: halfSecond / HALF_WIDTHS, ...at });
  }

  async disconnect(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    this.#sink = undefined;
    await output?.close();
  }
}

/** The same scanner, with a pulse at the start of each scan. */
export function triggeredScanner(scanner: Scanner, trigger: DetectorTrigger): Scanner {
  return {
    get info() {
      return scanner.info;
    },
    get rows() {
      return scanner.rows;
    },
    get columns() {
      return scanner.columns;
    },
    get viewsMax() {
      return scanner.viewsMax;
    },
    ...(scanner.voxel && { voxel: scanner.voxel }),
    connect: (signal) => scanner.connect(signal),
    async *scan(plan, signal) {
      await trigger.pulse();
      yield* scanner.scan(plan, signal);
    },
    stop: () => scanner.stop(),
    disconnect: () => scanner.disconnect(),
  };
}

/** The same spectrometer, with a pulse at the start of each region. */
export function triggeredSpectrometer(
  spectrometer: Spectrometer,
  trigger: DetectorTrigger,
): Spectrometer {
  const { channelsMax } = spectrometer;
  return {
    get info() {
      return spectrometer.info;
    },
    regions: spectrometer.regions,
    ...(channelsMax !== undefined && { channelsMax }),
    ...(spectrometer.axisOf && { axisOf: (region: string) => spectrometer.axisOf?.(region) }),
    connect: (signal) => spectrometer.connect(signal),
    async measure(plan, signal) {
      await trigger.pulse();
      return spectrometer.measure(plan, signal);
    },
    stop: () => spectrometer.stop(),
    disconnect: () => spectrometer.disconnect(),
  };
}
