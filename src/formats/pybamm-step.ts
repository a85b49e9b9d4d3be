import {
  boundingSecond,
  numberText,
  type StepDocument,
  type StepNames,
  timeText,
} from './imported-recipe.ts';

/** One string of a PyBaMM experiment: "Charge at C/3 for 2 hours or until 4.1 V (1 minute period)". */

export interface PybammStep {
  readonly step: StepDocument;
  /** What was added or left out, each as a sentence. */
  readonly losses: readonly string[];
}

const TEMPERATURE = /\boC\b|°C/;
const PERIOD = /^(.*?)\s*\(\s*(.+?)\s+period\s*\)\s*$/;
const NUMBER = '([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)';
const TIME = new RegExp(`^${NUMBER}\\s*(seconds?|sec|s|minutes?|min|m|hours?|hr|h)$`);
const ELECTRIC = new RegExp(`^${NUMBER}\\s*(mA|A|mW|W|mV|V|Ohm|ohm|C)$`);
const C_OVER = new RegExp(`^C\\s*/\\s*${NUMBER}$`);

/** PyBaMM's default between two points, experiment.py. */
const PERIOD_SECOND = 60;

type Electric =
  | { readonly kind: 'current'; readonly milliampere: number }
  | { readonly kind: 'rate'; readonly perHour: number }
  | { readonly kind: 'voltage'; readonly volt: number };

/** @returns why not, as a sentence, when there is no such step among ours */
export function pybammStep(
  text: string,
  names: StepNames,
  defaults: { readonly periodSecond?: number | undefined },
): PybammStep | string {
  if (TEMPERATURE.test(text)) return 'gives a temperature, which PyBaMM takes as a keyword only';
  const [, body = text, periodText] = PERIOD.exec(text) ?? [];
  const period = periodText === undefined ? defaults.periodSecond : pybammSeconds(periodText);
  if (periodText !== undefined && period === undefined) {
    return `"${periodText}" is no length of time`;
  }
  const losses: string[] = [];
  if (period === undefined)
    losses.push("no period given: PyBaMM's 60 s between two points is taken");
  const record = { every: timeText(period ?? PERIOD_SECOND) };
  const parts = partsOf(body.trim());
  if (typeof parts === 'string') return parts;
  const { instruction, durationSecond, termination } = parts;
  const ground = { durationSecond, termination, record, names, losses };
  const step = /^Rest$/.test(instruction) ? restStep(ground) : drivenStep(instruction, ground);
  return typeof step === 'string' ? step : { step, losses };
}

interface Ground {
  readonly durationSecond: number | undefined;
  readonly termination: string | undefined;
  readonly record: { readonly every: string };
  readonly names: StepNames;
  readonly losses: string[];
}

function partsOf(text: string) {
  const [beforeUntil = '', termination, ...more] = text.split(/\s+(?:or\s+)?until\s+/);
  if (more.length > 0) return 'says until more than once';
  const [instruction = '', duration, ...others] = beforeUntil.split(/\s+for\s+/);
  if (others.length > 0) return 'says for more than once';
  if (duration === undefined && termination === undefined) return 'needs a "for" or an "until"';
  const durationSecond = duration === undefined ? undefined : pybammSeconds(duration.trim());
  if (duration !== undefined && !(durationSecond !== undefined && durationSecond > 0)) {
    return `"${duration}" is no length of time`;
  }
  return { instruction: instruction.trim(), durationSecond, termination: termination?.trim() };
}

function restStep({ durationSecond, termination, record, names }: Ground): StepDocument | string {
  if (durationSecond === undefined) return 'a rest needs its time: "Rest for 1 hour"';
  const ends: object[] = [{ time: timeText(durationSecond) }];
  if (termination !== undefined) {
    const end = terminationOf(termination, undefined);
    if (typeof end === 'string') return end;
    if (!('voltage' in end)) return 'a rest has no current that could end it';
    ends.unshift(end);
  }
  return { name: names.next('rest'), technique: 'openCircuit', record, until: { any: ends } };
}

function drivenStep(instruction: string, ground: Ground): StepDocument | string {
  const [, verb, valueText = ''] = /^(Charge|Discharge|Hold)\s+at\s+(.+)$/.exec(instruction) ?? [];
  if (verb === undefined) {
    return `"${instruction}" is none of Charge at, Discharge at, Hold at, Rest`;
  }
  const value = electric(valueText.trim());
  if (typeof value === 'string') return value;
  if (verb === 'Hold') return holdStep(value, ground);
  if (value.kind === 'voltage') return `${verb} at a voltage: write Hold at ${valueText}`;
  return currentStep(verb === 'Charge' ? 1 : -1, value, ground);
}

