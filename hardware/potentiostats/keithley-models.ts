import type { MeasuringRange, PotentiostatCapability } from '../../src/domain/instrument.ts';

/** The command set an instrument listens to; a 2450 can be set to either, see `*LANG`. */
export type KeithleyDialect = '2400' | '2450';

/** What the makers' data sheets say of one model. */
export interface KeithleyModel {
  /** As the reply to `*IDN?` spells it, after the word MODEL. */
  readonly name: string;
  readonly capability: PotentiostatCapability;
}

/**
 * A source-measure unit is a potentiostat of two electrodes and four wires: no impedance. Sweeps
 * are staircases, stepped by the host.
 */
const TECHNIQUES: PotentiostatCapability['techniques'] = [
  'openCircuit',
  'constantCurrent',
  'constantVoltage',
  'cyclicVoltammetry',
  'linearSweep',
];

/**
 * Only up to 20 V: no cell needs the 200 V range, and 200 V is what a slip of the pen must not
 * reach.
 */
const VOLTAGE_VOLT_MAX = 20;

/** Measuring, 1 year, 23 °C ± 5 °C, remote sense: specifications of the 2400, rev. H, page 2. */
const VOLTAGE_RANGES_2400: readonly MeasuringRange[] = [
  { fullScale: 0.2, gainRelative: 0.012e-2, offset: 300e-6 },
  { fullScale: 2, gainRelative: 0.012e-2, offset: 300e-6 },
  { fullScale: 20, gainRelative: 0.015e-2, offset: 1.5e-3 },
];
const CURRENT_RANGES_2400: readonly MeasuringRange[] = [
  { fullScale: 1e-6, gainRelative: 0.029e-2, offset: 300e-12 },
  { fullScale: 10e-6, gainRelative: 0.027e-2, offset: 700e-12 },
  { fullScale: 100e-6, gainRelative: 0.025e-2, offset: 6e-9 },
  { fullScale: 1e-3, gainRelative: 0.027e-2, offset: 60e-9 },
  { fullScale: 10e-3, gainRelative: 0.035e-2, offset: 600e-9 },
  { fullScale: 100e-3, gainRelative: 0.055e-2, offset: 6e-6 },
  { fullScale: 1, gainRelative: 0.22e-2, offset: 570e-6 },
];

/** Measuring, 1 year, 23 °C ± 5 °C: specifications of the 2450, rev. A, page 2. */
const VOLTAGE_RANGES_2450: readonly MeasuringRange[] = [
  { fullScale: 0.02, gainRelative: 0.1e-2, offset: 150e-6 },
  { fullScale: 0.2, gainRelative: 0.012e-2, offset: 200e-6 },
  { fullScale: 2, gainRelative: 0.012e-2, offset: 300e-6 },
  { fullScale: 20, gainRelative: 0.015e-2, offset: 1e-3 },
];
const CURRENT_RANGES_2450: readonly MeasuringRange[] = [
  { fullScale: 10e-9, gainRelative: 0.1e-2, offset: 50e-12 },
  { fullScale: 100e-9, gainRelative: 0.06e-2, offset: 100e-12 },
  { fullScale: 1e-6, gainRelative: 0.025e-2, offset: 300e-12 },
  { fullScale: 10e-6, gainRelative: 0.025e-2, offset: 700e-12 },
  { fullScale: 100e-6, gainRelative: 0.02e-2, offset: 6e-9 },
  { fullScale: 1e-3, gainRelative: 0.02e-2, offset: 60e-9 },
  { fullScale: 10e-3, gainRelative: 0.02e-2, offset: 600e-9 },
  { fullScale: 100e-3, gainRelative: 0.025e-2, offset: 6e-6 },
  { fullScale: 1, gainRelative: 0.03e-2, offset: 500e-6 },
];

const COMMON = {
  techniques: TECHNIQUES,
  currentAmpereMax: 1,
  voltageVoltMin: -VOLTAGE_VOLT_MAX,
  voltageVoltMax: VOLTAGE_VOLT_MAX,
  frequencyHertzMin: 0,
  frequencyHertzMax: 0,
} as const;

/** Over RS-232 at 9600 Bd question and answer of one reading take 0.15 s, the reading 0.2 s. */
const SAMPLE_SECOND_MIN_2400 = 0.5;
const SAMPLE_SECOND_MIN_2450 = 0.2;

const CAPABILITY_2400: PotentiostatCapability = {
  ...COMMON,
  sampleEverySecondMin: SAMPLE_SECOND_MIN_2400,
  // Its compliance is symmetric, so the lower limit of a discharge is the host's.
  keepsVoltageLimits: 'compliance',
  accuracy: {
    voltageVolt: VOLTAGE_RANGES_2400,
    currentAmpere: CURRENT_RANGES_2400,
    source: 'Keithley 2400 specifications, rev. H, measuring, 1 year, 23 °C ± 5 °C',
  },
};

const CAPABILITY_2450: PotentiostatCapability = {
  ...COMMON,
  sampleEverySecondMin: SAMPLE_SECOND_MIN_2450,
  // Its trigger model compares every reading with both limits and switches off by itself.
  keepsVoltageLimits: 'both',
  accuracy: {
    voltageVolt: VOLTAGE_RANGES_2450,
    currentAmpere: CURRENT_RANGES_2450,
    source: 'Keithley 2450 specifications, rev. A, measuring, 1 year, 23 °C ± 5 °C',
  },
};

/**
 * The models this driver knows. Others of the family speak the same language with other ranges:
 * a model that is not here is refused by name rather than driven with wrong limits.
 */
export const KEITHLEY_MODELS: readonly KeithleyModel[] = [
  { name: '2400', capability: CAPABILITY_2400 },
  { name: '2400-LV', capability: CAPABILITY_2400 },
  { name: '2401', capability: CAPABILITY_2400 },
  { name: '2450', capability: CAPABILITY_2450 },
];

/** What a driver promises before it has met its instrument. */
export function keithleyCapability(dialect: KeithleyDialect): PotentiostatCapability {
  return dialect === '2400' ? CAPABILITY_2400 : CAPABILITY_2450;
}

/**
 * What the instrument can do when it listens to this command set: a 2450 that is set to the
 * commands of the 2400 has no trigger model to keep the lower limit, and no faster reading.
 */
export function capabilityIn(
  model: KeithleyModel,
  dialect: KeithleyDialect,
): PotentiostatCapability {
  if (dialect === '2450') return model.capability;
  const { sampleEverySecondMin, keepsVoltageLimits } = CAPABILITY_2400;
  return { ...model.capability, sampleEverySecondMin, keepsVoltageLimits };
}

/** Relative slack: a current of exactly full scale fits its range. */
const ROUNDING = 1e-9;

/** Full scale of the smallest range that holds a value, or of the widest. */
export function rangeFor(ranges: readonly MeasuringRange[], value: number): number {
  const needed = Math.abs(value) * (1 - ROUNDING);
  const range = ranges.find(({ fullScale }) => fullScale >= needed) ?? ranges.at(-1);
  return range?.fullScale ?? 0;
}

/** A 2400 names its ranges by the most they measure, 5 % above the nominal: "1.050000E-04". */
export function nominalRange(
  ranges: readonly MeasuringRange[],
  spoken: number,
): number | undefined {
  const LOW = 0.99;
  const HIGH = 1.11;
  return ranges.find(({ fullScale }) => {
    const ratio = spoken / fullScale;
    return ratio > LOW && ratio < HIGH;
  })?.fullScale;
}
