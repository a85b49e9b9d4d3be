import { Fault } from '../domain/fault.ts';
import type { VoxelScale, Voxels } from '../domain/volume.ts';
import { byDirection, checkLength, weightedViews } from './tomography-geometry.ts';
import type { ScanGeometry, WeightedView } from './tomography-kernel.ts';
import { floats, type RawKernel } from './tomography-raw.ts';
import type { SinogramSlot, SliceTally } from './tomography-slots.ts';

/** Views whose spectra are made at once. */
const VIEWS_PER_CALL = 4;
/** Rows the kernel takes at once: these views of two slices, or twice as many of one. */
export const ROWS_PER_CALL = 2 * VIEWS_PER_CALL;

/** See TomographyKernel.reconstructSlots. */
export function gridSlots(raw: RawKernel, geometry: ScanGeometry, count: 1 | 2): void {
  raw.setEdges(geometry.extendEdges ? 1 : 0);
  raw.clearGrid();
  const rowBytes = 4 * raw.stride();
  const slots = [raw.sinogramAddress(0), raw.sinogramAddress(count === 2 ? 1 : 0)];
  const weighted = weightedViews(geometry);
  const order = byDirection(geometry.anglesRadian);
  for (let at = 0; at < order.length; at += VIEWS_PER_CALL) {
    const views = order.slice(at, at + VIEWS_PER_CALL);
    for (let row = 0; row < ROWS_PER_CALL; row++) {
      const view = views[row % VIEWS_PER_CALL] ?? views[0] ?? 0;
      raw.setRow(row, (slots[Math.floor(row / VIEWS_PER_CALL)] ?? 0) + view * rowBytes);
    }
    writeViews(
      raw,
      views.flatMap((view) => weighted[view] ?? []),
    );
    raw.gridViews();
  }
  raw.gridToSlices();
}

/** See TomographyKernel.backprojectSlot. */
export function backprojectSlot(raw: RawKernel, geometry: ScanGeometry, slot: SinogramSlot): void {
  const weighted = weightedViews(geometry);
  raw.setEdges(geometry.extendEdges ? 1 : 0);
  raw.clearSlice();
  const rowBytes = 4 * raw.stride();
  for (let first = 0; first < weighted.length; first += ROWS_PER_CALL) {
    const count = Math.min(ROWS_PER_CALL, weighted.length - first);
    for (let row = 0; row < ROWS_PER_CALL; row++) {
      const view = first + Math.min(row, count - 1);
      raw.setRow(row, raw.sinogramAddress(slot) + view * rowBytes);
    }
    writeViews(raw, weighted.slice(first, first + count));
    raw.filterRows(count);
    raw.backproject(count);
  }
}

/** Views of the next call. A row without one has weight 0 and adds nothing. */
export function writeViews(raw: RawKernel, views: readonly WeightedView[]): void {
  const address = raw.viewTableAddress();
  const table = new Float64Array(raw.memory.buffer, address, 4 * ROWS_PER_CALL).fill(0);
  for (const [row, { angleRadian, axisPixel, weightRadian }] of views.entries()) {
    table.set([Math.cos(angleRadian), Math.sin(angleRadian), axisPixel, weightRadian], 4 * row);
  }
}

/** See TomographyKernel.readSliceAs. */
export function readSliceAs(
  raw: RawKernel,
  columns: number,
  { slice, scale, target }: { slice: 0 | 1; scale: VoxelScale; target: Voxels },
): SliceTally {
  checkLength('slice', target.length, columns * columns);
  checkTarget(scale, target);
  const levelMax = scale.type === 'uint8' ? 255 : 65_535;
  const { offset, step } = scale;
  const isFloat = scale.type === 'float32';
  const clipped = raw.quantise(slice, levelMax, isFloat ? 0 : offset, isFloat ? 1 : 1 / step);
  const range = { least: raw.sliceLeast(), most: raw.sliceMost() };
  if (isFloat) {
    const stride = raw.stride();
    target.set(
      withoutPadding(floats(raw, raw.sliceAddress(slice), columns * stride), columns, stride),
    );
    return { clipped: 0, ...range };
  }
  const Stored = scale.type === 'uint8' ? Uint8Array : Uint16Array;
  target.set(new Stored(raw.memory.buffer, raw.gridAddress(), columns * columns));
  return { clipped, ...range };
}

/** A copy of rows without what fills them up to whole vectors. */
export function withoutPadding(rows: Float32Array, columns: number, stride: number): Float32Array {
  if (stride === columns) return rows.slice();
  const count = rows.length / stride;
  const result = new Float32Array(count * columns);
  for (let row = 0; row < count; row++) {
    result.set(rows.subarray(row * stride, row * stride + columns), row * columns);
  }
  return result;
}

function checkTarget({ type, offset, step }: VoxelScale, target: Voxels): void {
  const fits = {
    float32: target instanceof Float32Array,
    uint16: target instanceof Uint16Array,
    uint8: target instanceof Uint8Array,
  }[type];
  if (fits && Number.isFinite(offset) && step > 0 && Number.isFinite(step)) return;
  const message = `offset ${offset} and step ${step} into a ${target.constructor.name}; expected finite numbers, the step above 0, and an array of ${type}`;
  throw new Fault('badInput', { where: 'voxel scale', message });
}
