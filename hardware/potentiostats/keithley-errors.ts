/** One entry of the error queue. */
export interface ScpiError {
  readonly code: number;
  readonly text: string;
}

/** Errors of both instruments that people meet: 2400 manual, table B-1; SCPI-1999, chapter 21. */
const MEANINGS: Readonly<Record<number, string>> = {
  [-102]: 'syntax error',
  [-104]: 'a parameter of the wrong kind',
  [-108]: 'a parameter too many',
  [-109]: 'a parameter is missing',
  [-112]: 'a command word is too long',
  [-113]: 'it does not know the command',
  [-151]: 'a text in quotes is wrong',
  [-200]: 'it could not do that now',
  [-211]: 'a trigger came that nobody waited for',
  [-213]: 'it is measuring already',
  [-221]: 'the setting contradicts another one',
  [-222]: 'a value is out of range',
  [-224]: 'a value it does not know',
  [-225]: 'out of memory',
  [-230]: 'there is no reading yet',
  [-350]: 'more errors than its queue holds',
  [-363]: 'more characters came than it could take: check the flow control and the speed',
  [-410]: 'a command came before its reply was read',
  [-420]: 'a reply was asked for that nobody had ordered',
  [-430]: 'its input and its output are both full',
  700: 'wrong communication settings',
  802: 'the output is blocked by the output-enable line',
  803: 'that is not permitted with the output off',
  810: 'the output is blocked: too hot',
  822: 'the limit is too small for the measuring range',
  824: 'the range cannot be above that of the limit',
  826: 'more power than it has',
  828: 'invalid on the 1 A range',
  4918: 'the interlock is open',
  5073: 'the temperature is too high',
};

const REPLY = /^([+-]?\d{1,6}),"([^"]*)"$/;

/** The reply to `:SYST:ERR?`; undefined when it is none. Code 0 means no error. */
export function parseScpiError(line: string): ScpiError | undefined {
  const match = REPLY.exec(line.trim());
  if (!match) return undefined;
  return { code: Number(match[1]), text: match[2] ?? '' };
}

/** In words: 'error -113 "Undefined header" (it does not know the command)'. */
export function describeScpiError({ code, text }: ScpiError): string {
  // A 2450 adds numbers and a time to its text, behind a semicolon.
  const short = text.split(';')[0];
  const meaning = MEANINGS[code];
  const quoted = `error ${code} "${short}"`;
  return meaning === undefined ? quoted : `${quoted} (${meaning})`;
}
