/**
 * A symmetric positive definite system with local unknowns, in blocks along a sequence, and
 * shared ones that every block is coupled to:
 *
 *     | C  B | |local |   |  local right side |
 *     | Bᵀ A | |shared| = | shared right side |
 *
 * C is a band: blocks on its diagonal, and couplings of neighbours where there are any.
 */
export class BlockArrow {
  readonly localCount: number;
  readonly sharedCount: number;
  /** Entries below the diagonal of C that may differ from zero, per row. */
  readonly bandwidth: number;
  /** C[i, j] for i - bandwidth <= j <= i at i (bandwidth + 1) + j - i + bandwidth. */
  readonly band: Float64Array;
  /** B [local, shared]. */
  readonly coupling: Float64Array;
  /** A [shared, shared], both halves. */
  readonly shared: Float64Array;
  readonly localRight: Float64Array;
  readonly sharedRight: Float64Array;

  constructor(size: {
    readonly localCount: number;
    readonly sharedCount: number;
    readonly bandwidth: number;
  }) {
    this.localCount = size.localCount;
    this.sharedCount = size.sharedCount;
    this.bandwidth = size.bandwidth;
    this.band = new Float64Array(size.localCount * (size.bandwidth + 1));
    this.coupling = new Float64Array(size.localCount * size.sharedCount);
    this.shared = new Float64Array(size.sharedCount * size.sharedCount);
    this.localRight = new Float64Array(size.localCount);
    this.sharedRight = new Float64Array(size.sharedCount);
  }

  /** Adds to C[i, j]; only for j <= i. */
  addLocal(i: number, j: number, value: number): void {
    const at = i * (this.bandwidth + 1) + j - i + this.bandwidth;
    this.band[at] = (this.band[at] ?? 0) + value;
  }

  /** C[i, i] */
  localDiagonal(i: number): number {
    return this.band[i * (this.bandwidth + 1) + this.bandwidth] ?? 0;
  }

  /** A[s, s] */
  sharedDiagonal(s: number): number {
    return this.shared[s * (this.sharedCount + 1)] ?? 0;
  }

  /** Multiplies the diagonal by 1 + damping (Marquardt), which keeps directions of no curvature. */
  damp(damping: number): void {
    const width = this.bandwidth + 1;
    for (let i = 0; i < this.localCount; i++) {
      const at = i * width + this.bandwidth;
      this.band[at] = (this.band[at] || 1) * (1 + damping);
    }
    for (let s = 0; s < this.sharedCount; s++) {
      const at = s * (this.sharedCount + 1);
      this.shared[at] = (this.shared[at] || 1) * (1 + damping);
    }
  }

  /** Takes a local unknown out: its solution is 0 and it couples to nothing. */
  holdLocal(i: number): void {
    const { bandwidth, localCount, sharedCount } = this;
    const width = bandwidth + 1;
    this.band.fill(0, i * width, i * width + bandwidth);
    for (let row = i + 1; row <= Math.min(localCount - 1, i + bandwidth); row++) {
      this.band[row * width + i - row + bandwidth] = 0;
    }
    this.band[i * width + bandwidth] = 1;
    this.coupling.fill(0, i * sharedCount, (i + 1) * sharedCount);
    this.localRight[i] = 0;
  }

  /** Takes a shared unknown out in the same way. */
  holdShared(s: number): void {
    const { localCount, sharedCount } = this;
    for (let i = 0; i < localCount; i++) this.coupling[i * sharedCount + s] = 0;
    for (let r = 0; r < sharedCount; r++) {
      this.shared[r * sharedCount + s] = 0;
      this.shared[s * sharedCount + r] = 0;
    }
    this.shared[s * (sharedCount + 1)] = 1;
    this.sharedRight[s] = 0;
  }

  /**
   * Factors C and the Schur complement A - Bᵀ C⁻¹ B.
   * @returns undefined when one of them is not positive definite
   */
  factor(): ArrowFactor | undefined {
    const { localCount, sharedCount, bandwidth } = this;
    const lower = choleskyOfBand(this.band, localCount, bandwidth);
    if (!lower) return undefined;
    const solveLocal = (right: Float64Array): Float64Array =>
      solveBand({ lower, count: localCount, bandwidth }, right);
    const columns = Array.from({ length: sharedCount }, (_, s) =>
      solveLocal(Float64Array.from({ length: localCount }, (_v, i) => this.#b(i, s))),
    );
    const complement = new Float64Array(sharedCount * sharedCount);
    for (let r = 0; r < sharedCount; r++) {
      for (let s = 0; s < sharedCount; s++) {
        let sum = this.shared[r * sharedCount + s] ?? 0;
        const column = columns[s] ?? new Float64Array();
        for (let i = 0; i < localCount; i++) sum -= this.#b(i, r) * (column[i] ?? 0);
        complement[r * sharedCount + s] = sum;
      }
    }
    // A full matrix is a band as wide as it is large.
    const wide = bandOfFull(complement, sharedCount);
    const schur = choleskyOfBand(wide, sharedCount, Math.max(0, sharedCount - 1));
    if (!schur) return undefined;
    return new ArrowFactor(this, { columns, schur, solveLocal });
  }

  #b(i: number, s: number): number {
    return this.coupling[i * this.sharedCount + s] ?? 0;
  }
}

interface Factors {
  /** C⁻¹ B, one array per shared unknown. */
  readonly columns: readonly Float64Array[];
  readonly schur: Float64Array;
  readonly solveLocal: (right: Float64Array) => Float64Array;
}

/** Solutions and parts of the inverse of a factored system. */
export class ArrowFactor {
  readonly #system: BlockArrow;
  readonly #factors: Factors;

