import { join } from 'node:path';
import type { ScanPixels, ScanSource } from '../domain/scan-source.ts';
import { readAnglesFile, selectViewAngles } from './angles-file.ts';
import { badFile, fileFacts, fileNames } from './file-access.ts';
import { allocatePixels, FRAMES_HELD_BYTES_MAX } from './frame-stack.ts';
import { countTiffPages, type TiffPage, tiffPages } from './tiff-file.ts';
import { type OpenScanOptions, UnpackedViews } from './unpacked-views.ts';

/** How the name of an image tells what it is, each with its own pages in natural order. */
const IMAGE_NAMES = {
  view: /^(?:raw|proj|projection|view)[_-].*\.tiff?$/i,
  flat: /^flat[_-].*\.tiff?$/i,
  dark: /^dark[_-].*\.tiff?$/i,
} as const;
type ImageKind = keyof typeof IMAGE_NAMES;

const ANGLES_NAME = 'angles.txt';

/**
 * A scan as a folder of TIFF images: `raw_*`, `flat_*` and `dark_*`, each of one or more pages, and
 * `angles.txt` in degrees. Every image is read once; views that are too large to hold go into a
 * scratch file.
 * @throws Fault fileMissing, fileFormat naming the file and what was expected; capacity when the
 * views are too large to hold and there is no scratch; storage
 */
export async function openTiffFolder(
  folder: string,
  options: OpenScanOptions = {},
): Promise<ScanSource> {
  const names = sortNames(folder, await fileNames(folder));
  const anglesPath = join(folder, ANGLES_NAME);
  await fileFacts(anglesPath);
  const [firstName] = names.view;
  if (firstName === undefined) {
    throw badFile(folder, 'no projections; expected images such as raw_00000.tiff');
  }
  const first = await firstPage(join(folder, firstName));
  const flats = await readReferences(folder, names.flat, first);
  const darks = await readReferences(folder, names.dark, first);
  const views = await countPages(folder, names.view);
  const anglesRadian = selectViewAngles(await readAnglesFile(anglesPath), {
    views,
    flats: flats.length / (first.rows * first.columns),
    darks: darks.length / (first.rows * first.columns),
  });
  const { rows, columns, isCounts } = first;
  const pixelType = isCounts ? 'uint16' : 'float32';
  const unpacked = await UnpackedViews.make(
    { where: folder, views, rows, columns, pixelType },
    options,
  );
  try {
    await unpackViews(folder, names.view, first, unpacked);
  } catch (error) {
    await unpacked.close();
    throw error;
  }
  return unpacked.asSource({ anglesRadian, flats, darks });
}

type SortedNames = Readonly<Record<ImageKind, readonly string[]>>;

function sortNames(folder: string, names: readonly string[]): SortedNames {
  const images = names.filter((name) => /\.tiff?$/i.test(name));
  const strange = images.find(
    (name) => !Object.values(IMAGE_NAMES).some((shape) => shape.test(name)),
  );
  if (strange !== undefined) {
    throw badFile(
      join(folder, strange),
      'an image of unknown purpose; expected a name that starts with raw_, flat_ or dark_',
    );
  }
  const namesOf = (kind: ImageKind) => images.filter((name) => IMAGE_NAMES[kind].test(name));
  return { view: namesOf('view'), flat: namesOf('flat'), dark: namesOf('dark') };
}

/** The first view, which all images are like. */
interface FirstPage {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  readonly isCounts: boolean;
}

async function firstPage(path: string): Promise<FirstPage> {
  for await (const { rows, columns, pixels } of tiffPages(path)) {
    return { path, rows, columns, isCounts: pixels instanceof Uint16Array };
  }
  throw badFile(path, 'has no page');
}

async function countPages(folder: string, names: readonly string[]): Promise<number> {
  let pages = 0;
  for (const name of names) pages += await countTiffPages(join(folder, name));
  return pages;
}

async function unpackViews(
  folder: string,
  names: readonly string[],
  first: FirstPage,
  unpacked: UnpackedViews,
): Promise<void> {
  let view = 0;
  for (const name of names) {
    const path = join(folder, name);
    for await (const page of tiffPages(path)) {
      checkSameSize(path, page, first);
      if (first.isCounts && !(page.pixels instanceof Uint16Array)) {
        throw badFile(path, `pixels are floats; expected counts like ${first.path}`);
      }
      await unpacked.put(view, first.isCounts ? page.pixels : Float32Array.from(page.pixels));
      view += 1;
    }
  }
}

/** Flat or dark fields in one array, as floats when any is. */
async function readReferences(
  folder: string,
  names: readonly string[],
  first: FirstPage,
): Promise<ScanPixels> {
  const pages: TiffPage[] = [];
  const length = first.rows * first.columns;
  for (const name of names) {
    const path = join(folder, name);
    for await (const page of tiffPages(path)) {
      checkSameSize(path, page, first);
      pages.push(page);
      if (pages.length * length * Float32Array.BYTES_PER_ELEMENT > FRAMES_HELD_BYTES_MAX) {
        throw badFile(
          folder,
          `more than ${FRAMES_HELD_BYTES_MAX} bytes of flat or dark fields; average some of them`,
        );
      }
    }
  }
  const isCounts = pages.every(({ pixels }) => pixels instanceof Uint16Array);
  const stack = allocatePixels(isCounts, pages.length * length);
  for (const [index, { pixels }] of pages.entries()) stack.set(pixels, index * length);
  return stack;
}

function checkSameSize(path: string, page: TiffPage, first: FirstPage): void {
  if (page.rows === first.rows && page.columns === first.columns) return;
  throw badFile(
    path,
    `${page.rows} × ${page.columns} pixels; expected ${first.rows} × ${first.columns} like ${first.path}`,
  );
}
