import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import type { Sampling } from '../../src/domain/sampling.ts';
import type {
  CyclicVoltammetry,
  ElectrochemicalTechnique,
  Impedance,
} from '../../src/domain/technique.ts';

const PEAK_PER_RMS = Math.SQRT2;
/** Products of unit factors differ in their last digits. */
const ROUNDING = 1e-9;

/** What keeps the instrument from running a technique, in words; none when it can. */
export function techniqueProblems(
  technique: ElectrochemicalTechnique,
  capability: PotentiostatCapability,
): string[] {
  const { kind } = technique;
  if (!capability.techniques.includes(kind)) return [`it cannot run the technique ${kind}`];
  if (kind === 'impedance') return sweepProblems(technique, capability);
  if (kind === 'cyclicVoltammetry') return voltammetryProblems(technique, capability);
  const problems: string[] = [];
  const { sampleEverySecond, durationSecond } = technique;
  problems.push(...samplingProblems(technique, capability));
  if (!(sampleEverySecond > 0)) problems.push('the sampling interval must be above 0 s');
  if (!(durationSecond > 0)) problems.push('the duration must be above 0 s');
  if (!Number.isFinite(durationSecond)) problems.push('the duration must have an end');
  if (kind === 'constantVoltage') {
    problems.push(...potentialProblems(technique.voltageVolt, capability));
    if (!(technique.currentAmpereMax > 0)) problems.push('the current limit must be above 0 A');
  }
  if (kind === 'constantCurrent') {
    problems.push(...currentProblems(technique.currentAmpere, capability));
    if (!(technique.voltageVoltMin < technique.voltageVoltMax)) {
      problems.push('the lower voltage limit must be below the upper one');
    }
  }
  return problems;
}

function samplingProblems(
  { sampleEverySecond, edge }: Sampling,
  { sampleEverySecondMin }: PotentiostatCapability,
): string[] {
  const shortest = Math.min(sampleEverySecond, edge?.everySecond ?? sampleEverySecond);
  if (edge && !(edge.everySecond > 0 && edge.durationSecond > 0)) {
    return ['the times of an edge must be above 0 s'];
  }
  return shortest > 0 && shortest < sampleEverySecondMin * (1 - ROUNDING)
    ? [`a reading every ${shortest} s is beyond its ${sampleEverySecondMin} s`]
    : [];
}

function currentProblems(
  peakAmpere: number,
  { currentAmpereMax }: PotentiostatCapability,
): string[] {
  return Math.abs(peakAmpere) <= currentAmpereMax * (1 + ROUNDING)
    ? []
    : [`a current of ${peakAmpere} A is beyond its ${currentAmpereMax} A`];
}

function voltammetryProblems(
  technique: CyclicVoltammetry,
  capability: PotentiostatCapability,
): string[] {
  const { startVolt, verticesVolt, stepVolt, rateVoltPerSecond, cycles } = technique;
  const spanVolt = Math.abs(verticesVolt[0] - verticesVolt[1]);
  const problems = [startVolt, ...verticesVolt].flatMap((volt) =>
    potentialProblems(volt, capability),
  );
  if (!(stepVolt > 0)) problems.push('the potential step must be above 0 V');
  else if (stepVolt > spanVolt) {
    problems.push(
      `a potential step of ${stepVolt} V is above the ${spanVolt} V between the vertices`,
    );
  }
  if (!(rateVoltPerSecond > 0)) problems.push('the scan rate must be above 0 V/s');
  if (!Number.isInteger(cycles) || cycles < 1) {
    problems.push(`${cycles} cycles: expected a whole number above 0`);
  }
  if (!(technique.currentAmpereMax > 0)) problems.push('the current limit must be above 0 A');
  return problems;
}

function potentialProblems(
  volt: number,
  { voltageVoltMin, voltageVoltMax }: PotentiostatCapability,
): string[] {
  return volt >= voltageVoltMin && volt <= voltageVoltMax
    ? []
    : [`${volt} V is outside its ${voltageVoltMin} V to ${voltageVoltMax} V`];
}

function sweepProblems(technique: Impedance, capability: PotentiostatCapability): string[] {
  const { frequencyHertzMax, frequencyHertzMin, pointCount, excitation } = technique;
  const problems: string[] = [];
  if (!(frequencyHertzMax <= capability.frequencyHertzMax * (1 + ROUNDING))) {
    problems.push(`${frequencyHertzMax} Hz is above its ${capability.frequencyHertzMax} Hz`);
  }
  if (!(frequencyHertzMin >= capability.frequencyHertzMin * (1 - ROUNDING))) {
    problems.push(`${frequencyHertzMin} Hz is below its ${capability.frequencyHertzMin} Hz`);
  }
  if (!Number.isInteger(pointCount) || pointCount < 1) {
    problems.push(`a sweep of ${pointCount} points: expected a whole number above 0`);
  }
  if (excitation.mode === 'galvanostatic') {
    const { amplitudeAmpereRms, biasAmpere } = excitation;
    if (!(amplitudeAmpereRms > 0)) problems.push('the amplitude must be above 0 A');
    const peakAmpere = Math.abs(biasAmpere) + amplitudeAmpereRms * PEAK_PER_RMS;
    return [...problems, ...currentProblems(peakAmpere, capability)];
  }
  if (!(excitation.amplitudeVoltRms > 0)) problems.push('the amplitude must be above 0 V');
  const { biasVolt, versusOpenCircuit } = excitation;
  if (!versusOpenCircuit) problems.push(...potentialProblems(biasVolt, capability));
  return problems;
}
