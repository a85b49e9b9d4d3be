import { TRIPS } from '../../firmware-bridge/board-protocol.ts';
import { tripReason } from '../../hardware/board/board-words.ts';
import { latchedAlarms } from '../../src/domain/alarm.ts';
import { SAFE_ACTION_SECOND_MAX } from '../../src/run/safe-state.ts';
import { BOARD_HAZARD_ROWS, type BoardHazardCase } from './board-hazard-cases.ts';
import {
  type BoardHazardOutcome,
  PIN_SECOND,
  type PinMoment,
  runBoardHazard,
} from './board-hazard-rig.ts';
import { type HazardTrial, hasAlarm, NO_AMPERE, safeSecondOf } from './hazard-judge.ts';

/** Plays one row of the operando board once, and judges it at the board's own pins. */

/** A lost line is told by the silence of one second, beside what the board had to wait. */
const TOLD_SECOND_MAX = 2;
/** The potentiostat may see its open lead before the board has said that it has opened it. */
const OPEN_LEAD = /^Voltage /;
const CODES: readonly string[] = ['interlock', 'instrumentFault'];

export async function tryBoardHazard(id: string, seed: number): Promise<HazardTrial> {
  const row = BOARD_HAZARD_ROWS[id];
  if (!row) throw new Error(`${id} of docs/safety.md is played by nobody`);
  const hazard = row(seed);
  return judgeBoardHazard(id, hazard, await runBoardHazard(hazard));
}

/** What is to be said of one trial. */
export function judgeBoardHazard(
  id: string,
  hazard: BoardHazardCase,
  found: BoardHazardOutcome,
): HazardTrial {
  const { seed, fault, wanted } = hazard;
  const off = found.after.find((moment) => !isOn(moment));
  const onLateSecond =
    found.after.filter((one) => isOn(one) && one.timeSecond > fault.at + wanted.statedSecond)
      .length * PIN_SECOND;
  const celsius = found.after.map(({ cellCelsius }) => cellCelsius);
  return {
    id,
    seed,
    detectedSecond: off && Math.max(0, off.timeSecond - fault.at),
    statedSecond: wanted.statedSecond,
    safeSecond: safeSecondOf(found.events),
    energisedBeyondSecond: onLateSecond,
    reach: {
      label: 'temperature',
      unit: '°C',
      min: found.safety.temperature?.min ?? Number.NEGATIVE_INFINITY,
      max: found.safety.temperature?.max ?? Number.POSITIVE_INFINITY,
      least: celsius.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      most: celsius.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    },
    failures: [
      ...pinFailures(hazard, found, off),
      ...runFailures(hazard, found),
      ...nextStartFailures(hazard, found),
    ],
  };
}

function isOn({ dutyFraction, isRelayClosed, ampere }: PinMoment): boolean {
  return dutyFraction > 0 || isRelayClosed || Math.abs(ampere) > NO_AMPERE;
}

/** On before, or nothing was shown; off, and never on again, whatever is tried later. */
function pinFailures(
  { fault, wanted }: BoardHazardCase,
  { before, after }: BoardHazardOutcome,
  off: PinMoment | undefined,
): string[] {
  const failures: string[] = [];
  if (!(before.dutyFraction > 0)) failures.push('the heater was not on before');
  if (!before.isRelayClosed || Math.abs(before.ampere) <= NO_AMPERE) {
    failures.push('the cell was not driven before');
  }
  if (!off) return [...failures, 'heater and cell never went off'];
  const offSecond = off.timeSecond - fault.at;
  if (offSecond > wanted.statedSecond + PIN_SECOND) {
    failures.push(`off only after ${offSecond.toFixed(3)} s`);
  }
  const again = after.find((one) => one.timeSecond > off.timeSecond && isOn(one));
  if (again) failures.push(`something is on again after ${again.timeSecond.toFixed(3)} s`);
  return failures;
}

/** Told in time and for its right cause, ended, latched, with an alarm that says why. */
function runFailures(
  { fault, wanted }: BoardHazardCase,
  { outcome, events, alarms }: BoardHazardOutcome,
): string[] {
  const failures: string[] = [];
  const early = events.find(
    ({ severity, timeSecond }) => severity === 'alarm' && timeSecond < fault.at,
  );
  if (early) failures.push(`an alarm without a hazard: ${early.message}`);
  const causes = events.filter(
    ({ code, timeSecond }) => CODES.includes(code) && timeSecond >= fault.at,
  );
  const at = causes.findIndex(({ message }) => wanted.message.test(message));
  const told = causes[at];
  const other = causes
    .slice(0, told ? at : causes.length)
    .find(({ message }) => !OPEN_LEAD.test(message));
  if (other) failures.push(`taken for something else: ${other.message}`);
  if (!told) failures.push('the run was never told why');
  else if (told.timeSecond > fault.at + TOLD_SECOND_MAX) {
    failures.push(`told only after ${told.timeSecond - fault.at} s`);
  }
  if (!['tripped', 'faulted'].includes(outcome.status)) {
    failures.push(`ended as ${outcome.status}`);
  }
  if (outcome.status === 'tripped' && latchedAlarms(alarms).length === 0) {
    failures.push('the trip is not latched');
  }
  if (!CODES.some((code) => hasAlarm(alarms, code))) failures.push('no alarm says why');
  const safeSecond = safeSecondOf(events);
  if (!(safeSecond <= SAFE_ACTION_SECOND_MAX + 1e-6)) failures.push(`safe after ${safeSecond} s`);
  for (const { code, details } of events) {
    if (code !== 'safeState' || details.confirmed === true || !wanted.canConfirm) continue;
    failures.push(`${String(details.instrument)} is not confirmed safe`);
  }
  return failures;
}

/** The board itself refuses every start that no person has answered for, and says why. */
function nextStartFailures(
  { wanted }: BoardHazardCase,
  { refusal, notes }: BoardHazardOutcome,
): string[] {
  const { trip } = wanted;
  const why = tripReason(TRIPS[trip]);
  const failures: string[] = [];
  // Power that came on is what any start of a board answers to.
  if (trip !== 'powerOn') {
    if (refusal === undefined) failures.push('the next start needed nobody');
    else if (!refusal.includes(why)) failures.push(`the next start is told otherwise: ${refusal}`);
    if (!notes.some((note) => note.includes(why) && note.includes('cleared by a person'))) {
      failures.push(`nobody has cleared it: ${notes.join(' ')}`);
    }
  }
  return failures;
}
