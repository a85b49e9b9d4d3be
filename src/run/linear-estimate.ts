/**
 * What is known of the factors of a linear law, one equation after another: recursive least
 * squares without forgetting (Ljung, System Identification, 11.2). Variances are in units of the
 * noise of one equation.
 */
export class LinearEstimate {
  #values: readonly number[];
  #covariance: readonly (readonly number[])[];

  /** @param priorVariances how little is known of each factor before the first equation */
  constructor(priorVariances: readonly number[]) {
    this.#values = priorVariances.map(() => 0);
    this.#covariance = priorVariances.map((variance, i) =>
      priorVariances.map((_, j) => (i === j ? variance : 0)),
    );
  }

  get values(): readonly number[] {
    return this.#values;
  }

  /** What the law says where its terms are these. */
  value(row: readonly number[]): number {
    return dot(row, this.#values);
  }

  /** Of what the law says there. */
  variance(row: readonly number[]): number {
    return Math.max(0, dot(row, this.#project(row)));
  }

  /** One more equation: these terms have come to this value. */
  learn(row: readonly number[], value: number): void {
    const projected = this.#project(row);
    const spread = 1 + Math.max(0, dot(row, projected));
    const error = value - this.value(row);
    this.#values = this.#values.map(
      (factor, at) => factor + ((projected[at] ?? 0) / spread) * error,
    );
    this.#covariance = this.#covariance.map((line, i) =>
      line.map((entry, j) => entry - ((projected[i] ?? 0) * (projected[j] ?? 0)) / spread),
    );
  }

  #project(row: readonly number[]): readonly number[] {
    return this.#covariance.map((line) => dot(line, row));
  }
}

function dot(one: readonly number[], other: readonly number[]): number {
  // A loop: every law of a heater is asked at every reading.
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}
