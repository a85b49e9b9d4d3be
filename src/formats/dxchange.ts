import type { ScanPixels } from '../domain/scan-source.ts';
import { badFile } from './file-access.ts';
import { type FrameShape, frameShape, readFrames } from './frame-stack.ts';
import type { Hdf5File } from './hdf5-file.ts';
import type { Hdf5Scan } from './hdf5-scan.ts';
import { anglesInRadian } from './scan-angles.ts';

/** True when a file says it is Data Exchange: it has a group `exchange`. */
export async function isDxchange(file: Hdf5File): Promise<boolean> {
  return (await file.names('/')).includes('exchange');
}

/**
 * A scan in Data Exchange layout (De Carlo et al., J. Synchrotron Rad. 21 (2014) 1224):
 * `/exchange/data` [view, row, column], `data_white`, `data_dark`, `theta` in degrees.
 * @throws Fault fileFormat naming the dataset and what was expected there
 */
export async function readDxchange(file: Hdf5File): Promise<Hdf5Scan> {
  const data = await file.dataset('/exchange/data');
  const shape = frameShape(data);
  const theta = await file.dataset('/exchange/theta');
  const angles = theta.numbers();
  if (angles.length !== shape.frames) {
    throw badFile(
      theta.where,
      `${angles.length} angles for ${shape.frames} views; expected one per view`,
    );
  }
  return {
    data,
    viewFrames: Array.from(angles.keys()),
    anglesRadian: anglesInRadian(angles, theta.attribute('units'), theta.where),
    flats: await readReference(file, '/exchange/data_white', shape),
    darks: await readReference(file, '/exchange/data_dark', shape),
  };
}

async function readReference(file: Hdf5File, path: string, views: FrameShape): Promise<ScanPixels> {
  const dataset = await file.optionalDataset(path);
  if (!dataset) return new Uint16Array(0);
  const { frames, rows, columns } = frameShape(dataset);
  if (rows !== views.rows || columns !== views.columns) {
    throw badFile(
      dataset.where,
      `frames of ${rows} × ${columns} pixels; expected ${views.rows} × ${views.columns} like /exchange/data`,
    );
  }
  return readFrames(
    dataset,
    Array.from({ length: frames }, (_, frame) => frame),
  );
}
