import type { CyclicVoltammetry, LinearSweep } from '../domain/technique.ts';
import type { PlannedLinearSweep, PlannedVoltammetry } from './plan.ts';
import { spokenValue } from './wording.ts';

/** A step that moves the potential at a rate and records the current. */
export type PlannedPotentialSweep = PlannedVoltammetry | PlannedLinearSweep;
export type PotentialSweep = CyclicVoltammetry | LinearSweep;

/** Points of one sweep from end to end, unless the recipe says how far apart they are. */
export const POINTS_PER_SWEEP = 500;

/**
 * The host ends a sweep with the first point past the limit of the recipe. The instrument gets a
 * limit above it: one that it meets is an overload, which says nothing of the cell.
 */
const INSTRUMENT_LIMIT = 2;

/** What the instrument is asked for. @param currentAmpereMax of the recipe's safety */
export function sweepTechnique(
  step: PlannedPotentialSweep,
  startVolt: number,
  {
    currentAmpereMax,
    everySecondMin,
  }: { readonly currentAmpereMax: number; readonly everySecondMin: number },
): PotentialSweep {
  const { rateVoltPerSecond } = step;
  // An instrument that does not read so often gets fewer points.
  const stepOf = (spanVolt: number): number =>
    Math.max(spanVolt / POINTS_PER_SWEEP, rateVoltPerSecond * everySecondMin);
  if (step.kind === 'cyclicVoltammetry') {
    const { kind, verticesVolt, cycles } = step;
    const stepVolt = stepOf(Math.abs(verticesVolt[0] - verticesVolt[1]));
    return {
      ...{ kind, startVolt, verticesVolt, rateVoltPerSecond, cycles, stepVolt },
      currentAmpereMax,
    };
  }
  const { kind, endVolt, limitAmpere } = step;
  return {
    ...{ kind, startVolt, endVolt, rateVoltPerSecond },
    stepVolt: step.stepVolt ?? stepOf(Math.abs(endVolt - startVolt)),
    currentAmpereMax: Math.min(currentAmpereMax, INSTRUMENT_LIMIT * (limitAmpere ?? Infinity)),
  };
}

/** How far the potential moves at the least, V. */
export function sweptVolt(sweep: PotentialSweep): number {
  const { startVolt } = sweep;
  if (sweep.kind === 'linearSweep') return Math.abs(sweep.endVolt - startVolt);
  const [first, second] = sweep.verticesVolt;
  // From the start to the first vertex, to and fro, from the second to the start.
  const betweenVolt = (2 * sweep.cycles - 1) * Math.abs(first - second);
  return Math.abs(first - startVolt) + betweenVolt + Math.abs(second - startVolt);
}

/** "2 cycles from 0 V to 0.3 V and -0.3 V". */
export function describeSweep(sweep: PotentialSweep): string {
  const from = `from ${spokenValue(sweep.startVolt, 'V')}`;
  if (sweep.kind === 'linearSweep') return `a sweep ${from} to ${spokenValue(sweep.endVolt, 'V')}`;
  const [first, second] = sweep.verticesVolt.map((volt) => spokenValue(volt, 'V'));
  return `${sweep.cycles} cycles ${from} to ${first} and ${second}`;
}

/** What records and people call one of these, whole or cut off. */
export function sweepPhase({ kind }: { readonly kind: PotentialSweep['kind'] }): string {
  return kind === 'linearSweep' ? 'sweep' : 'voltammogram';
}
