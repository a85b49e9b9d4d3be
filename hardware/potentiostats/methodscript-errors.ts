/**
 * Error codes of MethodSCRIPT instruments: communication and run-time errors below 4000, script
 * errors from 4001. MethodSCRIPT manual, "Error codes".
 */
const ERRORS: Readonly<Record<string, string>> = {
  '0003': 'unknown command',
  '0006': 'the command is not allowed in the present mode',
  '0007': 'an argument has a value it must not have',
  '0008': 'the command is too long',
  '0009': 'the command was not finished in time',
  '000C': 'there is no script in memory',
  '000E': 'too many readings to average',
  '000F': 'the potential is outside the range of the instrument',
  '0010': 'a value became not-a-number or infinite',
  '0011': 'the frequency is outside the range of the instrument',
  '0012': 'the amplitude is outside the range of the instrument',
  '0014': 'open-circuit potential cannot be measured while the cell is on',
  '001B': 'the instrument does not support this',
  '001F': 'the instrument has no licence for this',
  '0021': 'the potentiostat mode is not supported',
  '0023': 'the value is not valid in the present mode',
  '0028': 'division by zero',
  '0032': 'critical overload at the cell: the instrument stopped',
  '0052': 'the instrument lost received bytes',
  '0058': 'the measurement could not keep its timing',
  '005A': 'the measurement could not keep its timing',
  '007A': 'there is no such channel',
  '007B': 'temperature cannot be measured during impedance above 8 kHz',
  '0080': 'the counter electrode oscillates',
  '4001': 'unknown script command',
  '4004': 'unexpected character',
  '4005': 'the script is too large',
  '4008': 'unknown option',
  '400B': 'a measurement loop within a measurement loop',
  '400F': 'array index out of bounds',
  '4018': 'the script ended early',
  '401B': 'package commands in the wrong order',
  '4027': 'the cell must be on',
  '4028': 'the cell must be off',
  '4032': 'the potential cannot be set inside a measurement loop',
  '4033': 'the current cannot be set inside a measurement loop',
  '4039': 'a number is not written as the script language wants it',
  '7FFF': 'the instrument must be reset',
};

/** An error as an instrument reports it: `e!4001: Line 3, Col 7`, `!0010: Line 12`, `Z!0006`. */
export interface ScriptError {
  /** Four hexadecimal digits. */
  readonly code: string;
  /** Line of the script, counted from 1 after the line that holds `e`. */
  readonly line: number | undefined;
  readonly column: number | undefined;
}

const ERROR = /!([0-9A-F]{4})(?::\s*Line (\d+)(?:, Col (\d+))?)?/;

/** Finds an error in a received line; undefined when there is none. */
export function parseScriptError(text: string): ScriptError | undefined {
  const match = ERROR.exec(text);
  if (!match) return undefined;
  const [, code = '', line, column] = match;
  return {
    code,
    line: line === undefined ? undefined : Number(line),
    column: column === undefined ? undefined : Number(column),
  };
}

/** "0x0014 (open-circuit potential cannot be measured while the cell is on)" */
export function describeScriptError(code: string): string {
  return `0x${code} (${ERRORS[code] ?? 'not in the table of known errors'})`;
}
