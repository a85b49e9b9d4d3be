import type { ElectrochemicalTechnique, Impedance } from '../../src/domain/technique.ts';
import type { MethodScriptDevice, PgstatMode } from './methodscript-devices.ts';

/** Bandwidth that suits a sampling interval of 1 s, after the maker's battery example. */
export const BANDWIDTH_HERTZ_SECOND = 5.850535;
const PEAK_PER_RMS = Math.SQRT2;
/** Products of unit factors differ in their last digits. */
const ROUNDING = 1e-9;

/** What a technique at a direct potential asks of a mode. */
export interface PotentialPlan {
  /** Every potential it stops or turns at. */
  readonly volts: readonly number[];
  readonly bandwidthHertz: number;
}

/** @returns undefined for techniques that apply no direct potential */
export function potentialPlan(technique: ElectrochemicalTechnique): PotentialPlan | undefined {
  switch (technique.kind) {
    case 'constantVoltage': {
      const { sampleEverySecond, durationSecond, voltageVolt } = technique;
      const interval = Math.min(sampleEverySecond, durationSecond);
      return { volts: [voltageVolt], bandwidthHertz: BANDWIDTH_HERTZ_SECOND / interval };
    }
    case 'cyclicVoltammetry':
      return rampPlan(technique, [technique.startVolt, ...technique.verticesVolt]);
    case 'linearSweep':
      return rampPlan(technique, [technique.startVolt, technique.endVolt]);
    default:
      return undefined;
  }
}

function rampPlan(
  { stepVolt, rateVoltPerSecond }: { stepVolt: number; rateVoltPerSecond: number },
  volts: readonly number[],
): PotentialPlan {
  return { volts, bandwidthHertz: (BANDWIDTH_HERTZ_SECOND * rateVoltPerSecond) / stepVolt };
}

/** The first mode that is wide and fast enough; the first of all where there is none. */
export function potentiostatMode(device: MethodScriptDevice, plan: PotentialPlan): PgstatMode {
  const { potentiostatModes, openCircuitMode } = device;
  const fitting = potentiostatModes.find((mode) => fits(mode, plan));
  return fitting ?? potentiostatModes[0] ?? openCircuitMode;
}

function fits(mode: PgstatMode, { volts, bandwidthHertz }: PotentialPlan): boolean {
  return bandwidthHertz <= mode.bandwidthHertzMax * (1 + ROUNDING) && covers(mode, volts);
}

function covers(mode: PgstatMode, volts: readonly number[]): boolean {
  const [least, most] = [Math.min(...volts), Math.max(...volts)];
  return (
    least >= mode.voltageVoltMin &&
    most <= mode.voltageVoltMax &&
    most - least <= mode.windowVolt * (1 + ROUNDING)
  );
}

/** What keeps this model from a technique that lies within its limits as a whole, in words. */
export function modeProblems(
  technique: ElectrochemicalTechnique,
  device: MethodScriptDevice,
): string[] {
  if (technique.kind === 'impedance') return impedanceProblems(technique, device);
  const plan = potentialPlan(technique);
  if (!plan || device.potentiostatModes.some((mode) => fits(mode, plan))) return [];
  const [least, most] = [Math.min(...plan.volts), Math.max(...plan.volts)];
  const able = device.potentiostatModes.map(describeMode).join('; ');
  const asked = `${least} V to ${most} V with ${Math.ceil(plan.bandwidthHertz)} Hz of bandwidth`;
  return [`no mode of the ${device.name} holds ${asked}: its modes reach ${able}`];
}

function describeMode(mode: PgstatMode): string {
  const { number, voltageVoltMin, voltageVoltMax, windowVolt, bandwidthHertzMax } = mode;
  return `${windowVolt} V between ${voltageVoltMin} V and ${voltageVoltMax} V up to ${bandwidthHertzMax} Hz (mode ${number})`;
}

function impedanceProblems(technique: Impedance, device: MethodScriptDevice): string[] {
  const { excitation, frequencyHertzMax } = technique;
  const { name, galvanostat, amplitudeVoltRmsMax, impedanceMode } = device;
  if (excitation.mode === 'galvanostatic') {
    const most = galvanostat?.frequencyHertzMax ?? 0;
    return !galvanostat || frequencyHertzMax <= most * (1 + ROUNDING)
      ? []
      : [`${frequencyHertzMax} Hz is above the ${most} Hz of the ${name} as a galvanostat`];
  }
  const { amplitudeVoltRms, biasVolt, versusOpenCircuit } = excitation;
  const problems: string[] = [];
  if (amplitudeVoltRms > amplitudeVoltRmsMax * (1 + ROUNDING)) {
    problems.push(
      `an amplitude of ${amplitudeVoltRms} V is above the ${amplitudeVoltRmsMax} V (rms) of the ${name}`,
    );
  }
  const peak = amplitudeVoltRms * PEAK_PER_RMS;
  if (!versusOpenCircuit && !covers(impedanceMode, [biasVolt - peak, biasVolt + peak])) {
    problems.push(
      `${biasVolt} V ± ${peak.toPrecision(3)} V does not fit: impedance on the ${name} reaches ${describeMode(impedanceMode)}`,
    );
  }
  return problems;
}
