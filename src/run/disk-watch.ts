import type { DiskSpace } from '../domain/disk-space.ts';
import type { JournalEvent } from './journal.ts';

/** Each is told once, when the disk has filled past it; emptied by so much, it is told again. */
export const DISK_ALARM_FRACTIONS = [0.8, 0.9, 0.95] as const;
const FORGET_FRACTION = 0.02;

/** Tells when the disk fills. */
export class DiskWatch {
  readonly #disk: DiskSpace;
  #told = 0;
  #hasToldReserve = false;

  constructor(disk: DiskSpace) {
    this.#disk = disk;
  }

  /** What people should know now and have not been told; undefined when there is nothing. */
  look(): JournalEvent | undefined {
    if (this.#disk.isReserveUsed && !this.#hasToldReserve) {
      this.#hasToldReserve = true;
      return {
        code: 'storage',
        severity: 'alarm',
        message:
          'The disk is full. The run goes on in the space kept for this and ends in its safe state when that is gone: free some space now.',
        details: { reserve_used: true },
      };
    }
    const used = this.#disk.usedFraction();
    if (!Number.isFinite(used)) return undefined;
    if (used < this.#told - FORGET_FRACTION) this.#told = pastOf(used);
    const past = pastOf(used);
    if (past <= this.#told) return undefined;
    this.#told = past;
    return {
      code: 'storage',
      severity: past === DISK_ALARM_FRACTIONS.at(-1) ? 'alarm' : 'warning',
      message: `The disk is ${Math.floor(used * 100)} % full: free some space.`,
      details: { used_fraction: used },
    };
  }
}

function pastOf(used: number): number {
  return DISK_ALARM_FRACTIONS.findLast((fraction) => used >= fraction) ?? 0;
}
