import { IterativeKernel } from '../../src/kernels/iterative-kernel.ts';
import { LiveKernel } from '../../src/kernels/live-kernel.ts';
import { standardPlanes } from '../../src/kernels/live-planes.ts';
import { VolumeKernel } from '../../src/kernels/volume-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import { evenAngles, phantomSinogram, phantomSlice } from '../kernels/tomography-phantom.ts';
import type { BenchOptions, Figure } from './bench.ts';
import { atMost } from './figures.ts';
import { inProcess, perUnit, race, timeFigure } from './race.ts';
import { RADIUS_SHARE } from './tomography-case.ts';

/** Sizes at which the other steps are measured. */
export interface StepSizes {
  /** Side of the live detector, before binning. */
  readonly livePixels: number;
  readonly liveBinning: number;
  readonly iterativeColumns: number;
  readonly iterativeViews: number;
  /** Side of the slices that are segmented. */
  readonly volumeColumns: number;
}

export const STEP_SIZES: StepSizes = {
  livePixels: 2016,
  liveBinning: 2,
  iterativeColumns: 512,
  iterativeViews: 60,
  volumeColumns: 2016,
};

const LIVE_MS_MAX = 25;
const ITERATION_MS_MAX = 20;
/** Median, histogram and components together, per voxel and core. */
const VOXEL_NANOSECONDS_MAX = 12;
const SLICES_AT_ONCE = 4;
/** Slices of a slab whose components are connected at once. */
const SLAB_SLICES = 16;
/** The phantom's values, -0.2 to 1, as bytes; what is below 0.15 is a void. */
const BYTES_PER_UNIT = 180;
const BYTE_OF_ZERO = 50;
const VOID_BYTE_MAX = BYTE_OF_ZERO + 0.15 * BYTES_PER_UNIT;

/** One view of a live reconstruction, one pass of an iterative one, and the steps after a volume. */
export function stepFigures(sizes: StepSizes, options: BenchOptions): Figure[] {
  return [
    ...liveFigures(sizes, options),
    ...iterativeFigures(sizes, options),
    ...volumeFigures(sizes, options),
  ];
}

function liveFigures({ livePixels, liveBinning }: StepSizes, options: BenchOptions): Figure[] {
  options.tell(`live planes of ${livePixels}²`);
  const detector = { rows: livePixels, columns: livePixels, binning: liveBinning };
  const kernel = new LiveKernel(loadKernelModule('live'));
  kernel.configure(detector, standardPlanes(detector));
  const pixels = livePixels ** 2;
  kernel.setReference({
    dark: new Float32Array(pixels).fill(100),
    gain: new Float32Array(pixels).fill(1 / 40_000),
  });
  const counts = Uint16Array.from({ length: pixels }, (_, at) => 20_000 + ((at * 7919) % 4096));
  const axisPixel = (livePixels - 1) / 2;
  let angleRadian = 0;
  const addView = (): void => {
    angleRadian = (angleRadian + 0.7) % Math.PI;
    kernel.addFrame('measured', { angleRadian, weightRadian: Math.PI / 1000, axisPixel });
  };
  const times = race(
    [
      inProcess('view', () => {
        kernel.filterFrame(counts);
        addView();
      }),
      inProcess('planes', addView),
    ],
    options,
  );
  const name = `live view of ${livePixels}², binned ${liveBinning} x ${liveBinning}, 4 planes`;
  const target = livePixels === STEP_SIZES.livePixels ? { target: atMost(LIVE_MS_MAX) } : {};
  return [
    timeFigure(times, 'view', { name, ...target, note: 'counts to four planes' }),
    timeFigure(times, 'planes', { name: `${name}: back-projection alone` }),
  ];
}

