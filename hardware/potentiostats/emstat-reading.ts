import type { Reading } from '../../src/domain/instrument.ts';
import type { Quality } from '../../src/domain/sample.ts';
import type { ElectrochemicalKind } from '../../src/domain/technique.ts';
import { standardError } from './measuring-error.ts';
import type { MethodScriptDevice } from './methodscript-devices.ts';
import { type PackageVariable, STATUS } from './methodscript-value.ts';

type ElectricalReading = Extract<Reading, { readonly kind: 'electrical' }>;
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * What a package of one technique carries, in the order in which it is to be judged: the direct
 * potential and current of an impedance point come before the point. Its time is that of arrival.
 * @returns none when the package lacks a value the technique must have
 */
export function readingsFrom(
  kind: ElectrochemicalKind,
  variables: readonly PackageVariable[],
  timeSecond: number,
  device: MethodScriptDevice,
): readonly Reading[] {
  const reading =
    kind === 'impedance'
      ? pointFrom(variables, timeSecond)
      : electricalFrom(kind, variables, timeSecond, device);
  if (!reading) return [];
  const direct = kind === 'impedance' && directPartFrom(variables, timeSecond, device);
  return direct ? [direct, reading] : [reading];
}

function pointFrom(variables: readonly PackageVariable[], timeSecond: number): Reading | undefined {
  const frequency = find(variables, 'dc');
  const real = find(variables, 'cc');
  const imaginary = find(variables, 'cd');
  if (!frequency || !real || !imaginary) return undefined;
  const point = {
    frequencyHertz: frequency.value,
    zRealOhm: real.value,
    zImagOhm: imaginary.value,
  };
  const quality = worstQuality([frequency, real, imaginary].map(qualityOf));
  return { kind: 'impedancePoint', timeSecond, point, quality };
}

/** Without it a sweep tells no voltage, and nobody sees a cell that leaves its limits under it. */
function directPartFrom(
  variables: readonly PackageVariable[],
  timeSecond: number,
  device: MethodScriptDevice,
): Reading | undefined {
  const voltage = find(variables, 'ci');
  const current = find(variables, 'ck');
  return voltage && current && electrical(voltage, current, timeSecond, device);
}

function electricalFrom(
  kind: ElectrochemicalKind,
  variables: readonly PackageVariable[],
  timeSecond: number,
  device: MethodScriptDevice,
): Reading | undefined {
  const current = find(variables, 'ba') ?? find(variables, 'db');
  const voltage = find(variables, 'ab') ?? appliedVoltage(find(variables, 'da'), current);
  if (!voltage || !(current || kind === 'openCircuit')) return undefined;
  return electrical(voltage, current, timeSecond, device);
}

/**
 * Written field by field, because a fast measurement makes hundreds of thousands of these.
 * @param current absent when no circuit is closed, so that none can flow
 */
function electrical(
  voltage: PackageVariable,
  current: PackageVariable | undefined,
  timeSecond: number,
  { capability, currentRanges }: MethodScriptDevice,
): Reading {
  const quality = qualityOf(voltage);
  const reading: Writable<ElectricalReading> = {
    kind: 'electrical',
    timeSecond,
    voltageVolt: voltage.value,
    currentAmpere: current?.value ?? 0,
    quality,
  };
  const { accuracy } = capability;
  const voltageErrorVolt = standardError(accuracy.voltageVolt, voltage.value);
  if (voltageErrorVolt !== undefined) reading.voltageErrorVolt = voltageErrorVolt;
  if (!current) return reading;
  const currentQuality = qualityOf(current);
  if (currentQuality !== quality) reading.currentQuality = currentQuality;
  const { rangeIndex } = current;
  const rangeAmpere = rangeIndex === undefined ? undefined : currentRanges.get(rangeIndex);
  if (rangeAmpere !== undefined) reading.currentRangeAmpere = rangeAmpere;
  const currentErrorAmpere = standardError(accuracy.currentAmpere, current.value, rangeAmpere);
  if (currentErrorAmpere !== undefined) reading.currentErrorAmpere = currentErrorAmpere;
  return reading;
}

/**
 * In `meas_loop_ca`, `_lsv` and `_cv` the instrument sends the potential it applies (`da`), which
 * is that of the cell as long as the current this takes can be had.
 */
function appliedVoltage(
  applied: PackageVariable | undefined,
  current: PackageVariable | undefined,
): PackageVariable | undefined {
  const isHeld = !((current?.status ?? 0) & STATUS.overload);
  return applied && (isHeld ? applied : { ...applied, status: STATUS.overload });
}

function find(variables: readonly PackageVariable[], type: string): PackageVariable | undefined {
  for (const variable of variables) if (variable.type === type) return variable;
  return undefined;
}

const SEVERITY: readonly Quality[] = ['bad', 'overload', 'underload', 'late', 'good'];

/** A point of a spectrum is as trustworthy as its worst value. */
function worstQuality(qualities: readonly Quality[]): Quality {
  return SEVERITY.find((quality) => qualities.includes(quality)) ?? 'bad';
}

/**
 * An overload warning alone (8) says the range is nearly used up: the value is still a good one.
 */
function qualityOf({ value, status = 0 }: PackageVariable): Quality {
  if (!Number.isFinite(value)) return 'bad';
  if (status & STATUS.overload) return 'overload';
  if (status & STATUS.underload) return 'underload';
  return status & STATUS.timingNotMet ? 'late' : 'good';
}
