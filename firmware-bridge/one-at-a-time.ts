/**
 * Lets pieces of work wait for each other: an instrument whose replies carry no number can be in
 * one conversation only.
 */
export class OneAtATime {
  /** The end of the queue. */
  #last: Promise<unknown> = Promise.resolve();

  /** Begins when all that came before has ended, however it ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    // The failure is told to whoever asked; the next one only waits for the end.
    this.#last = done.catch(() => {});
    return done;
  }
}
