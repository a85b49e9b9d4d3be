import type { Circuit } from '../domain/circuit.ts';
import type { ImpedancePoint, Spectrum } from '../domain/spectrum.ts';
import type { ImpedanceKernel, KernelSpectrum, SearchLimits } from '../kernels/impedance-kernel.ts';
import { BlockArrow } from './block-arrow.ts';
import { fittedPoints } from './impedance-points.ts';
import { scaledSpectrum } from './impedance-problem.ts';
import { isOfExponent, type Scaling, scalingOf } from './impedance-scaling.ts';
import { scaleOf, searchLimits } from './impedance-starts.ts';
import { weightsOf } from './impedance-weights.ts';

/** Noise of one residual that the smoothness is weighed against. */
const SMOOTHNESS_NOISE = 0.005;
/** Exponents bend by so much less than logarithms (0.06 against 0.3, as in the online prior). */
const EXPONENT_SHARE = 0.2;

interface Site {
  readonly points: readonly ImpedancePoint[];
  readonly spectrum: KernelSpectrum;
  readonly limits: SearchLimits;
}

/**
 * Many spectra of one circuit with some parameters in common: cost, normal equations and bounds.
 * A point of the search is one scaled theta per spectrum, equal in the shared parameters; one
 * scaling serves all spectra, so that equal means equal in SI units as well.
 */
export class GlobalProblem {
  readonly circuit: Circuit;
  readonly kernel: ImpedanceKernel;
  readonly scaling: Scaling;
  readonly sites: readonly Site[];
  /** Indices of the circuit's parameters. */
  readonly sharedIndices: readonly number[];
  readonly localIndices: readonly number[];
  /** Weight of the squared second difference, one per parameter of the circuit. */
  readonly #smoothness: readonly number[];

