import type { ScanData } from '../domain/scan.ts';
import type { ScanSource } from '../domain/scan-source.ts';
import { isDxchange, readDxchange } from './dxchange.ts';
import { badFile, fileFacts } from './file-access.ts';
import { allocatePixels } from './frame-stack.ts';
import { Hdf5File } from './hdf5-file.ts';
import { openHdf5Scan } from './hdf5-scan.ts';
import { isHdf5 } from './hdf5-superblock.ts';
import { readNxtomo } from './nxtomo.ts';
import { openTiffFolder } from './tiff-folder.ts';
import type { OpenScanOptions } from './unpacked-views.ts';

/** A whole scan is held in memory, later as floats; more does not fit. */
export const SCAN_DATA_BYTES_MAX = 4 * 2 ** 30;

/**
 * Opens a scan: a folder of TIFF images, or an HDF5 file in Data Exchange or NXtomo layout.
 * @throws Fault fileMissing, fileFormat with the place and what was expected there; capacity when
 * it must be unpacked and there is no scratch; storage when that fails
 */
export async function openScan(source: string, options: OpenScanOptions = {}): Promise<ScanSource> {
  const { isFolder, bytes } = await fileFacts(source);
  if (isFolder) return openTiffFolder(source, options);
  if (bytes === 0) throw badFile(source, 'is empty (0 bytes)');
  if (!(await isHdf5(source))) {
    throw badFile(
      source,
      'no known format: expected an HDF5 file (Data Exchange or NXtomo) or a folder of TIFF images',
    );
  }
  const file = await Hdf5File.open(source);
  try {
    const scan = (await isDxchange(file)) ? await readDxchange(file) : await readNxtomo(file);
    return await openHdf5Scan(file, scan, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Reads a whole scan into memory.
 * @throws Fault fileMissing, fileFormat with the place and what was expected there
 */
export async function readScan(path: string): Promise<ScanData> {
  const source = await openScan(path, { byViews: true, heldBytesMax: SCAN_DATA_BYTES_MAX });
  try {
    const { rows, columns, anglesRadian, flats, darks, flatsAfterViews } = source;
    const pixels = anglesRadian.length * rows * columns;
    if (pixels * Float32Array.BYTES_PER_ELEMENT > SCAN_DATA_BYTES_MAX) {
      throw badFile(
        path,
        `more than ${SCAN_DATA_BYTES_MAX} bytes of frames; split the scan by rows`,
      );
    }
    const projections = allocatePixels(source.pixelType === 'uint16', pixels);
    for (const view of anglesRadian.keys()) {
      const start = view * rows * columns;
      await source.readView(view, projections.subarray(start, start + rows * columns));
    }
    return {
      rows,
      columns,
      anglesRadian,
      projections,
      flats,
      darks,
      ...(flatsAfterViews ? { flatsAfterViews } : {}),
    };
  } finally {
    await source.close();
  }
}
