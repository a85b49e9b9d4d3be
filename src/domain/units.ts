import { z } from 'zod';

/**
 * Quantities as people write them ("0.8 mA/cm²", "30 min", "60 °C") and as the software holds
 * them: SI base units, except temperature, which is held in degree Celsius.
 */

type UnitTable = Readonly<Record<string, number>>;

const MINUTE = 60;
const HOUR = 3600;

/** Accepted spellings of each dimension's units, each with its size in the held unit. */
export const UNITS = {
  time: { ms: 1e-3, s: 1, min: MINUTE, h: HOUR, d: 24 * HOUR },
  current: { nA: 1e-9, µA: 1e-6, uA: 1e-6, mA: 1e-3, A: 1 },
  currentDensity: {
    'µA/cm²': 1e-2,
    'uA/cm2': 1e-2,
    'mA/cm²': 10,
    'mA/cm2': 10,
    'A/m²': 1,
    'A/m2': 1,
  },
  voltage: { µV: 1e-6, uV: 1e-6, mV: 1e-3, V: 1 },
  voltageRate: {
    'V/s': 1,
    'mV/s': 1e-3,
    'mV/min': 1e-3 / MINUTE,
    'mV/h': 1e-3 / HOUR,
    'µV/s': 1e-6,
    'uV/s': 1e-6,
  },
  temperature: { '°C': 1, degC: 1 },
  temperatureRate: { '°C/min': 1 / MINUTE, 'degC/min': 1 / MINUTE, '°C/h': 1 / HOUR, '°C/s': 1 },
  countRate: { '1/s': 1, 'counts/s': 1 },
  frequency: { µHz: 1e-6, uHz: 1e-6, mHz: 1e-3, Hz: 1, kHz: 1e3, MHz: 1e6 },
  angle: { '°': Math.PI / 180, deg: Math.PI / 180, rad: 1 },
  charge: { C: 1, µAh: 3.6e-3, uAh: 3.6e-3, mAh: 3.6, Ah: 3600 },
  chargeDensity: {
    'µAh/cm²': 36,
    'uAh/cm2': 36,
    'mAh/cm²': 3.6e4,
    'mAh/cm2': 3.6e4,
    'C/m²': 1,
    'C/m2': 1,
  },
  length: { Å: 1e-10, nm: 1e-9, µm: 1e-6, um: 1e-6, mm: 1e-3, cm: 1e-2, m: 1 },
  volume: { 'µm³': 1e-18, um3: 1e-18, 'mm³': 1e-9, mm3: 1e-9, 'm³': 1, m3: 1 },
  attenuation: { '1/m': 1, '1/cm': 100, '1/mm': 1000 },
  mass: { µg: 1e-9, ug: 1e-9, mg: 1e-6, g: 1e-3, kg: 1 },
  ratio: { '%': 0.01, '1': 1 },
  area: { 'mm²': 1e-6, mm2: 1e-6, 'cm²': 1e-4, cm2: 1e-4, 'm²': 1, m2: 1 },
  pressure: { Pa: 1, kPa: 1e3, bar: 1e5, MPa: 1e6 },
  force: { N: 1, kN: 1e3 },
  resistance: { mΩ: 1e-3, Ω: 1, ohm: 1, kΩ: 1e3, kohm: 1e3, MΩ: 1e6 },
  capacitance: { pF: 1e-12, nF: 1e-9, µF: 1e-6, uF: 1e-6, mF: 1e-3, F: 1 },
  conductivity: { 'S/m': 1, 'S/cm': 100, 'mS/cm': 0.1, 'µS/cm': 1e-4, 'uS/cm': 1e-4 },
  photonEnergy: { eV: 1.602_176_634e-19, keV: 1.602_176_634e-16 },
  energy: { eV: 96_485.332_12, 'kJ/mol': 1e3, 'J/mol': 1 },
  power: { mW: 1e-3, W: 1, kW: 1e3 },
  heatCapacity: { 'J/K': 1, 'kJ/K': 1e3 },
  diffusivity: { 'm²/s': 1, 'm2/s': 1, 'cm²/s': 1e-4, 'cm2/s': 1e-4 },
  molarVolume: { 'cm³/mol': 1e-6, 'cm3/mol': 1e-6, 'µm³/mol': 1e-18, 'm³/mol': 1 },
  molarMass: { 'g/mol': 1e-3, 'kg/mol': 1 },
  specificCharge: { 'mAh/g': 3600, 'Ah/kg': 3600, 'C/kg': 1 },
  thermalConductance: { 'mW/K': 1e-3, 'W/K': 1 },
} as const satisfies Record<string, UnitTable>;

