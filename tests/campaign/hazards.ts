import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { latchedAlarms } from '../../src/domain/alarm.ts';
import { SAFE_ACTION_SECOND_MAX } from '../../src/run/safe-state.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { BOARD_HAZARD_ROWS } from './board-hazard-cases.ts';
import { tryBoardHazard } from './board-hazards.ts';
import { HAZARD_ROWS, type HazardCase, type Quantity, WITNESS_SECOND } from './hazard-cases.ts';
import { type HazardTrial, hasAlarm, NO_AMPERE, type Reach, safeSecondOf } from './hazard-judge.ts';
import { type HazardOutcome, type RunEvent, runHazard, type TruthMoment } from './hazard-rig.ts';

export const name = 'hazards';
export const about =
  'every row of the hazard table played on the whole simulated rig or on the real firmware of the operando board, beside a witness who knows the true state of cell, oven and pins';

/** The bimetal switch in the supply of the oven opens there, °C; the cell goes on by so much. */
const CUT_OUT_CELSIUS = 100;
/** A reading that is due with the end of the time takes some milliseconds to arrive. */
const ROUNDING_SECOND = 0.1;
const LATE_SHARE_MAX = 0.05;

/** The ids of the table of docs/safety.md, in its order, with the times that it states. */
export function statedTimes(): ReadonlyMap<string, string> {
  const page = readFileSync(join(REPOSITORY, 'docs', 'safety.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| H\d+ \|/.test(line));
  return new Map(
    rows.map((row) => {
      const cells = row.split('|').map((cell) => cell.trim());
      return [cells[1] ?? '', cells[6] ?? ''];
    }),
  );
}

/** The ids of the table of docs/safety.md, in its order. */
export function hazardIds(): readonly string[] {
  return [...statedTimes().keys()];
}

/** Whether anybody plays a row. */
function isPlayed(id: string): boolean {
  return id in HAZARD_ROWS || id in BOARD_HAZARD_ROWS;
}

/** Plays one row once. */
export async function tryHazard(id: string, seed: number): Promise<HazardTrial> {
  if (id in BOARD_HAZARD_ROWS) return tryBoardHazard(id, seed);
  const row = HAZARD_ROWS[id];
  if (!row) throw new Error(`${id} of docs/safety.md is played by nobody`);
  const hazard = row(seed);
  const found = await runHazard(hazard.run);
  const thereSecond = whenThere(hazard, found.truth);
  const detection = detectionOf(hazard, found.events);
  const detectedSecond = detection && Math.max(0, detection.timeSecond - thereSecond);
  const beyondSecond = energisedBeyondSecond(found);
  return {
    id,
    seed,
    detectedSecond,
    statedSecond: hazard.wanted.statedSecond,
    safeSecond: safeSecondOf(found.events),
    energisedBeyondSecond: beyondSecond,
    reach: reachOf(found, hazard.wanted.quantity),
    failures: [
      ...detectionFailures(hazard, found, detection),
      ...reactionFailures(hazard, found),
      ...plantFailures(hazard, found, beyondSecond),
    ],
  };
}

function whenThere({ run, wanted }: HazardCase, truth: readonly TruthMoment[]): number {
  const playedSecond = run.faults[0]?.at ?? Number.POSITIVE_INFINITY;
  const { isThere } = wanted;
  if (!isThere) return playedSecond;
  return truth.find(isThere)?.timeSecond ?? Number.POSITIVE_INFINITY;
}

function detectionOf(
  { run, wanted }: HazardCase,
  events: readonly RunEvent[],
): RunEvent | undefined {
  const playedSecond = run.faults[0]?.at ?? 0;
  return events.find(
    ({ code, message, timeSecond }) =>
      wanted.codes.includes(code) && timeSecond >= playedSecond && wanted.message.test(message),
  );
}

/** Seen, with its right cause, and nothing else before it. */
function detectionFailures(
  { run, wanted }: HazardCase,
  { events }: HazardOutcome,
  detection: RunEvent | undefined,
): string[] {
  const failures: string[] = [];
  const playedSecond = run.faults[0]?.at ?? Number.POSITIVE_INFINITY;
  const early = events.find(
    ({ severity, timeSecond }) => severity === 'alarm' && timeSecond < playedSecond,
  );
  if (early) failures.push(`an alarm without a hazard: ${early.message}`);
  if (wanted.reaction === 'nothing') {
    const any = events.find(({ severity }) => severity !== 'info');
    if (any) failures.push(`told although nothing happened: ${any.message}`);
    return failures;
  }
  if (!detection) {
    const instead = events.find(
      ({ severity, timeSecond }) => severity !== 'info' && timeSecond >= playedSecond,
    );
    failures.push(instead ? `taken for something else: ${instead.message}` : 'never seen');
  }
  return failures;
}

/** In its safe state in time, latched, with an alarm that says why. */
function reactionFailures(
  { wanted }: HazardCase,
  { outcome, events, alarms }: HazardOutcome,
): string[] {
  const { reaction } = wanted;
  const failures: string[] = [];
  if (reaction === 'news' || reaction === 'nothing' || reaction === 'alarm') {
    // A filament that empties the cell takes its voltage out of its band in the end.
    const isEmptied = reaction === 'alarm' && outcome.endedBy === 'interlock: voltage_volt';
    if (outcome.status !== 'done' && !isEmptied) {
      failures.push(`the run did not go on: ${outcome.message}`);
    }
    if (reaction === 'alarm' && !hasAlarm(alarms, 'softShort')) failures.push('no alarm stands');
    return failures;
  }
  const ends = reaction === 'trip' ? ['tripped'] : ['tripped', 'faulted'];
  if (!ends.includes(outcome.status)) failures.push(`ended as ${outcome.status}`);
  if (outcome.status === 'tripped' && latchedAlarms(alarms).length === 0) {
    failures.push('the trip is not latched');
  }
  if (!wanted.codes.some((code) => hasAlarm(alarms, code))) failures.push('no alarm says why');
  const late = safeSecondOf(events);
  if (!(late <= SAFE_ACTION_SECOND_MAX + 1e-6)) failures.push(`safe only after ${late} s`);
  for (const { details } of events.filter(({ code }) => code === 'safeState')) {
    const instrument = String(details.instrument);
    const isExpected = wanted.unconfirmed.includes(instrument) || details.confirmed === true;
    if (!isExpected) failures.push(`${instrument} is not confirmed safe`);
  }
  return failures;
}

/** A true quantity with its limits; without a limit the end is open. */
interface Watched {
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly of: (moment: TruthMoment) => number;
}

function watchedOf({ safety }: Pick<HazardOutcome, 'safety'>): Readonly<Record<Quantity, Watched>> {
  const { temperature, voltage, current, pressure } = safety;
  const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
  const limitMilli = current.max * 1e3;
  return {
    temperature: {
      label: 'temperature',
      unit: '°C',
      min: temperature?.min ?? low,
      max: temperature?.max ?? high,
      of: (moment) => moment.cellCelsius,
    },
    current: {
      label: 'current',
      unit: 'mA',
      min: -limitMilli,
      max: limitMilli,
      of: (moment) => moment.ampere * 1e3,
    },
    voltage: { label: 'voltage', unit: 'V', ...voltage, of: (moment) => moment.volt },
    pressure: {
      label: 'pressure',
      unit: 'MPa',
      min: low,
      max: (pressure?.max ?? high) / 1e6,
      of: (moment) => moment.pascal / 1e6,
    },
  };
}

/** For how long current or heat went on while something was truly beyond its limit, s. */
function energisedBeyondSecond(found: HazardOutcome): number {
  const watched = Object.values(watchedOf(found));
  return (
    found.truth.filter((moment) => {
      const isEnergised = Math.abs(moment.ampere) > NO_AMPERE || moment.dutyFraction > 0;
      return (
        isEnergised && watched.some(({ of, min, max }) => of(moment) < min || of(moment) > max)
      );
    }).length * WITNESS_SECOND
  );
}

/** How far one quantity of the plant has gone, each way. */
function reachOf(found: HazardOutcome, quantity: Quantity): Reach {
  const { of, label, unit, min, max } = watchedOf(found)[quantity];
  const values = found.truth.map(of);
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { label, unit, min, max, least, most };
}

/** Never hotter than the cut-out allows, never driven for long beyond a limit, never on again. */
function plantFailures(
  { wanted }: HazardCase,
  { truth, events }: HazardOutcome,
  energisedSecond: number,
): string[] {
  const failures: string[] = [];
  const hottest = truth.reduce((most, { cellCelsius }) => Math.max(most, cellCelsius), 0);
  if (hottest > CUT_OUT_CELSIUS) failures.push(`the cell reached ${hottest.toFixed(1)} °C`);
  const energisedMax = wanted.statedSecond + SAFE_ACTION_SECOND_MAX + WITNESS_SECOND;
  if (energisedSecond > energisedMax) {
    failures.push(`driven for ${energisedSecond} s beyond a limit`);
  }
  for (const { details, timeSecond } of events.filter(({ code }) => code === 'safeState')) {
    if (details.confirmed !== true) continue;
    const after = truth.filter((moment) => moment.timeSecond > timeSecond);
    const isOn = (moment: TruthMoment): boolean =>
      details.instrument === 'heater'
        ? moment.dutyFraction > 0
        : details.instrument === 'potentiostat' && Math.abs(moment.ampere) > NO_AMPERE;
    const again = after.find(isOn);
    if (again) failures.push(`${details.instrument} is on again after ${again.timeSecond} s`);
  }
  return failures;
}

export interface HazardFigures {
  readonly id: string;
  readonly trials: readonly HazardTrial[];
}

export interface CampaignOptions {
  readonly seed: number;
  readonly tell: (line: string) => void;
  readonly trialsPerHazard: number;
}

/** Every row so many times. A row that nobody plays has no trials. */
export async function run(options: CampaignOptions): Promise<readonly HazardFigures[]> {
  const { seed, tell, trialsPerHazard } = options;
  const all: HazardFigures[] = [];
  for (const id of hazardIds()) {
    const trials: HazardTrial[] = [];
    for (let at = 0; at < trialsPerHazard && isPlayed(id); at += 1) {
      const trial = await tryHazard(id, seed + at);
      trials.push(trial);
      for (const failure of trial.failures) tell(`${id}, seed ${trial.seed}: ${failure}`);
    }
    all.push({ id, trials });
    tell(`${id}: ${trials.length} trials`);
  }
  return all;
}

/** Whether 95 of 100 trials of a row were seen in the time that the table states. */
export function isRowInTime({ trials }: HazardFigures): boolean {
  const late = trials.filter(
    ({ detectedSecond = Number.POSITIVE_INFINITY, statedSecond }) =>
      Number.isFinite(statedSecond) && detectedSecond > statedSecond + ROUNDING_SECOND,
  );
  return trials.length > 0 && late.length <= LATE_SHARE_MAX * trials.length;
}

export const HEADINGS = [
  'hazard',
  'trials',
  'seen',
  'in time',
  '95 % after',
  'longest',
  'safe within',
  'driven beyond a limit',
  'the plant, and its limit',
] as const;

/** One row of the report. */
export function rowOf({ id, trials }: HazardFigures): readonly string[] {
  const isQuiet = trials.every(({ statedSecond }) => !Number.isFinite(statedSecond));
  const times = trials.flatMap(({ detectedSecond }) => detectedSecond ?? []).sort((a, b) => a - b);
  const inTime = trials.filter(
    ({ detectedSecond = Number.POSITIVE_INFINITY, statedSecond }) =>
      detectedSecond <= statedSecond + ROUNDING_SECOND,
  );
  const most = (of: (trial: HazardTrial) => number): string =>
    `${trials.reduce((max, trial) => Math.max(max, of(trial)), 0).toFixed(1)} s`;
  const after = (share: number): string => {
    const at = times[Math.min(times.length - 1, Math.floor(share * times.length))];
    return at === undefined ? '-' : `${at.toFixed(at < 1 ? 3 : 1)} s`;
  };
  return [
    id,
    String(trials.length),
    isQuiet ? '-' : String(times.length),
    isQuiet ? '-' : String(inTime.length),
    after(0.95),
    after(1),
    most(({ safeSecond }) => safeSecond),
    most(({ energisedBeyondSecond: second }) => second),
    reachText(trials),
  ];
}

/** The furthest of all trials; a row that is played in several ways has a part for each. */
function reachText(trials: readonly HazardTrial[]): string {
  const byLabel = new Map<string, Reach>();
  for (const { reach } of trials) {
    if (!Number.isFinite(reach.min) && !Number.isFinite(reach.max)) continue;
    // What is played with other limits is another thing.
    const key = `${reach.label} ${reach.min} ${reach.max}`;
    const before = byLabel.get(key) ?? reach;
    const least = Math.min(before.least, reach.least);
    const most = Math.max(before.most, reach.most);
    byLabel.set(key, { ...reach, least, most });
  }
  if (byLabel.size === 0) return trials.length === 0 ? 'not played' : '-';
  return Array.from(byLabel.values(), ({ label, unit, min, max, least, most }) => {
    const ends = [
      ...(Number.isFinite(max) ? [`${most.toPrecision(3)} of at most ${max} ${unit}`] : []),
      ...(Number.isFinite(min) ? [`${least.toPrecision(3)} of at least ${min} ${unit}`] : []),
    ];
    return `${label} ${ends.join(', ')}`;
  }).join('; ');
}
