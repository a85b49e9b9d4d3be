import { Fault } from '../domain/fault.ts';
import type { Bench } from './bench.ts';
import { firstMet } from './conditions.ts';
import { runConstantCurrent } from './constant-current.ts';
import { flow } from './electrical-flow.ts';
import type { PlannedMeasurement, PlannedOpenCircuit } from './plan.ts';
import { takeScan } from './scan-taking.ts';
import { runSoak } from './soak.ts';
import { takeSpectrum } from './spectrum-taking.ts';
import { describeCondition } from './wording.ts';

/**
 * Runs one step to its end.
 * @returns which condition ended it: `time: 10 min`, `event: short`.
 * @throws Fault, or the reason of the bench's signal when the run ends before the step
 */
export async function executeStep(bench: Bench, step: PlannedMeasurement): Promise<string> {
  bench.signal.throwIfAborted();
  const endedBy = await measure(bench, step);
  bench.signal.throwIfAborted();
  return endedBy;
}

async function measure(bench: Bench, step: PlannedMeasurement): Promise<string> {
  const { signal } = bench;
  switch (step.kind) {
    case 'soak':
      return runSoak(bench, step);
    case 'openCircuit':
      return runOpenCircuit(bench, step);
    case 'constantCurrent':
      return runConstantCurrent(bench, step);
    case 'impedance':
      await takeSpectrum(bench, step, { biasAmpere: 0, signal });
      return 'complete';
    case 'scan':
      await takeScan(bench, step, signal);
      return 'complete';
    default:
      return step satisfies never;
  }
}

async function runOpenCircuit(bench: Bench, step: PlannedOpenCircuit): Promise<string> {
  const { clock } = bench;
  const startSecond = clock.nowSecond();
  let voltage: Parameters<typeof firstMet>[1]['voltage'];
  const met = (elapsedSecond: number) =>
    firstMet(step.until, { elapsedSecond, voltage, events: new Set() });
  await flow(bench, {
    technique: {
      kind: 'openCircuit',
      sampleEverySecond: step.sampleEverySecond,
      durationSecond: step.longestSecond,
    },
    leaveAtSecond: undefined,
    isEnough: (reading) => {
      voltage = { volt: reading.voltageVolt, quality: reading.quality };
      return met(clock.nowSecond() - startSecond) !== undefined;
    },
  });
  // However the flow ended, its time bound is the condition left when no other is met.
  const ending = met(clock.nowSecond() - startSecond) ?? met(step.longestSecond);
  if (ending) return describeCondition(ending);
  throw new Fault('instrumentReply', { where: step.name, message: 'ended without a reason' });
}
