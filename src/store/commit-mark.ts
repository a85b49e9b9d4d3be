import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** In the run's folder: the newest committed record, to tell what a damaged database has lost. */
export const MARK_NAME = 'run.mark';
const DIGITS = 16;

/**
 * Notes outside the database how far it was committed. It is not forced onto the disk, which
 * would cost as much as the commit itself: it tells of damage, it promises nothing.
 */
export class CommitMark {
  readonly #path: string;
  #handle: number | undefined;

  /** @param folder the run's folder */
  constructor(folder: string) {
    this.#path = join(folder, MARK_NAME);
  }

  /** A disk that takes no mark takes no commit either, and that one is reported. */
  note(sequence: number): void {
    try {
      this.#handle ??= openSync(this.#path, 'w');
      writeSync(this.#handle, `${String(sequence).padStart(DIGITS)}\n`, 0);
    } catch {
      this.close();
    }
  }

  /** The database stands alone and needs no witness. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  close(): void {
    if (this.#handle === undefined) return;
    closeSync(this.#handle);
    this.#handle = undefined;
  }
}

/** The newest record that was ever committed, as far as the mark tells; 0 without one. */
export function readMark(folder: string): number {
  try {
    const sequence = Number(readFileSync(join(folder, MARK_NAME), 'utf8'));
    return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : 0;
  } catch {
    return 0;
  }
}
