/** The disk that the runs are written to. */
export interface DiskSpace {
  /** From 0 to 1; not-a-number when the system does not tell. */
  usedFraction(): number;
  /** The disk was full, and the space kept for that moment is in use. */
  readonly isReserveUsed: boolean;
  /**
   * Takes away what can be made again, oldest first, until the disk is no fuller than this.
   * @returns how many files of how many bytes have gone
   */
  makeRoom?(usedFraction: number): { readonly files: number; readonly bytes: number };
}
