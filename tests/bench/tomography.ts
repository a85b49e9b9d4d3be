import { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../src/kernels/wasm-module.ts';
import {
  compareSlices,
  evenAngles,
  phantomSinogram,
  phantomSlice,
} from '../kernels/tomography-phantom.ts';
import type { Bench, BenchOptions, Figure, MeasuredFigure, Target } from './bench.ts';
import { inProcess, race, timeFigure } from './race.ts';
import { spreadOf } from './spread.ts';

interface Case {
  readonly columns: number;
  readonly views: number;
  readonly secondsMax: number;
  readonly rmseMax: number;
}

const CASES: readonly Case[] = [
  { columns: 512, views: 720, secondsMax: 0.007, rmseMax: 0.015 },
  { columns: 1024, views: 1000, secondsMax: 0.03, rmseMax: 0.0106 },
  { columns: 2016, views: 1000, secondsMax: 0.11, rmseMax: 0.0104 },
];
/** What to aim for at 2016 columns. */
const STRETCH_SECONDS = 0.06;
const VIEW_MS_MAX = 3;
/** Views back-projected in one call: two of the kernel's batches of four. */
const VIEWS_PER_CALL = 8;
/** Radius of the phantom and of the compared disc, in that of the field of view. */
const RADIUS_SHARE = 0.95;

/** Slices of the Shepp-Logan phantom by gridding, and back-projection view by view. */
export const TOMOGRAPHY_BENCH: Bench = tomographyBench(CASES);

/** The bench on other sizes, for a test that has little time. */
export function tomographyBench(cases: readonly Case[]): Bench {
  return {
    name: 'tomography',
    about: 'gridded slices of 512x720, 1024x1000 and 2016x1000, and back-projection a view',
    async run(options) {
      return cases.flatMap((one, at) => caseFigures(one, at === cases.length - 1, options));
    },
  };
}

function caseFigures(one: Case, isLast: boolean, options: BenchOptions): Figure[] {
  const { columns, views } = one;
  options.tell(`${columns} columns, ${views} views`);
  const kernel = new TomographyKernel(loadKernelModule('tomography'));
  const anglesRadian = evenAngles(views);
  const axisPixel = (columns - 1) / 2;
  const radiusPixel = RADIUS_SHARE * (columns / 2);
  const sinogram = phantomSinogram({ columns, radiusPixel, anglesRadian, axisPixel });
  const weightsRadian = anglesRadian.map(() => Math.PI / views);
  const geometry = { columns, anglesRadian, weightsRadian, axisPixel };
  const reconstruct = () => kernel.reconstructPair(geometry, sinogram, sinogram);
  const { rmse } = compareSlices(reconstruct()[0], phantomSlice(columns, radiusPixel), columns);
  const name = `${columns} x ${views}`;
  const times = race([inProcess(name, reconstruct)], options);
  // Two slices a call.
  const slice = { share: 0.5, target: atMost(one.secondsMax * 1000) };
  return [
    timeFigure(times, name, { ...slice, name: `slice ${name}` }),
    plainFigure(`slice ${name}: RMSE`, rmse, one.rmseMax),
    ...(isLast
      ? [
          timeFigure(times, name, {
            ...slice,
            name: `slice ${name}, stretch`,
            target: atMost(STRETCH_SECONDS * 1000),
          }),
          viewFigure(kernel, { columns, sinogram, anglesRadian, axisPixel }, options),
        ]
      : []),
  ];
}

/** Time to filter one view and back-project it into a whole slice. */
function viewFigure(
  kernel: TomographyKernel,
  scan: {
    readonly columns: number;
    readonly sinogram: Float32Array;
    readonly anglesRadian: Float64Array;
    readonly axisPixel: number;
  },
  options: BenchOptions,
): Figure {
  const { columns, sinogram, anglesRadian, axisPixel } = scan;
  const count = Math.min(VIEWS_PER_CALL, anglesRadian.length);
  // Spread over the half turn: the cost of a view depends on its direction.
  const chosen = Array.from({ length: count }, (_, k) =>
    Math.floor((k * anglesRadian.length) / count),
  );
  const rows = new Float32Array(count * columns);
  for (const [k, view] of chosen.entries()) {
    rows.set(sinogram.subarray(view * columns, (view + 1) * columns), k * columns);
  }
  const weightRadian = Math.PI / anglesRadian.length;
  const views = chosen.map((view) => ({
    angleRadian: anglesRadian[view] ?? 0,
    weightRadian,
    axisPixel,
  }));
  kernel.clearSlice(columns);
  const times = race([inProcess('views', () => kernel.addToSlice(rows, views))], options);
  const name = `back-projection of a view, ${columns}²`;
  return timeFigure(times, 'views', { name, share: 1 / count, target: atMost(VIEW_MS_MAX) });
}

function atMost(limit: number): Target {
  return { sense: 'atMost', limit };
}

function plainFigure(name: string, value: number, limit: number): MeasuredFigure {
  const wall = spreadOf([value]);
  return { kind: 'measured', name, unit: '', wall, cpu: null, target: atMost(limit), note: '' };
}
