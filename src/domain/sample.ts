/**
 * How far a value can be trusted. Only `good` values may satisfy a condition; interlocks treat
 * every other quality of a watched channel as a reason to trip.
 */
export type Quality = 'good' | 'overload' | 'underload' | 'late' | 'stale' | 'bad';

/** One measured value of one channel. */
export interface Sample {
  readonly channel: string;
  /** Monotonic time of the measurement on the experiment's clock. */
  readonly timeSecond: number;
  readonly value: number;
  readonly quality: Quality;
  /** Standard uncertainty in the unit of the channel, where the instrument's limits tell. */
  readonly standardError?: number;
  /** Full scale of the measuring range in use, in the unit of the channel. */
  readonly range?: number;
}

export type SampleSink = (sample: Sample) => void;
