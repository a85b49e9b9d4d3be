import { invertSymmetric } from './symmetric-system.ts';

/** Linear combination of standards over a straight background: XANES of few energies. */

/** What a sample absorbs at one photon energy, and what its pure phases do. */
export interface AbsorptionPoint {
  readonly energyJoule: number;
  readonly absorbance: number;
  readonly standards: Readonly<Record<string, number>>;
}

export interface PhaseShare {
  readonly phase: string;
  /** Of the absorbing atoms. */
  readonly share: number;
  /** One standard error, from the misfit; null of a phase that would come out below 0. */
  readonly standardError: number | null;
}

/** Background: a level and a slope. */
const BACKGROUND = 2;

/**
 * min Σ (A - Σ w_k s_k - a - b E)², w not below 0; shares are the weights over their sum. With the
 * background free neither the thickness nor the other atoms of the sample need be known.
 * @returns why not, where the energies do not determine them
 */
export function fitPhaseShares(points: readonly AbsorptionPoint[]): readonly PhaseShare[] | string {
  const phases = Object.keys(points[0]?.standards ?? {});
  const needed = phases.length + BACKGROUND + 1;
  if (points.length < needed) {
    return `${points.length} energies cannot tell ${phases.length} phases and a background apart: expected ${needed} or more`;
  }
  if (points.some(({ absorbance }) => !Number.isFinite(absorbance))) {
    return 'at some energy no light comes through the sample';
  }
  let used = phases;
  for (;;) {
    const fit = solve(points, used);
    if (!fit) return 'the standards are alike at these energies';
    const lowest = used.reduce((a, b, at) =>
      fit.weightOf(at) < fit.weightOf(used.indexOf(a)) ? b : a,
    );
    if (fit.weightOf(used.indexOf(lowest)) >= 0) {
      if (!(fit.sum > 0)) return 'nothing of the standards is in the sample';
      return phases.map((phase) => fit.shareOf(phase));
    }
    used = used.filter((phase) => phase !== lowest);
    if (used.length === 0) return 'nothing of the standards is in the sample';
  }
}

function solve(points: readonly AbsorptionPoint[], phases: readonly string[]) {
  const mean = points.reduce((sum, { energyJoule }) => sum + energyJoule, 0) / points.length;
  const span = Math.max(...points.map(({ energyJoule }) => Math.abs(energyJoule - mean))) || 1;
  const rows = points.map(({ standards, energyJoule }) => [
    ...phases.map((phase) => standards[phase] ?? Number.NaN),
    1,
    (energyJoule - mean) / span,
  ]);
  const n = phases.length + BACKGROUND;
  const normal = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (const [at, row] of rows.entries()) {
    for (const [i, x] of row.entries()) {
      right[i] = (right[i] ?? 0) + x * (points[at]?.absorbance ?? 0);
      for (const [j, y] of row.entries()) normal[i * n + j] = (normal[i * n + j] ?? 0) + x * y;
    }
  }
  const inverse = invertSymmetric(normal, n);
  if (!inverse) return undefined;
  const weights = right.map((_, i) =>
    right.reduce((sum, one, j) => sum + (inverse[i * n + j] ?? 0) * one, 0),
  );
  const squares = rows.reduce((sum, row, at) => {
    const fitted = row.reduce((total, x, i) => total + x * (weights[i] ?? 0), 0);
    return sum + ((points[at]?.absorbance ?? 0) - fitted) ** 2;
  }, 0);
  const variance = squares / (points.length - n);
  const sum = weights.subarray(0, phases.length).reduce((total, one) => total + one, 0);
  const shareOf = (phase: string): PhaseShare => {
    const at = phases.indexOf(phase);
    if (at < 0) return { phase, share: 0, standardError: null };
    const share = (weights[at] ?? 0) / sum;
    // ∂(w_k / W) / ∂w_j = (δ_kj - share) / W
    const slopes = phases.map((_, other) => ((other === at ? 1 : 0) - share) / sum);
    const spread = slopes.reduce(
      (total, a, i) =>
        total + slopes.reduce((part, b, j) => part + a * b * (inverse[i * n + j] ?? 0), 0),
      0,
    );
    return { phase, share, standardError: Math.sqrt(Math.max(0, variance * spread)) };
  };
  return { sum, shareOf, weightOf: (at: number): number => weights[at] ?? 0 };
}
