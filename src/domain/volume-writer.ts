import type { ReconstructionSummary } from './scan.ts';
import type { VolumeSource } from './volume.ts';

/** Writes a reconstructed volume to a file; `src/formats` has the writers. */
export interface VolumeWriter {
  /** Reads the volume some slices at a time and leaves it open. @throws Fault storage, fileMissing */
  write(path: string, volume: VolumeSource, summary: ReconstructionSummary): Promise<void>;
}
