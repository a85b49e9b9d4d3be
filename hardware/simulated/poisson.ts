import type { Random } from '../../src/domain/random.ts';

/** Above this mean a Poisson number is a normal one to better than the eye can tell. */
const POISSON_EXACT_MAX = 30;

/** How many of `mean` expected counts are counted. Not a whole number where the mean is large. */
export function poisson(random: Random, mean: number): number {
  if (mean > POISSON_EXACT_MAX) return Math.max(0, mean + Math.sqrt(mean) * random.normal());
  // Knuth: count uniform factors until their product falls below exp(-mean).
  const limit = Math.exp(-mean);
  let product = random.uniform();
  let count = 0;
  while (product > limit) {
    product *= random.uniform();
    count += 1;
  }
  return count;
}
