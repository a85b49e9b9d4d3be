import type { Safety } from '../domain/recipe.ts';
import type { FlowTechnique } from './electrical-flow.ts';
import type { JournalEvent } from './journal.ts';
import type {
  PlannedConstantCurrent,
  PlannedConstantCurrentConstantVoltage,
  PlannedConstantVoltage,
  PlannedOpenCircuit,
} from './plan.ts';
import type { SweepBias } from './spectrum-taking.ts';
import { spokenValue } from './wording.ts';

export type ElectricalStepPlan =
  | PlannedOpenCircuit
  | PlannedConstantCurrent
  | PlannedConstantVoltage
  | PlannedConstantCurrentConstantVoltage;

/** Which part of a step is done: only constant current, constant voltage has two. */
export interface ElectricalPart {
  readonly step: ElectricalStepPlan;
  /** The second part of constant current, constant voltage. */
  readonly holdsVoltage: boolean;
}

/** What the potentiostat is asked for in a part of a step. */
export function techniqueOf(
  { step, holdsVoltage }: ElectricalPart,
  { safety, durationSecond }: { readonly safety: Safety; readonly durationSecond: number },
): FlowTechnique {
  const { edge, sampleEverySecond } = step;
  const common = { sampleEverySecond, durationSecond, ...(edge ? { edge } : {}) };
  if (step.kind === 'openCircuit') return { kind: 'openCircuit', ...common };
  if (step.kind === 'constantVoltage' || (holdsVoltage && 'voltageVolt' in step)) {
    return {
      kind: 'constantVoltage',
      voltageVolt: step.voltageVolt,
      currentAmpereMax: safety.current.max,
      ...common,
    };
  }
  return {
    kind: 'constantCurrent',
    currentAmpere: step.currentAmpere,
    voltageVoltMin: safety.voltage.min,
    voltageVoltMax: safety.voltage.max,
    ...common,
  };
}

/** What a part of a step does to the cell, for a sweep in the midst of it. */
export function biasOf({ step, holdsVoltage }: ElectricalPart, newestAmpere: number): SweepBias {
  if (step.kind === 'constantVoltage' || (holdsVoltage && 'voltageVolt' in step)) {
    return { volt: step.voltageVolt, ampere: newestAmpere };
  }
  return { ampere: 'currentAmpere' in step ? step.currentAmpere : 0 };
}

/** What a step sets at the cell, in words and numbers; a rest sets nothing. */
export function setPointEvent(step: ElectricalStepPlan): JournalEvent | undefined {
  if (step.kind === 'openCircuit') return undefined;
  const current = 'currentAmpere' in step ? [spokenValue(step.currentAmpere, 'A')] : [];
  const voltage = 'voltageVolt' in step ? [spokenValue(step.voltageVolt, 'V')] : [];
  return {
    code: 'setPoint',
    severity: 'info',
    message: `${step.name}: ${[...current, ...voltage].join(', then ')} at the cell.`,
    details: {
      ...('currentAmpere' in step ? { current_ampere: step.currentAmpere } : {}),
      ...('voltageVolt' in step ? { voltage_volt: step.voltageVolt } : {}),
    },
  };
}
