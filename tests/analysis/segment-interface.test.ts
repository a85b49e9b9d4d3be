import { describe, expect, it } from 'vitest';
import { cosineAt, fitInterface, heightAt, turned } from '../../src/analysis/segment-interface.ts';
import { Random } from '../../src/domain/random.ts';

const SIDE = 96;
const SLICES = 80;
const SPANS = Int32Array.from({ length: 2 * SIDE }, (_, k) => (k % 2 === 0 ? 0 : SIDE));

function mapOf(height: (column: number, row: number) => number) {
  const heights = Uint16Array.from({ length: SIDE * SIDE }, (_, at) =>
    Math.max(0, Math.min(SLICES, Math.ceil(height(at % SIDE, Math.floor(at / SIDE))))),
  );
  return { rows: SIDE, columns: SIDE, slices: SLICES, heights, spans: SPANS };
}

describe('the interface', () => {
  it('is a plane through the boundary, in spite of a quarter of outliers', () => {
    const random = new Random(4);
    const truth = (x: number, y: number) => 20 + 0.1 * x - 0.06 * y;
    const surface = fitInterface(
      mapOf((x, y) => {
        // A protrusion on one side, and specks that end the electrode too early.
        if (x > 70) return 70;
        return random.uniform() < 0.05 ? 3 : truth(x, y) + random.normal();
      }),
      'top',
      1,
    );
    for (const [x, y] of [
      [10, 10],
      [50, 80],
      [68, 20],
    ] as const) {
      // The last electrode voxel lies below the true height, the first solid one above.
      expect(Math.abs(heightAt(surface, x, y) - truth(x, y))).toBeLessThan(0.7);
    }
    expect(surface.outlierFraction).toBeGreaterThan(0.2);
    expect(surface.outlierFraction).toBeLessThan(0.4);
    expect(cosineAt(surface, 40, 40)).toBeCloseTo(1 / Math.sqrt(1 + 0.1 ** 2 + 0.06 ** 2), 3);
  });

  it('is curved when asked for', () => {
    const truth = (x: number, y: number) => 15 + 0.004 * (x - 40) ** 2 + 0.002 * (y - 50) ** 2;
    const flat = fitInterface(mapOf(truth), 'top', 1);
    const curved = fitInterface(mapOf(truth), 'top', 2);
    expect(curved.roughnessVoxel).toBeLessThan(0.5 * flat.roughnessVoxel);
    for (const [x, y] of [
      [5, 5],
      [40, 50],
      [90, 90],
    ] as const) {
      expect(Math.abs(heightAt(curved, x, y) - truth(x, y))).toBeLessThan(0.6);
    }
    const slope = (heightAt(curved, 91, 50) - heightAt(curved, 89, 50)) / 2;
    expect(cosineAt(curved, 90, 50)).toBeCloseTo(1 / Math.sqrt(1 + slope ** 2), 2);
  });

  it('turns over and back', () => {
    const surface = fitInterface(
      mapOf((x) => 20 + 0.2 * x),
      'bottom',
      1,
    );
    const over = turned(surface, SLICES);
    expect(heightAt(over, 30, 60)).toBeCloseTo(SLICES - 1 - heightAt(surface, 30, 60), 9);
    expect(turned(over, SLICES).coefficients[1]).toBeCloseTo(surface.coefficients[1] ?? 0, 12);
  });

  it('is refused where the electrode ends nowhere, or fills the volume', () => {
    expect(() =>
      fitInterface(
        mapOf(() => 0),
        'top',
        1,
      ),
    ).toThrow(/in only 0 places/);
    expect(() =>
      fitInterface(
        mapOf(() => SLICES),
        'top',
        1,
      ),
    ).toThrow(/check the face/);
  });
});
