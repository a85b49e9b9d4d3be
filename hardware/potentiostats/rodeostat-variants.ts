import type {
  MeasuringRange,
  PotentiostatAccuracy,
  PotentiostatCapability,
} from '../../src/domain/instrument.ts';

/** One range by the name that the firmware gives it; V or A. */
export interface RodeostatRange {
  readonly name: string;
  readonly fullScale: number;
}

/** What one build of the instrument has. */
export interface RodeostatVariant {
  /** As it reports itself: "10V_microAmpV0.2". */
  readonly name: string;
  readonly hardware: '0.1' | '0.2';
  /** Smallest first. */
  readonly voltageRanges: readonly RodeostatRange[];
  /** Smallest first. */
  readonly currentRanges: readonly RodeostatRange[];
  /** Hardware 0.2 can disconnect each electrode; 0.1 none. */
  readonly hasSwitches: boolean;
  readonly capability: PotentiostatCapability;
}

/** Steps of the 12-bit converter that sets the potential, over a whole range. */
export const DAC_STEPS = 4095;
/** Longest time a test can be told, ms: an unsigned number of 32 bits (firmware, is<uint32_t>). */
export const TEST_MS_MAX = 2 ** 32 - 1;
/** At rest the potential is asked for one by one; the maker's example asks so often. */
const REST_SECOND_MIN = 0.02;
/** Limits of `setSamplePeriod`, ms. */
export const SAMPLE_PERIOD_MS = { min: 1, max: 1000 } as const;

/** Firmware FW0.1.0, ps_constants.cpp; `milliAmp` is the older name of 24 mA. */
const CURRENT_RANGES: Readonly<Record<string, readonly RodeostatRange[]>> = {
  nanoAmp: [
    { name: '60nA', fullScale: 60e-9 },
    { name: '100nA', fullScale: 100e-9 },
    { name: '1uA', fullScale: 1e-6 },
    { name: '10uA', fullScale: 10e-6 },
  ],
  microAmp: [
    { name: '1uA', fullScale: 1e-6 },
    { name: '10uA', fullScale: 10e-6 },
    { name: '100uA', fullScale: 100e-6 },
    { name: '1000uA', fullScale: 1e-3 },
  ],
  '10MilliAmp': [
    { name: '10uA', fullScale: 10e-6 },
    { name: '100uA', fullScale: 100e-6 },
    { name: '1000uA', fullScale: 1e-3 },
    { name: '10000uA', fullScale: 10e-3 },
  ],
  '24MilliAmp': [
    { name: '100uA', fullScale: 100e-6 },
    { name: '1000uA', fullScale: 1e-3 },
    { name: '12000uA', fullScale: 12.024e-3 },
    { name: '24000uA', fullScale: 24.048e-3 },
  ],
};

const TEN_VOLT: readonly RodeostatRange[] = [1, 2, 5, 10].map(voltRange);
const EIGHT_VOLT: readonly RodeostatRange[] = [1, 2, 4, 8].map(voltRange);

const NAME =
  /^(?:(?<amplifier>10V|AD8250|AD8251)_)?(?<current>nanoAmp|microAmp|milliAmp|10MilliAmp|24MilliAmp)V(?<hardware>0\.[12])$/;
/** The names that a rig file may give. */
export const VARIANT_NAME: RegExp = NAME;

/**
 * The maker states the tolerance of the parts, 0.1 to 0.5 %, and calls an error of 0.7 % of the
 * whole span "roughly what we would expect"; there is no calibration.
 */
const GAIN_RELATIVE = 0.005;
const OFFSET_OF_SPAN = 0.007;
const SOURCE =
  'IO Rodeo on iorodeo/potentiostat issue 26: parts of 0.1 to 0.5 %, expected 0.7 % of the span; 12-bit output';

/** The variant of that name; undefined when no firmware has it. */
export function rodeostatVariant(name: string): RodeostatVariant | undefined {
  const parts = NAME.exec(name)?.groups;
  if (!parts) return undefined;
  const current = parts.current === 'milliAmp' ? '24MilliAmp' : parts.current;
  const currentRanges = CURRENT_RANGES[current ?? ''];
  const hardware = parts.hardware === '0.2' ? '0.2' : '0.1';
  if (!currentRanges) return undefined;
  const voltageRanges = parts.amplifier === 'AD8251' ? EIGHT_VOLT : TEN_VOLT;
  const hasSwitches = hardware === '0.2';
  const capability = capabilityOf(voltageRanges, currentRanges, hasSwitches);
  return { name, hardware, voltageRanges, currentRanges, hasSwitches, capability };
}

/** The smallest range that holds all the values; undefined when none does. */
export function smallestRange(
  ranges: readonly RodeostatRange[],
  ...values: readonly number[]
): RodeostatRange | undefined {
  const needed = Math.max(...values.map(Math.abs));
  return ranges.find(({ fullScale }) => fullScale >= needed * (1 - 1e-9));
}

function capabilityOf(
  voltageRanges: readonly RodeostatRange[],
  currentRanges: readonly RodeostatRange[],
  hasSwitches: boolean,
): PotentiostatCapability {
  const voltageVoltMax = voltageRanges.at(-1)?.fullScale ?? 0;
  return {
    // Without switches the counter electrode is always driven: there is no open circuit.
    techniques: [
      ...(hasSwitches ? (['openCircuit'] as const) : []),
      'constantVoltage',
      'cyclicVoltammetry',
      'linearSweep',
    ],
    currentAmpereMax: currentRanges.at(-1)?.fullScale ?? 0,
    voltageVoltMin: -voltageVoltMax,
    voltageVoltMax,
    frequencyHertzMin: 0,
    frequencyHertzMax: 0,
    sampleEverySecondMin: SAMPLE_PERIOD_MS.min / 1000,
    ...(hasSwitches ? { restEverySecondMin: REST_SECOND_MIN } : {}),
    keepsVoltageLimits: 'none',
    ...(hasSwitches ? {} : { cellOffLeaves: '0 V stay on the cell' }),
    accuracy: accuracyOf(voltageRanges, currentRanges),
  };
}

function accuracyOf(
  voltageRanges: readonly RodeostatRange[],
  currentRanges: readonly RodeostatRange[],
): PotentiostatAccuracy {
  return {
    voltageVolt: voltageRanges.map(({ fullScale }) => limitsOf(fullScale, 1 / DAC_STEPS)),
    currentAmpere: currentRanges.map(({ fullScale }) => limitsOf(fullScale, 0)),
    source: SOURCE,
  };
}

function limitsOf(fullScale: number, resolutionOfSpan: number): MeasuringRange {
  const offset = (OFFSET_OF_SPAN + resolutionOfSpan) * 2 * fullScale;
  return { fullScale, gainRelative: GAIN_RELATIVE, offset };
}

function voltRange(volt: number): RodeostatRange {
  return { name: `${volt}V`, fullScale: volt };
}
