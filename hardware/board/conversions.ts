import type { CalibrationOf } from '../../src/domain/calibration.ts';
import { celsiusOf, resistanceOf, slopeOf } from './platinum.ts';

/**
 * From the codes of the board's converters to quantities, with their standard uncertainty, and
 * back to codes for its limits.
 */

export interface Measured {
  /** In the unit of the channel; NaN where the code means no value. */
  readonly value: number;
  readonly standardError: number;
}

/** MAX31865: ratio to its reference resistor in 15 bits (data sheet 19-6478). */
const RATIO_CODES = 2 ** 15;
/** MAX31856: 2^-7 °C; its cold junction 2^-6 °C (data sheet 19-7534). */
const THERMOCOUPLE_PER_CELSIUS = 128;
const JUNCTION_PER_CELSIUS = 64;
/** Of the cold junction by its data sheet, from -20 to 85 °C, °C. */
const JUNCTION_LIMIT_CELSIUS = 0.7;
/** The board adds 16 conversions of 10 bits, ratiometric to the transducer's supply. */
const CONVERSIONS = 16;
const ANALOG_CODES = 1024;
export const SUPPLY_VOLT = 5;
/** SHT31 (data sheet, version 4, 4.13): a sixteen-bit code each. */
const AMBIENT_CODES = 65_535;
/** Typical accuracy of the SHT31 at 25 °C, taken as limits of a rectangle. */
const AMBIENT_LIMIT_CELSIUS = 0.2;
const HUMIDITY_LIMIT_PERCENT = 2;

/** Cell temperature, °C. @param code may be a mean of several */
export function temperatureOf(platinum: CalibrationOf<'platinum'>, code: number): Measured {
  const value = celsiusOf(platinum, (code / RATIO_CODES) * platinum.reference);
  const step = platinum.reference / RATIO_CODES / slopeOf(platinum, value);
  return { value, standardError: together(standard(platinum), rounding(step)) };
}

/** The inverse, not rounded. */
export function thermometerCode(platinum: CalibrationOf<'platinum'>, celsius: number): number {
  return (resistanceOf(platinum, celsius) / platinum.reference) * RATIO_CODES;
}

/** Temperature of the thermocouple, °C. */
export function thermocoupleOf(couple: CalibrationOf<'thermocouple'>, code: number): Measured {
  const standardError = together(standard(couple), rounding(1 / THERMOCOUPLE_PER_CELSIUS));
  return { value: code / THERMOCOUPLE_PER_CELSIUS - couple.offset, standardError };
}

/** The inverse, not rounded. */
export function thermocoupleCode(couple: CalibrationOf<'thermocouple'>, celsius: number): number {
  return (celsius + couple.offset) * THERMOCOUPLE_PER_CELSIUS;
}

/** Temperature of the thermocouple's cold junction, °C. */
export function coldJunctionOf(code: number): Measured {
  const step = rounding(1 / JUNCTION_PER_CELSIUS);
  const standardError = together(withinLimits(JUNCTION_LIMIT_CELSIUS), step);
  return { value: code / JUNCTION_PER_CELSIUS, standardError };
}

/** Force on the load cell, N. */
export function forceOf(cell: CalibrationOf<'loadCell'>, code: number): Measured {
  const value = (code - cell.zero) / cell.codesPerNewton;
  const relative = (cell.relativeUncertainty * Math.abs(value)) / cell.coverage;
  const step = rounding(1 / cell.codesPerNewton);
  return { value, standardError: together(standard(cell), relative, step) };
}

/** The inverse, not rounded. */
export function forceCode(cell: CalibrationOf<'loadCell'>, newton: number): number {
  return cell.zero + newton * cell.codesPerNewton;
}

/** Pressure at the transducer, Pa. */
export function pressureOf(transducer: CalibrationOf<'transducer'>, code: number): Measured {
  const { zeroVoltage, spanVoltage, zeroPressure, spanPressure } = transducer;
  // Each conversion is rounded down, so its middle is half a step higher.
  const volt = ((code / CONVERSIONS + 0.5) / ANALOG_CODES) * SUPPLY_VOLT;
  const pascalPerVolt = (spanPressure - zeroPressure) / (spanVoltage - zeroVoltage);
  const value = zeroPressure + (volt - zeroVoltage) * pascalPerVolt;
  // A steady voltage gives sixteen equal conversions: their sum is no finer than one of them.
  const step = rounding((SUPPLY_VOLT / ANALOG_CODES) * pascalPerVolt);
  return { value, standardError: together(standard(transducer), step) };
}

/** Volt of the transducer at a pressure. */
export function transducerVolt(transducer: CalibrationOf<'transducer'>, pascal: number): number {
  const { zeroVoltage, spanVoltage, zeroPressure, spanPressure } = transducer;
  const share = (pascal - zeroPressure) / (spanPressure - zeroPressure);
  return zeroVoltage + share * (spanVoltage - zeroVoltage);
}

/** The inverse, not rounded. */
export function pressureCode(transducer: CalibrationOf<'transducer'>, pascal: number): number {
  const conversions = (transducerVolt(transducer, pascal) / SUPPLY_VOLT) * ANALOG_CODES - 0.5;
  return conversions * CONVERSIONS;
}

/** Air around the board, °C. */
export function ambientTemperatureOf(code: number): Measured {
  const value = -45 + (175 * code) / AMBIENT_CODES;
  return { value, standardError: withinLimits(AMBIENT_LIMIT_CELSIUS) };
}

/** Relative humidity of that air, %. */
export function ambientHumidityOf(code: number): Measured {
  const value = (100 * code) / AMBIENT_CODES;
  return { value, standardError: withinLimits(HUMIDITY_LIMIT_PERCENT) };
}

/** Standard uncertainty of a comparison, from its expanded one. */
function standard(of: { readonly uncertainty: number; readonly coverage: number }): number {
  return of.uncertainty / of.coverage;
}

/** Of a value rounded to whole steps: a rectangle one step wide (GUM 4.3.7). */
function rounding(step: number): number {
  return step / Math.sqrt(12);
}

/** Of a value within plus and minus a limit: a rectangle (GUM 4.3.7). */
function withinLimits(limit: number): number {
  return limit / Math.sqrt(3);
}

/** Independent contributions (GUM 5.1.2). */
function together(...errors: readonly number[]): number {
  return Math.hypot(...errors);
}
