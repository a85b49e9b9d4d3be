import { writeFile } from 'node:fs/promises';
import type { ReconstructionSummary } from '../domain/scan.ts';
import type { VolumeSource } from '../domain/volume.ts';
import type { VolumeWriter } from '../domain/volume-writer.ts';
import { encodePng } from '../formats/png.ts';
import { volumePicture } from '../formats/preview.ts';

/** Puts a picture of three orthogonal slices beside each volume: `scan-001.png`. */
export class PreviewedVolumeWriter implements VolumeWriter {
  readonly #writer: VolumeWriter;

  constructor(writer: VolumeWriter) {
    this.#writer = writer;
  }

  async write(path: string, volume: VolumeSource, summary: ReconstructionSummary): Promise<void> {
    await this.#writer.write(path, volume, summary);
    await writeFile(path.replace(/\.h5$/, '.png'), encodePng(await volumePicture(volume)));
  }
}
