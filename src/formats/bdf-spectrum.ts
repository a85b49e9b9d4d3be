import { Fault } from '../domain/fault.ts';
import type { Spectrum } from '../domain/spectrum.ts';

/** Column labels of the Battery Data Format for impedance; the imaginary part keeps its sign. */
const LABELS = ['Frequency / Hz', 'Real Impedance / ohm', 'Imaginary Impedance / ohm'] as const;

/**
 * A spectrum as Battery Data Format CSV, in the order it was measured. Numbers have the fewest
 * digits that read back as the same double.
 * @throws Fault badInput that names a value that is not finite: the format has no word for it
 */
export function bdfSpectrumText(spectrum: Spectrum): string {
  const rows = spectrum.points.map((point, index) => {
    const values = [point.frequencyHertz, point.zRealOhm, point.zImagOhm];
    return values.map((value, column) => numberText(value, index, column)).join(',');
  });
  return `${[LABELS.join(','), ...rows].join('\n')}\n`;
}

function numberText(value: number, index: number, column: number): string {
  if (!Number.isFinite(value)) {
    const where = `point ${index + 1}, ${LABELS[column] ?? ''}`;
    throw new Fault('badInput', { where, message: `is ${value}; expected a finite number` });
  }
  // String(-0) is "0".
  return Object.is(value, -0) ? '-0' : String(value);
}
