import type { Instruments, PotentiostatCapability } from '../domain/instrument.ts';
import { type AcquisitionCollision, COLLISIONS_MAX } from '../run/acquisition-collisions.ts';
import type { PlannedStep } from '../run/plan.ts';
import { everyMeasurement, type PlanNeeds } from '../run/plan-needs.ts';
import { duration, prefixed } from './format-values.ts';

/** What a plan asks of the rig, beside what the rig has: name, asked, there. */
export function needRows(
  needs: PlanNeeds,
  { potentiostat, heater, scanner, spectrometer, freshCell, exchangedByPerson }: Instruments,
): string[][] {
  const { capability } = potentiostat;
  const { voltageVolt, frequencyHertz, temperatureCelsiusMax, viewsMax, regions } = needs;
  const rows: string[][] = [];
  const add = (what: string, asked: string, there: string): void => {
    rows.push([what, asked, there]);
  };
  if (needs.techniques.length > 0) {
    add('techniques', needs.techniques.join(', '), capability.techniques.join(', '));
  }
  if (needs.currentAmpereMax > 0) {
    const limit = prefixed(capability.currentAmpereMax, 'A');
    add('current', prefixed(needs.currentAmpereMax, 'A'), `up to ${limit}`);
  }
  if (voltageVolt) {
    const { voltageVoltMin: min, voltageVoltMax: max } = capability;
    add('voltage', range(voltageVolt, 'V'), range({ min, max }, 'V'));
  }
  if (frequencyHertz) {
    const { frequencyHertzMin: min, frequencyHertzMax: max } = capability;
    add('frequency', range(frequencyHertz, 'Hz'), range({ min, max }, 'Hz'));
  }
  if (needs.sampleEverySecondMin !== undefined) {
    const asked = prefixed(needs.sampleEverySecondMin, 's');
    add('rhythm', `every ${asked}`, `every ${rhythmOf(capability)}`);
  }
  if (temperatureCelsiusMax !== undefined) {
    add('heater', `${temperatureCelsiusMax} °C`, `up to ${heater?.temperatureCelsiusMax} °C`);
  }
  if (viewsMax !== undefined) add('scanner', `${viewsMax} views`, `up to ${scanner?.viewsMax}`);
  if (regions.length > 0) {
    add('spectrometer', regions.join(', '), spectrometer?.regions.join(', ') ?? '');
  }
  if (needs.freshCells > 0) {
    const byPerson = 'put in by a person, who is asked for each';
    const offered = exchangedByPerson ? byPerson : freshCell ? 'exchanged on request' : '';
    add('fresh cells', String(needs.freshCells), offered);
  }
  return rows;
}

/** "1 ms", or "1 ms, at rest every 20 ms". */
export function rhythmOf({
  sampleEverySecondMin,
  restEverySecondMin,
}: PotentiostatCapability): string {
  const usual = prefixed(sampleEverySecondMin, 's');
  if (restEverySecondMin === undefined) return usual;
  return `${usual}, at rest every ${prefixed(restEverySecondMin, 's')}`;
}

function range({ min, max }: { readonly min: number; readonly max: number }, unit: string): string {
  return min === max ? prefixed(min, unit) : `${prefixed(min, unit)} to ${prefixed(max, unit)}`;
}

/** "plate: impedance (during[0]) and scan (during[1]) meet 3 times, first after 0 s; both go on". */
export function describeCollision(
  steps: readonly PlannedStep[],
  { step, first, second, firstSecond, times, waits }: AcquisitionCollision,
): string {
  const found = [...everyMeasurement(steps)].find(({ name }) => name === step);
  const during = found && 'during' in found ? found.during : [];
  const name = (at: number): string => `${during[at]?.what.kind ?? ''} (during[${at}])`;
  const often = times >= COLLISIONS_MAX ? `${COLLISIONS_MAX} times or more` : `${times} times`;
  const outcome = waits ? `${name(second)} waits for ${name(first)}` : 'both go on';
  return `${step}: ${name(first)} and ${name(second)} meet ${often}, first after ${duration(firstSecond)}; ${outcome}`;
}
