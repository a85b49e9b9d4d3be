import type { Field } from './board-protocol.ts';

const START = 0xf0;
const END = 0xf7;
const GROUP_BITS = 7;
const GROUP = 2 ** GROUP_BITS;
const CRC_BITS = 16;
const CRC_GROUPS = 3;

/** The values of a message, by the names of its fields. */
export type Values<F extends readonly Field[]> = { readonly [N in F[number]['name']]: number };

/**
 * Payload of these fields: seven bits to a byte, the lowest first.
 * @throws RangeError when a value does not fit its field
 */
export function encodeFields<F extends readonly Field[]>(fields: F, values: Values<F>): number[] {
  return fields.flatMap((field: Field) => {
    const value = values[field.name as F[number]['name']];
    return groupsOf(value, field);
  });
}

/** Values of a payload; undefined when it has another length, or bits that no field has. */
export function decodeFields<F extends readonly Field[]>(
  fields: F,
  payload: Uint8Array,
): Values<F> | undefined {
  const values: Record<string, number> = {};
  let at = 0;
  for (const field of fields) {
    const count = groupCountOf(field);
    const value = numberOf(payload.subarray(at, at + count), field);
    if (value === undefined) return undefined;
    values[field.name] = value;
    at += count;
  }
  return at === payload.length ? (values as Values<F>) : undefined;
}

/** A whole message, from 0xF0 to 0xF7. */
export function encodeMessage(command: number, payload: readonly number[]): Uint8Array {
  const body = [command, ...payload];
  const crc = groupsOf(crc16(body), { name: 'crc', bits: CRC_BITS });
  return Uint8Array.from([START, ...body, ...crc, END]);
}

/**
 * Command and payload of what stood between 0xF0 and 0xF7; undefined when the check sum is wrong.
 */
export function decodeMessage(
  bytes: Uint8Array,
): { readonly command: number; readonly payload: Uint8Array } | undefined {
  const end = bytes.length - CRC_GROUPS;
  const [command] = bytes;
  if (command === undefined || end < 1) return undefined;
  const crc = numberOf(bytes.subarray(end), { name: 'crc', bits: CRC_BITS });
  if (crc !== crc16(bytes.subarray(0, end))) return undefined;
  return { command, payload: bytes.subarray(1, end) };
}

/** CRC-16/CCITT-FALSE: polynomial 0x1021. @param start the sum of what came before */
export function crc16(bytes: Iterable<number>, start = 0xffff): number {
  let crc = start;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}

function groupCountOf({ bits }: Field): number {
  return Math.ceil(bits / GROUP_BITS);
}

function groupsOf(value: number, field: Field): number[] {
  const { name, bits, isSigned = false } = field;
  const low = isSigned ? -(2 ** (bits - 1)) : 0;
  const high = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name}: ${value} is not a whole number from ${low} to ${high}`);
  }
  let left = value < 0 ? value + 2 ** bits : value;
  return Array.from({ length: groupCountOf(field) }, () => {
    const group = left % GROUP;
    left = Math.floor(left / GROUP);
    return group;
  });
}

function numberOf(groups: Uint8Array, { bits, isSigned = false }: Field): number | undefined {
  const value = groups.reduce((sum, group, at) => sum + group * GROUP ** at, 0);
  if (value >= 2 ** bits) return undefined;
  return isSigned && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}