function iterativeFigures(
  { iterativeColumns: columns, iterativeViews: views }: StepSizes,
  options: BenchOptions,
): Figure[] {
  options.tell(`SIRT of ${columns} x ${views}`);
  const kernel = new IterativeKernel(loadKernelModule('iterative'));
  const anglesRadian = evenAngles(views);
  const axisPixel = (columns - 1) / 2;
  const radiusPixel = RADIUS_SHARE * (columns / 2);
  const sinogram = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  kernel.begin({ columns, anglesRadian, axisPixel }, 1);
  kernel.measure(Array.from({ length: SLICES_AT_ONCE }, () => sinogram));
  const pass = { isNonNegative: true, variationWeight: 0, variationSteps: 0 };
  const contender = inProcess('pass', () => kernel.pass(pass));
  const times = race([perUnit(contender, SLICES_AT_ONCE)], options);
  const isFull = columns === STEP_SIZES.iterativeColumns;
  return [
    timeFigure(times, 'pass', {
      name: `SIRT iteration, ${columns} x ${views}`,
      ...(isFull && { target: atMost(ITERATION_MS_MAX) }),
      note: `of one slice, ${SLICES_AT_ONCE} at once`,
    }),
  ];
}

function volumeFigures({ volumeColumns: columns }: StepSizes, options: BenchOptions): Figure[] {
  options.tell(`segmentation of slices of ${columns}²`);
  const kernel = new VolumeKernel(loadKernelModule('volume'));
  const spans = discSpans(columns);
  kernel.configure({ rows: columns, columns, codeBytes: 1, spans });
  const voxels = noisyBytes(columns);
  for (const slot of [0, 1, 2]) kernel.loadSlice(slot, voxels);
  kernel.medianSlice(0, 1, 2);
  const range = { first: 0, last: Math.floor(VOID_BYTE_MAX) };
  const times = race(
    [
      inProcess('load', () => kernel.loadSlice(1, voxels)),
      inProcess('median', () => kernel.medianSlice(0, 1, 2)),
      inProcess('histogram', () => kernel.countSlice()),
      perUnit(
        inProcess('components', () => {
          for (let slice = 0; slice < SLAB_SLICES; slice++) kernel.findRuns(0, 0, slice, range);
          kernel.connect(0, SLAB_SLICES);
        }),
        SLAB_SLICES,
      ),
      inProcess('all', () => {
        for (let slice = 0; slice < SLAB_SLICES; slice++) {
          kernel.loadSlice(1, voxels);
          kernel.medianSlice(0, 1, 2);
          kernel.countSlice();
          kernel.findRuns(0, 0, slice, range);
        }
        kernel.connect(0, SLAB_SLICES);
      }),
    ],
    options,
  );
  const perVoxel = 1 / columns ** 2;
  const figure = (step: string, name: string): Figure =>
    timeFigure(times, step, { name: `volume, a voxel: ${name}`, share: perVoxel, unit: 'ns' });
  return [
    figure('load', 'into the kernel'),
    figure('median', 'median of 27'),
    figure('histogram', 'histogram'),
    figure('components', 'components'),
    timeFigure(times, 'all', {
      name: 'volume, a voxel: all of these',
      share: perVoxel / SLAB_SLICES,
      unit: 'ns',
      target: atMost(VOXEL_NANOSECONDS_MAX),
      note: 'per core; slices of bytes, inside the inscribed disc, divided by all their voxels',
    }),
  ];
}

/** The inscribed disc, row by row: first column and column after the last. */
function discSpans(columns: number): Int32Array {
  const middle = (columns - 1) / 2;
  const spans = new Int32Array(2 * columns);
  for (let row = 0; row < columns; row++) {
    const half = Math.sqrt((columns / 2) ** 2 - (row - middle) ** 2);
    spans[2 * row] = Math.max(0, Math.ceil(middle - half));
    spans[2 * row + 1] = Math.min(columns, Math.floor(middle + half) + 1);
  }
  return spans;
}

/** The phantom with noise of 5 bytes, which makes the components many. */
function noisyBytes(columns: number): Uint8Array {
  const truth = phantomSlice(columns, RADIUS_SHARE * (columns / 2));
  let state = 1;
  return Uint8Array.from(truth, (value) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const noise = ((state >>> 24) - 127.5) / 15;
    return Math.max(0, Math.min(255, Math.round(BYTE_OF_ZERO + BYTES_PER_UNIT * value + noise)));
  });
}
