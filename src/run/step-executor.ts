import type { Bench } from './bench.ts';
import { takeDetectorSpectra } from './detector-spectrum-taking.ts';
import { runElectrical } from './electrical-step.ts';
import { runFreshCell } from './fresh-cell.ts';
import type { PlannedMeasurement } from './plan.ts';
import { takeScans } from './scan-taking.ts';
import { runSoak } from './soak.ts';
import { takeSpectrum } from './spectrum-taking.ts';
import { COMPLETE, type StepEnd } from './step-end.ts';
import type { CarriedStep } from './step-facts.ts';
import { runTitration } from './titration.ts';
import { runVoltammetry } from './voltammetry.ts';

/**
 * Runs one step to its end. A cell that has shorted gets no more current: such steps are left out.
 * @param carried what an earlier start of the software has done of it
 * @throws Fault, or the reason of the bench's signal when the run ends before the step
 */
export async function executeStep(
  bench: Bench,
  step: PlannedMeasurement,
  carried: CarriedStep,
): Promise<StepEnd> {
  bench.signal.throwIfAborted();
  const hasCurrent = passesCurrent(step);
  if (hasCurrent && bench.short.latched) return leaveOut(bench, step);
  const release = hasCurrent ? bench.resources.take('current') : undefined;
  try {
    const end = await measure(bench, step, carried);
    bench.signal.throwIfAborted();
    return end;
  } finally {
    release?.();
  }
}

function leaveOut({ journal }: Bench, { name }: PlannedMeasurement): StepEnd {
  journal.event({
    code: 'cellShort',
    severity: 'warning',
    message: `${name} is left out: the cell has shorted and gets no more current.`,
  });
  return { endedBy: 'event: short', end: 'short' };
}

/** Whether a step is there to pass a current; a sweep at open circuit passes none on average. */
function passesCurrent({ kind }: PlannedMeasurement): boolean {
  switch (kind) {
    case 'constantCurrent':
    case 'constantVoltage':
    case 'constantCurrentConstantVoltage':
    case 'cyclicVoltammetry':
    case 'gitt':
      return true;
    case 'freshCell':
    case 'soak':
    case 'openCircuit':
    case 'impedance':
    case 'scan':
    case 'spectrum':
      return false;
    default:
      return kind satisfies never;
  }
}

async function measure(
  bench: Bench,
  step: PlannedMeasurement,
  carried: CarriedStep,
): Promise<StepEnd> {
  const { signal, suspension } = bench;
  switch (step.kind) {
    case 'freshCell':
      return runFreshCell(bench, step);
    case 'soak':
      return { endedBy: await runSoak(bench, step), end: 'dwell' };
    case 'openCircuit':
    case 'constantCurrent':
    case 'constantVoltage':
    case 'constantCurrentConstantVoltage':
      return runElectrical(bench, step, carried);
    case 'gitt':
      return runTitration(bench, step, carried);
    case 'cyclicVoltammetry':
      return runVoltammetry(bench, step);
    case 'impedance':
      await suspension.whole(signal, (own) =>
        takeSpectrum(bench, step, { bias: { ampere: 0 }, signal: own.signal }),
      );
      return COMPLETE;
    case 'scan':
      await takeScans(bench, step, signal);
      return COMPLETE;
    case 'spectrum':
      await takeDetectorSpectra(bench, step, signal);
      return COMPLETE;
    default:
      return step satisfies never;
  }
}
