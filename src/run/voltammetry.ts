import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { Bench } from './bench.ts';
import { flow } from './electrical-flow.ts';
import { readMeasurement } from './measurement.ts';
import { PartsDone } from './parts-done.ts';
import {
  describeSweep,
  type PlannedPotentialSweep,
  type PotentialSweep,
  sweepPhase,
  sweepTechnique,
  sweptVolt,
} from './potential-sweep.ts';
import { COMPLETE, type StepEnd } from './step-end.ts';
import type { CarriedStep } from './step-facts.ts';
import { spokenTime, spokenValue } from './wording.ts';

/** A potentiostat silent for longer than this in a sweep counts as lost. */
const READING_SILENCE_SECOND = 60;
const READING_SILENCE_POINTS = 20;
/** Ending by so much of its time too soon is rounding, not trouble. */
const EARLY_SHARE = 0.02;
/** The open-circuit potential is measured for so long when the sweep begins there. */
const OPEN_CIRCUIT_SECOND = 5;

/**
 * Sweeps the potential, to and fro between two vertices or once to an end, and records the current.
 * Cut off by a suspension, or by the end of the software, it begins again: half a sweep says nothing
 * of the other half. Its time is written down either way, with whether it is whole.
 * @param carried whether it is whole, for a step that is resumed
 * @throws Fault of the potentiostat, of its silence, or when it ends too soon
 */
export async function runVoltammetry(
  bench: Bench,
  step: PlannedPotentialSweep,
  { memory }: CarriedStep,
): Promise<StepEnd> {
  const { signal, suspension } = bench;
  const done = new PartsDone(memory?.partsDone);
  let hasMetLimit = memory?.metIndex !== undefined;
  bench.remembers(() => ({ partsDone: done.count, ...(hasMetLimit && { metIndex: 0 }) }));
  let number = 0;
  if (done.count === 0) {
    await suspension.whole(signal, (own) => {
      number += 1;
      const onWhole = (by: SweepEnd): void => {
        hasMetLimit = by === 'limit';
        done.add();
      };
      return sweepOnce(bench, step, { signal: own.signal, number, onWhole });
    });
  }
  return endOfSweep(step, hasMetLimit);
}

/** What has ended a sweep: its last point, the limit of the current that the recipe gives it, or us. */
type SweepEnd = 'last point' | 'limit' | 'aborted';

function endOfSweep(step: PlannedPotentialSweep, hasMetLimit: boolean): StepEnd {
  if (step.kind === 'cyclicVoltammetry') {
    return { endedBy: `${step.cycles} cycles`, end: 'complete' };
  }
  if (!hasMetLimit || step.limitAmpere === undefined) return COMPLETE;
  return { endedBy: `limit: ${spokenValue(step.limitAmpere, 'A')}`, end: 'limit' };
}

async function sweepOnce(
  bench: Bench,
  step: PlannedPotentialSweep,
  {
    signal,
    number,
    onWhole,
  }: {
    readonly signal: AbortSignal;
    readonly number: number;
    readonly onWhole: (by: SweepEnd) => void;
  },
): Promise<void> {
  const { charge, clock, journal } = bench;
  const startVolt = step.startVolt ?? (await openCircuitVolt(bench, signal));
  const technique = sweepTechnique(step, startVolt, {
    currentAmpereMax: bench.safety.current.max,
    everySecondMin: bench.instruments.potentiostat.capability.sampleEverySecondMin,
  });
  const phase = sweepPhase(step);
  journal.event({
    code: 'setPoint',
    severity: 'info',
    message: `${step.name}: ${describeSweep(technique)}.`,
    details: { start_voltage_volt: startVolt, rate_volt_per_second: step.rateVoltPerSecond },
  });
  const startSecond = clock.nowSecond();
  charge.forget(startSecond);
  const startChargeCoulomb = charge.chargeCoulomb;
  const span = { number, startSecond, startChargeCoulomb };
  const closes = bench.opened(() => ({
    ...{ kind: 'phase', step: step.name, phase, currentAmpere: null },
    ...span,
  }));
  let end: SweepEnd = 'aborted';
  try {
    end = await readSweep(bench, technique, { signal, limitAmpere: limitOf(step), startSecond });
  } finally {
    charge.switchTo({ timeSecond: clock.nowSecond(), currentAmpere: 0 });
    closes();
  }
  if (end !== 'aborted') onWhole(end);
  tellPhase(bench, step.name, { ...span, phase, isWhole: end !== 'aborted' });
}

