import type { Random } from '../../src/domain/random.ts';

/** More than any framer takes for a line. */
const NOISE_BYTES_MAX = 600;
const CHANGES_MAX = 3;
const LF = 0x0a;
const FLOW_CONTROL = [0x11, 0x13] as const;

/** Uniform among 0 … count − 1. */
export function below(random: Random, count: number): number {
  return Math.floor(random.uniform() * count);
}

/** One of them. @throws RangeError when there are none */
export function oneOf<T>(random: Random, all: readonly T[]): T {
  const found = all[below(random, all.length)];
  if (found === undefined) throw new RangeError('nothing to choose from');
  return found;
}

/**
 * What a bad wire makes of a good one: bytes flipped, lost, added and doubled, lines cut short,
 * run together or mixed with another, and now and then nothing but noise.
 * @param corpus lines without their ends, as the instrument sends them
 */
export function mutatedInput(random: Random, corpus: readonly string[]): Uint8Array {
  if (random.uniform() < 0.1) return noise(random);
  const bytes = [...new TextEncoder().encode(oneOf(random, corpus)), LF];
  const changes = below(random, CHANGES_MAX + 1);
  for (let change = 0; change < changes; change += 1) alter(random, bytes, corpus);
  return Uint8Array.from(bytes);
}

function noise(random: Random): Uint8Array {
  const length = 1 + below(random, NOISE_BYTES_MAX);
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** Changes the bytes in place, in one of eight ways. */
function alter(random: Random, bytes: number[], corpus: readonly string[]): void {
  const at = below(random, bytes.length + 1);
  switch (below(random, 8)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
      break;
    case 1:
      bytes.splice(at, 1);
      break;
    case 2:
      bytes.splice(at, 0, below(random, 256));
      break;
    case 3:
      bytes.splice(at, 0, ...bytes.slice(at, at + 1 + below(random, 12)));
      break;
    case 4:
      bytes.length = at;
      break;
    case 5:
      bytes.splice(at, bytes.length - at, ...new TextEncoder().encode(oneOf(random, corpus)), LF);
      break;
    case 6:
      bytes.splice(at, 0, oneOf(random, FLOW_CONTROL));
      break;
    default:
      bytes.splice(at, 0, LF);
  }
}
