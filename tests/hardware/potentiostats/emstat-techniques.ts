import type { ConstantCurrent } from '../../../src/domain/technique.ts';

/** A signal that does not abort. */
export const never = new AbortController().signal;

/** A charge of ten samples. */
export const PLATING: ConstantCurrent = {
  kind: 'constantCurrent',
  currentAmpere: 1e-3,
  sampleEverySecond: 10,
  durationSecond: 100,
  voltageVoltMin: -1,
  voltageVoltMax: 1,
};
