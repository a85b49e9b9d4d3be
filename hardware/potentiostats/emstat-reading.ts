import type { Reading } from '../../src/domain/instrument.ts';
import type { Quality } from '../../src/domain/sample.ts';
import type { ElectrochemicalKind } from '../../src/domain/technique.ts';
import { type PackageVariable, STATUS } from './methodscript-value.ts';

/**
 * The reading that a package of one technique carries; its time is that of its arrival.
 * @returns undefined when the package lacks a value the technique must have
 */
export function readingFrom(
  kind: ElectrochemicalKind,
  variables: readonly PackageVariable[],
  timeSecond: number,
): Reading | undefined {
  const find = (type: string) => variables.find((variable) => variable.type === type);
  const quality = worstQuality(variables);
  if (kind === 'impedance') {
    const [frequency, real, imaginary] = [find('dc'), find('cc'), find('cd')];
    if (!frequency || !real || !imaginary) return undefined;
    const point = {
      frequencyHertz: frequency.value,
      zRealOhm: real.value,
      zImagOhm: imaginary.value,
    };
    return { kind: 'impedancePoint', timeSecond, point, quality };
  }
  const voltage = find('ab');
  const current = kind === 'openCircuit' ? { value: 0 } : find('ba');
  if (!voltage || !current) return undefined;
  return {
    kind: 'electrical',
    timeSecond,
    voltageVolt: voltage.value,
    currentAmpere: current.value,
    quality,
  };
}

const SEVERITY: readonly Quality[] = ['bad', 'overload', 'underload', 'late', 'good'];

/** A package is as trustworthy as its worst value. */
function worstQuality(variables: readonly PackageVariable[]): Quality {
  const found = new Set(variables.map(qualityOf));
  return SEVERITY.find((quality) => found.has(quality)) ?? 'bad';
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
