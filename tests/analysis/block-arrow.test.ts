import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockArrow } from '../../src/analysis/block-arrow.ts';

interface Shape {
  readonly blocks: number;
  readonly size: number;
  readonly sharedCount: number;
  /** Blocks this far apart are coupled, each local unknown with its like. */
  readonly reach: number;
  readonly seed: number;
}

/** A random positive definite system of the shape, also as a full matrix with its right side. */
function randomSystem({ blocks, size, sharedCount, reach, seed }: Shape) {
  const localCount = blocks * size;
  const bandwidth = size - 1 + reach * size;
  const system = new BlockArrow({ localCount, sharedCount, bandwidth });
  const count = localCount + sharedCount;
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const full = Array.from({ length: count }, () => new Float64Array(count));
  const set = (i: number, j: number, value: number): void => {
    for (const [r, c] of [
      [i, j],
      [j, i],
    ] as const) {
      const row = full[r];
      if (row) row[c] = value;
    }
  };
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const isShared = i >= localCount;
      const sameBlock = Math.floor(i / size) === Math.floor(j / size);
      const alike = (i - j) % size === 0 && i - j <= reach * size;
      if (isShared || sameBlock || alike) set(i, j, draw());
    }
    // Diagonally dominant, hence positive definite.
    set(i, i, count + draw());
  }
  const right = Float64Array.from({ length: count }, draw);
  full.forEach((row, i) => {
    row.forEach((value, j) => {
      if (i < localCount && j <= i && i - j <= bandwidth) system.addLocal(i, j, value);
      if (i < localCount && j >= localCount) {
        system.coupling[i * sharedCount + j - localCount] = value;
      }
      if (i >= localCount && j >= localCount) {
        system.shared[(i - localCount) * sharedCount + j - localCount] = value;
      }
    });
  });
  system.localRight.set(right.slice(0, localCount));
  system.sharedRight.set(right.slice(localCount));
  return { system, full, right, localCount };
}

function product(full: readonly Float64Array[], x: ArrayLike<number>): number[] {
  return full.map((row) => row.reduce((sum, value, j) => sum + value * (x[j] ?? 0), 0));
}

const shapes = fc.record({
  blocks: fc.integer({ min: 1, max: 6 }),
  size: fc.integer({ min: 1, max: 4 }),
  sharedCount: fc.integer({ min: 0, max: 4 }),
  reach: fc.integer({ min: 0, max: 2 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

describe('block-arrow system', () => {
  test('is solved to rounding, whatever its shape', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { system, full, right } = randomSystem(shape);
        const solution = system.factor()?.solve();
        const x = [...(solution?.local ?? []), ...(solution?.shared ?? [])];
        const back = product(full, x);
        for (const [i, value] of back.entries()) expect(value).toBeCloseTo(right[i] ?? 0, 10);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  test('gives the blocks of its inverse', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { system, full, localCount } = randomSystem(shape);
        const { size, sharedCount, blocks } = shape;
        const first = (blocks - 1) * size;
        const block = system.factor()?.inverseBlock(first, size) ?? new Float64Array();
        const places = [
          ...Array.from({ length: size }, (_, i) => first + i),
          ...Array.from({ length: sharedCount }, (_, s) => localCount + s),
        ];
        const inverse = invert(full);
        places.forEach((p, i) => {
          places.forEach((q, j) => {
            expect(block[i * places.length + j]).toBeCloseTo(inverse[p]?.[q] ?? 0, 10);
          });
        });
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  test('that is not positive definite is refused, in its local and in its shared part', () => {
    const shape = { blocks: 2, size: 2, sharedCount: 2, reach: 0, seed: 3 };
    const local = randomSystem(shape).system;
    local.addLocal(3, 3, -1000);
    expect(local.factor()).toBeUndefined();
    const shared = randomSystem(shape).system;
    shared.shared[3] = -1000;
    expect(shared.factor()).toBeUndefined();
  });
});

/** Gauss-Jordan; diagonally dominant matrices need no pivoting. */
function invert(full: readonly Float64Array[]): number[][] {
  const n = full.length;
  const rows = full.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let p = 0; p < n; p++) {
    const pivot = rows[p] ?? [];
    const size = pivot[p] ?? Number.NaN;
    pivot.forEach((value, j) => {
      pivot[j] = value / size;
    });
    rows.forEach((row, i) => {
      const factor = row[p] ?? 0;
      if (i !== p) {
        row.forEach((value, j) => {
          row[j] = value - factor * (pivot[j] ?? 0);
        });
      }
    });
  }
  return rows.map((row) => row.slice(n));
}
