import { describe, expect, it } from 'vitest';
import {
  crc16,
  decodeFields,
  decodeMessage,
  encodeFields,
  encodeMessage,
} from '../../../firmware-bridge/board-message.ts';
import { LIMIT_FIELDS } from '../../../firmware-bridge/board-protocol.ts';
import { Random } from '../../../src/domain/random.ts';
import { LIMITS } from './board-bench.ts';

const FIELDS = [
  { name: 'small', bits: 7 },
  { name: 'signed', bits: 28, isSigned: true },
  { name: 'large', bits: 32 },
] as const;

describe('a message of the board', () => {
  it('has the check sum of CRC-16/CCITT-FALSE', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x29b1);
  });

  it.each([
    { small: 0, signed: 0, large: 0 },
    { small: 127, signed: 2 ** 27 - 1, large: 2 ** 32 - 1 },
    { small: 1, signed: -1, large: 1 },
    { small: 64, signed: -(2 ** 27), large: 2 ** 31 },
  ])('keeps its values: %j', (values) => {
    const payload = Uint8Array.from(encodeFields(FIELDS, values));
    expect(payload).toHaveLength(1 + 4 + 5);
    expect(payload.every((byte) => byte < 128)).toBe(true);
    expect(decodeFields(FIELDS, payload)).toEqual(values);
  });

  it.each([
    { small: 128, signed: 0, large: 0 },
    { small: -1, signed: 0, large: 0 },
    { small: 0.5, signed: 0, large: 0 },
    { small: 0, signed: 2 ** 27, large: 0 },
    { small: 0, signed: 0, large: Number.NaN },
  ])('takes no value that does not fit: %j', (values) => {
    expect(() => encodeFields(FIELDS, values)).toThrow(RangeError);
  });

  it('of another length has no values', () => {
    const payload = encodeFields(LIMIT_FIELDS, LIMITS);
    expect(decodeFields(LIMIT_FIELDS, Uint8Array.from(payload.slice(1)))).toBeUndefined();
    expect(decodeFields(LIMIT_FIELDS, Uint8Array.from([...payload, 0]))).toBeUndefined();
  });

  it('with any one bit changed is not believed', () => {
    const message = encodeMessage(2, encodeFields(LIMIT_FIELDS, LIMITS));
    const body = message.slice(1, -1);
    expect(decodeMessage(body)?.command).toBe(2);
    for (let bit = 0; bit < body.length * 7; bit += 1) {
      const damaged = body.slice();
      damaged[Math.floor(bit / 7)] = (damaged[Math.floor(bit / 7)] ?? 0) ^ (1 << (bit % 7));
      expect(decodeMessage(damaged)).toBeUndefined();
    }
  });

  it('of nothing sensible is not believed', () => {
    const random = new Random(3);
    for (let trial = 0; trial < 2000; trial += 1) {
      const length = Math.floor(4 * random.uniform());
      const bytes = Uint8Array.from({ length }, () => 128 * random.uniform());
      expect(decodeMessage(bytes)).toBeUndefined();
    }
  });
});
