/** Work beside the steps, which must have ended before the run does. None of it rejects. */
export class Beside {
  readonly #under = new Set<Promise<void>>();

  add(work: Promise<void>): void {
    this.#under.add(work);
    void work.finally(() => this.#under.delete(work));
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#under);
  }
}
