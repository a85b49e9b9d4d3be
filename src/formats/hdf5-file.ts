import { basename, dirname, join, resolve } from 'node:path';
import type { Dataset, File, Group } from 'h5wasm/node';
import { Fault } from '../domain/fault.ts';
import { badFile, fileFacts } from './file-access.ts';
import { guarded, type Hdf5Library, loadHdf5Library } from './hdf5-library.ts';
import { checkComplete } from './hdf5-superblock.ts';

/** Links that lead to links to links: more hops than any real file has. */
const LINK_HOPS_MAX = 8;

/** Something in an HDF5 file, and the file it is really in. */
export interface Hdf5Object {
  readonly object: Group | Dataset;
  /** `file: /path`, for messages. */
  readonly where: string;
}

/**
 * An HDF5 file opened for reading, with the files its external links lead to. Errors of the
 * library come out as Fault fileFormat, never as its own stack and never on stderr.
 */
export class Hdf5File {
  readonly path: string;
  readonly #library: Hdf5Library;
  readonly #files = new Map<string, File>();

  private constructor(path: string, library: Hdf5Library) {
    this.path = path;
    this.#library = library;
  }

  /** Opens a file; whoever does closes it. @throws Fault fileMissing, fileFormat */
  static async open(path: string): Promise<Hdf5File> {
    await checkComplete(path);
    const file = new Hdf5File(resolve(path), await loadHdf5Library());
    await file.#open(file.path);
    return file;
  }

  /** Opens a file, hands it to `use` and closes it whatever happens. @throws Fault fileMissing, fileFormat */
  static async read<T>(path: string, use: (file: Hdf5File) => T | Promise<T>): Promise<T> {
    const file = await Hdf5File.open(path);
    try {
      return await use(file);
    } finally {
      file.close();
    }
  }

  /**
   * What is at a path of the file, behind any soft and external links.
   * @returns undefined when nothing is there
   * @throws Fault fileMissing when an external link leads to a file that is not there
   */
  find(path: string): Promise<Hdf5Object | undefined> {
    return this.#find(this.path, path, LINK_HOPS_MAX);
  }

  /** A dataset that must be there. @throws Fault fileFormat naming the path */
  async dataset(path: string): Promise<Hdf5Dataset> {
    const found = await this.find(path);
    if (found?.object instanceof this.#library.Dataset) {
      return new Hdf5Dataset(found.object, found.where);
    }
    throw badFile(`${this.path}: ${path}`, 'no such dataset; expected one at this path');
  }

  /** A dataset that may be left out. @throws Fault fileFormat when a group has its name */
  async optionalDataset(path: string): Promise<Hdf5Dataset | undefined> {
    return (await this.find(path)) ? this.dataset(path) : undefined;
  }

