import type { Circuit } from '../../domain/circuit.ts';
import type { CircuitFit } from '../../domain/circuit-fit.ts';
import { Fault } from '../../domain/fault.ts';

/** `R1`, or `R1+R2` for the two in series. */
export interface ResistanceSum {
  readonly text: string;
  readonly names: readonly string[];
}

/** @throws Fault badInput naming what is no resistance of the circuit */
export function resistanceSum(circuit: Circuit, text: string): ResistanceSum {
  const names = text.split('+').map((name) => name.trim());
  const known = circuit.parameters.filter(({ unit }) => unit === 'ohm').map(({ name }) => name);
  const wrong = names.filter((name) => !known.includes(name));
  if (wrong.length === 0 && new Set(names).size === names.length) return { text, names };
  const message = `"${text}" is not understood; ${circuit.text} has the resistances ${known.join(', ')}, each once, joined by "+"`;
  throw new Fault('badInput', { where: '--parameter', message });
}

/** Its value with one standard error; undefined when the data do not determine it. */
export function resistanceOf(
  { names }: ResistanceSum,
  { parameters, diagnostics }: CircuitFit,
): { readonly resistanceOhm: number; readonly standardErrorOhm: number } | undefined {
  const parts = names.map((name) => parameters.find((one) => one.name === name));
  let resistanceOhm = 0;
  let variance = 0;
  for (const [row, part] of parts.entries()) {
    if (!part || part.standardError === null) return undefined;
    resistanceOhm += part.value;
    variance += part.standardError ** 2;
    for (const other of parts.slice(row + 1)) {
      const r = correlationOf(diagnostics, part.name, other?.name ?? '');
      variance += 2 * r * part.standardError * (other?.standardError ?? 0);
    }
  }
  return { resistanceOhm, standardErrorOhm: Math.sqrt(Math.max(variance, 0)) };
}

/** 0 for parameters that are not free: their errors go with no other. */
function correlationOf(diagnostics: CircuitFit['diagnostics'], one: string, other: string): number {
  const row = diagnostics?.correlated.indexOf(one) ?? -1;
  const column = diagnostics?.correlated.indexOf(other) ?? -1;
  return row < 0 || column < 0 ? 0 : (diagnostics?.correlation[row]?.[column] ?? 0);
}
