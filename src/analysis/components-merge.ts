import { Fault } from '../domain/fault.ts';
import type { ComponentSizeClass } from '../domain/segmentation.ts';
import {
  type SlabComponents,
  type SliceRuns,
  TOUCHES_FIRST_SLICE,
  TOUCHES_LAST_SLICE,
  TOUCHES_SIDE,
} from '../kernels/volume-kernel.ts';

/** Components that touch a seam between slabs; more means that noise was labelled. */
export const SEAM_COMPONENTS_MAX = 4_000_000;

/** A whole component; slices are counted from the electrode's face. */
export interface MergedComponent {
  readonly voxels: number;
  readonly column: number;
  readonly row: number;
  readonly slice: number;
  readonly bounds: readonly [number, number, number, number, number, number];
  readonly touchesBorder: boolean;
}

export interface MergedTable {
  readonly listed: readonly MergedComponent[];
  readonly components: number;
  readonly voxels: number;
  readonly sizes: readonly ComponentSizeClass[];
}

/** One slab, or part of one, of one target. */
export interface SlabPart {
  readonly firstSlice: number;
  readonly slices: number;
  readonly components: SlabComponents;
  readonly firstRuns: SliceRuns;
  readonly lastRuns: SliceRuns;
}

/** voxels, three sums, six bounds, flags. */
const FIELDS = 11;
const FLAGS = 10;
/** In the flags of a whole component: reaches the electrode's face, or the other one. */
const AT_FACE = 2;
const AT_OTHER_END = 4;

interface PartSeams {
  readonly count: number;
  /** Components of the part that touch a seam, and their nodes. */
  readonly locals: Uint32Array;
  readonly nodes: Uint32Array;
}

/**
 * Puts the components of slabs together where they touch across seams. Parts must come in the
 * order of their slices. What touches no seam is done with at once: only the largest are kept one
 * by one, all are counted by size.
 */
export class ComponentMerger {
  readonly #slices: number;
  readonly #hasElectrode: boolean;
  readonly #table: ComponentList;
  readonly #seams: PartSeams[] = [];
  #nodes = 0;
  #parents = new Uint32Array(1024);
  #stats = new Float64Array(1024 * FIELDS);
  #lastRuns: SliceRuns | undefined;
  #lastNodes = new Int32Array(0);
  #electrode: { voxels: number; components: number } = { voxels: 0, components: 0 };

  /**
   * @param options.slices of the whole volume
   * @param options.hasElectrode true: what reaches the first slice is the electrode
   * @param options.listedMax components that are listed one by one
   */
  constructor(options: {
    readonly slices: number;
    readonly hasElectrode: boolean;
    readonly listedMax: number;
  }) {
    this.#slices = options.slices;
    this.#hasElectrode = options.hasElectrode;
    this.#table = new ComponentList(options.listedMax);
  }

  /** @throws Fault capacity when too many components touch seams */
  add(part: SlabPart): void {
    const { components } = part;
    const nodes = new Int32Array(components.count).fill(-1);
    const locals: number[] = [];
    for (let local = 0; local < components.count; local++) {
      const flags = components.flags[local] ?? 0;
      if ((flags & (TOUCHES_FIRST_SLICE | TOUCHES_LAST_SLICE)) === 0) {
        this.#table.add(wholeOf(statsOf(part, local, this.#slices)));
        continue;
      }
      nodes[local] = this.#newNode(statsOf(part, local, this.#slices));
      locals.push(local);
    }
    if (this.#lastRuns) this.#joinSeam(this.#lastRuns, part.firstRuns, nodes);
    this.#lastRuns = part.lastRuns;
    this.#lastNodes = nodes;
    const ids = Uint32Array.from(locals);
    this.#seams.push({
      count: components.count,
      locals: ids,
      nodes: ids.map((local) => nodes[local] ?? 0),
    });
  }

  /** Call once, after the last part. */
  finish(): MergedTable {
    for (let node = 0; node < this.#nodes; node++) {
      const root = this.#find(node);
      if (root !== node) this.#addTo(root, node);
    }
    for (let node = 0; node < this.#nodes; node++) {
      if (this.#find(node) !== node) continue;
      const stats = this.#stats.subarray(node * FIELDS, (node + 1) * FIELDS);
      if (this.#isElectrode(node)) {
        this.#electrode.components += 1;
        this.#electrode.voxels += stats[0] ?? 0;
      } else {
        this.#table.add(wholeOf(stats));
      }
    }
    return this.#table.finish();
  }

  /** After `finish`: what reaches the electrode's face. */
  get electrode(): { readonly voxels: number; readonly components: number } {
    return this.#electrode;
  }

  /** After `finish`: what each component of a part is. */
  classesOf(part: number, labels: { readonly electrode: number; readonly other: number }) {
    const seams = this.#seams[part];
    const classes = new Uint8Array(seams?.count ?? 0).fill(labels.other);
    for (const [index, local] of (seams?.locals ?? []).entries()) {
      if (this.#isElectrode(this.#find(seams?.nodes[index] ?? 0))) {
        classes[local] = labels.electrode;
      }
    }
    return classes;
  }

  #isElectrode(root: number): boolean {
    return this.#hasElectrode && ((this.#stats[root * FIELDS + FLAGS] ?? 0) & AT_FACE) !== 0;
  }

  #newNode(stats: Float64Array): number {
    if (this.#nodes >= SEAM_COMPONENTS_MAX) {
      const message = `more than ${SEAM_COMPONENTS_MAX} pieces reach from slab to slab; the threshold parts noise, not phases: give another one`;
      throw new Fault('capacity', { where: 'components', message });
    }
    if (this.#nodes === this.#parents.length) {
      const parents = new Uint32Array(2 * this.#nodes);
      parents.set(this.#parents);
      this.#parents = parents;
      const all = new Float64Array(2 * this.#nodes * FIELDS);
      all.set(this.#stats);
      this.#stats = all;
    }
    const node = this.#nodes++;
    this.#parents[node] = node;
    this.#stats.set(stats, node * FIELDS);
    return node;
  }

  #find(node: number): number {
    let at = node;
    for (;;) {
      const parent = this.#parents[at] ?? at;
      if (parent === at) return at;
      const above = this.#parents[parent] ?? parent;
      this.#parents[at] = above;
      at = above;
    }
  }

  #joinSeam(before: SliceRuns, behind: SliceRuns, nodes: Int32Array): void {
    const rows = behind.rowStarts.length - 1;
    for (let row = 0; row < rows; row++) {
      for (let other = Math.max(0, row - 1); other <= Math.min(rows - 1, row + 1); other++) {
        touching(before, other, behind, row, (a, b) => {
          this.#unite(
            this.#lastNodes[before.components[a] ?? 0] ?? -1,
            nodes[behind.components[b] ?? 0] ?? -1,
          );
        });
      }
    }
  }

  #unite(a: number, b: number): void {
    const [rootA, rootB] = [this.#find(a), this.#find(b)];
    // The older node stays the root, so that the result does not depend on the order of runs.
    this.#parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }

  #addTo(root: number, node: number): void {
    const [to, from] = [root * FIELDS, node * FIELDS];
    const s = this.#stats;
    for (let k = 0; k < 4; k++) s[to + k] = (s[to + k] ?? 0) + (s[from + k] ?? 0);
    for (let k = 4; k < FLAGS; k += 2) {
      s[to + k] = Math.min(s[to + k] ?? 0, s[from + k] ?? 0);
      s[to + k + 1] = Math.max(s[to + k + 1] ?? 0, s[from + k + 1] ?? 0);
    }
    s[to + FLAGS] = (s[to + FLAGS] ?? 0) | (s[from + FLAGS] ?? 0);
  }
}