  constructor(
    kernel: ImpedanceKernel,
    circuit: Circuit,
    spectra: readonly Spectrum[],
    options: { readonly shared: readonly string[]; readonly secondDifference: number | undefined },
  ) {
    this.kernel = kernel;
    this.circuit = circuit;
    const isShared = circuit.parameters.map(({ name }) => options.shared.includes(name));
    const indices = circuit.parameters.map((_, p) => p);
    this.sharedIndices = indices.filter((p) => isShared[p]);
    this.localIndices = indices.filter((p) => !isShared[p]);
    const fitted = spectra.map(({ points }) => fittedPoints(circuit, points));
    // A shared Q with an exponent of each spectrum's own means one Q at 1 rad/s, as it is written.
    const keepFrequency = circuit.parameters.some(
      ({ unit }, p) => isOfExponent(unit) && isShared[p] !== isShared[p + 1],
    );
    this.scaling = scalingOf(fitted.flat(), keepFrequency);
    const { secondDifference } = options;
    this.#smoothness = circuit.parameters.map(({ scale }) => {
      if (secondDifference === undefined) return 0;
      const size = secondDifference * (scale === 'log' ? 1 : EXPONENT_SHARE);
      return (SMOOTHNESS_NOISE / size) ** 2;
    });
    const sites = fitted.map((points) => this.#site(points));
    this.sites = withSharedLimits(sites, this.sharedIndices);
  }

  get pointCount(): number {
    return this.sites.reduce((sum, { points }) => sum + points.length, 0);
  }

  /** Sum of squared weighted residuals of one spectrum. */
  chiSquare(site: number, theta: Float64Array): number {
    this.#load(site);
    return this.kernel.residuals(theta).reduce((sum, value) => sum + value * value, 0);
  }

  /** Of all spectra, with the smoothness. */
  cost(thetas: readonly Float64Array[]): number {
    const misfit = thetas.reduce((sum, theta, k) => sum + this.chiSquare(k, theta), 0);
    let roughness = 0;
    for (let k = 1; k + 1 < thetas.length; k++) {
      for (const p of this.localIndices) {
        roughness += (this.#smoothness[p] ?? 0) * this.#secondDifference(thetas, k, p) ** 2;
      }
    }
    return misfit + roughness;
  }

  /**
   * The normal equations at `thetas`, without damping. A parameter that sits at its bound and is
   * drawn outwards is held there.
   */
  assemble(thetas: readonly Float64Array[]): BlockArrow {
    const { localIndices, sharedIndices } = this;
    const size = localIndices.length;
    const isSmooth = this.#smoothness.some((weight) => weight > 0);
    const bandwidth = Math.max(0, isSmooth ? 3 * size - 1 : size - 1);
    const system = new BlockArrow({
      localCount: thetas.length * size,
      sharedCount: sharedIndices.length,
      bandwidth: Math.min(bandwidth, Math.max(0, thetas.length * size - 1)),
    });
    thetas.forEach((theta, k) => {
      this.#addSite(system, k, theta);
    });
    if (isSmooth) this.#addSmoothness(system, thetas);
    this.#hold(system, thetas);
    return system;
  }

  /** True when theta of parameter `p` sits at a bound of this spectrum. */
  isAtBound(site: number, p: number, theta: number): boolean {
    const { lower, upper } = this.sites[site]?.limits ?? { lower: [], upper: [] };
    return theta <= (lower[p] ?? -Infinity) || theta >= (upper[p] ?? Infinity);
  }

  #site(points: readonly ImpedancePoint[]): Site {
    const ohm = Math.exp(this.scaling.lnOhm);
    const perOhm = weightsOf(points, {}).realPerOhm.map((weight) => weight * ohm);
    const spectrum = scaledSpectrum(points, this.scaling, {
      realPerOhm: perOhm,
      imagPerOhm: perOhm,
    });
    return { points, spectrum, limits: searchLimits(this.circuit, scaleOf(spectrum)) };
  }

  #load(site: number): void {
    const { spectrum } = this.sites[site] ?? {};
    if (spectrum) this.kernel.load(this.circuit, spectrum);
  }

  #addSite(system: BlockArrow, k: number, theta: Float64Array): void {
    const { localIndices, sharedIndices } = this;
    const n = theta.length;
    const first = k * localIndices.length;
    this.#load(k);
    const normal = this.kernel.normalMatrix(theta);
    const descent = this.#descent(k, theta);
    localIndices.forEach((p, i) => {
      localIndices.forEach((q, j) => {
        if (j <= i) system.addLocal(first + i, first + j, normal[p * n + q] ?? 0);
      });
      sharedIndices.forEach((q, s) => {
        system.coupling[(first + i) * sharedIndices.length + s] = normal[p * n + q] ?? 0;
      });
      system.localRight[first + i] = descent[p] ?? 0;
    });
    sharedIndices.forEach((p, r) => {
      sharedIndices.forEach((q, s) => {
        const at = r * sharedIndices.length + s;
        system.shared[at] = (system.shared[at] ?? 0) + (normal[p * n + q] ?? 0);
      });
      system.sharedRight[r] = (system.sharedRight[r] ?? 0) + (descent[p] ?? 0);
    });
  }

  /** -J'r, half the downhill gradient of the misfit; residuals are measured - fitted. */
  #descent(k: number, theta: Float64Array): number[] {
    const weight = this.sites[k]?.spectrum.weightPerOhm ?? new Float64Array();
    const residuals = this.kernel.residuals(theta);
    return this.kernel
      .jacobian(theta)
      .map((column) =>
        column.reduce(
          (sum, derivative, row) =>
            sum + derivative * (weight[row % weight.length] ?? 0) * (residuals[row] ?? 0),
          0,
        ),
      );
  }

  #addSmoothness(system: BlockArrow, thetas: readonly Float64Array[]): void {
    const size = this.localIndices.length;
    const stencil = [1, -2, 1] as const;
    for (let k = 1; k + 1 < thetas.length; k++) {
      this.localIndices.forEach((p, i) => {
        const weight = this.#smoothness[p] ?? 0;
        const difference = this.#secondDifference(thetas, k, p);
        stencil.forEach((a, x) => {
          const row = (k - 1 + x) * size + i;
          system.localRight[row] = (system.localRight[row] ?? 0) - weight * a * difference;
          stencil.forEach((b, y) => {
            if (y <= x) system.addLocal(row, (k - 1 + y) * size + i, weight * a * b);
          });
        });
      });
    }
  }

  #secondDifference(thetas: readonly Float64Array[], k: number, p: number): number {
    return (thetas[k - 1]?.[p] ?? 0) - 2 * (thetas[k]?.[p] ?? 0) + (thetas[k + 1]?.[p] ?? 0);
  }

  #hold(system: BlockArrow, thetas: readonly Float64Array[]): void {
    const size = this.localIndices.length;
    thetas.forEach((theta, k) => {
      this.localIndices.forEach((p, i) => {
        const downhill = system.localRight[k * size + i] ?? 0;
        if (this.#isDrawnOut(k, p, theta[p] ?? 0, downhill)) system.holdLocal(k * size + i);
      });
    });
    this.sharedIndices.forEach((p, s) => {
      const downhill = system.sharedRight[s] ?? 0;
      if (this.#isDrawnOut(0, p, thetas[0]?.[p] ?? 0, downhill)) system.holdShared(s);
    });
  }

  #isDrawnOut(site: number, p: number, theta: number, downhill: number): boolean {
    const { lower, upper } = this.sites[site]?.limits ?? { lower: [], upper: [] };
    return (
      (theta <= (lower[p] ?? -Infinity) && downhill < 0) ||
      (theta >= (upper[p] ?? Infinity) && downhill > 0)
    );
  }
}

/** A shared parameter may be wherever any of the spectra would let it. */
function withSharedLimits(sites: readonly Site[], shared: readonly number[]): readonly Site[] {
  return sites.map((site) => {
    const lower = Float64Array.from(site.limits.lower);
    const upper = Float64Array.from(site.limits.upper);
    for (const p of shared) {
      lower[p] = Math.min(...sites.map(({ limits }) => limits.lower[p] ?? Infinity));
      upper[p] = Math.max(...sites.map(({ limits }) => limits.upper[p] ?? -Infinity));
    }
    return { ...site, limits: { ...site.limits, lower, upper } };
  });
}
