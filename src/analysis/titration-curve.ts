/** Charge passed at a rest, and the voltage the cell came to there. */
export interface RestPoint {
  readonly chargeCoulomb: number;
  readonly voltageVolt: number;
}

/** With fewer rests their curve says too little about its curvature. */
const POINTS_MIN = 4;

/**
 * The equilibrium curve of a titration, read backwards: which charge goes with a voltage. Cubics
 * between the rests that keep the curve monotone: Fritsch and Carlson, SIAM J. Numer. Anal. 17
 * (1980) 238. Undefined when the rests are few or their voltage does not always go the same way.
 */
export class EquilibriumCurve {
  readonly #volts: readonly number[];
  readonly #charges: readonly number[];
  readonly #slopes: readonly number[];

  private constructor(
    volts: readonly number[],
    charges: readonly number[],
    slopes: readonly number[],
  ) {
    this.#volts = volts;
    this.#charges = charges;
    this.#slopes = slopes;
  }

  static through(points: readonly RestPoint[]): EquilibriumCurve | undefined {
    const sorted = points.toSorted((a, b) => a.voltageVolt - b.voltageVolt);
    const volts = sorted.map(({ voltageVolt }) => voltageVolt);
    const charges = sorted.map(({ chargeCoulomb }) => chargeCoulomb);
    const secants = secantsOf(volts, charges);
    const isMonotone = secants.every((secant) => Number.isFinite(secant) && secant > 0);
    if (points.length < POINTS_MIN || !isMonotone) return undefined;
    return new EquilibriumCurve(volts, charges, slopesOf(volts, secants));
  }

  /** Undefined outside the voltages of the rests. */
  chargeAt(voltageVolt: number): number | undefined {
    const volts = this.#volts;
    const last = volts.length - 1;
    if (!(voltageVolt >= (volts[0] ?? 0) && voltageVolt <= (volts[last] ?? 0))) return undefined;
    let at = 0;
    while (at < last - 1 && (volts[at + 1] ?? 0) < voltageVolt) at += 1;
    const width = (volts[at + 1] ?? 0) - (volts[at] ?? 0);
    const t = (voltageVolt - (volts[at] ?? 0)) / width;
    // Cubic Hermite basis.
    const stay = (1 + 2 * t) * (1 - t) ** 2;
    const go = t * t * (3 - 2 * t);
    return (
      stay * (this.#charges[at] ?? 0) +
      go * (this.#charges[at + 1] ?? 0) +
      width * t * (1 - t) ** 2 * (this.#slopes[at] ?? 0) +
      width * t * t * (t - 1) * (this.#slopes[at + 1] ?? 0)
    );
  }
}

function secantsOf(xs: readonly number[], ys: readonly number[]): number[] {
  return xs.slice(1).map((x, at) => ((ys[at + 1] ?? 0) - (ys[at] ?? 0)) / (x - (xs[at] ?? 0)));
}

/** Weighted harmonic means inside, the end secants outside. */
function slopesOf(xs: readonly number[], secants: readonly number[]): number[] {
  return xs.map((_, at) => {
    const before = secants[at - 1];
    const after = secants[at];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    const wide = (xs[at + 1] ?? 0) - (xs[at] ?? 0);
    const near = (xs[at] ?? 0) - (xs[at - 1] ?? 0);
    const first = 2 * wide + near;
    const second = wide + 2 * near;
    return (first + second) / (first / before + second / after);
  });
}