  constructor(system: BlockArrow, factors: Factors) {
    this.#system = system;
    this.#factors = factors;
  }

  solve(): { readonly local: Float64Array; readonly shared: Float64Array } {
    const { localRight, sharedRight, sharedCount, localCount, coupling } = this.#system;
    const local = this.#factors.solveLocal(localRight);
    const reduced = sharedRight.map((value, s) => {
      let sum = value;
      for (let i = 0; i < localCount; i++) {
        sum -= (coupling[i * sharedCount + s] ?? 0) * (local[i] ?? 0);
      }
      return sum;
    });
    const shared = this.#solveShared(reduced);
    shared.forEach((value, s) => {
      const column = this.#factors.columns[s] ?? [];
      for (let i = 0; i < localCount; i++) local[i] = (local[i] ?? 0) - (column[i] ?? 0) * value;
    });
    return { local, shared };
  }

  /** The inverse's rows and columns of `count` local unknowns from `first` on, then all shared. */
  inverseBlock(first: number, count: number): Float64Array {
    const { sharedCount, localCount } = this.#system;
    const size = count + sharedCount;
    const block = new Float64Array(size * size);
    const inverse = this.#sharedInverse();
    const x = (i: number, s: number): number => this.#factors.columns[s]?.[first + i] ?? 0;
    const put = (row: number, column: number, value: number): void => {
      block[row * size + column] = value;
      block[column * size + row] = value;
    };
    for (let r = 0; r < sharedCount; r++) {
      for (let s = 0; s < sharedCount; s++) {
        block[(count + r) * size + count + s] = inverse[r]?.[s] ?? 0;
      }
    }
    for (let i = 0; i < count; i++) {
      const unit = new Float64Array(localCount);
      unit[first + i] = 1;
      const column = this.#factors.solveLocal(unit);
      const mixed = Array.from({ length: sharedCount }, (_, s) =>
        inverse.reduce((sum, row, r) => sum + x(i, r) * (row[s] ?? 0), 0),
      );
      mixed.forEach((value, s) => {
        put(i, count + s, -value);
      });
      for (let j = 0; j <= i; j++) {
        const through = mixed.reduce((sum, value, s) => sum + value * x(j, s), 0);
        put(i, j, (column[first + j] ?? 0) + through);
      }
    }
    return block;
  }

  #sharedInverse(): readonly Float64Array[] {
    return Array.from({ length: this.#system.sharedCount }, (_, s) => {
      const unit = new Float64Array(this.#system.sharedCount);
      unit[s] = 1;
      return this.#solveShared(unit);
    });
  }

  #solveShared(right: Float64Array): Float64Array {
    const count = this.#system.sharedCount;
    const bandwidth = Math.max(0, count - 1);
    return solveBand({ lower: this.#factors.schur, count, bandwidth }, right);
  }
}

/** Lower half of a full symmetric matrix in band storage. */
function bandOfFull(full: Float64Array, count: number): Float64Array {
  const bandwidth = Math.max(0, count - 1);
  const band = new Float64Array(count * (bandwidth + 1));
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      band[i * (bandwidth + 1) + j - i + bandwidth] = full[i * count + j] ?? 0;
    }
  }
  return band;
}

/** L of L Lᵀ in the same storage; undefined when a pivot is not positive. */
function choleskyOfBand(
  band: Float64Array,
  count: number,
  bandwidth: number,
): Float64Array | undefined {
  const lower = Float64Array.from(band);
  const width = bandwidth + 1;
  for (let i = 0; i < count; i++) {
    const first = Math.max(0, i - bandwidth);
    for (let j = first; j <= i; j++) {
      let sum = lower[i * width + j - i + bandwidth] ?? 0;
      for (let k = Math.max(first, j - bandwidth); k < j; k++) {
        sum -=
          (lower[i * width + k - i + bandwidth] ?? 0) * (lower[j * width + k - j + bandwidth] ?? 0);
      }
      if (j < i) {
        lower[i * width + j - i + bandwidth] = sum / (lower[j * width + bandwidth] ?? 1);
      } else {
        if (!(sum > 0)) return undefined;
        lower[i * width + bandwidth] = Math.sqrt(sum);
      }
    }
  }
  return lower;
}

interface BandFactor {
  readonly lower: Float64Array;
  readonly count: number;
  readonly bandwidth: number;
}

function solveBand({ lower, count, bandwidth }: BandFactor, right: Float64Array): Float64Array {
  const x = Float64Array.from(right);
  const at = (i: number, j: number): number => lower[i * (bandwidth + 1) + j - i + bandwidth] ?? 0;
  for (let i = 0; i < count; i++) {
    let sum = x[i] ?? 0;
    for (let j = Math.max(0, i - bandwidth); j < i; j++) sum -= at(i, j) * (x[j] ?? 0);
    x[i] = sum / at(i, i);
  }
  for (let i = count - 1; i >= 0; i--) {
    let sum = x[i] ?? 0;
    for (let j = i + 1; j <= Math.min(count - 1, i + bandwidth); j++) sum -= at(j, i) * (x[j] ?? 0);
    x[i] = sum / at(i, i);
  }
  return x;
}
