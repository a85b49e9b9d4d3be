import { deriveSeed } from '../../src/domain/random.ts';
import { ShortWatch } from '../../src/run/short-watch.ts';
import {
  type QuietDetection,
  type QuietFalseAlarm,
  quietDetections,
  quietFalseAlarms,
} from './quiet-shorts.ts';
import { ordinaryCycling, type StretchKind } from './voltage-traces.ts';

export const name = 'false-alarms';
export const about =
  'short detectors on sound cells: plateaus, plunges at the end of a discharge, titrations, nucleation, changes of current, long rests, held voltages, noise; and what filaments they find';

export interface FalseAlarm {
  readonly seed: number;
  readonly kind: StretchKind;
  readonly detector: 'hard' | 'soft';
  readonly timeSecond: number;
}

/** Every alarm that sound cells have raised in so many hours of one seed. */
export function falseAlarms(
  seed: number,
  hours: number,
): { readonly alarms: readonly FalseAlarm[]; readonly readings: number } {
  const alarms: FalseAlarm[] = [];
  let count = 0;
  for (const { kind, flowStartSecond, readings } of ordinaryCycling(seed, hours)) {
    // Every step of a run has a watch of its own.
    const watch = new ShortWatch();
    for (const reading of readings) {
      count += 1;
      const { timeSecond } = reading;
      if (watch.look(reading, flowStartSecond)) {
        alarms.push({ seed, kind, detector: 'hard', timeSecond });
      }
      if (watch.softShort) alarms.push({ seed, kind, detector: 'soft', timeSecond });
    }
  }
  return { alarms, readings: count };
}

export interface CampaignOptions {
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly seeds?: number;
  readonly hoursPerSeed?: number;
  /** Of rest, and as many of held voltage. */
  readonly quietHoursPerSeed?: number;
}

/** Filaments in each seed: a few of each kind. */
const FILAMENTS_PER_SEED = 12;

/** By default 10 seeds of 100 h under current and 500 h each of rest and held voltage. */
export async function run(options: CampaignOptions) {
  const { seed, tell, seeds = 10, hoursPerSeed = 100, quietHoursPerSeed = 500 } = options;
  const alarms: FalseAlarm[] = [];
  const quiet: QuietFalseAlarm[] = [];
  const detections: QuietDetection[] = [];
  let readings = 0;
  for (let at = 0; at < seeds; at += 1) {
    const one = falseAlarms(seed + at, hoursPerSeed);
    alarms.push(...one.alarms);
    readings += one.readings;
    quiet.push(...quietFalseAlarms(seed + at, quietHoursPerSeed));
    for (let filament = 0; filament < FILAMENTS_PER_SEED; filament += 1) {
      detections.push(...quietDetections(deriveSeed(seed + at, `filament ${filament}`)));
    }
    tell(`seed ${seed + at}: ${alarms.length + quiet.length} false alarms so far`);
  }
  for (const alarm of [...alarms, ...quiet].slice(0, 20)) {
    tell(`false alarm: ${JSON.stringify(alarm)}`);
  }
  return {
    falseAlarms: alarms.length,
    quietFalseAlarms: quiet.length,
    detections,
    hours: seeds * hoursPerSeed,
    quietHours: seeds * quietHoursPerSeed,
    readings,
  };
}