export type Dimension = keyof typeof UNITS;

/** How each dimension is written in an example, for messages. */
const EXAMPLES: Record<Dimension, string> = {
  time: '30 min',
  current: '16.3 µA',
  currentDensity: '0.8 mA/cm²',
  voltage: '0.5 V',
  voltageRate: '0.1 mV/s',
  temperature: '60 °C',
  temperatureRate: '2 °C/min',
  countRate: '400 1/s',
  frequency: '200 kHz',
  angle: '180°',
  charge: '0.16 mAh',
  chargeDensity: '2.56 mAh/cm²',
  length: '600 µm',
  volume: '1e6 µm³',
  attenuation: '2.5 1/cm',
  mass: '5.6 mg',
  ratio: '99 %',
  area: '0.785 cm²',
  pressure: '5 MPa',
  force: '500 N',
  resistance: '120 Ω',
  capacitance: '0.05 µF',
  conductivity: '0.5 mS/cm',
  photonEnergy: '7112 eV',
  energy: '0.3 eV',
  power: '60 W',
  heatCapacity: '600 J/K',
  thermalConductance: '0.5 W/K',
  diffusivity: '1.4e-10 cm²/s',
  molarVolume: '20.73 cm³/mol',
  molarMass: '91.66 g/mol',
  specificCharge: '152 mAh/g',
};

const QUANTITY = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S+)\s*$/;

/** Reads "0.8 mA/cm²" as 8 (A/m²). Returns undefined when it is not of that dimension, or no finite number. */
export function parseQuantity(text: string, dimension: Dimension): number | undefined {
  const match = QUANTITY.exec(text);
  if (!match) return undefined;
  // The micro sign has two code points; both are read as U+00B5.
  const unit = (match[2] ?? '').replace('μ', 'µ');
  const table: UnitTable = UNITS[dimension];
  const factor = Object.hasOwn(table, unit) ? table[unit] : undefined;
  const value = factor === undefined ? Number.NaN : Number(match[1]) * factor;
  return Number.isFinite(value) ? value : undefined;
}

/** "expected a time with its unit (ms, s, min, h, d), such as 30 min" */
export function expectedQuantity(dimension: Dimension): string {
  const units = Object.keys(UNITS[dimension]).join(', ');
  return `expected ${withArticle(dimension)} with its unit (${units}), such as "${EXAMPLES[dimension]}"`;
}

/** "a time", "an area", "a voltage rate": a dimension in a sentence. */
export function withArticle(dimension: Dimension): string {
  const words = dimension.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/** What marks a text that carries a unit in the published JSON Schemas. */
export const QUANTITY_MARK = 'x-quantity';

/** Text that carries a unit. @param kind of quantity, which the published JSON Schema names */
export function quantityText(kind: string, expected: string) {
  const error = ({ input }: { readonly input?: unknown }) =>
    input === undefined ? `is missing: ${expected}` : expected;
  return z.string({ error }).meta({ [QUANTITY_MARK]: kind, description: expected });
}

/** A zod schema that reads a quantity string and yields the number in the held unit. */
export function quantity(dimension: Dimension) {
  return quantityText(dimension, expectedQuantity(dimension)).transform((text, context) => {
    const value = parseQuantity(text, dimension);
    if (value !== undefined) return value;
    context.addIssue({
      code: 'custom',
      message: `"${text}" is not understood: ${expectedQuantity(dimension)}`,
    });
    return z.NEVER;
  });
}
