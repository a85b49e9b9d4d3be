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
  /** What the sensor can read at all: beyond it is broken, whatever the recipe allows. */
  readonly sensorMin?: number;
  readonly sensorMax?: number;
}

/** A broken or shorted Pt100 or thermocouple reads far outside this, °C. */
const THERMOMETER_CELSIUS_MIN = -60;
const THERMOMETER_CELSIUS_MAX = 400;
/** A load cell that reads less than this, Pa, is not under load but broken. */
const GAUGE_PASCAL_MIN = -1e5;

/** The limits of a recipe's safety section, by channel name. */
export function limitsOf(safety: Safety): ReadonlyMap<string, Limit> {
  const { voltage, current, temperature, ovenTemperature, pressure } = CHANNELS;
  const limits: Limit[] = [
    band(voltage, safety.voltage.min, safety.voltage.max),
    band(current, -safety.current.max, safety.current.max),
  ];
  if (safety.temperature) {
    const { min = Number.NEGATIVE_INFINITY, max } = safety.temperature;
    const range = { sensorMin: THERMOMETER_CELSIUS_MIN, sensorMax: THERMOMETER_CELSIUS_MAX };
    limits.push({ ...band(temperature, min, max), ...range });
    // The oven leads the cell while it heats, so its own band is only that of its sensor.
    limits.push(band(ovenTemperature, range.sensorMin, range.sensorMax));
  }
  if (safety.pressure) {
    limits.push({
      ...band(pressure, Number.NEGATIVE_INFINITY, safety.pressure.max),
      sensorMin: GAUGE_PASCAL_MIN,
    });
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
  if (value < (limit.sensorMin ?? value) || value > (limit.sensorMax ?? value)) {
    return trip(`${text} is more than its sensor can read: the sensor or its lead is broken`);
  }
  const isSmallCurrent = quality === 'underload' && sample.channel === CHANNELS.current.name;
  if (quality !== 'good' && !isSmallCurrent) {
    return trip(`${text} is marked ${quality} and cannot be trusted`);
  }
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
