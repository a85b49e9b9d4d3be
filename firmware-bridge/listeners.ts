/** Whoever wants to hear of something: each is told in the order of asking. */
export class Listeners<T> {
  readonly #listeners = new Set<(heard: T) => void>();

  /** @returns stops listening; idempotent */
  add(listener: (heard: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Who begins or stops to listen meanwhile makes no difference to this telling. */
  tell(heard: T): void {
    for (const listener of [...this.#listeners]) listener(heard);
  }
}
