import type { ScanData } from '../domain/scan.ts';
import { isDxchange, readDxchange } from './dxchange.ts';
import { badFile, fileFacts } from './file-access.ts';
import { Hdf5File } from './hdf5-file.ts';
import { isHdf5 } from './hdf5-superblock.ts';
import { readNxtomo } from './nxtomo.ts';
import { readTiffFolder } from './tiff-folder.ts';

/**
 * Reads a whole scan: a folder of TIFF images, or an HDF5 file in Data Exchange or NXtomo layout.
 * @throws Fault fileMissing, fileFormat with the place and what was expected there
 */
export async function readScan(source: string): Promise<ScanData> {
  const { isFolder, bytes } = await fileFacts(source);
  if (isFolder) return readTiffFolder(source);
  if (bytes === 0) throw badFile(source, 'is empty (0 bytes)');
  if (!(await isHdf5(source))) {
    throw badFile(
      source,
      'no known format: expected an HDF5 file (Data Exchange or NXtomo) or a folder of TIFF images',
    );
  }
  return Hdf5File.read(source, async (file) =>
    (await isDxchange(file)) ? readDxchange(file) : readNxtomo(file),
  );
}
