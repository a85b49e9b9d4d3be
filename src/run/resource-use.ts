import type { Resource } from '../domain/recipe.ts';

/** Which resources are in use, and which of them a recipe lets nothing else be used beside. */
export class ResourceUse {
  readonly #exclusive: readonly (readonly Resource[])[];
  readonly #inUse = new Map<Resource, number>();
  readonly #listeners = new Set<() => void>();

  constructor(exclusive: readonly (readonly Resource[])[]) {
    this.#exclusive = exclusive;
  }

  /** Whether nothing is in use that excludes this resource. */
  isFree(resource: Resource): boolean {
    return this.#exclusive.every(
      (group) =>
        !group.includes(resource) ||
        group.every((other) => other === resource || !this.#inUse.get(other)),
    );
  }

  /** Uses a resource from now on. Returns the way to let it go; calling it again does nothing. */
  take(resource: Resource): () => void {
    this.#inUse.set(resource, (this.#inUse.get(resource) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#inUse.set(resource, (this.#inUse.get(resource) ?? 1) - 1);
      for (const listener of [...this.#listeners]) listener();
    };
  }

  /** Calls back whenever something was let go. Returns the way to stop. */
  onRelease(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
