import type { MeasuringRange } from '../../src/domain/instrument.ts';
import type { Quantity, SmuRanges } from './smu-quantities.ts';

/** Sourcing, 1 year, 23 °C ± 5 °C: specifications of the 2450, rev. A, page 2. */
export const SOURCE_VOLT: readonly MeasuringRange[] = [
  { fullScale: 0.02, gainRelative: 0.1e-2, offset: 200e-6 },
  { fullScale: 0.2, gainRelative: 0.015e-2, offset: 200e-6 },
  { fullScale: 2, gainRelative: 0.02e-2, offset: 300e-6 },
  { fullScale: 20, gainRelative: 0.015e-2, offset: 2.4e-3 },
  { fullScale: 200, gainRelative: 0.015e-2, offset: 24e-3 },
];
/** The same of the current. */
export const SOURCE_AMPERE: readonly MeasuringRange[] = [
  { fullScale: 10e-9, gainRelative: 0.1e-2, offset: 100e-12 },
  { fullScale: 100e-9, gainRelative: 0.06e-2, offset: 150e-12 },
  { fullScale: 1e-6, gainRelative: 0.025e-2, offset: 400e-12 },
  { fullScale: 10e-6, gainRelative: 0.025e-2, offset: 1.5e-9 },
  { fullScale: 100e-6, gainRelative: 0.02e-2, offset: 15e-9 },
  { fullScale: 1e-3, gainRelative: 0.02e-2, offset: 150e-9 },
  { fullScale: 10e-3, gainRelative: 0.02e-2, offset: 1.5e-6 },
  { fullScale: 100e-3, gainRelative: 0.025e-2, offset: 15e-6 },
  { fullScale: 1, gainRelative: 0.067e-2, offset: 900e-6 },
];
/** Nominal ranges, V and A. */
export const RANGES: SmuRanges = {
  VOLT: SOURCE_VOLT.map(({ fullScale }) => fullScale),
  CURR: SOURCE_AMPERE.map(({ fullScale }) => fullScale),
};

/** Most readings that a buffer can be made for here. */
export const BUFFER_READINGS_MAX = 100_000;

/** Everything that `*RST` sets back. */
export interface Settings2450 {
  function: Quantity;
  measured: Quantity;
  level: Record<Quantity, number>;
  sourceRange: Record<Quantity, number>;
  /** Of the voltage while a current is sourced, and the other way round. */
  limit: Record<Quantity, number>;
  readsBack: Record<Quantity, boolean>;
  senseRange: Record<Quantity, number>;
  isAutoRange: Record<Quantity, boolean>;
  isRemoteSense: Record<Quantity, boolean>;
  bufferSize: number;
  isContinuous: boolean;
}

/** After power-on and `*RST`. */
export function settingsAfterReset(): Settings2450 {
  return {
    function: 'VOLT',
    measured: 'CURR',
    level: { VOLT: 0, CURR: 0 },
    sourceRange: { VOLT: 0.02, CURR: 1e-8 },
    limit: { VOLT: 0.2, CURR: 1e-4 },
    readsBack: { VOLT: true, CURR: true },
    senseRange: { VOLT: 0.02, CURR: 1e-4 },
    isAutoRange: { VOLT: true, CURR: true },
    isRemoteSense: { VOLT: false, CURR: false },
    bufferSize: BUFFER_READINGS_MAX,
    isContinuous: true,
  };
}
