import type { MeasuringRange, PotentiostatCapability } from '../../src/domain/instrument.ts';

/** What the first six characters after the `t` of the firmware reply say. */
export const DEVICE_IDS = [
  'espico',
  'senswb',
  'es4_lr',
  'es4_hr',
  'mes4lr',
  'mes4hr',
  'nexus1',
] as const;
export type DeviceId = (typeof DEVICE_IDS)[number];

/** One value of `set_pgstat_mode` and what it can do. MethodSCRIPT manual, appendix B. */
export interface PgstatMode {
  readonly number: number;
  /** Highest value of `set_max_bandwidth` there. */
  readonly bandwidthHertzMax: number;
  readonly voltageVoltMin: number;
  readonly voltageVoltMax: number;
  /** Most that one measurement may sweep: the dynamic window. */
  readonly windowVolt: number;
}

/** How fast a device takes the lines of a script. */
export interface LinePace {
  /** After `e`. */
  readonly startSecond: number;
  /** After each line. */
  readonly lineSecond: number;
}

/** What one model speaks and can do. */
export interface MethodScriptDevice {
  readonly id: DeviceId;
  readonly name: string;
  readonly baudRate: number;
  /** XON and XOFF: the device stops the host, and the bytes stand anywhere in what it sends. */
  readonly usesFlowControl: boolean;
  /** Absent where a script may be sent at once. */
  readonly pace?: LinePace;
  /** Values of `set_pgstat_chan`. */
  readonly channelCount: number;
  /** For techniques at a direct potential, the preferred one first. */
  readonly potentiostatModes: readonly PgstatMode[];
  /** For open circuit. */
  readonly openCircuitMode: PgstatMode;
  readonly impedanceMode: PgstatMode;
  /** Highest bandwidth as a galvanostat; absent where it is none. */
  readonly galvanostat?: { readonly bandwidthHertzMax: number; readonly frequencyHertzMax: number };
  readonly amplitudeVoltRmsMax: number;
  /** Largest potential that `set_range ab` takes. */
  readonly voltageRangeVolt: number;
  /** Full scale in A by the index that a package gives. */
  readonly currentRanges: ReadonlyMap<number, number>;
  /** Tells the direct potential and current at each frequency: `eis_acdc`. */
  readonly tellsDirectPart: boolean;
  /**
   * Tells the samples behind each point of `meas_loop_eis`: `eis_tdd`. After the maker's published
   * example for EmStat4 and Nexus; none is published for `meas_loop_geis` or the EmStat Pico.
   */
  readonly tellsWaveforms: boolean;
  /** `cell_on ocp(v)` closes the cell at its open-circuit potential. */
  readonly closesAtOpenCircuit: boolean;
  readonly capability: Omit<PotentiostatCapability, 'techniques' | 'excitations' | 'waveforms'>;
}

/** `set_pgstat_mode` of every galvanostat. */
export const GALVANOSTAT_MODE = 6;

/** Lines that come sooner are lost and the script is refused. */
const PICO_PACE: LinePace = { startSecond: 0.05, lineSecond: 0.005 };

const PICO_MODES = {
  lowSpeed: {
    number: 2,
    bandwidthHertzMax: 100,
    voltageVoltMin: -1.25,
    voltageVoltMax: 2,
    windowVolt: 2.2,
  },
  highSpeed: {
    number: 3,
    bandwidthHertzMax: 200e3,
    voltageVoltMin: -1.7,
    voltageVoltMax: 2,
    windowVolt: 1.214,
  },
  maxRange: {
    number: 4,
    bandwidthHertzMax: 100,
    voltageVoltMin: -1.7,
    voltageVoltMax: 2,
    windowVolt: 2.6,
  },
} as const satisfies Record<string, PgstatMode>;

const PICO_CURRENT_RANGES = new Map([
  [0, 100e-9],
  [1, 2e-6],
  [2, 4e-6],
  [3, 8e-6],
  [4, 16e-6],
  [5, 32e-6],
  [6, 63e-6],
  [7, 125e-6],
  [8, 250e-6],
  [9, 500e-6],
  [10, 1e-3],
  [11, 5e-3],
  // High speed.
  [128, 100e-9],
  [129, 1e-6],
  [130, 6e-6],
  [131, 13e-6],
  [132, 25e-6],
  [133, 50e-6],
  [134, 100e-6],
  [135, 200e-6],
  [136, 1e-3],
  [137, 5e-3],
]);

