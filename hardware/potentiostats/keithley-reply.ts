/** SCPI numbers: what an instrument sends instead of a value it could not measure. */
const OVERFLOW = 9.9e37;
const NOT_A_NUMBER = 9.91e37;
const SAME_RELATIVE = 1e-4;
/** Seconds since 1970 are the largest that is ever sent. */
const VALUE_MAX = 1e12;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,3})?$/;

/** A number of a reply; NaN with the reason when it stands for none. */
export interface ReplyNumber {
  readonly value: number;
  readonly isOverflow: boolean;
}

/**
 * Numbers separated by commas.
 * @returns undefined when it is not exactly `count` numbers
 */
export function parseNumbers(text: string, count: number): readonly ReplyNumber[] | undefined {
  const parts = text.split(',', count + 1);
  if (parts.length !== count) return undefined;
  const numbers: ReplyNumber[] = [];
  for (const part of parts) {
    const spoken = part.trim();
    if (!NUMBER.test(spoken)) return undefined;
    const number = decode(Number(spoken));
    if (!number) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** @returns undefined for a number that no value, time or status has: the line is spoiled */
function decode(value: number): ReplyNumber | undefined {
  const size = Math.abs(value);
  if (isNear(size, OVERFLOW)) return { value: Number.NaN, isOverflow: true };
  if (isNear(size, NOT_A_NUMBER)) return { value: Number.NaN, isOverflow: false };
  return size <= VALUE_MAX ? { value, isOverflow: false } : undefined;
}

function isNear(value: number, special: number): boolean {
  return Math.abs(value - special) <= special * SAME_RELATIVE;
}
