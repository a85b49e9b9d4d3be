import { Fault } from '../domain/fault.ts';
import type { Spectrum } from '../domain/spectrum.ts';
import { RELAXATIONS_MAX, type RelaxationKernel } from '../kernels/relaxation-kernel.ts';
import { type ChainFit, type ChainOptions, fitChain } from './kramers-kronig-chain.ts';
import { chooseChain } from './kramers-kronig-count.ts';
import { type OrderedSpectrum, orderedSpectrum } from './kramers-kronig-points.ts';
import { type ResidualStructure, residualStructure } from './kramers-kronig-residuals.ts';

/** Fewest different frequencies the test says something about. */
export const KRAMERS_KRONIG_POINTS_MIN = 6;

export interface KramersKronigOptions extends Partial<ChainOptions> {
  /** Length of the chain; chosen when not given. */
  readonly elementCount?: number;
  /** Whether mu caps the chosen length; default true. */
  readonly isCappedByMu?: boolean;
}

/** Residuals at one frequency: (measured - fitted) / |measured|, in percent. */
export interface KramersKronigResidual {
  readonly frequencyHertz: number;
  readonly realPercent: number;
  readonly imagPercent: number;
}

export interface KramersKronigTest {
  /** Elements of the fitted chain of resistors with capacitors. */
  readonly elementCount: number;
  /** 1 - Σ|R_k < 0| / Σ|R_k ≥ 0|: near 1 underfit, near 0 overfit. */
  readonly mu: number;
  /** 100 √(Σ |Z_fit - Z|² / |Z|² / points), as of circuit fits. */
  readonly rmsPercent: number;
  /** Largest residual of either part, and where it is. */
  readonly worstPercent: number;
  readonly worstFrequencyHertz: number;
  readonly structure: ResidualStructure;
  /** Mean real residual over the slowest decade in percent; its sign is that of the drift. */
  readonly slowestDecadePercent: number;
  /** From the highest frequency to the lowest. */
  readonly residuals: readonly KramersKronigResidual[];
}

const DEFAULTS: ChainOptions = {
  fit: 'complex',
  representation: 'impedance',
  inductance: true,
  capacitance: true,
  extensionDecades: 0,
};

/**
 * Linear Kramers-Kronig test: a spectrum that a chain of passive elements cannot follow is not that
 * of a linear, causal, unchanging cell.
 * @throws Fault badInput for unusable points or fewer than 6 frequencies, capacity for too many
 */
export function testKramersKronig(
  kernel: RelaxationKernel,
  spectrum: Spectrum,
  options: KramersKronigOptions = {},
): KramersKronigTest {
  const ordered = orderedSpectrum(spectrum.points, KRAMERS_KRONIG_POINTS_MIN);
  const { elementCount, isCappedByMu = true, ...given } = options;
  const chainOptions = { ...DEFAULTS, ...given };
  if (elementCount !== undefined) checkElementCount(elementCount);
  const fitLength = (count: number): ChainFit => fitChain(kernel, ordered, count, chainOptions);
  const chain =
    elementCount === undefined
      ? chooseChain(ordered.frequencyHertz.length, fitLength, isCappedByMu)
      : fitLength(elementCount);
  return describeChain(chain, ordered);
}

function checkElementCount(elementCount: number): void {
  if (Number.isInteger(elementCount) && elementCount >= 1 && elementCount <= RELAXATIONS_MAX)
    return;
  const message = `${elementCount}; expected a whole number from 1 to ${RELAXATIONS_MAX}`;
  throw new Fault('badInput', { where: 'elementCount', message });
}

function describeChain(chain: ChainFit, { frequencyHertz }: OrderedSpectrum): KramersKronigTest {
  const residuals = Array.from(frequencyHertz, (frequency, k) => ({
    frequencyHertz: frequency,
    realPercent: 100 * (chain.realResiduals[k] ?? 0),
    imagPercent: 100 * (chain.imagResiduals[k] ?? 0),
  }));
  const worst = residuals.reduce((a, b) => (largest(b) > largest(a) ? b : a));
  const slowest = frequencyHertz.at(-1) ?? 0;
  const lastDecade = residuals.filter((residual) => residual.frequencyHertz <= 10 * slowest);
  return {
    elementCount: chain.elementCount,
    mu: chain.mu,
    rmsPercent: 100 * Math.sqrt(chain.squaredResidual / frequencyHertz.length),
    worstPercent: largest(worst),
    worstFrequencyHertz: worst.frequencyHertz,
    structure: residualStructure(chain.realResiduals, chain.imagResiduals),
    slowestDecadePercent:
      lastDecade.reduce((sum, { realPercent }) => sum + realPercent, 0) / lastDecade.length,
    residuals,
  };
}

function largest({ realPercent, imagPercent }: KramersKronigResidual): number {
  return Math.max(Math.abs(realPercent), Math.abs(imagPercent));
}
