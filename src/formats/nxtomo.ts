import { Fault } from '../domain/fault.ts';
import { badFile } from './file-access.ts';
import { frameShape, readFrames } from './frame-stack.ts';
import { gdaScanAngles } from './gda-scan.ts';
import type { Hdf5Dataset, Hdf5File } from './hdf5-file.ts';
import type { Hdf5Scan } from './hdf5-scan.ts';
import { anglesInRadian } from './scan-angles.ts';

/** The values of `image_key` in the NeXus application definition NXtomo. */
const IMAGE_KEYS = { projection: 0, flat: 1, dark: 2, invalid: 3 } as const;

/** An entry that may hold a scan, and whether it says so itself. */
interface Entry {
  readonly path: string;
  readonly isDeclared: boolean;
}

interface Detector {
  readonly entry: Entry;
  readonly data: Hdf5Dataset;
  readonly imageKey: Hdf5Dataset;
}

/**
 * A scan in NeXus NXtomo layout: one stack of frames, `image_key` saying what each one is, and
 * `rotation_angle` in degrees. The entry is found by its definition NXtomo; without one, by its
 * only detector that has frames and image keys.
 * @throws Fault fileFormat, fileMissing naming the path and what was expected there
 */
export async function readNxtomo(file: Hdf5File): Promise<Hdf5Scan> {
  const { entry, data, imageKey } = await findDetector(file);
  const { frames } = frameShape(data);
  const keys = imageKey.numbers();
  if (keys.length !== frames) {
    throw badFile(imageKey.where, `${keys.length} image keys for ${frames} frames`);
  }
  const angles = await frameAngles(file, entry, frames);
  checkKeys(keys, imageKey.where);
  const framesOf = (wanted: number): number[] =>
    Array.from(keys.keys()).filter((frame) => keys[frame] === wanted);
  const viewFrames = framesOf(IMAGE_KEYS.projection);
  const flatFrames = framesOf(IMAGE_KEYS.flat);
  return {
    data,
    viewFrames,
    anglesRadian: angles.filter((_, frame) => keys[frame] === IMAGE_KEYS.projection),
    flats: await readFrames(data, flatFrames),
    darks: await readFrames(data, framesOf(IMAGE_KEYS.dark)),
    flatsAfterViews: flatFrames.map((flat) => viewFrames.filter((view) => view < flat).length),
  };
}

async function findDetector(file: Hdf5File): Promise<Detector> {
  const missing: Fault[] = [];
  const entries = await findEntries(file, missing);
  const declared = entries.filter(({ isDeclared }) => isDeclared);
  const detectors: Detector[] = [];
  for (const entry of declared.length > 0 ? declared : entries) {
    for (const path of await detectorPaths(file, entry, missing)) {
      await unlessMissing(missing, async () => {
        const data = await file.optionalDataset(`${path}/data`);
        const imageKey = await file.optionalDataset(`${path}/image_key`);
        if (data && imageKey) detectors.push({ entry, data, imageKey });
      });
    }
  }
  const [only] = detectors;
  if (only && detectors.length === 1) return only;
  if (!only && missing[0]) throw missing[0];
  throw badFile(
    file.path,
    `${detectors.length} detectors with frames and image keys; expected one NXtomo scan, ` +
      'as in /entry/instrument/detector/{data,image_key}, or Data Exchange with /exchange/data',
  );
}

/**
 * Files of other instruments, linked to, are often left behind when a scan is copied. They are
 * collected, and matter only when no scan is found without them.
 */
async function unlessMissing(missing: Fault[], action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'fileMissing') throw error;
    missing.push(error);
  }
}

/** The entries at the top of the file and the subentries right below them. */
async function findEntries(file: Hdf5File, missing: Fault[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const path of await childrenOfClass(file, '', 'NXentry', missing)) {
    for (const candidate of [path, ...(await childrenOfClass(file, path, 'NXsubentry', missing))]) {
      const definition = await file.optionalDataset(`${candidate}/definition`);
      entries.push({ path: candidate, isDeclared: definition?.text() === 'NXtomo' });
    }
  }
  return entries;
}

async function detectorPaths(file: Hdf5File, entry: Entry, missing: Fault[]): Promise<string[]> {
  const paths: string[] = [];
  for (const instrument of await childrenOfClass(file, entry.path, 'NXinstrument', missing)) {
    paths.push(...(await childrenOfClass(file, instrument, 'NXdetector', missing)));
  }
  return paths;
}

async function childrenOfClass(
  file: Hdf5File,
  parent: string,
  nxClass: string,
  missing: Fault[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await file.names(parent)) {
    const path = `${parent}/${name}`;
    await unlessMissing(missing, async () => {
      if ((await file.attribute(path, 'NX_class')) === nxClass) paths.push(path);
    });
  }
  return paths;
}

/** One angle per frame in radian. */
async function frameAngles(file: Hdf5File, entry: Entry, frames: number): Promise<Float64Array> {
  const missing: Fault[] = [];
  const [sample = `${entry.path}/sample`] = await childrenOfClass(
    file,
    entry.path,
    'NXsample',
    missing,
  );
  const path = `${sample}/rotation_angle`;
  const dataset = await file.optionalDataset(path);
  if (!dataset) {
    const commanded = await gdaScanAngles(file, entry.path, frames);
    if (commanded) return commanded;
    if (missing[0]) throw missing[0];
    throw badFile(`${file.path}: ${path}`, 'no such dataset; expected one angle per frame');
  }
  const angles = dataset.numbers();
  if (angles.length !== frames) {
    throw badFile(
      dataset.where,
      `${angles.length} angles for ${frames} frames; expected one per frame`,
    );
  }
  return anglesInRadian(angles, dataset.attribute('units'), dataset.where);
}

function checkKeys(keys: Float64Array, where: string): void {
  const known: readonly number[] = Object.values(IMAGE_KEYS);
  const bad = keys.findIndex((key) => !known.includes(key));
  if (bad >= 0) {
    throw badFile(where, `frame ${bad + 1} has image key ${keys[bad]}; expected 0, 1, 2 or 3`);
  }
  if (!keys.includes(IMAGE_KEYS.projection)) {
    throw badFile(where, 'no frame has image key 0; expected projections');
  }
}
