import type { Circuit } from '../../src/domain/circuit.ts';
import type { ImpedancePoint } from '../../src/domain/spectrum.ts';
import { twinImpedance } from '../../src/kernels/impedance-twin.ts';
import { randomSource } from '../kernels/random-circuits.ts';

/**
 * A spectrum of the circuit, ten points a decade, with noise relative to |Z|: of a fixed pattern,
 * or with a seed Gaussian.
 */
export function simulate(
  circuit: Circuit,
  values: readonly number[],
  sweep: { maxHertz: number; minHertz: number; noise?: number; seed?: number },
): ImpedancePoint[] {
  const count = 1 + Math.round(10 * Math.log10(sweep.maxHertz / sweep.minHertz));
  const random = sweep.seed === undefined ? undefined : randomSource(sweep.seed);
  return Array.from({ length: count }, (_, k) => {
    const frequencyHertz = sweep.maxHertz * (sweep.minHertz / sweep.maxHertz) ** (k / (count - 1));
    const z = twinImpedance(circuit, values, frequencyHertz);
    const size = (sweep.noise ?? 0) * Math.hypot(z.re, z.im);
    return {
      frequencyHertz,
      zRealOhm: z.re + size * (random ? gaussian(random) : Math.sin(12.9898 * k + 1)),
      zImagOhm: z.im + size * (random ? gaussian(random) : Math.sin(78.233 * k + 2)),
    };
  });
}

/** Box and Muller. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
