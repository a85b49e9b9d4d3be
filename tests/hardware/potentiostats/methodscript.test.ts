import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStreamLine, StreamScopes } from '../../../hardware/potentiostats/methodscript.ts';
import {
  adviceFor,
  describeScriptError,
  parseScriptError,
} from '../../../hardware/potentiostats/methodscript-errors.ts';

function followed(lines: readonly string[]): { scopes: StreamScopes; problems: string[] } {
  const scopes = new StreamScopes();
  const problems = lines.flatMap((line) => scopes.follow(parseStreamLine(line)) ?? []);
  return { scopes, problems };
}

describe('one line of a stream', () => {
  it.each([
    ['', { kind: 'scriptEnd' }],
    ['*', { kind: 'measurementEnd' }],
    ['-', { kind: 'scanEnd' }],
    ['L', { kind: 'loopStart' }],
    ['+', { kind: 'loopEnd' }],
    ['M000A', { kind: 'measurementStart', techniqueId: 10 }],
    ['C0002', { kind: 'scanStart', scan: 2 }],
    ['Thello', { kind: 'text', text: 'hello' }],
    ['e', { kind: 'reply', text: 'e' }],
    ['R*', { kind: 'reply', text: 'R*' }],
    ['M00', { kind: 'corrupt', text: 'M00' }],
    ['Pda7F85F3Fu;ba12', { kind: 'corrupt', text: 'Pda7F85F3Fu;ba12' }],
    ['P', { kind: 'corrupt', text: 'P' }],
  ])('%j', (text, expected) => expect(parseStreamLine(text)).toEqual(expected));

  it('reads anything whatever without throwing', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'PMCTLe*-+;,!:0123ABFda ban\u00ffumk') });
    fc.assert(
      fc.property(noise, (text) => {
        const line = parseStreamLine(text);
        if (line.kind === 'package') expect(line.variables.length).toBeGreaterThan(0);
      }),
      { seed: 17, numRuns: 5000 },
    );
  });

  it('reads every value of a package', () => {
    const line = parseStreamLine('Pda8000000 ;ba654C17Cf,14,208');
    expect(line.kind === 'package' && line.variables.map((one) => one.type)).toEqual(['da', 'ba']);
  });
});

describe('errors', () => {
  it.each([
    ['e!4001: Line 3, Col 7', { code: '4001', line: 3, column: 7 }],
    ['!0010: Line 12', { code: '0010', line: 12, column: undefined }],
    ['Z!0006', { code: '0006', line: undefined, column: undefined }],
  ])('reads %j', (text, expected) => expect(parseScriptError(text)).toEqual(expected));

  it('does not see errors where there are none', () => {
    expect(parseScriptError('tes4_hr1500')).toBeUndefined();
    expect(parseScriptError('!12')).toBeUndefined();
  });

  it('describes known codes and admits unknown ones', () => {
    expect(describeScriptError('0014')).toContain('while the cell is on');
    expect(describeScriptError('7ABC')).toBe('0x7ABC (not in the table of known errors)');
    expect(adviceFor('7ABC')).toBeUndefined();
  });

  it.each(
    '0003 0006 0007 0008 0009 000C 000E 000F 0010 0011 0012 0014 001B 001F 0021 0023 0028 002B 002C 002D 0032 0052 0058 005A 007A 007B 0080 4001 4004 4005 4008 400B 400F 4018 401B 4027 4028 4032 4033 4039 7FFF'.split(
      ' ',
    ),
  )('has words for %s', (code) => {
    expect(describeScriptError(code)).not.toContain('not in the table');
  });

  it.each(['0032', '0052', '0080', '001F', '4018', '7FFF'])('says what to do about %s', (code) => {
    expect(adviceFor(code)?.length).toBeGreaterThan(10);
  });
});

describe('nesting', () => {
  it('follows scans within a measurement within a loop', () => {
    const { scopes, problems } = followed([
      'e',
      'L',
      'M0005',
      'C0000',
      '-',
      'C0001',
      '-',
      '*',
      '+',
      '',
    ]);
    expect(problems).toEqual([]);
    expect(scopes.state).toBe('ended');
  });

  it('notices an end without its beginning, and a script that ends inside a measurement', () => {
    expect(followed(['M0005', '-']).problems).toEqual(['the end of a scan that was not begun']);
    expect(followed(['*']).problems).toEqual(['the end of a measurement that was not begun']);
    const early = followed(['M0005', '']);
    expect(early.problems).toEqual(['the script ended within a measurement']);
    expect(early.scopes.state).toBe('failed');
  });

  it('fails on an error report and stays failed', () => {
    expect(followed(['M0007', '!0032: Line 9', '*', '']).scopes.state).toBe('failed');
  });

  it('bounds the depth', () => {
    expect(followed(Array(17).fill('L')).problems).toEqual(['loops nested deeper than 16']);
  });
});
