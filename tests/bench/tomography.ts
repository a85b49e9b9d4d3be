import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import type { Bench, BenchOptions, Figure } from './bench.ts';
import { atLeast, atMost, valueFigure } from './figures.ts';
import { type Contender, inProcess, perUnit, race, timeFigure } from './race.ts';
import { accuracyOf, type SliceAccuracy } from './tomography-accuracy.ts';
import {
  geometryOf,
  type TomographyCase,
  type TomographySize,
  tomographyCase,
} from './tomography-case.ts';
import { conditioningFigures } from './tomography-conditioning.ts';
import { peerFigures } from './tomography-peers.ts';
import { STEP_SIZES, type StepSizes, stepFigures } from './tomography-steps.ts';

const SIZES: readonly TomographySize[] = [
  {
    columns: 512,
    views: 720,
    secondsMax: 0.007,
    rmseMax: 0.015,
    ssimMin: 0.96,
    directRmseMax: 0.0156,
  },
  {
    columns: 1024,
    views: 1000,
    secondsMax: 0.03,
    rmseMax: 0.0106,
    ssimMin: 0.97,
    directRmseMax: 0.0112,
  },
  {
    columns: 2016,
    views: 1000,
    secondsMax: 0.11,
    rmseMax: 0.0104,
    ssimMin: 0.95,
    directRmseMax: 0.0095,
  },
];
/** What to aim for at 2016 columns. */
const STRETCH_SECONDS = 0.06;
const VIEW_MS_MAX = 3;
const BIAS_MAX = 1e-4;
const GAIN_ERROR_MAX = 0.003;
/** Views back-projected in one call: two of the kernel's batches of four. */
const VIEWS_PER_CALL = 8;

/** Slices of the Shepp-Logan phantom by both engines and by others, and what comes before them. */
export const TOMOGRAPHY_BENCH: Bench = tomographyBench(SIZES, STEP_SIZES);

/** The bench on other sizes, for a test that has little time. */
export function tomographyBench(sizes: readonly TomographySize[], steps: StepSizes): Bench {
  return {
    name: 'tomography',
    about: 'slices of 512x720, 1024x1000 and 2016x1000 against C, gridrec and iradon; each step',
    async run(options) {
      return [
        ...sizes.flatMap((size, at) => sizeFigures(size, at === sizes.length - 1, options)),
        ...stepFigures(steps, options),
      ];
    },
  };
}

function sizeFigures(size: TomographySize, isLast: boolean, options: BenchOptions): Figure[] {
  const made = tomographyCase(size);
  options.tell(`${made.name}: gridding and back-projection`);
  const kernel = new TomographyKernel(loadKernelModule('tomography'));
  const geometry = geometryOf(made);
  const reconstruct = () => kernel.reconstructPair(geometry, made.sinogram, made.sinogram);
  const [gridded] = reconstruct();
  const contender = perUnit(inProcess(made.name, reconstruct), 2);
  const times = race([contender], options);
  const time = (name: string, seconds: number): Figure =>
    timeFigure(times, made.name, { name, target: atMost(seconds * 1000) });
  return [
    time(`slice ${made.name}`, size.secondsMax),
    ...(isLast ? [time(`slice ${made.name}, stretch`, STRETCH_SECONDS)] : []),
    ...accuracyFigures(`slice ${made.name}`, accuracyOf(gridded, made.truth, size.columns), {
      rmseMax: size.rmseMax,
      ssimMin: size.ssimMin,
    }),
    ...directFigures(kernel, made, options),
    ...peerFigures(made, contender, options),
    ...conditioningFigures(kernel, made, options),
  ];
}

function accuracyFigures(
  name: string,
  { rmse, bias, gain, ssim, ssimInDisc }: SliceAccuracy,
  limits: { readonly rmseMax: number; readonly ssimMin?: number },
): Figure[] {
  const { rmseMax, ssimMin } = limits;
  return [
    valueFigure(`${name}: RMSE`, rmse, { target: atMost(rmseMax) }),
    valueFigure(`${name}: bias`, Math.abs(bias), { target: atMost(BIAS_MAX) }),
    valueFigure(`${name}: gain error`, Math.abs(gain - 1), { target: atMost(GAIN_ERROR_MAX) }),
    valueFigure(`${name}: SSIM`, ssim, {
      ...(ssimMin !== undefined && { target: atLeast(ssimMin) }),
      note: `of the square picture, black outside the disc; ${ssimInDisc.toFixed(3)} in the disc`,
    }),
  ];
}

/** Filtering and back-projection view by view: its time a view, and the error of a whole slice. */
function directFigures(
  kernel: TomographyKernel,
  made: TomographyCase,
  options: BenchOptions,
): Figure[] {
  const { columns, views, directRmseMax } = made.size;
  const contender = viewContender(kernel, made);
  const times = race([contender], options);
  kernel.clearSlice(columns);
  kernel.addToSlice(made.sinogram, weightedViews(made, Array.from(made.anglesRadian.keys())));
  const accuracy = accuracyOf(kernel.readSlice(), made.truth, columns);
  const name = `back-projection of a view, ${columns}²`;
  return [
    timeFigure(times, contender.name, {
      name,
      ...(columns >= 2000 && { target: atMost(VIEW_MS_MAX) }),
      note: `with its filter; ${views} such views are a slice`,
    }),
    ...accuracyFigures(`back-projection ${made.name}`, accuracy, { rmseMax: directRmseMax }),
  ];
}

/** Views spread over the half turn: the cost of one depends on its direction. */
function viewContender(kernel: TomographyKernel, made: TomographyCase): Contender {
  const { columns, views } = made.size;
  const count = Math.min(VIEWS_PER_CALL, views);
  const chosen = Array.from({ length: count }, (_, k) => Math.floor((k * views) / count));
  const rows = new Float32Array(count * columns);
  for (const [k, view] of chosen.entries()) {
    rows.set(made.sinogram.subarray(view * columns, (view + 1) * columns), k * columns);
  }
  const weighted = weightedViews(made, chosen);
  kernel.clearSlice(columns);
  return perUnit(
    inProcess('views', () => kernel.addToSlice(rows, weighted)),
    count,
  );
}

function weightedViews(
  { size, anglesRadian, axisPixel }: TomographyCase,
  views: readonly number[],
) {
  const weightRadian = Math.PI / size.views;
  return views.map((view) => ({ angleRadian: anglesRadian[view] ?? 0, weightRadian, axisPixel }));
}