  /** Names of what a group holds; empty when it is not a group. */
  async names(path: string): Promise<readonly string[]> {
    const found = await this.find(path);
    if (!(found?.object instanceof this.#library.Group)) return [];
    const group = found.object;
    return guarded(found.where, () => group.keys());
  }

  /** Text of an attribute, such as NX_class; undefined without one. */
  async attribute(path: string, name: string): Promise<string | undefined> {
    const found = await this.find(path);
    return found && guarded(found.where, () => asText(found.object.attrs[name]?.value));
  }

  async #find(filePath: string, path: string, hops: number): Promise<Hdf5Object | undefined> {
    if (hops === 0) {
      throw badFile(`${filePath}: ${path}`, `more than ${LINK_HOPS_MAX} links in a chain`);
    }
    const { Dataset, ExternalLink, Group } = this.#library;
    const file = await this.#open(filePath);
    const names = path.split('/').filter((name) => name !== '');
    let parent: Group = file;
    for (const [depth, name] of names.entries()) {
      const prefix = `/${names.slice(0, depth + 1).join('/')}`;
      const where = `${filePath}: ${prefix}`;
      const rest = names.slice(depth + 1).join('/');
      if (!guarded(where, () => parent.keys().includes(name))) return undefined;
      // The library cannot follow a soft link to an external one: both kinds are followed here.
      const softLink = guarded(where, () => file.get_link(prefix));
      if (softLink) {
        const target = softLink.startsWith('/') ? softLink : `${dirname(prefix)}/${softLink}`;
        return this.#find(filePath, `${target}/${rest}`, hops - 1);
      }
      const entity = guarded(where, () => file.get(prefix));
      if (entity instanceof ExternalLink) {
        const target = await linkedFile(filePath, prefix, entity.filename);
        return this.#find(target, `${entity.obj_path}/${rest}`, hops - 1);
      }
      if (rest === '' && (entity instanceof Group || entity instanceof Dataset)) {
        return { object: entity, where };
      }
      if (!(entity instanceof Group)) return undefined;
      parent = entity;
    }
    return { object: file, where: `${filePath}: /` };
  }

  async #open(path: string): Promise<File> {
    const opened = this.#files.get(path);
    if (opened) return opened;
    if (path !== this.path) await checkComplete(path);
    const file = guarded(path, () => new this.#library.File(path, 'r'));
    this.#files.set(path, file);
    return file;
  }

  /** Closes it and the files it led to; nothing of it can be read from then on. */
  close(): void {
    for (const [path, file] of this.#files) guarded(path, () => file.close());
    this.#files.clear();
  }
}

/** Any array of numbers the library gives. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A dataset of an open file, read as plain numbers. */
export class Hdf5Dataset {
  /** Lengths of the axes; empty for a single value. */
  readonly shape: readonly number[];
  readonly where: string;
  readonly #dataset: Dataset;

  constructor(dataset: Dataset, where: string) {
    this.#dataset = dataset;
    this.where = where;
    this.shape = guarded(where, () => dataset.shape) ?? [];
  }

  /** True when every value fits a detector's 16-bit counts. */
  get isCounts(): boolean {
    const { type, size, signed } = this.#dataset.metadata;
    return type === INTEGER_CLASS && !signed && size <= 2;
  }

  /** Text of the dataset's attribute, such as `units`. */
  attribute(name: string): string | undefined {
    return guarded(this.where, () => asText(this.#dataset.attrs[name]?.value));
  }

  /** True for binary floating point of any width. */
  get isFloat(): boolean {
    return this.#dataset.metadata.type === FLOAT_CLASS;
  }

  /** Bytes of one value. */
  get valueBytes(): number {
    return this.#dataset.metadata.size;
  }

  /** Sides of the pieces (chunks) the values are cut into, each read whole; undefined when not. */
  get pieceShape(): readonly number[] | undefined {
    return guarded(this.where, () => this.#dataset.metadata.chunks) ?? undefined;
  }

  /** A number in the dataset's attributes, such as `scale_factor`; undefined without one. */
  attributeNumber(name: string): number | undefined {
    const value = guarded(this.where, () => this.#dataset.attrs[name]?.value);
    if (value === undefined || value === null) return undefined;
    return Number(asNumbers(this.where, value)[0]);
  }

  /** A text value. @throws Fault fileFormat when it is not text */
  text(): string {
    const text = guarded(this.where, () => asText(this.#dataset.value));
    if (text === undefined) throw badFile(this.where, 'is not text');
    return text;
  }

  /** All values of a one-dimensional dataset. @throws Fault fileFormat when it is not that */
  numbers(): Float64Array {
    this.#checkReadable();
    if (this.shape.length > 1) {
      throw badFile(this.where, `has shape [${this.shape.join(', ')}]; expected one dimension`);
    }
    const value = guarded(this.where, () => this.#dataset.value);
    return Float64Array.from(asNumbers(this.where, value));
  }

  /**
   * A part of the values, row-major: from `first` to before `end` along the first axes, and all
   * along the others.
   */
  block(...ranges: readonly (readonly [first: number, end: number])[]): NumberArray {
    this.#checkReadable();
    const all = this.shape.map((_, axis): [] | [number, number] => {
      const range = ranges[axis];
      return range ? [range[0], range[1]] : [];
    });
    return asNumbers(
      this.where,
      guarded(this.where, () => this.#dataset.slice(all)),
    );
  }

  /** The library hands out raw bytes for what it has no array for: half floats, enumerations. */
  #checkReadable(): void {
    const { type, size } = this.#dataset.metadata;
    const isNumber = type === INTEGER_CLASS || (type === FLOAT_CLASS && size >= 4 && size <= 8);
    if (!isNumber) {
      throw badFile(
        this.where,
        `values of HDF5 class ${type} and ${size} bytes; expected integers or floats of 4 or 8 bytes`,
      );
    }
    const filters = guarded(this.where, () => this.#dataset.filters);
    const foreign = filters.filter(({ id }) => !BUILT_IN_FILTERS.has(id));
    if (foreign.length === 0) return;
    const names = foreign.map(({ id, name }) => `${name || 'unnamed'} (${id})`).join(', ');
    throw badFile(
      this.where,
      `compressed with ${names}; expected none, gzip, shuffle or fletcher32`,
    );
  }
}

/** HDF5 datatype classes H5T_INTEGER and H5T_FLOAT. */
const INTEGER_CLASS = 0;
const FLOAT_CLASS = 1;
/** Registered numbers of deflate, shuffle, fletcher32, nbit and scale-offset. */
const BUILT_IN_FILTERS = new Set([1, 2, 3, 5, 6]);

/**
 * The file an external link means: relative to the file with the link, or, since scans are often
 * copied into one folder, beside it.
 */
async function linkedFile(filePath: string, at: string, name: string): Promise<string> {
  const folder = dirname(filePath);
  const tried = [resolve(folder, name), join(folder, basename(name))];
  for (const path of tried) {
    try {
      await fileFacts(path);
      return path;
    } catch {
      // Not there: the next place is tried, and all of them are named at the end.
    }
  }
  throw new Fault('fileMissing', {
    where: `${filePath}: ${at}`,
    message: `links to a file that is not there; looked for ${tried.join(' and ')}`,
  });
}

function asText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}

function asNumbers(where: string, value: unknown): NumberArray {
  if (typeof value === 'number' || typeof value === 'bigint') return Float64Array.of(Number(value));
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) {
    return Float64Array.from(value, Number);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as NumberArray;
  throw badFile(where, 'does not hold numbers');
}