/** Of the recipe, beside its safety. */
function limitOf(step: PlannedPotentialSweep): number {
  const none = Number.POSITIVE_INFINITY;
  return step.kind === 'linearSweep' ? (step.limitAmpere ?? none) : none;
}

function tellPhase(
  { charge, clock, journal }: Bench,
  stepName: string,
  span: {
    readonly phase: string;
    readonly number: number;
    readonly startSecond: number;
    readonly startChargeCoulomb: number;
    readonly isWhole: boolean;
  },
): void {
  const { phase, number, startSecond, startChargeCoulomb, isWhole } = span;
  journal.event({
    code: 'phase',
    severity: 'info',
    message: `${stepName}: ${phase} ${number} has ended${isWhole ? '' : ' early'}.`,
    details: {
      phase,
      number,
      start_second: startSecond,
      stop_second: clock.nowSecond(),
      current_ampere: null,
      start_charge_coulomb: startChargeCoulomb,
      stop_charge_coulomb: charge.chargeCoulomb,
      whole: isWhole,
    },
  });
}

async function readSweep(
  bench: Bench,
  technique: PotentialSweep,
  {
    signal,
    limitAmpere,
    startSecond,
  }: {
    readonly signal: AbortSignal;
    readonly limitAmpere: number;
    readonly startSecond: number;
  },
): Promise<SweepEnd> {
  const { clock, instruments, intake } = bench;
  const { potentiostat } = instruments;
  const pointSecond = technique.stepVolt / technique.rateVoltPerSecond;
  const atLimit = new AbortController();
  const both = AbortSignal.any([signal, atLimit.signal]);
  await readMeasurement<Reading>({
    stream: potentiostat.measure(technique, both),
    signal: both,
    clock,
    instrument: potentiostat.info.id,
    silenceSecondMax: Math.max(READING_SILENCE_SECOND, READING_SILENCE_POINTS * pointSecond),
    onSilence: (silentSecond) =>
      new Fault('timeout', {
        where: potentiostat.info.id,
        message: `no reading for ${Math.round(silentSecond)} s in the middle of a ${sweepPhase(technique)}`,
      }),
    onValue: (reading) => {
      if (reading.kind !== 'electrical') return;
      intake.acceptElectrical(reading);
      if (Math.abs(reading.currentAmpere) >= limitAmpere) atLimit.abort();
    },
  });
  if (signal.aborted) return 'aborted';
  if (atLimit.signal.aborted) return 'limit';
  checkEnd(bench, technique, startSecond);
  return 'last point';
}

/** An instrument that stops by itself has met its limit of the current. */
function checkEnd(bench: Bench, technique: PotentialSweep, startSecond: number): void {
  const plannedSecond = sweptVolt(technique) / technique.rateVoltPerSecond;
  const doneSecond = bench.clock.nowSecond() - startSecond;
  if (doneSecond >= plannedSecond * (1 - EARLY_SHARE) - 1) return;
  throw new Fault('instrumentReply', {
    where: bench.instruments.potentiostat.info.id,
    message: `ended the ${sweepPhase(technique)} by itself after ${spokenTime(doneSecond)} of ${spokenTime(plannedSecond)}; the current may have passed its limit of ${spokenValue(technique.currentAmpereMax, 'A')}`,
  });
}

async function openCircuitVolt(bench: Bench, signal: AbortSignal): Promise<number> {
  let newest: number | undefined;
  await flow(bench, {
    technique: { kind: 'openCircuit', sampleEverySecond: 1, durationSecond: OPEN_CIRCUIT_SECOND },
    isEnough: ({ voltageVolt, quality }) => {
      if (quality === 'good') newest = voltageVolt;
      return false;
    },
  });
  signal.throwIfAborted();
  if (newest !== undefined) return newest;
  throw new Fault('instrumentReply', {
    where: bench.instruments.potentiostat.info.id,
    message: 'sent no trustworthy open-circuit potential to begin the sweep at',
  });
}
