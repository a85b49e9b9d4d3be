import { derivedDimension } from '../domain/derived-quantity.ts';
import { conditionKind } from '../domain/recipe-conditions.ts';
import type { Comparison } from '../domain/recipe-values.ts';
import { UNITS } from '../domain/units.ts';
import type { PlannedCondition } from './plan.ts';

/** "90 s", "30 min", "6 h", "1 h 12 min": a length of time as people say it. */
export function spokenTime(seconds: number): string {
  const isWholeMinutes = seconds % 60 === 0;
  if (seconds < 120 || (seconds < 600 && !isWholeMinutes)) return `${trimmed(seconds)} s`;
  if (seconds < 3600 && !isWholeMinutes) return `${trimmed(seconds / 60, 1)} min`;
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
];

/** "628 µA", "3 MHz": a value with the prefix that keeps it short. */
export function spokenValue(value: number, unit: string): string {
  const size = Math.abs(value);
  // The slack keeps 200 kHz from reading "0.2 MHz" when it comes from a product of floats.
  const prefix = PREFIXES.find(([factor]) => size >= factor * (1 - 1e-9));
  if (!prefix || size === 0) return `${trimmed(value)} ${unit}`;
  return `${trimmed(value / prefix[0])} ${prefix[1]}${unit}`;
}

/** `time: 10 min`, `voltage: > 0.5 V`, `event: short`: what ended a step. */
export function describeCondition(condition: PlannedCondition): string {
  if ('all' in condition) return condition.all.map(describeCondition).join(' and ');
  if ('any' in condition) return condition.any.map(describeCondition).join(' or ');
  if ('time' in condition) return `time: ${spokenTime(condition.time)}`;
  if ('event' in condition) return `event: ${condition.event}`;
  if ('charge' in condition) return `charge: ${spokenValue(condition.charge.coulomb, 'C')}`;
  if ('voltage' in condition) return `voltage: ${compared(condition.voltage, 'V')}`;
  if ('current' in condition) return `current: ${compared(condition.current, 'A')}`;
  if ('temperature' in condition) return `temperature: ${compared(condition.temperature, '°C')}`;
  if ('pressure' in condition) return `pressure: ${compared(condition.pressure, 'Pa')}`;
  if ('voltageRate' in condition) return `voltageRate: ${compared(condition.voltageRate, 'V/s')}`;
  const { name, above, value } = condition.derived;
  return `derived: ${name} ${above ? '>' : '<'} ${spokenDerived(name, value)}`;
}

/** "500 Ω", "1.39 Å": with the largest of its units that keeps it above 1. */
function spokenDerived(name: string, value: number): string {
  const dimension = derivedDimension(name);
  if (dimension === undefined) return String(value);
  const units: readonly (readonly [string, number])[] = Object.entries(UNITS[dimension]);
  const size = Math.abs(value) * (1 + 1e-9);
  const bySize = units.toSorted(([, a], [, b]) => b - a);
  const [unit, factor] = bySize.find(([, one]) => one <= size) ?? bySize.at(-1) ?? ['', 1];
  return `${Number((value / factor).toPrecision(6))} ${unit}`;
}

/** What a branch calls the end of a step: the condition's own name, its event or its kind. */
export function endName(condition: PlannedCondition): string {
  if (condition.as !== undefined) return condition.as;
  return 'event' in condition ? condition.event : conditionKind(condition);
}

function compared({ above, value }: Comparison, unit: string): string {
  const isPlain = unit === '°C' || unit === 'V';
  const text = isPlain ? `${trimmed(value)} ${unit}` : spokenValue(value, unit);
  return `${above ? '>' : '<'} ${text}`;
}

function trimmed(value: number, decimals = 3): string {
  const size = Math.abs(value);
  return size !== 0 && size < 10 ** -decimals
    ? value.toExponential(2)
    : String(Number(value.toFixed(decimals)));
}
