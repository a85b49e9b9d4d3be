import type { Circuit } from '../domain/circuit.ts';
import { Fault, type Problem } from '../domain/fault.ts';
import type { SearchLimits } from '../kernels/impedance-kernel.ts';
import { isOfExponent } from './impedance-scaling.ts';

/** What a person demands of single parameters, by name (`R1`, `CPE1.n`) and in their own units. */
export interface ParameterLimits {
  readonly fixed?: Readonly<Record<string, number>>;
  readonly bounds?: Readonly<Record<string, { readonly lower?: number; readonly upper?: number }>>;
}

/** @throws Fault badInput naming every limit that is not one */
export function checkLimits(circuit: Circuit, limits: ParameterLimits): void {
  const names = circuit.parameters.map(({ name }) => name);
  const problems: Problem[] = [];
  const check = (name: string, where: string, values: readonly (number | undefined)[]): void => {
    const parameter = circuit.parameters.find((candidate) => candidate.name === name);
    if (!parameter) {
      const message = `${circuit.text} has no parameter of that name; expected one of ${names.join(', ')}`;
      problems.push({ where, message });
      return;
    }
    const most = parameter.scale === 'exponent' ? parameter.exponentMax : Number.MAX_VALUE;
    for (const value of values) {
      if (value === undefined || (value > 0 && value <= most)) continue;
      const expected = parameter.scale === 'exponent' ? `a number up to ${most}` : 'a number';
      problems.push({ where, message: `${value}; expected ${expected} greater than 0` });
    }
  };
  for (const [name, value] of Object.entries(limits.fixed ?? {}))
    check(name, `fixed ${name}`, [value]);
  for (const [name, { lower, upper }] of Object.entries(limits.bounds ?? {})) {
    check(name, `bounds of ${name}`, [lower, upper]);
    if (lower !== undefined && upper !== undefined && !(lower < upper)) {
      const message = `lower ${lower}, upper ${upper}; expected lower < upper, or fix the parameter`;
      problems.push({ where: `bounds of ${name}`, message });
    }
  }
  if (problems.length > 0) throw new Fault('badInput', problems);
}

/** True when a limit concerns a quantity whose unit depends on an exponent. */
export function limitsExponentUnits(circuit: Circuit, limits: ParameterLimits): boolean {
  return circuit.parameters.some(
    ({ name, unit }) => isOfExponent(unit) && (limits.fixed?.[name] ?? limits.bounds?.[name]),
  );
}

/** True for each parameter that is fixed. */
export function fixedFlags(circuit: Circuit, limits: ParameterLimits): readonly boolean[] {
  return circuit.parameters.map(({ name }) => limits.fixed?.[name] !== undefined);
}

/**
 * The search's limits with the demanded ones in their place, in scaled theta.
 * @param toScaled from theta in SI units
 */
export function applyLimits(
  circuit: Circuit,
  base: SearchLimits,
  limits: ParameterLimits,
  toScaled: (theta: ArrayLike<number>) => Float64Array,
): SearchLimits {
  if (!limits.fixed && !limits.bounds) return base;
  const side = (values: Float64Array, of: (name: string) => number | undefined): Float64Array => {
    // Parameters without a limit pass through the scaling as 0 and are not looked at again.
    const theta = circuit.parameters.map(({ name, scale }) => {
      const value = of(name);
      if (value === undefined) return 0;
      return scale === 'log' ? Math.log(value) : value;
    });
    const scaled = toScaled(theta);
    return values.map((value, p) =>
      of(circuit.parameters[p]?.name ?? '') === undefined ? value : (scaled[p] ?? value),
    );
  };
  const { fixed = {}, bounds = {} } = limits;
  return {
    ...base,
    lower: side(base.lower, (name) => fixed[name] ?? bounds[name]?.lower),
    upper: side(base.upper, (name) => fixed[name] ?? bounds[name]?.upper),
  };
}
