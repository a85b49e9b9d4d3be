import type { DiskSpace } from '../domain/disk-space.ts';
import { asFault } from '../domain/fault.ts';
import type { JournalEvent } from './journal.ts';
import { spokenValue } from './wording.ts';

/** Each is told once, when the disk has filled past it; emptied by so much, it is told again. */
export const DISK_ALARM_FRACTIONS = [0.8, 0.9, 0.95] as const;
const FORGET_FRACTION = 0.02;
/** On a disk that is fuller than the last alarm, raw frames go until it is no fuller than this. */
const ROOM_FRACTION = 0.9;

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
    return past === DISK_ALARM_FRACTIONS.at(-1) ? this.#nearlyFull(used) : filling(used);
  }

  /** What can be made again goes, and everybody is told. */
  #nearlyFull(used: number): JournalEvent {
    const event = { ...filling(used), severity: 'alarm' } as const;
    let gone: { readonly files: number; readonly bytes: number } | undefined;
    try {
      gone = this.#disk.makeRoom?.(ROOM_FRACTION);
    } catch (error) {
      const { message } = asFault(error, 'disk', 'storage');
      return { ...event, message: `${event.message} Nothing could be taken away: ${message}.` };
    }
    if (!gone || gone.files === 0) return event;
    const { files, bytes } = gone;
    return {
      ...event,
      message: `${event.message} Raw frames of earlier runs have been taken away, ${files} files of ${spokenValue(bytes, 'B')}; their volumes are kept.`,
      details: { ...event.details, thinned_files: files, thinned_bytes: bytes },
    };
  }
}

function filling(used: number): JournalEvent {
  return {
    code: 'storage',
    severity: 'warning',
    message: `The disk is ${Math.floor(used * 100)} % full: free some space.`,
    details: { used_fraction: used },
  };
}

function pastOf(used: number): number {
  return DISK_ALARM_FRACTIONS.findLast((fraction) => used >= fraction) ?? 0;
}