/** Pairs of runs of two rows that share a face, an edge or a corner. */
function touching(
  one: SliceRuns,
  rowOne: number,
  two: SliceRuns,
  rowTwo: number,
  use: (a: number, b: number) => void,
): void {
  let a = one.rowStarts[rowOne] ?? 0;
  const endA = one.rowStarts[rowOne + 1] ?? 0;
  const endB = two.rowStarts[rowTwo + 1] ?? 0;
  for (let b = two.rowStarts[rowTwo] ?? 0; b < endB; b++) {
    const [first = 0, end = 0] = [two.columns[2 * b], two.columns[2 * b + 1]];
    while (a < endA && (one.columns[2 * a + 1] ?? 0) < first) a += 1;
    for (let k = a; k < endA && (one.columns[2 * k] ?? 0) <= end; k++) use(k, b);
  }
}

function statsOf(part: SlabPart, local: number, slices: number): Float64Array {
  const { components, firstSlice } = part;
  const stats = new Float64Array(FIELDS);
  const voxels = components.voxels[local] ?? 0;
  stats[0] = voxels;
  for (let k = 0; k < 3; k++) stats[1 + k] = components.sums[3 * local + k] ?? 0;
  stats[3] = (stats[3] ?? 0) + voxels * firstSlice;
  for (let k = 0; k < 6; k++) {
    stats[4 + k] = (components.bounds[6 * local + k] ?? 0) + (k >= 4 ? firstSlice : 0);
  }
  const atSide = (components.flags[local] ?? 0) & TOUCHES_SIDE;
  const atFace = stats[8] === 0 ? AT_FACE : 0;
  const atOtherEnd = stats[9] === slices - 1 ? AT_OTHER_END : 0;
  stats[FLAGS] = atSide | atFace | atOtherEnd;
  return stats;
}

function wholeOf(stats: Float64Array): MergedComponent {
  const [voxels = 0, column = 0, row = 0, slice = 0] = stats;
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0, z0 = 0, z1 = 0] = stats.subarray(4, FLAGS);
  return {
    voxels,
    column: column / voxels,
    row: row / voxels,
    slice: slice / voxels,
    bounds: [x0, x1, y0, y1, z0, z1],
    touchesBorder: stats[FLAGS] !== 0,
  };
}

/** The largest components, and counts of all. */
class ComponentList {
  readonly #listedMax: number;
  #listed: MergedComponent[] = [];
  #components = 0;
  #voxels = 0;
  readonly #sizes: { components: number; voxels: number }[] = [];

  constructor(listedMax: number) {
    this.#listedMax = listedMax;
  }

  add(component: MergedComponent): void {
    this.#components += 1;
    this.#voxels += component.voxels;
    const exponent = Math.floor(Math.log2(component.voxels));
    while (this.#sizes.length <= exponent) this.#sizes.push({ components: 0, voxels: 0 });
    const size = this.#sizes[exponent];
    if (size) {
      size.components += 1;
      size.voxels += component.voxels;
    }
    this.#listed.push(component);
    if (this.#listed.length >= 2 * this.#listedMax + 64) this.#cut();
  }

  finish(): MergedTable {
    this.#cut();
    const sizes = this.#sizes.map((size, exponent) => ({ exponent, ...size }));
    return {
      listed: this.#listed,
      components: this.#components,
      voxels: this.#voxels,
      sizes: sizes.filter(({ components }) => components > 0),
    };
  }

  /** Keeps the largest; of equals those that come first in the volume. */
  #cut(): void {
    this.#listed.sort(
      (a, b) => b.voxels - a.voxels || a.slice - b.slice || a.row - b.row || a.column - b.column,
    );
    this.#listed.length = Math.min(this.#listed.length, this.#listedMax);
  }
}