/** Each decade from `first` A is three indices further. */
function emStat4CurrentRanges(firstIndex: number, lastIndex: number): ReadonlyMap<number, number> {
  const ranges = new Map<number, number>();
  for (let index = firstIndex; index <= lastIndex; index += 3) {
    ranges.set(index, Number(`1e${index / 3 - 10}`));
  }
  return ranges;
}

/** As a galvanostat the same ranges have indices 32 higher; 6 and 7 are other ways to 1 and 10 mA. */
function nexusCurrentRanges(): ReadonlyMap<number, number> {
  const potentiostat = [
    1e-9, 10e-9, 100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 1e-3, 10e-3, 100e-3, 1,
  ];
  const galvanostatOffset = 32;
  return new Map([
    [16, 100e-12],
    ...potentiostat.map((ampere, index) => [index, ampere] as const),
    ...potentiostat.map((ampere, index) => [index + galvanostatOffset, ampere] as const),
  ]);
}

/** Each range once, from the smallest, with limits in shares of reading and range. */
function currentLimits(
  ranges: ReadonlyMap<number, number>,
  { ofReading, ofRange, ampere = 0 }: { ofReading: number; ofRange: number; ampere?: number },
): readonly MeasuringRange[] {
  return [...new Set(ranges.values())]
    .sort((left, right) => left - right)
    .map((fullScale) => ({
      fullScale,
      gainRelative: ofReading,
      offset: ofRange * fullScale + ampere,
    }));
}

const FREQUENCY_HERTZ_MIN = 1e-5;

const PICO = {
  baudRate: 230_400,
  usesFlowControl: true,
  pace: PICO_PACE,
  channelCount: 2,
  potentiostatModes: [PICO_MODES.lowSpeed, PICO_MODES.maxRange, PICO_MODES.highSpeed],
  openCircuitMode: PICO_MODES.maxRange,
  impedanceMode: PICO_MODES.highSpeed,
  amplitudeVoltRmsMax: 0.429,
  voltageRangeVolt: 4.2,
  currentRanges: PICO_CURRENT_RANGES,
  tellsDirectPart: false,
  tellsWaveforms: false,
  closesAtOpenCircuit: false,
  capability: {
    currentAmpereMax: 3e-3,
    voltageVoltMin: -1.7,
    voltageVoltMax: 2,
    frequencyHertzMin: 0.016,
    frequencyHertzMax: 200e3,
    sampleEverySecondMin: 1e-3,
    keepsVoltageLimits: 'both',
    accuracy: {
      voltageVolt: [{ fullScale: 2, gainRelative: 5e-3, offset: 5e-3 }],
      currentAmpere: currentLimits(PICO_CURRENT_RANGES, { ofReading: 0.01, ofRange: 1e-3 }),
      impedance: { modulusRelative: 0.02, phaseDegree: 2 },
      source: 'PalmSens, EmStat Pico module, published specifications',
    },
  },
} satisfies Omit<MethodScriptDevice, 'id' | 'name'>;

/** One mode for everything at a potential: fast and wide enough. */
function widePotentiostat(number: number, volt: number, bandwidthHertzMax: number): PgstatMode {
  return {
    number,
    bandwidthHertzMax,
    voltageVoltMin: -volt,
    voltageVoltMax: volt,
    windowVolt: 2 * volt,
  };
}

function emStat4(options: {
  volt: number;
  currentRanges: ReadonlyMap<number, number>;
  leakAmpere: number;
}): Omit<MethodScriptDevice, 'id' | 'name'> {
  const { volt, currentRanges, leakAmpere } = options;
  const bandwidthHertzMax = 200e3;
  return {
    baudRate: 921_600,
    usesFlowControl: false,
    channelCount: 1,
    potentiostatModes: [widePotentiostat(2, volt, bandwidthHertzMax)],
    openCircuitMode: widePotentiostat(3, volt, bandwidthHertzMax),
    impedanceMode: widePotentiostat(3, volt, bandwidthHertzMax),
    galvanostat: { bandwidthHertzMax, frequencyHertzMax: 200e3 },
    amplitudeVoltRmsMax: 0.9,
    voltageRangeVolt: volt,
    currentRanges,
    tellsDirectPart: true,
    tellsWaveforms: true,
    closesAtOpenCircuit: false,
    capability: {
      currentAmpereMax: Math.max(...currentRanges.values()),
      voltageVoltMin: -volt,
      voltageVoltMax: volt,
      frequencyHertzMin: FREQUENCY_HERTZ_MIN,
      frequencyHertzMax: 200e3,
      sampleEverySecondMin: 1e-3,
      keepsVoltageLimits: 'both',
      accuracy: {
        voltageVolt: [{ fullScale: volt, gainRelative: 2e-3, offset: 1e-3 }],
        currentAmpere: currentLimits(currentRanges, {
          ofReading: 2e-3,
          ofRange: 2e-3,
          ampere: leakAmpere,
        }),
        impedance: { modulusRelative: 0.01, phaseDegree: 1 },
        source: 'PalmSens, EmStat4 series, published specifications',
      },
    },
  };
}

