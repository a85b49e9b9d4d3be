import { join } from 'node:path';
import type { ScanData } from '../domain/scan.ts';
import { readAnglesFile, selectViewAngles } from './angles-file.ts';
import { badFile, fileFacts, fileNames } from './file-access.ts';
import { allocatePixels, checkScanSize, type Pixels } from './frame-stack.ts';
import { readTiff, type TiffPage } from './tiff-file.ts';

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
 * `angles.txt` in degrees.
 * @throws Fault fileMissing, fileFormat naming the file and what was expected
 */
export async function readTiffFolder(folder: string): Promise<ScanData> {
  const names = sortNames(folder, await fileNames(folder));
  const anglesPath = join(folder, ANGLES_NAME);
  await fileFacts(anglesPath);
  const views = await readImages(folder, names.view);
  const flats = await readImages(folder, names.flat);
  const darks = await readImages(folder, names.dark);
  const size = views.size;
  if (!size) throw badFile(folder, 'no projections; expected images such as raw_00000.tiff');
  for (const { size: other } of [flats, darks]) if (other) checkSameSize(other, size);
  const angles = selectViewAngles(await readAnglesFile(anglesPath), {
    views: views.pages.length,
    flats: flats.pages.length,
    darks: darks.pages.length,
  });
  return {
    rows: size.rows,
    columns: size.columns,
    anglesRadian: angles,
    projections: stackPages(folder, views.pages),
    flats: stackPages(folder, flats.pages),
    darks: stackPages(folder, darks.pages),
  };
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

interface ImageSize {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
}

interface Images {
  readonly pages: readonly TiffPage[];
  readonly size: ImageSize | undefined;
}

async function readImages(folder: string, names: readonly string[]): Promise<Images> {
  const pages: TiffPage[] = [];
  let size: ImageSize | undefined;
  for (const name of names) {
    const path = join(folder, name);
    for (const page of await readTiff(path)) {
      const { rows, columns } = page;
      size ??= { path, rows, columns };
      checkSameSize({ path, rows, columns }, size);
      pages.push(page);
      checkScanSize(folder, pages.length * rows * columns);
    }
  }
  return { pages, size };
}

function checkSameSize(size: ImageSize, expected: ImageSize): void {
  if (size.rows === expected.rows && size.columns === expected.columns) return;
  throw badFile(
    size.path,
    `${size.rows} × ${size.columns} pixels; expected ${expected.rows} × ${expected.columns} like ${expected.path}`,
  );
}

function stackPages(folder: string, pages: readonly TiffPage[]): Pixels {
  const [first] = pages;
  if (!first) return new Uint16Array(0);
  const isCounts = pages.every(({ pixels }) => pixels instanceof Uint16Array);
  const length = first.rows * first.columns;
  const stack = allocatePixels(folder, pages.length * length, isCounts);
  for (const [index, { pixels }] of pages.entries()) stack.set(pixels, index * length);
  return stack;
}
