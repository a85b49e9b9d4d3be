/** What a code means, and what helps where that is not plain. */
type Meaning = readonly [meaning: string, advice?: string];

const RATE_ADVICE = 'take fewer points per second';
const RANGE_ADVICE = 'choose another instrument or a smaller value';
const REPORT_ADVICE = 'this is a defect of the script: report it with the record of the run';

/**
 * Error codes of MethodSCRIPT instruments: communication and run-time errors below 4000, script
 * errors from 4001. MethodSCRIPT manual v1.8, appendix A.
 */
const ERRORS: Readonly<Record<string, Meaning>> = {
  '0001': ['an error without a name'],
  '0002': ['a value has the wrong type', REPORT_ADVICE],
  '0003': ['unknown command', 'check that the firmware is not older than the driver expects'],
  '0006': ['the command is not allowed in the present mode'],
  '0007': ['an argument has a value it must not have', RANGE_ADVICE],
  '0008': ['the command is too long', REPORT_ADVICE],
  '0009': ['the command was not finished in time', 'check the cable and the speed of the port'],
  '000C': ['there is no script in memory'],
  '000E': ['too many readings to average', RATE_ADVICE],
  '000F': ['the potential is outside the range of the instrument', RANGE_ADVICE],
  '0010': ['a value became not-a-number or infinite'],
  '0011': ['the frequency is outside the range of the instrument', RANGE_ADVICE],
  '0012': ['the amplitude is outside the range of the instrument', RANGE_ADVICE],
  '0014': ['open-circuit potential cannot be measured while the cell is on', REPORT_ADVICE],
  '001B': ['the instrument does not support this', 'a newer firmware may'],
  '001C': ['the potential step is smaller than the instrument resolves', 'take larger steps'],
  '001E': ['the amplitude is smaller than the instrument resolves', 'take a larger amplitude'],
  '001F': ['the instrument has no licence for this', 'ask the maker for it'],
  '0021': ['the potentiostat mode is not supported', REPORT_ADVICE],
  '0023': ['the value is not valid in the present mode', REPORT_ADVICE],
  '0028': ['division by zero', REPORT_ADVICE],
  '002B': ['a line came with a wrong checksum', 'switch the checksum of the instrument off'],
  '002C': ['a line came with a wrong number', 'switch the checksum of the instrument off'],
  '002D': ['a line is too short for its checksum', 'switch the checksum of the instrument off'],
  '0032': [
    'critical overload at the cell: the instrument stopped to protect itself',
    'check the cell and its leads for a short before going on',
  ],
  '0052': ['the instrument lost received bytes', 'check the speed of the port'],
  '0058': ['the measurement could not keep its timing', RATE_ADVICE],
  '005A': ['the measurement could not keep its timing', RATE_ADVICE],
  '007A': ['there is no such channel', 'check the channel in the rig file'],
  '007B': ['temperature cannot be measured during impedance above 8 kHz', REPORT_ADVICE],
  '0080': [
    'the counter electrode oscillates',
    'check that reference and counter electrode are connected, and shorten the leads',
  ],
  '4001': ['unknown script command', 'a newer firmware may know it'],
  '4004': ['unexpected character', REPORT_ADVICE],
  '4005': ['the script is too large', REPORT_ADVICE],
  '4008': ['unknown option', 'a newer firmware may know it'],
  '400B': ['a measurement loop within a measurement loop', REPORT_ADVICE],
  '400C': ['the command is not allowed at this place', REPORT_ADVICE],
  '400F': ['array index out of bounds', REPORT_ADVICE],
  '4012': ['the script did not go as it should'],
  '4018': ['the script ended early', 'the link may have lost lines: check cable and port'],
  '401A': ['the command is not allowed within a measurement loop', REPORT_ADVICE],
  '401B': ['package commands in the wrong order', REPORT_ADVICE],
  '401C': ['too many values in one package', REPORT_ADVICE],
  '4020': ['a script command was not finished in time'],
  '4026': ['a variable was declared twice', REPORT_ADVICE],
  '4027': ['the cell must be on', REPORT_ADVICE],
  '4028': ['the cell must be off', REPORT_ADVICE],
  '4029': ['the measurement has no step to make', 'choose ends that differ by more than a step'],
  '4032': ['the potential cannot be set inside a measurement loop', REPORT_ADVICE],
  '4033': ['the current cannot be set inside a measurement loop', REPORT_ADVICE],
  '4039': ['a number is not written as the script language wants it', REPORT_ADVICE],
  '4205': ['a value is outside what the command takes', RANGE_ADVICE],
  '4206': ['the instrument cannot use this value', RANGE_ADVICE],
  '7FFF': ['the instrument must be reset', 'disconnect its power and connect it again'],
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
  return `0x${code} (${ERRORS[code]?.[0] ?? 'not in the table of known errors'})`;
}

/** What helps against an error; undefined where nothing more can be said. */
export function adviceFor(code: string): string | undefined {
  return ERRORS[code]?.[1];
}
