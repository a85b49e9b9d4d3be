import { describe, expect, it } from 'vitest';
import { RemainingTime } from '../../src/app/remaining-time.ts';

function leftAfter(moments: readonly (readonly [second: number, fraction: number])[]): string {
  const remaining = new RemainingTime();
  for (const [second, fraction] of moments) remaining.note(second, fraction);
  return remaining.text();
}

describe('the time that work still takes', () => {
  it('follows from the pace of late', () => {
    expect(
      leftAfter([
        [0, 0],
        [10, 0.1],
      ]),
    ).toBe(', 1 min 30 s left');
    expect(
      leftAfter([
        [0, 0],
        [10, 0.5],
      ]),
    ).toBe(', 10 s left');
    expect(
      leftAfter([
        [0, 0],
        [10, 1],
      ]),
    ).toBe(', 0 s left');
  });

  it('is not told before there is a pace', () => {
    expect(leftAfter([])).toBe('');
    expect(leftAfter([[0, 0]])).toBe('');
    expect(
      leftAfter([
        [0, 0],
        [1, 0.5],
      ]),
    ).toBe('');
    expect(
      leftAfter([
        [0, 0.5],
        [10, 0.5],
      ]),
    ).toBe('');
  });

  it('forgets a leap, such as over what was done already', () => {
    const steady = Array.from({ length: 60 }, (_, at) => [1 + at, 0.5 + at / 1000] as const);
    expect(leftAfter([[0, 0], ...steady])).toBe(', 7 min 21 s left');
  });

  it('is right when it is told very often', () => {
    const often = Array.from({ length: 100_000 }, (_, at) => [at / 1000, at / 200_000] as const);
    expect(leftAfter(often)).toBe(', 1 min 40 s left');
  });
});
