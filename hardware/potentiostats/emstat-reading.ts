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
  if (kind === 'impedance') {
    const [frequency, real, imaginary] = [find('dc'), find('cc'), find('cd')];
    if (!frequency || !real || !imaginary) return undefined;
    const point = {
      frequencyHertz: frequency.value,
      zRealOhm: real.value,
      zImagOhm: imaginary.value,
    };
    const quality = worstQuality(variables.map(qualityOf));
    return { kind: 'impedancePoint', timeSecond, point, quality };
  }
  const current = find('ba');
  const voltage = find('ab') ?? appliedVoltage(find('da'), current);
  if (!voltage || !(current || kind === 'openCircuit')) return undefined;
  const quality = qualityOf(voltage);
  const currentQuality = current ? qualityOf(current) : quality;
  return {
    kind: 'electrical',
    timeSecond,
    voltageVolt: voltage.value,
    currentAmpere: current?.value ?? 0,
    quality,
    ...(currentQuality === quality ? {} : { currentQuality }),
  };
}

/**
 * In `meas_loop_ca` and `meas_loop_cv` the instrument sends the potential it applies (`da`), which
 * is that of the cell as long as the current this takes can be had.
 */
function appliedVoltage(
  applied: PackageVariable | undefined,
  current: PackageVariable | undefined,
): PackageVariable | undefined {
  const isHeld = !((current?.status ?? 0) & STATUS.overload);
  return applied && (isHeld ? applied : { ...applied, status: STATUS.overload });
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
