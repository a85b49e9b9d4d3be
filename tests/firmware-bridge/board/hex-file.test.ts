import { describe, expect, it } from 'vitest';
import { readHex } from '../../../firmware-bridge/sim/hex-file.ts';

const END = ':00000001FF';

describe('an Intel HEX file', () => {
  it('is put where it says, and the rest is erased', () => {
    const memory = readHex(`:040004000C94340024\n${END}\n`, 16, 'a.hex');
    expect([...memory]).toEqual([0xffff, 0xffff, 0x940c, 0x0034, ...Array(4).fill(0xffff)]);
  });

  it.each([
    ['a wrong check sum', `:040004000C94340025\n${END}`, /line 1: the check sum is wrong/],
    ['too few bytes', `:050004000C94340024\n${END}`, /line 1: expected 5 bytes/],
    ['something else', `hello\n${END}`, /line 1: expected a record of Intel HEX/],
    ['no end', ':040004000C94340024', /the end record is missing/],
    ['more after the end', `${END}\n${END}`, /line 2: expected nothing after/],
    ['an address beyond the memory', `:040010000C94340018\n${END}`, /line 1: writes beyond/],
    ['another type of record', `:020000021000EC\n${END}`, /line 1: record type 2/],
  ])('is refused with %s', (_, text, message) => {
    expect(() => readHex(text, 16, 'a.hex')).toThrow(message);
  });
});