/**
 * PyBaMM counts a discharge positive, and makes the value of "Charge at" negative itself; ours
 * charges the cell with a positive current. The one place where the sign is turned.
 */
function currentStep(
  chargeSign: 1 | -1,
  value: Exclude<Electric, { kind: 'voltage' }>,
  { durationSecond, termination, record, names, losses }: Ground,
): StepDocument | string {
  const size = value.kind === 'rate' ? value.perHour : value.milliampere;
  if (size === 0) return 'a current of 0 is a rest';
  const signed = chargeSign * size;
  const isCharge = signed > 0;
  const ends: object[] = [];
  if (termination !== undefined) {
    const end = terminationOf(termination, isCharge);
    if (typeof end === 'string') return end;
    if (!('voltage' in end)) return 'a constant current never ends on a current';
    ends.push(end);
  }
  const perHour = value.kind === 'rate' ? value.perHour : undefined;
  ends.push({ time: timeText(boundedBy(durationSecond, boundingSecond(perHour), losses)) });
  return {
    name: names.next(isCharge ? 'charge' : 'discharge'),
    technique: 'constantCurrent',
    current: value.kind === 'rate' ? `${numberText(signed)} C` : `${numberText(signed)} mA`,
    record,
    until: { any: ends },
  };
}

function holdStep(
  value: Electric,
  { durationSecond, termination, record, names, losses }: Ground,
): StepDocument | string {
  if (value.kind !== 'voltage') return 'only a voltage can be held';
  const ends: object[] = [];
  if (termination !== undefined) {
    const end = terminationOf(termination, true);
    if (typeof end === 'string') return end;
    if (!('current' in end)) return 'a held voltage ends on a time or a current';
    ends.push(end);
  }
  ends.push({ time: timeText(boundedBy(durationSecond, boundingSecond(undefined), losses)) });
  return {
    name: names.next('hold'),
    technique: 'constantVoltage',
    voltage: `${numberText(value.volt)} V`,
    record,
    until: { any: ends },
  };
}

function boundedBy(given: number | undefined, bound: number, losses: string[]): number {
  if (given !== undefined) return given;
  losses.push(`no time given: ended after ${timeText(bound)} at the latest, as PyBaMM does`);
  return bound;
}

/** @param isCharge gives a voltage its side where the text does not; undefined: neither does */
function terminationOf(text: string, isCharge: boolean | undefined): object | string {
  const [, sign, valueText = ''] = /^([<>]?)\s*(.+)$/.exec(text) ?? [];
  const value = electric(valueText);
  if (typeof value === 'string') return value;
  if (value.kind === 'voltage') {
    const side = sign || (isCharge === undefined ? '' : isCharge ? '>' : '<');
    if (side === '') return `"${text}" does not say from which side: write < or > before it`;
    return { voltage: `${side} ${numberText(value.volt)} V` };
  }
  // PyBaMM compares the size of the current, and a held voltage lets it fall.
  const size =
    value.kind === 'rate'
      ? `${numberText(Math.abs(value.perHour))} C`
      : `${numberText(Math.abs(value.milliampere))} mA`;
  return { current: `${sign || '<'} ${size}` };
}

function electric(text: string): Electric | string {
  const over = C_OVER.exec(text);
  if (over || text === 'C') {
    const hours = Number(over?.[1] ?? 1);
    return hours === 0 ? `"${text}" divides by 0` : { kind: 'rate', perHour: 1 / hours };
  }
  const [, number, unit] = ELECTRIC.exec(text) ?? [];
  const value = Number(number);
  switch (unit) {
    case 'A':
      return { kind: 'current', milliampere: value * 1000 };
    case 'mA':
      return { kind: 'current', milliampere: value };
    case 'V':
      return { kind: 'voltage', volt: value };
    case 'mV':
      return { kind: 'voltage', volt: value / 1000 };
    case 'C':
      return { kind: 'rate', perHour: value };
    case undefined:
      return `"${text}" is not understood: expected a value in A, mA, V, mV, C or C/n`;
    default:
      return `constant ${unit.endsWith('W') ? 'power' : 'resistance'} (${text}) is no technique of a recipe`;
  }
}

/** Reads "2 hours", "30 sec". @returns undefined when it is no length of time */
export function pybammSeconds(text: string): number | undefined {
  const [, number, unit = ''] = TIME.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const size = unit.startsWith('h') ? 3600 : unit.startsWith('m') ? 60 : 1;
  return Number(number) * size;
}
