/**
 * What the operando board and its host say to each other beyond Firmata: the one source of its
 * numbers. `firmware/protocol.h` is made from this file (firmware-header.ts) and a test keeps the
 * two equal.
 *
 * Each message is a Firmata system-exclusive message of the user range, 0xF0 command payload crc
 * 0xF7. Numbers are sent in groups of seven bits, the lowest first; signed ones as two's
 * complement. `crc` is CRC-16/CCITT-FALSE over command and payload, in three groups: Firmata
 * itself notices no damaged byte.
 */

/** Changes when a message changes; a host refuses a board of another version. */
export const PROTOCOL_VERSION = 1;

/** The speed that the firmware is made for. */
export const BAUD_RATE = 57_600;

export const COMMANDS = {
  /** Host: counter14, settingsCrc16. Feeds the board's patience and proves what it was told. */
  heartbeat: 0x01,
  /** Host: see `LIMIT_FIELDS`. Taken only while all outputs are off. */
  setLimits: 0x02,
  /** Host: see `OUTPUT_FIELDS`. */
  setOutputs: 0x03,
  /** Host: the trip reason (7) that a person has seen. */
  clearTrip: 0x04,
  /** Host: nothing. */
  askStatus: 0x05,
  /** Host: number (14), width in ms (14): one pulse on the trigger pin. */
  trigger: 0x06,
  /** Host: token (14). */
  askTime: 0x07,
  /** Board: see `SENSOR_FIELDS`, ten times a second. */
  sensors: 0x08,
  /** Board: see `STATUS_FIELDS`, once a second and at every change. */
  status: 0x09,
  /** Board: number (14), time of the rising edge in µs (32). */
  triggered: 0x0a,
  /**
   * Board: counter (14), time in µs (32): a rising edge of the detector's own signal. After one the
   * board is deaf to it until its next tick, 1 ms at the most.
   */
  detectorEdge: 0x0b,
  /** Board: token (14), time in µs (32). */
  time: 0x0c,
  /** Board: command (7), reason (7). */
  refused: 0x0d,
} as const;

export const STATES = { tripped: 0, idle: 1, energised: 2 } as const;

/** Why all outputs were switched off and stay so. */
export const TRIPS = {
  none: 0,
  powerOn: 1,
  brownOut: 2,
  watchdog: 3,
  externalReset: 4,
  hostSilent: 5,
  settingsDiffer: 6,
  temperatureHigh: 7,
  temperatureLow: 8,
  thermometerFailed: 9,
  thermocoupleHigh: 10,
  thermocoupleLow: 11,
  thermocoupleFailed: 12,
  forceHigh: 13,
  forceFailed: 14,
  pressureHigh: 15,
  pressureFailed: 16,
  emergencyStop: 17,
  door: 18,
  gas: 19,
} as const;
export type TripName = keyof typeof TRIPS;

export const REFUSALS = {
  damaged: 1,
  tripped: 2,
  noLimits: 3,
  outOfRange: 4,
  outputsOn: 5,
  hostSilent: 6,
  noThermometer: 7,
  notTheReason: 8,
  conditionPersists: 9,
  busy: 10,
} as const;

/** Bits of `fitted` and of `fresh`. */
export const SENSOR_BITS = {
  thermometer: 0,
  thermocouple: 1,
  force: 2,
  pressure: 3,
  ambient: 4,
} as const;

/** Bits of `guarded` and of `inputs`; a set bit of `inputs` is an open contact: not safe. */
export const INPUT_BITS = { emergencyStop: 0, door: 1, gas: 2 } as const;

/** Arduino numbers. Pins that are not listed as free answer no Firmata output command. */
export const PINS = {
  emergencyStop: 2,
  door: 3,
  gas: 4,
  trigger: 5,
  free: 6,
  relay: 7,
  detector: 8,
  heater: 9,
  thermometerSelect: 10,
  pressure: 14,
  thermocoupleSelect: 15,
  forceClock: 16,
  forceData: 17,
} as const;
export const PIN_COUNT = 20;

/** A number of a message: how many bits it has, and whether it is signed. */
export interface Field {
  readonly name: string;
  readonly bits: number;
  readonly isSigned?: boolean;
}

