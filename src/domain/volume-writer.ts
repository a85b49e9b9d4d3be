import type { ReconstructionSummary, Volume } from './scan.ts';

/** Writes a reconstructed volume to a file; `src/formats` has the writers. */
export interface VolumeWriter {
  write(path: string, volume: Volume, summary: ReconstructionSummary): Promise<void>;
}
