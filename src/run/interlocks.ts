import { CHANNELS } from '../domain/channel.ts';
import type { Safety } from '../domain/recipe.ts';
import type { Sample } from '../domain/sample.ts';

/** Why the rig must go to its safe state. */
export interface Trip {
  readonly channel: string;
  /** One sentence without a final stop: what was seen and what the limit is. */
  readonly message: string;
  readonly value: number | null;
}

/** The band a channel must stay in; its ends still belong to it. */
export interface Limit {
  readonly channel: string;
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

/** The limits of a recipe's safety section, by channel name. */
export function limitsOf(safety: Safety): ReadonlyMap<string, Limit> {
  const { voltage, current, temperature } = CHANNELS;
  const limits: Limit[] = [
    band(voltage, safety.voltage.min, safety.voltage.max),
    band(current, -safety.current.max, safety.current.max),
  ];
  if (safety.temperature) {
    limits.push(band(temperature, Number.NEGATIVE_INFINITY, safety.temperature.max));
  }
  return new Map(limits.map((limit) => [limit.channel, limit]));
}

/**
 * Judges one sample. A watched value that is out of its band, not a number, or not `good`
 * trips: doubt about a watched channel is itself a reason.
 */
export function judgeSample(limits: ReadonlyMap<string, Limit>, sample: Sample): Trip | undefined {
  const limit = limits.get(sample.channel);
  if (!limit) return undefined;
  const { value, quality } = sample;
  const trip = (message: string): Trip => ({
    channel: sample.channel,
    message: `${limit.label} ${message}`,
    value: Number.isFinite(value) ? value : null,
  });
  if (!Number.isFinite(value)) return trip('is not a number');
  const text = `${round(value)} ${limit.unit}`;
  if (quality !== 'good') return trip(`${text} is marked ${quality} and cannot be trusted`);
  if (value > limit.max) return trip(`${text} is above the limit of ${limit.max} ${limit.unit}`);
  if (value < limit.min) return trip(`${text} is below the limit of ${limit.min} ${limit.unit}`);
  return undefined;
}

/** @param silentSecond how long the channel has said nothing. */
export function judgeSilence(
  limit: Limit,
  { silentSecond, silenceSecondMax }: { silentSecond: number; silenceSecondMax: number },
): Trip | undefined {
  if (silentSecond < silenceSecondMax) return undefined;
  return {
    channel: limit.channel,
    message: `${limit.label} has been silent for ${round(silentSecond)} s, longer than the ${silenceSecondMax} s allowed`,
    value: null,
  };
}

function band(
  channel: { readonly name: string; readonly label: string; readonly unit: string },
  min: number,
  max: number,
): Limit {
  return { channel: channel.name, label: channel.label, unit: channel.unit, min, max };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
