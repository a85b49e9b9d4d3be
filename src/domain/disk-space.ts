/** The disk that the runs are written to. */
export interface DiskSpace {
  /** From 0 to 1; not-a-number when the system does not tell. */
  usedFraction(): number;
  /** The disk was full, and the space kept for that moment is in use. */
  readonly isReserveUsed: boolean;
}
