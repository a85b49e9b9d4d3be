import type { Cell } from '../domain/cell.ts';
import { Fault } from '../domain/fault.ts';
import type { Given } from '../domain/scorecard.ts';
import { type Dimension, expectedQuantity, parseQuantity } from '../domain/units.ts';
import type { RunTrace } from './cycling-trace.ts';

/**
 * What the simulated cell was given for a figure, in the held unit of its dimension; undefined
 * for a cell that is not simulated.
 * @throws Fault badInput when the cell file lacks what the scorecard refers to
 */
export function givenValue(
  given: Given,
  {
    cell,
    trace,
    dimension,
  }: {
    readonly cell: Cell;
    /** Of the run: parts of a cell grow as it is used. */
    readonly trace: RunTrace;
    readonly dimension: Dimension;
  },
): number | undefined {
  const { simulation } = cell;
  if (!simulation) return undefined;
  if (typeof given === 'string') return quantityAt(simulation, given, dimension);
  const sum = given.sum.reduce(
    (total, path) => total + quantityAt(simulation, path, given.dimension),
    given.electrolyte ? electrolyteOhm(simulation, cell.area) : 0,
  );
  const growth = given.grown ? growthOf(given.grown, given.dimension, simulation, trace) : 0;
  const current = given.atCurrent === undefined ? 1 : currentOf(given.atCurrent, cell);
  const over =
    given.overCurrentDensity === undefined
      ? 1
      : literal(given.overCurrentDensity, 'currentDensity', 'overCurrentDensity');
  const value = ((sum + growth) * given.factor * current) / over;
  return given.complement ? 1 - value : value;
}

type Grown = NonNullable<Exclude<Given, string>['grown']>;

function growthOf(
  { path, by, share, overCycles, beforeStep }: Grown,
  dimension: Dimension,
  simulation: object,
  trace: RunTrace,
): number {
  const whole = quantityAt(simulation, path, dimension) * shareAt(simulation, by);
  if (overCycles === undefined) return whole * (share ?? 1);
  const cycles = equivalentCycles(trace, simulation, beforeStep);
  return (whole * cycles) / shareAt(simulation, overCycles);
}

/**
 * Cycles done before a step, as a simulated cell counts them: by the charge that has passed, and
 * as its capacity fades each cycle passes less of it, dN = dq Q(0) / (2 q_cycle Q(N)).
 */
function equivalentCycles(
  trace: RunTrace,
  simulation: object,
  beforeStep: string | undefined,
): number {
  const cycleCharge = quantityAt(simulation, 'cycling.cycleCharge', 'charge');
  const untilSecond =
    beforeStep === undefined
      ? Number.POSITIVE_INFINITY
      : trace.steps.find(({ name }) => name === beforeStep)?.startSecond;
  if (untilSecond === undefined) return Number.NaN;
  const even = throughput(trace, untilSecond) / (2 * cycleCharge);
  const hasFade = valueAt(simulation, ['cycling', 'fade']) !== undefined;
  if (!hasFade) return even;
  const perCycle =
    shareAt(simulation, 'cycling.fade.share') / shareAt(simulation, 'cycling.fade.cycles');
  return (1 - Math.sqrt(1 - 2 * perCycle * even)) / perCycle;
}

/** Charge passed in either direction, C. */
function throughput({ electrical }: RunTrace, untilSecond: number): number {
  const { timeSecond, currentAmpere } = electrical;
  let coulomb = 0;
  for (let at = 1; at < timeSecond.length; at += 1) {
    const second = timeSecond[at] ?? 0;
    if (second > untilSecond) break;
    // The current of a reading has flowed since the one before it.
    coulomb += Math.abs(currentAmpere[at] ?? 0) * (second - (timeSecond[at - 1] ?? 0));
  }
  return coulomb;
}

/** Thickness over conductivity and area, at the temperature the conductivity is given at. */
function electrolyteOhm(simulation: object, areaSquareMetre: number): number {
  const thickness = quantityAt(simulation, 'electrolyte.thickness', 'length');
  const conductivity = quantityAt(simulation, 'electrolyte.conductivity', 'conductivity');
  return thickness / (conductivity * areaSquareMetre);
}

function currentOf(text: string, cell: Cell): number {
  const absolute = parseQuantity(text, 'current');
  return absolute ?? literal(text, 'currentDensity', 'atCurrent') * cell.area;
}

/** A ratio may be written as a plain number. */
function shareAt(simulation: object, path: string): number {
  return quantityAt(simulation, path, 'ratio');
}

function quantityAt(simulation: object, path: string, dimension: Dimension): number {
  const found = valueAt(simulation, path.split('.'));
  if (dimension === 'ratio' && typeof found === 'number') return found;
  const value = typeof found === 'string' ? parseQuantity(found, dimension) : undefined;
  if (value !== undefined) return value;
  throw new Fault('badInput', {
    where: `simulation.${path} of the cell file`,
    message:
      found === undefined
        ? 'is not there, and the scorecard compares a figure with it'
        : `${JSON.stringify(found)} is not understood: ${expectedQuantity(dimension)}`,
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return valueAt((value as Readonly<Record<string, unknown>>)[key], rest);
}

/** @throws Fault badInput for a quantity of the scorecard that is not understood */
export function literal(text: string, dimension: Dimension, where: string): number {
  const value = parseQuantity(text, dimension);
  if (value !== undefined) return value;
  throw new Fault('badInput', {
    where: `${where} of the scorecard`,
    message: `"${text}" is not understood: ${expectedQuantity(dimension)}`,
  });
}