const EMSTAT4_LR = emStat4({
  volt: 3,
  currentRanges: emStat4CurrentRanges(3, 24),
  leakAmpere: 20e-12,
});
const EMSTAT4_HR = emStat4({ volt: 6, currentRanges: emStat4CurrentRanges(9, 27), leakAmpere: 0 });

const NEXUS_CURRENT_RANGES = nexusCurrentRanges();
const NEXUS_VOLT = 10;
const NEXUS_BANDWIDTH_HERTZ = 1e6;

const NEXUS: Omit<MethodScriptDevice, 'id' | 'name'> = {
  baudRate: 921_600,
  usesFlowControl: false,
  channelCount: 1,
  potentiostatModes: [widePotentiostat(2, NEXUS_VOLT, NEXUS_BANDWIDTH_HERTZ)],
  openCircuitMode: widePotentiostat(3, NEXUS_VOLT, NEXUS_BANDWIDTH_HERTZ),
  impedanceMode: widePotentiostat(3, NEXUS_VOLT, NEXUS_BANDWIDTH_HERTZ),
  galvanostat: { bandwidthHertzMax: NEXUS_BANDWIDTH_HERTZ, frequencyHertzMax: 200e3 },
  amplitudeVoltRmsMax: 0.3,
  voltageRangeVolt: NEXUS_VOLT,
  currentRanges: NEXUS_CURRENT_RANGES,
  tellsDirectPart: true,
  tellsWaveforms: true,
  closesAtOpenCircuit: true,
  capability: {
    currentAmpereMax: 1,
    voltageVoltMin: -NEXUS_VOLT,
    voltageVoltMax: NEXUS_VOLT,
    frequencyHertzMin: FREQUENCY_HERTZ_MIN,
    frequencyHertzMax: 1e6,
    sampleEverySecondMin: 1e-3,
    keepsVoltageLimits: 'both',
    accuracy: {
      voltageVolt: [{ fullScale: NEXUS_VOLT, gainRelative: 1e-3, offset: 1e-3 }],
      currentAmpere: currentLimits(NEXUS_CURRENT_RANGES, { ofReading: 1e-3, ofRange: 1e-3 }),
      impedance: { modulusRelative: 0.01, phaseDegree: 1 },
      source: 'PalmSens, Nexus, published specifications',
    },
  },
};

/**
 * Every MethodSCRIPT device this software drives. Limits: MethodSCRIPT manual v1.8, appendix B;
 * limits of error: the maker's published specifications, to be checked against the sheet of the
 * instrument at hand.
 */
export const DEVICES: Readonly<Record<DeviceId, MethodScriptDevice>> = {
  espico: { id: 'espico', name: 'EmStat Pico', ...PICO },
  senswb: { id: 'senswb', name: 'Sensit Wearable', ...PICO },
  es4_lr: { id: 'es4_lr', name: 'EmStat4 LR', ...EMSTAT4_LR },
  es4_hr: { id: 'es4_hr', name: 'EmStat4 HR', ...EMSTAT4_HR },
  mes4lr: { id: 'mes4lr', name: 'MultiEmStat4 LR', ...EMSTAT4_LR },
  mes4hr: { id: 'mes4hr', name: 'MultiEmStat4 HR', ...EMSTAT4_HR },
  nexus1: { id: 'nexus1', name: 'Nexus', ...NEXUS },
};

/** @returns undefined when no device of ours begins its firmware version so */
export function deviceFor(firmware: string): MethodScriptDevice | undefined {
  const id = DEVICE_IDS.find((one) => firmware.startsWith(one));
  return id && DEVICES[id];
}

/** Full scale of the smallest and the largest current range. */
export function currentSpan({ currentRanges }: MethodScriptDevice): {
  readonly least: number;
  readonly most: number;
} {
  const scales = [...currentRanges.values()];
  return { least: Math.min(...scales), most: Math.max(...scales) };
}
