import { removeStripesFrom } from '../../src/analysis/tomography-stripes.ts';
import type { TomographyKernel } from '../../src/kernels/tomography-kernel.ts';
import type { BandRow } from '../../src/kernels/tomography-slots.ts';
import type { BenchOptions, Figure } from './bench.ts';
import { inProcess, race, timeFigure } from './race.ts';
import { geometryOf, type TomographyCase } from './tomography-case.ts';

const DARK_COUNTS = 100;
const BEAM_COUNTS = 40_000;
/** Attenuation of the phantom's thickest ray, so that counts are as a scan has them. */
const ATTENUATION_MAX = 2;
const ZINGER_THRESHOLD = 0.5;

/** What is done to one sinogram before its slice is made, where it lies in the kernel. */
export function conditioningFigures(
  kernel: TomographyKernel,
  made: TomographyCase,
  options: BenchOptions,
): Figure[] {
  const { columns } = made.size;
  options.tell(`${made.name}: conditioning`);
  const row = bandRowOf(made);
  const geometry = geometryOf(made);
  const scale = { type: 'uint8', offset: -1, step: 1 / 64 } as const;
  const slice = new Uint8Array(columns * columns);
  kernel.loadSinogram(1, row);
  const steps = [
    inProcess('load', () => kernel.loadSinogram(0, row)),
    inProcess('zingers', () => kernel.takeOutZingers(0, ZINGER_THRESHOLD)),
    inProcess('sort', () => {
      // Loaded anew each time: stripes that are gone cost less to look for.
      kernel.loadSinogram(0, row);
      kernel.noiseOf(0);
      kernel.takeOutZingers(0, ZINGER_THRESHOLD);
      removeStripesFrom(kernel, 0, 'sort');
    }),
    inProcess('quantise', () => kernel.readSliceAs(0, scale, slice)),
    inProcess('all', () => {
      for (const slot of [0, 1] as const) {
        kernel.loadSinogram(slot, row);
        kernel.takeOutZingers(slot, ZINGER_THRESHOLD);
      }
      kernel.reconstructSlots(geometry);
      for (const which of [0, 1] as const) kernel.readSliceAs(which, scale, slice);
    }),
  ];
  const times = race(steps, options);
  const figure = (step: string, name: string, share = 1): Figure =>
    timeFigure(times, step, { name: `sinogram ${made.name}: ${name}`, share });
  return [
    figure('load', 'counts to attenuation'),
    figure('zingers', 'zingers'),
    figure('sort', 'counts to sinogram with zingers and stripes'),
    figure('quantise', 'slice to bytes'),
    figure('all', 'counts to bytes, no stripes', 0.5),
  ];
}

function bandRowOf({ size, sinogram }: TomographyCase): BandRow {
  const { columns, views } = size;
  return {
    pixels: countsOf(sinogram),
    columns,
    first: 0,
    viewStride: columns,
    views: Array.from({ length: views }, (_, view) => view),
    moments: [
      {
        afterViews: 0,
        dark: new Float32Array(columns).fill(DARK_COUNTS),
        gain: new Float32Array(columns).fill(1 / BEAM_COUNTS),
      },
    ],
  };
}

function countsOf(sinogram: Float32Array): Uint16Array {
  const scale = ATTENUATION_MAX / sinogram.reduce((most, value) => Math.max(most, value), 1e-9);
  return Uint16Array.from(sinogram, (value) =>
    Math.round(DARK_COUNTS + BEAM_COUNTS * Math.exp(-scale * value)),
  );
}
