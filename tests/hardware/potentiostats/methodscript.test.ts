import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStreamLine, StreamScopes } from '../../../hardware/potentiostats/methodscript.ts';
import {
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
