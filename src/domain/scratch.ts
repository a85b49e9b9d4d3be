/** A file of numbers that is only needed while work goes on; nothing in it survives the work. */
export interface ScratchFile {
  /**
   * Fills the target with what was written from `position` on.
   * @throws Fault storage
   */
  read(target: Uint8Array, position: number): Promise<void>;
  /** @throws Fault storage */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Closes and deletes it; idempotent. */
  remove(): Promise<void>;
}

export interface ScratchFactory {
  /**
   * Begins an empty file; one of the same name that was left behind is replaced.
   * @param byteCount how large it will become
   * @throws Fault storage when it cannot be made or the disk has less room than it takes, capacity
   * when it is larger than is allowed
   */
  open(name: string, byteCount: number): Promise<ScratchFile>;
}
