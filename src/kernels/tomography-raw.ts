/** What the compiled kernel exports; see assembly/tomography/index.ts. */
export interface RawKernel {
  readonly memory: WebAssembly.Memory;
  configure(columns: number, gridSize: number, filterSize: number): number;
  normaliseCounts(): void;
  normaliseFloats(): void;
  clearGrid(): void;
  setRow(index: number, address: number): void;
  gridViews(): void;
  gridToSlices(): void;
  clearSlice(): void;
  filterRows(count: number): void;
  backproject(count: number): void;
  stride(): number;
  rawAddress(): number;
  darkAddress(): number;
  gainAddress(): number;
  gainAfterAddress(): number;
  attenuationAddress(): number;
  rowsAddress(): number;
  viewTableAddress(): number;
  gridTwiddlesAddress(): number;
  filterTwiddlesAddress(): number;
  gridRampAddress(): number;
  filterRampAddress(): number;
  weightsAddress(): number;
  deapodisationAddress(): number;
  filteredAddress(row: number): number;
  sliceAddress(slice: number): number;
  setEdges(extend: number): void;
  gridBlendAddress(): number;
  filterBlendAddress(): number;
  placeSinograms(views: number): number;
  sinogramAddress(slot: number): number;
  loadCounts(slot: number, view: number, share: number, beam: number): void;
  loadFloats(slot: number, view: number, share: number, beam: number): void;
  removeZingers(slot: number, threshold: number): number;
  takeColumns(slot: number): void;
  columnsAddress(): number;
  viewStride(): number;
  changedAddress(): number;
  columnTableAddress(): number;
  sumOfSquares(): number;
  rankDetails(half: number, low: number, middle: number, high: number): void;
  sumFlicker(): void;
  rankSteps(low: number, middle: number, high: number): void;
  smoothSorted(half: number, reach: number): void;
  tallyColumns(slot: number): number;
  storeColumns(slot: number): void;
  quantise(slice: number, levelMax: number, offset: number, perStep: number): number;
  sliceLeast(): number;
  sliceMost(): number;
  gridAddress(): number;
  placeImages(rows: number, columns: number, rowSize: number, columnSize: number): number;
  filterImages(): void;
  imageAddress(image: number): number;
  imageStride(): number;
  phaseTableAddress(table: number): number;
}

/** Floats in a kernel's memory, not a copy of them. */
export function floats(raw: RawKernel, address: number, length: number): Float32Array {
  return new Float32Array(raw.memory.buffer, address, length);
}