/** Raw codes of the converters, so that the board does no arithmetic it could get wrong. */
export const LIMIT_FIELDS = [
  { name: 'hostSilenceMs', bits: 14 },
  { name: 'sensorSilenceMs', bits: 14 },
  { name: 'thermometerMin', bits: 16 },
  { name: 'thermometerMax', bits: 16 },
  { name: 'thermocoupleMin', bits: 28, isSigned: true },
  { name: 'thermocoupleMax', bits: 28, isSigned: true },
  { name: 'forceMax', bits: 28, isSigned: true },
  { name: 'pressureMax', bits: 14 },
  { name: 'dutyMax', bits: 14 },
  { name: 'fitted', bits: 7 },
  { name: 'guarded', bits: 7 },
] as const satisfies readonly Field[];

export const OUTPUT_FIELDS = [
  /** Share of full power in thousandths. */
  { name: 'duty', bits: 14 },
  { name: 'relay', bits: 7 },
] as const satisfies readonly Field[];

export const SENSOR_FIELDS = [
  { name: 'sequence', bits: 14 },
  { name: 'timeMs', bits: 32 },
  /** MAX31865: ratio to the reference resistor in 2^-15; the fault register. */
  { name: 'thermometer', bits: 16 },
  { name: 'thermometerFault', bits: 14 },
  /** MAX31856: 2^-7 °C; 2^-6 °C; the fault register. */
  { name: 'thermocouple', bits: 28, isSigned: true },
  { name: 'coldJunction', bits: 28, isSigned: true },
  { name: 'thermocoupleFault', bits: 14 },
  /** HX711. */
  { name: 'force', bits: 28, isSigned: true },
  /** Sum of 16 conversions of 10 bits, ratiometric to the 5 V of the transducer. */
  { name: 'pressure', bits: 14 },
  /** SHT31: 16-bit codes of temperature and relative humidity. */
  { name: 'ambientTemperature', bits: 16 },
  { name: 'ambientHumidity', bits: 16 },
  { name: 'inputs', bits: 7 },
  /** Which of the values are new and sound since the last report. */
  { name: 'fresh', bits: 7 },
] as const satisfies readonly Field[];

export const STATUS_FIELDS = [
  { name: 'protocol', bits: 7 },
  { name: 'state', bits: 7 },
  { name: 'trip', bits: 7 },
  { name: 'tripMs', bits: 32 },
  { name: 'upMs', bits: 32 },
  /** MCUSR of the last reset: power-on 1, external 2, brown-out 4, watchdog 8. */
  { name: 'resetCause', bits: 7 },
  { name: 'settingsCrc', bits: 16 },
  { name: 'duty', bits: 14 },
  { name: 'relay', bits: 7 },
  /** Counters stop at their greatest value. */
  { name: 'heartbeats', bits: 14 },
  { name: 'damaged', bits: 14 },
  { name: 'overruns', bits: 14 },
  { name: 'droppedReports', bits: 14 },
] as const satisfies readonly Field[];

export const HEARTBEAT_FIELDS = [
  { name: 'counter', bits: 14 },
  { name: 'settingsCrc', bits: 16 },
] as const satisfies readonly Field[];

export const CLEAR_FIELDS = [{ name: 'reason', bits: 7 }] as const satisfies readonly Field[];

export const TRIGGER_FIELDS = [
  { name: 'number', bits: 14 },
  { name: 'widthMs', bits: 14 },
] as const satisfies readonly Field[];

/** Of `askTime`. */
export const TOKEN_FIELDS = [{ name: 'token', bits: 14 }] as const satisfies readonly Field[];

/** Of `time` (number is the token), `triggered` and `detectorEdge`. */
export const MOMENT_FIELDS = [
  { name: 'number', bits: 14 },
  { name: 'timeUs', bits: 32 },
] as const satisfies readonly Field[];

export const REFUSED_FIELDS = [
  { name: 'command', bits: 7 },
  { name: 'reason', bits: 7 },
] as const satisfies readonly Field[];

/** What the firmware holds to whatever a host says. */
export const FIRMWARE_BOUNDS = {
  hostSilenceMsMin: 100,
  /** Together with one tick of the timer, host silence ends in an open relay within 1.0 s. */
  hostSilenceMsMax: 950,
  sensorSilenceMsMin: 200,
  sensorSilenceMsMax: 950,
  /** Values out of their window in a row before a trip, at ten samples a second. */
  strikesMax: 4,
  /** Heartbeats with other settings in a row before a trip: a message may be under way. */
  differencesMax: 3,
  debounceMs: 5,
  dutyFull: 1000,
  triggerMsMax: 1000,
  reportEveryMs: 100,
} as const;

/** Where a ratio code of the thermometer says that no platinum resistor is there. */
export const THERMOMETER_CODES = { shortBelow: 1000, openAbove: 32_000 } as const;
