import { ShortWatch } from '../../src/run/short-watch.ts';
import { ordinaryCycling, type StretchKind } from './voltage-traces.ts';

export const name = 'false-alarms';
export const about =
  'short detectors on sound cells: plateaus, plunges at the end of a discharge, titrations, nucleation, changes of current, noise';

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
}

/** By default 10 seeds of 100 h each. */
export async function run({ seed, tell, seeds = 10, hoursPerSeed = 100 }: CampaignOptions) {
  const alarms: FalseAlarm[] = [];
  let readings = 0;
  for (let at = 0; at < seeds; at += 1) {
    const one = falseAlarms(seed + at, hoursPerSeed);
    alarms.push(...one.alarms);
    readings += one.readings;
  }
  for (const alarm of alarms.slice(0, 20)) tell(`false alarm: ${JSON.stringify(alarm)}`);
  tell(
    `${alarms.length} false alarms in ${seeds * hoursPerSeed} h of ordinary cycling (${readings} readings, ${seeds} seeds)`,
  );
  return { falseAlarms: alarms.length, hours: seeds * hoursPerSeed, readings };
}
