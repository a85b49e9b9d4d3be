import type { PotentiostatCapability } from '../../src/domain/instrument.ts';
import type { Sampling } from '../../src/domain/sampling.ts';
import type {
  CyclicVoltammetry,
  ElectrochemicalKind,
  ElectrochemicalTechnique,
  Impedance,
  LinearSweep,
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
  if (kind === 'linearSweep') return linearSweepProblems(technique, capability);
  const problems: string[] = [];
  const { sampleEverySecond, durationSecond } = technique;
  if (!(sampleEverySecond > 0)) problems.push('the sampling interval must be above 0 s');
  else problems.push(...rhythmProblems(sampleEverySecond, capability, kind));
  problems.push(...edgeProblems(technique, capability, kind));
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

function edgeProblems(
  { edge }: Sampling,
  capability: PotentiostatCapability,
  kind: ElectrochemicalKind,
): string[] {
  if (!edge) return [];
  return edge.everySecond > 0 && edge.durationSecond > 0
    ? rhythmProblems(edge.everySecond, capability, kind)
    : ['the times of an edge must be above 0 s'];
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
  const { startVolt, verticesVolt, cycles } = technique;
  const spanVolt = Math.abs(verticesVolt[0] - verticesVolt[1]);
  const problems = [startVolt, ...verticesVolt].flatMap((volt) =>
    potentialProblems(volt, capability),
  );
  problems.push(...rampProblems(technique, spanVolt, 'between the vertices', capability));
  if (!Number.isInteger(cycles) || cycles < 1) {
    problems.push(`${cycles} cycles: expected a whole number above 0`);
  }
  return problems;
}

function linearSweepProblems(technique: LinearSweep, capability: PotentiostatCapability): string[] {
  const { startVolt, endVolt } = technique;
  const spanVolt = Math.abs(startVolt - endVolt);
  return [
    ...[startVolt, endVolt].flatMap((volt) => potentialProblems(volt, capability)),
    ...rampProblems(technique, spanVolt, 'of the sweep', capability),
  ];
}

/** What holds for every sweep of the potential in steps. */
function rampProblems(
  {
    stepVolt,
    rateVoltPerSecond,
    currentAmpereMax,
  }: Pick<LinearSweep, 'stepVolt' | 'rateVoltPerSecond' | 'currentAmpereMax'>,
  spanVolt: number,
  ofSpan: string,
  capability: PotentiostatCapability,
): string[] {
  const problems: string[] = [];
  if (!(stepVolt > 0)) problems.push('the potential step must be above 0 V');
  else if (stepVolt > spanVolt) {
    problems.push(`a potential step of ${stepVolt} V is above the ${spanVolt} V ${ofSpan}`);
  }
  if (!(rateVoltPerSecond > 0)) problems.push('the scan rate must be above 0 V/s');
  if (stepVolt > 0 && rateVoltPerSecond > 0) {
    problems.push(...rhythmProblems(stepVolt / rateVoltPerSecond, capability));
  }
  if (!(currentAmpereMax > 0)) problems.push('the current limit must be above 0 A');
  return problems;
}

function rhythmProblems(
  intervalSecond: number,
  { sampleEverySecondMin, restEverySecondMin }: PotentiostatCapability,
  kind?: ElectrochemicalKind,
): string[] {
  const ofRest = kind === 'openCircuit' ? restEverySecondMin : undefined;
  const shortestSecond = ofRest ?? sampleEverySecondMin;
  if (intervalSecond >= shortestSecond * (1 - ROUNDING)) return [];
  const when = ofRest === undefined ? '' : 'at rest ';
  return [`${when}a sample every ${intervalSecond} s is faster than its ${shortestSecond} s`];
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
  const { mode } = excitation;
  const problems: string[] = [];
  if (capability.excitations?.includes(mode) === false) {
    problems.push(`it cannot measure ${mode} impedance`);
  }
  if (technique.waveforms && !capability.waveforms?.includes(mode)) {
    problems.push(`it does not tell the waveforms of ${mode} impedance`);
  }
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
