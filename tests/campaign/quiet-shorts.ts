import { deriveSeed, Random } from '../../src/domain/random.ts';
import { HoldShortDetector } from '../../src/run/hold-short-detector.ts';
import { type QuietShortVerdict, quietShortOptions } from '../../src/run/quiet-short-watch.ts';
import { RestShortDetector } from '../../src/run/rest-short-detector.ts';
import { holdOf, type QuietTrace, restOf } from './quiet-traces.ts';

/** Shorts at rest and at a held voltage: what sound cells are taken for, and what is found. */

const DEFAULTS = quietShortOptions({});
const TRACE_HOURS = 25;
/** A filament that takes from its cell so many times what the recipe allows must be found. */
export const RATE_FACTOR_MIN = 3;
/** At a held voltage: this share of the current that has charged the cell. */
const HOLD_SHARE = [0.1, 0.5] as const;
const LATER_HOURS = 8;

export interface QuietAlarm {
  readonly kind: QuietShortVerdict['kind'];
  readonly timeSecond: number;
}

/** What the detectors of a run, with their defaults, say of a trace first. */
export function firstAlarm(trace: QuietTrace): QuietAlarm | undefined {
  const rest = new RestShortDetector(DEFAULTS, trace.startSecond);
  const hold = new HoldShortDetector({ ...DEFAULTS, chargeAmpere: trace.chargeAmpere });
  for (const reading of trace.readings) {
    const { timeSecond, voltageVolt, temperatureCelsius } = reading;
    const verdict =
      trace.kind === 'rest'
        ? rest.add({ timeSecond, value: voltageVolt }, temperatureCelsius)
        : hold.add(reading, trace.startSecond, temperatureCelsius);
    if (verdict) return { kind: verdict.kind, timeSecond };
  }
  return undefined;
}

export interface QuietFalseAlarm extends QuietAlarm {
  readonly trace: 'rest' | 'hold';
  readonly seed: number;
}

/** Every alarm that sound cells raise in so many hours of rest, and as many of held voltage. */
export function quietFalseAlarms(seed: number, hours: number): readonly QuietFalseAlarm[] {
  const alarms: QuietFalseAlarm[] = [];
  for (let at = 0; at * TRACE_HOURS < hours; at += 1) {
    const one = deriveSeed(seed, `quiet ${at}`);
    for (const trace of [restOf(one, TRACE_HOURS), holdOf(one, TRACE_HOURS)]) {
      const alarm = firstAlarm(trace);
      if (alarm) alarms.push({ ...alarm, trace: trace.kind, seed: one });
    }
  }
  return alarms;
}

export interface QuietDetection {
  readonly trace: 'rest' | 'hold';
  /** Whether the filament was there from the start on. */
  readonly fromStart: boolean;
  /** Undefined when it was not found within the trace. */
  readonly afterSecond: number | undefined;
}

/** A filament in a cell at rest, and one that appears while a full cell is held. */
export function quietDetections(seed: number): readonly QuietDetection[] {
  const random = new Random(deriveSeed(seed, 'filament'));
  return [
    restWith(seed, random, 0),
    restWith(seed, random, 3600 * LATER_HOURS * random.uniform()),
    holdWith(seed, random),
  ].filter((one) => one !== undefined);
}

function restWith(seed: number, random: Random, fromSecond: number): QuietDetection {
  const factor = RATE_FACTOR_MIN * 10 ** random.uniform();
  // A loss of voltage in proportion to 1 / R: measured with one resistance, set with another.
  const probe = restOf(seed, 0.2, { ohm: 1e6, fromSecond: 0 });
  const ohm = (1e6 * probe.lossVoltPerSecond) / (factor * DEFAULTS.rateVoltPerSecond);
  const alarm = firstAlarm(restOf(seed, TRACE_HOURS, { ohm, fromSecond }));
  const isFound = alarm !== undefined && alarm.timeSecond >= fromSecond;
  return {
    trace: 'rest',
    fromStart: fromSecond === 0,
    afterSecond: isFound ? alarm.timeSecond - fromSecond : undefined,
  };
}

/** @returns undefined where nothing has charged the cell: nobody knows then what is much for it */
function holdWith(seed: number, random: Random): QuietDetection | undefined {
  const { chargeAmpere, readings } = holdOf(seed, 0.2);
  const volt = readings[0]?.voltageVolt ?? Number.NaN;
  if (chargeAmpere === undefined) return undefined;
  const [least, most] = HOLD_SHARE;
  const ohm = volt / (Math.abs(chargeAmpere) * (least + (most - least) * random.uniform()));
  const fromSecond = 3600 * (4 + LATER_HOURS * random.uniform());
  const alarm = firstAlarm(holdOf(seed, TRACE_HOURS, { ohm, fromSecond }));
  const isFound = alarm !== undefined && alarm.timeSecond >= fromSecond;
  const afterSecond = isFound ? alarm.timeSecond - fromSecond : undefined;
  return { trace: 'hold', fromStart: false, afterSecond };
}
