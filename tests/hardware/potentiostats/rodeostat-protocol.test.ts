import { describe, expect, it } from 'vitest';
import {
  parseRodeostatLine,
  REQUEST_BYTES_MAX,
  requestText,
} from '../../../hardware/potentiostats/rodeostat-protocol.ts';
import { answerTo } from '../../../hardware/potentiostats/rodeostat-session.ts';
import { Random } from '../../../src/domain/random.ts';

describe('a request', () => {
  it('is one JSON object on one line', () => {
    expect(requestText({ command: 'setVolt', v: 0.5 })).toBe('{"command":"setVolt","v":0.5}\n');
    expect(requestText({ command: 'setVolt', v: -1e-7 })).toBe('{"command":"setVolt","v":-1e-7}\n');
  });

  it('is never a multiple of 64 bytes long, at any length', () => {
    for (let length = 0; length < 300; length += 1) {
      const text = requestText({ command: 'x'.repeat(length) });
      expect(text.length % 64).not.toBe(0);
      expect(text.endsWith('}\n')).toBe(true);
      expect(JSON.parse(text)).toEqual({ command: 'x'.repeat(length) });
    }
  });

  it('gets one space in front when it would be', () => {
    const bare = requestText({ command: '' }).length;
    const at = (length: number) => requestText({ command: 'x'.repeat(length - bare) });
    expect(at(63)).toMatch(/^\{/);
    expect(at(63)).toHaveLength(63);
    expect(at(64)).toMatch(/^ \{/);
    expect(at(64)).toHaveLength(65);
    expect(at(65)).toMatch(/^\{/);
    expect(at(128)).toHaveLength(129);
  });

  it('is refused when the firmware could not receive it', () => {
    expect(() => requestText({ command: 'x'.repeat(REQUEST_BYTES_MAX) })).toThrow(RangeError);
  });
});

describe('a line', () => {
  it.each([
    [
      '{"t":20,"v":-0.1,"i":-2.799983}',
      {
        kind: 'sample',
        timeMs: 20,
        voltageVolt: -0.1,
        currentAmpere: -2.799983e-6,
        isLimited: false,
        muxChannel: undefined,
      },
    ],
    [
      '{"t":11000,"v":-1.5,"i":1e-6,"n":3,"le":true}',
      {
        kind: 'sample',
        timeMs: 11000,
        voltageVolt: -1.5,
        currentAmpere: 1e-12,
        isLimited: true,
        muxChannel: 3,
      },
    ],
    ['{}', { kind: 'end' }],
    [
      '{"success":true,"response":{"command":"getVolt","v":-0.000244}}',
      { kind: 'reply', command: 'getVolt', response: { command: 'getVolt', v: -0.000244 } },
    ],
    [
      '{"success":false,"message":"command, x, not found","response":{}}',
      { kind: 'refusal', command: undefined, message: 'command, x, not found' },
    ],
  ])('%s is understood', (text, expected) => {
    const line = parseRodeostatLine(text);
    expect(line).toMatchObject({ kind: expected.kind });
    if (line?.kind === 'sample' && 'currentAmpere' in expected) {
      expect(line.currentAmpere).toBeCloseTo(expected.currentAmpere, 15);
      expect({ ...line, currentAmpere: 0 }).toEqual({ ...expected, currentAmpere: 0 });
    } else {
      expect(line).toEqual(expected);
    }
  });

  it.each([
    '',
    '[]',
    'null',
    '1',
    '{',
    '{}{}',
    '{"t":20}',
    '{"t":-20,"v":0,"i":0}',
    '{"t":2.5,"v":0,"i":0}',
    '{"t":"20","v":0,"i":0}',
    '{"t":20,"v":0,"i":NaN}',
    '{"t":20,"v":1e999,"i":0}',
    '{"v":0,"i":0}',
    '{"success":true}',
    '{"success":true,"response":[]}',
    '{"success":"true","response":{}}',
    // The documentation shows this one, which is no JSON.
    '{"success": true, "response", {"command": "x"}}',
  ])('%j makes no sense', (text) => {
    expect(parseRodeostatLine(text)).toBeUndefined();
  });

  it('never throws, whatever it is', () => {
    const random = new Random(3);
    const good = '{"t":20,"v":-0.1,"i":-2.799983,"le":true}{"success":false,"response":{}}';
    let understood = 0;
    for (let round = 0; round < 50_000; round += 1) {
      const letters = [...good.slice(Math.floor(random.uniform() * 40))];
      for (let change = 0; change < 2; change += 1) {
        const at = Math.floor(random.uniform() * letters.length);
        if (random.uniform() < 0.5) letters.splice(at, 1 + Math.floor(random.uniform() * 40));
        else letters[at] = String.fromCharCode(32 + Math.floor(random.uniform() * 95));
      }
      const line = parseRodeostatLine(letters.join(''));
      if (!line) continue;
      understood += 1;
      if (line.kind !== 'sample') continue;
      expect(Number.isFinite(line.currentAmpere) && Number.isFinite(line.voltageVolt)).toBe(true);
    }
    expect(understood).toBeGreaterThan(10);
  });
});

describe('the answer to a request', () => {
  const request = { command: 'getVolt' };

  it('is the one that names its command, kindly or not', () => {
    expect(
      answerTo(request, '{"success":true,"response":{"command":"getVolt","v":1}}'),
    ).toMatchObject({ kind: 'reply' });
    expect(
      answerTo(request, '{"success":false,"message":"x","response":{"command":"getVolt"}}'),
    ).toMatchObject({ kind: 'refusal', message: 'x' });
    expect(
      answerTo(request, '{"success":false,"message":"command, getVolt, not found","response":{}}'),
    ).toMatchObject({ kind: 'refusal' });
  });

  it.each([
    '{"success":true,"response":{"command":"getCurr","i":1}}',
    '{"success":false,"message":"unable to parse json","response":{}}',
    '{"success":false,"message":"command, getVol, not found","response":{}}',
    '{"t":20,"v":-0.1,"i":-2.799983}',
    '{}',
    '',
  ])('is not %j', (line) => {
    expect(answerTo(request, line)).toBeUndefined();
  });
});
