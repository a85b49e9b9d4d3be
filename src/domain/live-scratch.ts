/**
 * Where a live reconstruction keeps the filtered projections of a scan until the next scan has
 * replaced them: too many for memory, and worth nothing once the program has ended. Reading and
 * writing block, for they are steps of one projection's work on a thread of its own.
 */
export interface LiveScratch {
  /** Keeps `values` in a slot, counted from 0, in place of what was there. @throws Fault storage */
  write(slot: number, values: Float32Array): void;
  /** What was last written to a slot, exactly. @throws Fault storage */
  read(slot: number, target: Float32Array): void;
  /** Lets go of everything that was written. */
  close(): void;
}

export interface LiveScratchFactory {
  /**
   * An empty scratch.
   * @param path where it may put a file; one that is there is overwritten
   * @param slotLength values in every slot
   * @param slotsMax slots that will be used at most
   * @throws Fault storage when there is no room for so many
   */
  open(path: string, slotLength: number, slotsMax: number): LiveScratch;
}
