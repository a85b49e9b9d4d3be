import { Fault, type Problem } from '../domain/fault.ts';
import { parseNumber } from './parse-number.ts';
import { atLine, readTextFile, type TextFile } from './text-file.ts';

/** One row of a table of conductivities or resistances at temperatures. */
export interface ArrheniusRow {
  /** `file:line` */
  readonly source: string;
  readonly temperatureKelvin: number;
  readonly resistanceOhm: number | null;
  readonly conductivitySiemensPerMetre: number | null;
  /** One standard error over the value; null where the table has none. */
  readonly relativeError: number | null;
}

const KELVIN_AT_ZERO_CELSIUS = 273.15;
const ROWS_MAX = 100_000;
const TEMPERATURES = {
  temperature_celsius: KELVIN_AT_ZERO_CELSIUS,
  temperature_kelvin: 0,
} as const;
/** Factor to the unit that is held. */
const VALUES = {
  resistance_ohm: 1,
  conductivity_siemens_per_metre: 1,
  conductivity_siemens_per_centimetre: 100,
  conductivity_millisiemens_per_centimetre: 0.1,
} as const;
const ERROR = 'standard_error';
const EXPECTED = `${Object.keys(TEMPERATURES).join(' or ')}, and one of ${Object.keys(VALUES).join(', ')}`;

interface Columns {
  readonly separator: string;
  readonly temperature: { readonly at: number; readonly offset: number };
  readonly value: { readonly at: number; readonly factor: number; readonly isResistance: boolean };
  readonly errorAt: number;
}

/**
 * Reads a table with a header, separated by comma, semicolon or tab; lines with `#` are remarks.
 * An optional column `standard_error` is in the unit of the value.
 * @throws Fault fileMissing, fileFormat with the line of each bad row
 */
export async function readArrheniusTable(path: string): Promise<readonly ArrheniusRow[]> {
  const file = await readTextFile(path);
  const lines = file.lines.flatMap((line, index) =>
    line.trim() === '' || line.trim().startsWith('#') ? [] : [{ line, index }],
  );
  const [header, ...rows] = lines;
  const columns = columnsOf(file, header ?? { line: '', index: 0 });
  if (rows.length > ROWS_MAX) {
    throw new Fault('fileFormat', { where: path, message: `has more than ${ROWS_MAX} rows` });
  }
  const problems: Problem[] = [];
  const found = rows.flatMap(({ line, index }) => {
    try {
      return [rowOf(line, atLine(file, index), columns)];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new Fault('fileFormat', problems);
  return found;
}

function columnsOf(
  file: TextFile,
  { line, index }: { readonly line: string; readonly index: number },
): Columns {
  const separator = [';', '\t', ','].find((one) => line.includes(one)) ?? ',';
  const titles = fieldsOf(line, separator).map((title) => title.toLowerCase());
  const [temperature] = Object.entries(TEMPERATURES).filter(([name]) => titles.includes(name));
  const values = Object.entries(VALUES).filter(([name]) => titles.includes(name));
  const [value] = values;
  if (temperature && value && values.length === 1) {
    const [name, factor] = value;
    return {
      separator,
      temperature: { at: titles.indexOf(temperature[0]), offset: temperature[1] },
      value: { at: titles.indexOf(name), factor, isResistance: name === 'resistance_ohm' },
      errorAt: titles.indexOf(ERROR),
    };
  }
  const spectra = titles.includes('file')
    ? '; a list of spectra is for "operando eis arrhenius --list"'
    : '';
  throw new Fault('fileFormat', {
    where: atLine(file, index),
    message: `"${line.slice(0, 80)}" is no header: expected the columns ${EXPECTED}${spectra}`,
  });
}

function rowOf(line: string, where: string, columns: Columns): ArrheniusRow {
  const fields = fieldsOf(line, columns.separator);
  const { temperature, value, errorAt } = columns;
  const numberAt = (at: number): number => parseNumber(fields[at] ?? '', where, 'refuse');
  const given = numberAt(value.at);
  const relativeError = errorAt < 0 || fields[errorAt] === '' ? null : numberAt(errorAt) / given;
  const held = given * value.factor;
  return {
    source: where,
    temperatureKelvin: numberAt(temperature.at) + temperature.offset,
    resistanceOhm: value.isResistance ? held : null,
    conductivitySiemensPerMetre: value.isResistance ? null : held,
    relativeError,
  };
}

function fieldsOf(row: string, separator: string): string[] {
  return row.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}
