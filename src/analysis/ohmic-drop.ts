import type { CurrentSwitch } from '../domain/cycling.ts';
import { straightLine } from './cycling-line.ts';
import { type ElectricalSeries, firstNotBefore } from './cycling-trace.ts';

/** A change of the current smaller than this share of the largest is noise or regulation. */
const CHANGE_SHARE_MIN = 0.05;
/** A current below this share of the largest is none. */
const NONE_SHARE_MAX = 0.02;
/** Readings this long after a switch show how diffusion goes on from it. */
const EXTRAPOLATION_SECOND = 2;
const EXTRAPOLATION_READINGS_MIN = 5;
/** With more time than this between two readings nobody knows when the current was switched. */
const DELAY_SECOND_MAX = 60;

/**
 * Every moment between two readings at which the current was switched to another level, with
 * the ohmic drop there: the last voltage before minus the first after.
 */
export function findCurrentSwitches(series: ElectricalSeries): readonly CurrentSwitch[] {
  const { currentAmpere, timeSecond } = series;
  const largestAmpere = largestSize(currentAmpere);
  const switches: CurrentSwitch[] = [];
  for (let at = 1; at < timeSecond.length; at += 1) {
    const change = Math.abs((currentAmpere[at] ?? 0) - (currentAmpere[at - 1] ?? 0));
    if (change === 0 || change < CHANGE_SHARE_MIN * largestAmpere) continue;
    const delay = (timeSecond[at] ?? 0) - (timeSecond[at - 1] ?? 0);
    if (delay <= DELAY_SECOND_MAX) switches.push(switchAt(series, at));
  }
  return switches;
}

/** Those of the switches after which no current flows. */
export function findInterruptions(series: ElectricalSeries): readonly CurrentSwitch[] {
  const noneAmpere = NONE_SHARE_MAX * largestSize(series.currentAmpere);
  return findCurrentSwitches(series).filter(
    ({ afterAmpere, beforeAmpere }) =>
      Math.abs(afterAmpere) <= noneAmpere && Math.abs(beforeAmpere) > noneAmpere,
  );
}

/** @param at index of the first reading after the switch */
export function switchAt(series: ElectricalSeries, at: number): CurrentSwitch {
  const { currentAmpere, timeSecond, voltageVolt } = series;
  const lastSecond = timeSecond[at - 1] ?? Number.NaN;
  const beforeVolt = voltageVolt[at - 1] ?? Number.NaN;
  const beforeAmpere = currentAmpere[at - 1] ?? Number.NaN;
  const afterAmpere = currentAmpere[at] ?? Number.NaN;
  const dropVolt = beforeVolt - (voltageVolt[at] ?? Number.NaN);
  const instantVolt = voltAtInstant(series, at);
  const instantDropVolt = instantVolt === undefined ? null : beforeVolt - instantVolt;
  return {
    timeSecond: lastSecond,
    sampleDelaySecond: (timeSecond[at] ?? Number.NaN) - lastSecond,
    beforeAmpere,
    afterAmpere,
    dropVolt,
    instantDropVolt,
    resistanceOhm: (instantDropVolt ?? dropVolt) / (beforeAmpere - afterAmpere),
  };
}

/**
 * The voltage at the switch itself: right after it diffusion makes the voltage go as √t, so the
 * line through the first readings over √t meets the instant at its intercept.
 */
function voltAtInstant(series: ElectricalSeries, at: number): number | undefined {
  const { currentAmpere, timeSecond, voltageVolt } = series;
  const startSecond = timeSecond[at - 1] ?? 0;
  const end = firstNotBefore(timeSecond, startSecond + EXTRAPOLATION_SECOND, true);
  const level = currentAmpere[at] ?? 0;
  const step = Math.abs(level - (currentAmpere[at - 1] ?? 0));
  const roots: number[] = [];
  const volts: number[] = [];
  for (let i = at; i < end; i += 1) {
    if (Math.abs((currentAmpere[i] ?? 0) - level) > NONE_SHARE_MAX * step) break;
    roots.push(Math.sqrt((timeSecond[i] ?? 0) - startSecond));
    volts.push(voltageVolt[i] ?? 0);
  }
  if (roots.length < EXTRAPOLATION_READINGS_MIN) return undefined;
  return straightLine(roots, volts)?.intercept;
}

/** The largest |value|. */
export function largestSize(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
