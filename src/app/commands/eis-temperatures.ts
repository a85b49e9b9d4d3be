import { dirname, isAbsolute, join } from 'node:path';
import { Fault, type Problem } from '../../domain/fault.ts';
import { readTextFile } from '../../formats/text-file.ts';

/** A spectrum's file and the temperature it was measured at. */
export interface FileAtTemperature {
  readonly file: string;
  readonly temperatureKelvin: number;
}

const KELVIN_AT_ZERO_CELSIUS = 273.15;
const EXPECTED =
  'expected FILE=TEMPERATURE, such as cell.mpt=60C, cell.mpt=60°C or cell.mpt=333.15K';
/** The last "=" or "@" counts: file names may hold others. */
const WORD = /^(.+)[=@]\s*([+-]?\d+(?:\.\d+)?)\s*(°\s*C|degC|C|K)?$/;

/**
 * Words such as `cell.mpt=60C`; a number alone is in °C.
 * @throws Fault badInput naming every word without a temperature
 */
export function filesAtTemperatures(words: readonly string[]): FileAtTemperature[] {
  const problems: Problem[] = [];
  const files = words.flatMap((word) => {
    const [, file, number, unit] = WORD.exec(word) ?? [];
    const temperatureKelvin = kelvinOf(Number(number), unit);
    if (file !== undefined && temperatureKelvin > 0) return [{ file, temperatureKelvin }];
    problems.push({ where: word, message: `has no temperature; ${EXPECTED}` });
    return [];
  });
  if (problems.length > 0) throw new Fault('badInput', problems);
  return files;
}

/**
 * A table with the columns `file` and `temperature_celsius` or `temperature_kelvin`, separated by
 * comma, semicolon or tab. Names are relative to the table's own folder.
 * @throws Fault fileMissing, fileFormat with the line of each bad row
 */
export async function temperatureList(path: string): Promise<FileAtTemperature[]> {
  const { lines } = await readTextFile(path);
  const [header = '', ...rows] = lines;
  const separator = [';', '\t', ','].find((one) => header.includes(one)) ?? ',';
  const titles = fieldsOf(header, separator).map((title) => title.toLowerCase());
  const fileAt = titles.indexOf('file');
  const celsiusAt = titles.indexOf('temperature_celsius');
  const kelvinAt = titles.indexOf('temperature_kelvin');
  if (fileAt < 0 || (celsiusAt < 0 && kelvinAt < 0)) {
    const message = `"${header.slice(0, 80)}" is no header; expected the columns file and temperature_celsius (or temperature_kelvin)`;
    throw new Fault('fileFormat', { where: `${path}:1`, message });
  }
  const problems: Problem[] = [];
  const files = rows.flatMap((row, index) => {
    if (row.trim() === '') return [];
    const fields = fieldsOf(row, separator);
    const name = fields[fileAt] ?? '';
    const text = fields[celsiusAt < 0 ? kelvinAt : celsiusAt] ?? '';
    const temperatureKelvin = kelvinOf(
      text === '' ? Number.NaN : Number(text),
      celsiusAt < 0 ? 'K' : 'C',
    );
    if (name !== '' && temperatureKelvin > 0) {
      return [{ file: isAbsolute(name) ? name : join(dirname(path), name), temperatureKelvin }];
    }
    const message = `"${row.slice(0, 80)}" has no file or no temperature; expected both`;
    problems.push({ where: `${path}:${index + 2}`, message });
    return [];
  });
  if (problems.length > 0) throw new Fault('fileFormat', problems);
  return files;
}

function fieldsOf(row: string, separator: string): string[] {
  return row.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}

function kelvinOf(value: number, unit: string | undefined): number {
  return unit === 'K' ? value : value + KELVIN_AT_ZERO_CELSIUS;
}
