import type { MeasuringRange } from '../../src/domain/instrument.ts';
import type { Quantity, SmuRanges } from './smu-quantities.ts';

/** Sourcing, 1 year, 23 °C ± 5 °C: specifications of the 2400, rev. H, page 1. */
export const SOURCE_VOLT: readonly MeasuringRange[] = [
  { fullScale: 0.2, gainRelative: 0.02e-2, offset: 600e-6 },
  { fullScale: 2, gainRelative: 0.02e-2, offset: 600e-6 },
  { fullScale: 20, gainRelative: 0.02e-2, offset: 2.4e-3 },
  { fullScale: 200, gainRelative: 0.02e-2, offset: 24e-3 },
];
/** The same of the current. */
export const SOURCE_AMPERE: readonly MeasuringRange[] = [
  { fullScale: 1e-6, gainRelative: 0.035e-2, offset: 600e-12 },
  { fullScale: 10e-6, gainRelative: 0.033e-2, offset: 2e-9 },
  { fullScale: 100e-6, gainRelative: 0.031e-2, offset: 20e-9 },
  { fullScale: 1e-3, gainRelative: 0.034e-2, offset: 200e-9 },
  { fullScale: 10e-3, gainRelative: 0.045e-2, offset: 2e-6 },
  { fullScale: 100e-3, gainRelative: 0.066e-2, offset: 20e-6 },
  { fullScale: 1, gainRelative: 0.27e-2, offset: 900e-6 },
];
/** Nominal ranges, V and A. */
export const RANGES: SmuRanges = {
  VOLT: SOURCE_VOLT.map(({ fullScale }) => fullScale),
  CURR: SOURCE_AMPERE.map(({ fullScale }) => fullScale),
};

/** Everything that `*RST` sets back. */
export interface Settings2400 {
  function: Quantity;
  level: Record<Quantity, number>;
  sourceRange: Record<Quantity, number>;
  /** Compliance: of the voltage while a current is sourced, and the other way round. */
  protection: Record<Quantity, number>;
  senseRange: Record<Quantity, number>;
  isAutoRange: Record<Quantity, boolean>;
  senseFunctions: ReadonlySet<Quantity>;
  isConcurrent: boolean;
  isRemoteSense: boolean;
  isAutoOff: boolean;
  autoOffMode: string;
  elements: readonly string[];
  armCount: number;
  triggerCount: number;
  triggerDelay: number;
}

/** After power-on and `*RST`. */
export function settingsAfterReset(): Settings2400 {
  return {
    function: 'VOLT',
    level: { VOLT: 0, CURR: 0 },
    sourceRange: { VOLT: 20, CURR: 1e-4 },
    protection: { VOLT: 21, CURR: 1.05e-4 },
    senseRange: { VOLT: 20, CURR: 1e-4 },
    isAutoRange: { VOLT: true, CURR: true },
    senseFunctions: new Set<Quantity>(['CURR']),
    isConcurrent: true,
    isRemoteSense: false,
    isAutoOff: false,
    autoOffMode: 'ALW',
    elements: ['VOLT', 'CURR', 'RES', 'TIME', 'STAT'],
    armCount: 1,
    triggerCount: 1,
    triggerDelay: 0,
  };
}
