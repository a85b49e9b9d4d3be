import type { EfficiencyConvention } from '../domain/cell.ts';
import type { Cycle, HalfCycle } from '../domain/cycling.ts';
import {
  type ElectricalSeries,
  type RunTrace,
  type StepSpan,
  seriesWithin,
} from './cycling-trace.ts';

/** Steps that pass a charge one way; a voltammogram goes both ways within one step. */
const ONE_WAY = new Set([
  'constantCurrent',
  'constantVoltage',
  'constantCurrentConstantVoltage',
  'gitt',
]);
/** Less charge than this share of the largest of a run is leakage, no half cycle. */
const CHARGE_SHARE_MIN = 1e-3;

/**
 * The half cycles of a run: the charge is counted step by step, because counters of many cyclers
 * restart at each step, and steps in the same direction belong together whatever lies between.
 */
export function findHalfCycles(
  trace: RunTrace,
  takes: (step: StepSpan) => boolean = () => true,
): readonly HalfCycle[] {
  const steps = trace.steps.filter((step) => ONE_WAY.has(step.technique) && takes(step));
  const largest = steps.reduce(
    (most, { chargeCoulomb }) => Math.max(most, Math.abs(chargeCoulomb)),
    0,
  );
  const groups: StepSpan[][] = [];
  for (const step of steps) {
    if (Math.abs(step.chargeCoulomb) <= CHARGE_SHARE_MIN * largest) continue;
    const group = groups.at(-1);
    const isSame =
      group && Math.sign(group[0]?.chargeCoulomb ?? 0) === Math.sign(step.chargeCoulomb);
    if (isSame) group.push(step);
    else groups.push([step]);
  }
  return groups.map((group) => halfCycleOf(trace.electrical, group));
}

function halfCycleOf(electrical: ElectricalSeries, steps: readonly StepSpan[]): HalfCycle {
  const chargeCoulomb = steps.reduce((total, step) => total + step.chargeCoulomb, 0);
  return {
    direction: chargeCoulomb > 0 ? 'charge' : 'discharge',
    startSecond: steps[0]?.startSecond ?? Number.NaN,
    stopSecond: steps.at(-1)?.stopSecond ?? Number.NaN,
    chargeCoulomb: Math.abs(chargeCoulomb),
    meanVolt: meanVolt(steps.map((step) => seriesWithin(electrical, step))),
    steps: steps.map(({ name }) => name),
  };
}

/** Mean voltage over the charge, by trapezoids: ∫ V I dt / ∫ I dt. */
function meanVolt(series: readonly ElectricalSeries[]): number | null {
  let energy = 0;
  let charge = 0;
  for (const { timeSecond, voltageVolt, currentAmpere } of series) {
    for (let at = 1; at < timeSecond.length; at += 1) {
      const second = (timeSecond[at] ?? 0) - (timeSecond[at - 1] ?? 0);
      const ampere = ((currentAmpere[at] ?? 0) + (currentAmpere[at - 1] ?? 0)) / 2;
      charge += ampere * second;
      energy += ampere * second * (((voltageVolt[at] ?? 0) + (voltageVolt[at - 1] ?? 0)) / 2);
    }
  }
  return charge === 0 ? null : energy / charge;
}

/**
 * Pairs of half cycles. With `dischargeOverCharge` a cycle is a charge and the discharge after
 * it; with `chargeOverDischarge` a discharge and the charge after it. A half cycle without its
 * partner belongs to no cycle.
 * @param referenceCycle number of the cycle that retention refers to, from 1
 */
export function cyclesOf(
  halves: readonly HalfCycle[],
  {
    convention,
    referenceCycle = 1,
  }: {
    readonly convention: EfficiencyConvention;
    readonly referenceCycle?: number;
  },
): readonly Cycle[] {
  const firstDirection = convention === 'dischargeOverCharge' ? 'charge' : 'discharge';
  const pairs: { readonly charge: HalfCycle; readonly discharge: HalfCycle }[] = [];
  for (const [at, first] of halves.entries()) {
    const second = halves[at + 1];
    if (first.direction !== firstDirection || !second || second.direction === firstDirection)
      continue;
    pairs.push(
      firstDirection === 'charge'
        ? { charge: first, discharge: second }
        : { charge: second, discharge: first },
    );
  }
  const reference = pairs[referenceCycle - 1]?.discharge.chargeCoulomb ?? Number.NaN;
  return pairs.map(({ charge, discharge }, at) => ({
    number: at + 1,
    charge,
    discharge,
    coulombicEfficiency: efficiencyOf(charge, discharge, convention),
    hysteresisVolt:
      charge.meanVolt === null || discharge.meanVolt === null
        ? null
        : charge.meanVolt - discharge.meanVolt,
    retention: discharge.chargeCoulomb / reference,
  }));
}

function efficiencyOf(
  charge: HalfCycle,
  discharge: HalfCycle,
  convention: EfficiencyConvention,
): number {
  const ratio = discharge.chargeCoulomb / charge.chargeCoulomb;
  return convention === 'dischargeOverCharge' ? ratio : 1 / ratio;
}
