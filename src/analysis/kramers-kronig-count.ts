import { type ChainFit, elementCountLimits } from './kramers-kronig-chain.ts';

/** A chain is too short while each further pair of elements takes this share off the rms. */
const GAIN_PER_PAIR_MAX = 0.2;
/** Below this mu (Schönleber 2014) a chain that is long enough begins to fit the noise. */
const MU_MIN = 0.85;
/** An rms residual of 0.001 % is below what any instrument resolves: no longer chain is needed. */
const RMS_FLOOR = 1e-5;
/** Lengths that are tried, before the limits: about four per octave. */
const LADDER = [2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 19, 23, 28, 34, 41, 50, 60] as const;

/**
 * Chooses the length of the chain. The rule "first M with mu < 0.85" rejects good data with an
 * inductive tail or a single arc, where mu dips at M = 3 and recovers. Here a length is acceptable
 * only when no longer chain gains more than 20 % of rms per pair of elements; among those, the
 * Bayesian information criterion chooses, and mu only caps the length from above.
 */
export function chooseChain(
  frequencyCount: number,
  fit: (count: number) => ChainFit,
  isCappedByMu: boolean,
): ChainFit {
  const limits = elementCountLimits(frequencyCount);
  const counts = LADDER.filter((count) => count < limits.max);
  const fits = [...counts, limits.max].map(fit);
  const shortest = fits.findIndex((_, index) => isLongEnough(fits, index, frequencyCount));
  const acceptable = fits.slice(shortest);
  const criteria = acceptable.map((chain) => informationCriterion(chain, frequencyCount));
  const best = criteria.indexOf(Math.min(...criteria));
  const cap = isCappedByMu ? acceptable.findIndex(({ mu }) => mu < MU_MIN) : -1;
  const chosen = acceptable[cap < 0 ? best : Math.min(best, cap)] ?? fits.at(-1);
  if (chosen === undefined) throw new Error('unreachable: the ladder is not empty');
  return chosen;
}

/** True when no longer chain that was tried gains enough; always true for the longest. */
function isLongEnough(fits: readonly ChainFit[], index: number, frequencyCount: number): boolean {
  const here = fits[index];
  if (here === undefined) return false;
  const rms = Math.sqrt(here.squaredResidual / frequencyCount);
  if (rms < RMS_FLOOR) return true;
  return fits.slice(index + 1).every((longer) => {
    const pairs = (longer.elementCount - here.elementCount) / 2;
    const ratio = Math.sqrt(longer.squaredResidual / here.squaredResidual);
    return ratio ** (1 / pairs) >= 1 - GAIN_PER_PAIR_MAX;
  });
}

/** BIC of Gaussian residuals of unknown size: 2N ln(RSS / 2N) + k ln 2N. */
function informationCriterion(chain: ChainFit, frequencyCount: number): number {
  const rows = 2 * frequencyCount;
  const mean = Math.max(chain.squaredResidual / rows, RMS_FLOOR ** 2);
  return rows * Math.log(mean) + chain.unknownCount * Math.log(rows);
}
