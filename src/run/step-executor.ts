import type { Bench } from './bench.ts';
import { endsOnEvent } from './condition-plan.ts';
import { takeDetectorSpectra } from './detector-spectrum-taking.ts';
import { runElectrical } from './electrical-step.ts';
import { runFreshCell } from './fresh-cell.ts';
import { PartsDone } from './parts-done.ts';
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
  if (hasCurrent && bench.short.latched && !isPastItsEnd(step, carried)) {
    return leaveOut(bench, step);
  }
  const release = hasCurrent ? bench.resources.take('current') : undefined;
  try {
    const end = await measure(bench, step, carried);
    bench.signal.throwIfAborted();
    return end;
  } finally {
    release?.();
  }
}

/** Resumed after its end was met, a step passes no more current, but may have to measure. */
function isPastItsEnd(step: PlannedMeasurement, { memory }: CarriedStep): boolean {
  if (memory?.metIndex !== undefined) return true;
  const hasShorted = memory?.events?.includes('short') === true;
  return hasShorted && 'until' in step && endsOnEvent(step.until, 'short');
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
    case 'linearSweep':
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
  const done = new PartsDone(carried.memory?.partsDone);
  switch (step.kind) {
    case 'freshCell':
      bench.remembers(() => ({ partsDone: done.count }));
      if (done.count > 0) return COMPLETE;
      await runFreshCell(bench, step);
      done.add();
      return COMPLETE;
    case 'soak': {
      const dwell = { second: carried.memory?.dwelledSecond ?? 0 };
      bench.remembers(() => ({ dwelledSecond: dwell.second }));
      return { endedBy: await runSoak(bench, step, dwell), end: 'dwell' };
    }
    case 'openCircuit':
    case 'constantCurrent':
    case 'constantVoltage':
    case 'constantCurrentConstantVoltage':
      return runElectrical(bench, step, carried);
    case 'gitt':
      return runTitration(bench, step, carried);
    case 'cyclicVoltammetry':
    case 'linearSweep':
      return runVoltammetry(bench, step, carried);
    case 'impedance':
      bench.remembers(() => ({ partsDone: done.count }));
      if (done.count > 0) return COMPLETE;
      await suspension.whole(signal, (own) =>
        takeSpectrum(bench, step, {
          bias: { ampere: 0 },
          signal: own.signal,
          onWhole: () => done.add(),
        }),
      );
      return COMPLETE;
    case 'scan':
      bench.remembers(() => ({ partsDone: done.count }));
      await takeScans(bench, step, { signal, done });
      return COMPLETE;
    case 'spectrum':
      bench.remembers(() => ({ partsDone: done.count }));
      await takeDetectorSpectra(bench, step, { signal, done });
      return COMPLETE;
    default:
      return step satisfies never;
  }
}
