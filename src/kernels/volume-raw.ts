/** What the compiled kernel exports; see assembly/volume/index.ts. */
export interface RawVolumeKernel {
  readonly memory: WebAssembly.Memory;
  configure(rows: number, columns: number, bytesPerCode: number): number;
  loadBytes(slot: number): void;
  loadShorts(slot: number): void;
  quantiseFloats(slot: number, low: number, perValue: number, codeMax: number): number;
  quantiseShorts(slot: number, low: number, perValue: number, codeMax: number): void;
  medianSlice(above: number, here: number, below: number): void;
  passSlice(slot: number): void;
  clearHistogram(): void;
  countSlice(): void;
  findRuns(target: number, level: number, slice: number, low: number, width: number): number;
  countLeading(target: number, slices: number): void;
  connect(target: number, slices: number): number;
  clearDepth(): void;
  addDepths(
    target: number,
    slices: number,
    firstSlice: number,
    levels: number,
    loneClass: number,
    binsPerVoxel: number,
  ): void;
  countMask(slices: number, binsPerVoxel: number): void;
  paintMask(background: number): void;
  paintRuns(target: number, slice: number): void;
  rawAddress(): number;
  spansAddress(): number;
  filteredAddress(): number;
  strideBytes(): number;
  histogramAddress(table: number): number;
  runsAddress(target: number): number;
  rowStartsAddress(target: number): number;
  componentsAddress(target: number): number;
  classesAddress(target: number): number;
  leadingAddress(): number;
  heightsAddress(): number;
  cosinesAddress(): number;
  reachAddress(level: number): number;
  depthCountsAddress(): number;
  labelsAddress(): number;
}
