import { Fault } from '../domain/fault.ts';
import type { Reading } from '../domain/instrument.ts';
import type { CyclicVoltammetry } from '../domain/technique.ts';
import type { Bench } from './bench.ts';
import { flow } from './electrical-flow.ts';
import { readMeasurement } from './measurement.ts';
import type { PartsDone } from './parts-done.ts';
import type { PlannedVoltammetry } from './plan.ts';
import type { StepEnd } from './step-end.ts';
import { spokenTime, spokenValue } from './wording.ts';

/** Points of one sweep between the vertices. */
const POINTS_PER_SWEEP = 500;
/** A potentiostat silent for longer than this in a sweep counts as lost. */
const READING_SILENCE_SECOND = 60;
const READING_SILENCE_POINTS = 20;
/** Ending by so much of its time too soon is rounding, not trouble. */
const EARLY_SHARE = 0.02;
/** The open-circuit potential is measured for so long when the sweep begins there. */
const OPEN_CIRCUIT_SECOND = 5;

/**
 * Sweeps the potential between two vertices and records the current. Cut off by a suspension, or
 * by the end of the software, it begins again: half a cycle says nothing of the other half. Its
 * time is written down either way, with whether it is whole.
 * @param done whether it is whole, for a step that is resumed
 * @throws Fault of the potentiostat, of its silence, or when it ends too soon
 */
export async function runVoltammetry(
  bench: Bench,
  step: PlannedVoltammetry,
  done: PartsDone,
): Promise<StepEnd> {
  const { signal, suspension } = bench;
  let number = 0;
  if (done.count === 0) {
    await suspension.whole(signal, (own) => {
      number += 1;
      return sweepOnce(bench, step, { signal: own.signal, number, onWhole: () => done.add() });
    });
  }
  return { endedBy: `${step.cycles} cycles`, end: 'complete' };
}

async function sweepOnce(
  bench: Bench,
  step: PlannedVoltammetry,
  {
    signal,
    number,
    onWhole,
  }: { readonly signal: AbortSignal; readonly number: number; readonly onWhole: () => void },
): Promise<void> {
  const { charge, clock, journal } = bench;
  const startVolt = step.startVolt ?? (await openCircuitVolt(bench, signal));
  const [first, second] = step.verticesVolt;
  const stepVolt = Math.abs(first - second) / POINTS_PER_SWEEP;
  const technique: CyclicVoltammetry = {
    kind: 'cyclicVoltammetry',
    startVolt,
    verticesVolt: step.verticesVolt,
    rateVoltPerSecond: step.rateVoltPerSecond,
    cycles: step.cycles,
    stepVolt,
    currentAmpereMax: bench.safety.current.max,
  };
  journal.event({
    code: 'setPoint',
    severity: 'info',
    message: `${step.name}: ${step.cycles} cycles from ${spokenValue(startVolt, 'V')} to ${spokenValue(first, 'V')} and ${spokenValue(second, 'V')}.`,
    details: { start_voltage_volt: startVolt, rate_volt_per_second: step.rateVoltPerSecond },
  });
  const startSecond = clock.nowSecond();
  charge.forget(startSecond);
  const startChargeCoulomb = charge.chargeCoulomb;
  const closes = bench.opened(() => ({
    kind: 'phase',
    step: step.name,
    phase: 'voltammogram',
    number,
    currentAmpere: null,
    startSecond,
    startChargeCoulomb,
  }));
  let isWhole = false;
  try {
    isWhole = (await readSweeps(bench, technique, signal)) === 'ended';
    if (isWhole) checkEnd(bench, technique, startSecond);
  } finally {
    charge.switchTo({ timeSecond: clock.nowSecond(), currentAmpere: 0 });
    closes();
  }
  if (isWhole) onWhole();
  tellPhase(bench, step.name, { number, startSecond, startChargeCoulomb, isWhole });
}

function tellPhase(
  { charge, clock, journal }: Bench,
  stepName: string,
  phase: {
    readonly number: number;
    readonly startSecond: number;
    readonly startChargeCoulomb: number;
    readonly isWhole: boolean;
  },
): void {
  const { number, startSecond, startChargeCoulomb, isWhole } = phase;
  journal.event({
    code: 'phase',
    severity: 'info',
    message: `${stepName}: voltammogram ${number} has ended${isWhole ? '' : ' early'}.`,
    details: {
      phase: 'voltammogram',
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

function readSweeps(
  bench: Bench,
  technique: CyclicVoltammetry,
  signal: AbortSignal,
): Promise<'ended' | 'aborted'> {
  const { clock, instruments, intake } = bench;
  const { potentiostat } = instruments;
  const pointSecond = technique.stepVolt / technique.rateVoltPerSecond;
  return readMeasurement<Reading>({
    stream: potentiostat.measure(technique, signal),
    signal,
    clock,
    instrument: potentiostat.info.id,
    silenceSecondMax: Math.max(READING_SILENCE_SECOND, READING_SILENCE_POINTS * pointSecond),
    onSilence: (silentSecond) =>
      new Fault('timeout', {
        where: potentiostat.info.id,
        message: `no reading for ${Math.round(silentSecond)} s in the middle of a voltammogram`,
      }),
    onValue: (reading) => {
      if (reading.kind === 'electrical') intake.acceptElectrical(reading);
    },
  });
}

/** An instrument that stops by itself has met its limit of the current. */
function checkEnd(bench: Bench, technique: CyclicVoltammetry, startSecond: number): void {
  const { startVolt, verticesVolt, rateVoltPerSecond, cycles, currentAmpereMax } = technique;
  const [first, second] = verticesVolt;
  const between = Math.abs(first - second);
  // At the least: from the start to the first vertex, to and fro, from the second to the start.
  const pathVolt =
    Math.abs(first - startVolt) + (2 * cycles - 1) * between + Math.abs(second - startVolt);
  const plannedSecond = pathVolt / rateVoltPerSecond;
  const doneSecond = bench.clock.nowSecond() - startSecond;
  if (doneSecond >= plannedSecond * (1 - EARLY_SHARE) - 1) return;
  throw new Fault('instrumentReply', {
    where: bench.instruments.potentiostat.info.id,
    message: `ended the voltammogram by itself after ${spokenTime(doneSecond)} of ${spokenTime(plannedSecond)}; the current may have passed its limit of ${spokenValue(currentAmpereMax, 'A')}`,
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
    message: 'sent no trustworthy open-circuit potential to begin the voltammogram at',
  });
}
