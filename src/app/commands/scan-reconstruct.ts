import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type ReconstructionOptions, reconstructScan } from '../../analysis/reconstruct.ts';
import { EXIT_CODES, type ExitCode, Fault } from '../../domain/fault.ts';
import {
  type AxisSetting,
  EDGE_SETTINGS,
  type EdgeSetting,
  RECONSTRUCTION_ALGORITHMS,
  type ReconstructionAlgorithm,
  type ReconstructionSummary,
  STRIPE_REMOVALS,
  type StripeRemoval,
} from '../../domain/scan.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import { NxtomoVolumeWriter } from '../../formats/nxtomo-volume.ts';
import { encodePng } from '../../formats/png.ts';
import { mapPicture, volumePicture } from '../../formats/preview.ts';
import { readScan } from '../../formats/read-scan.ts';
import { TomographyKernel } from '../../kernels/tomography-kernel.ts';
import { loadKernelModule } from '../../kernels/wasm-module.ts';
import { type Command, type CommandLine, numberOption, required } from '../command.ts';
import { ProgressDisplay } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export const scanReconstructCommand: Command = {
  name: 'scan reconstruct',
  summary: 'reconstruct a volume from a tomography scan',
  usage:
    'operando scan reconstruct SOURCE --out FILE.h5 [--algorithm gridding|fbp] [--axis auto|PX] [--stripes NAME] [--phase UM,MM --pixel-size UM] [--preview FILE.png] [--json]',
  optionHelp: [
    ['SOURCE', 'a DXchange or NXtomo file, or a folder of TIFF images with angles.txt'],
    ['--out FILE.h5', 'the volume, float32 at /entry/data/data, attenuation per pixel'],
    ['--algorithm NAME', 'gridding (default, fast) or fbp (direct back-projection)'],
    ['--axis auto|PX', 'rotation axis: found (default), or its detector column'],
    ['--stripes NAME', 'rings: none, filter, sort (default), large (wide ones too) or all'],
    ['--stripe-map FILE.png', 'what stripe removal took off each detector pixel, as an image'],
    ['--zingers NAME', 'pixels hit by stray particles: remove (default) or keep'],
    [
      '--air-margin COLUMNS',
      'scale views by the beam beside the sample, at both ends; default: not',
    ],
    [
      '--phase UM,MM',
      'phase filter: delta/mu in micrometre, distance in millimetre; default: none',
    ],
    ['--pixel-size UM', 'detector pixel at the sample in micrometre; needed with --phase'],
    ['--edges NAME', 'samples wider than the detector: auto (default), extend or zero'],
    ['--preview FILE.png', 'three orthogonal slices through the middle, with their scale'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando scan reconstruct tooth.h5 --out volume.h5',
    'operando scan reconstruct scans/rod --out rod.h5 --axis 85.7 --json',
    'operando scan reconstruct tooth.h5 --out volume.h5 --preview volume.png',
    'operando scan reconstruct rod.nxs --out rod.h5 --phase 0.5,50 --pixel-size 2.5',
  ],
  options: {
    out: { type: 'string' },
    algorithm: { type: 'string', default: 'gridding' },
    axis: { type: 'string', default: 'auto' },
    stripes: { type: 'string', default: 'sort' },
    'stripe-map': { type: 'string' },
    zingers: { type: 'string', default: 'remove' },
    'air-margin': { type: 'string' },
    phase: { type: 'string' },
    'pixel-size': { type: 'string' },
    edges: { type: 'string', default: 'auto' },
    preview: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  async run(line, terminal) {
    const output = required(scanReconstructCommand, line, 'out');
    const options = optionsOf(line);
    const pixelSizeUm = pixelSizeOf(line);
    const [source, ...others] = line.words;
    if (source === undefined || others.length > 0) {
      throw new Fault('badInput', {
        where: 'operando scan reconstruct',
        message: `${line.words.length} sources given; expected one file or folder`,
      });
    }
    return reconstruct(
      {
        source,
        output,
        options,
        pixelSizeUm,
        preview: pathOf(line, 'preview'),
        stripeMap: pathOf(line, 'stripe-map'),
        json: line.options.json === true,
      },
      terminal,
    );
  },
};

interface Request {
  readonly source: string;
  readonly output: string;
  readonly options: ReconstructionOptions;
  readonly pixelSizeUm: number | undefined;
  readonly preview: string | undefined;
  readonly stripeMap: string | undefined;
  readonly json: boolean;
}

async function reconstruct(request: Request, terminal: Terminal): Promise<ExitCode> {
  checkFolder('out', request.output);
  if (request.preview !== undefined) checkFolder('preview', request.preview);
  if (request.stripeMap !== undefined) checkFolder('stripe-map', request.stripeMap);
  const scan = await readScan(request.source);
  const kernel = new TomographyKernel(loadKernelModule('tomography'));
  let fraction = 0;
  const progress = new ProgressDisplay(terminal, new SystemClock(), () => ({
    fraction,
    text: `reconstructing ${scan.rows} slices of ${scan.columns} × ${scan.columns}`,
  }));
  if (terminal.isInteractive) progress.start();
  const { volume, summary, stripeMap } = reconstructScan(kernel, scan, {
    ...request.options,
    onProgress: (done) => {
      fraction = done;
    },
  });
  await new NxtomoVolumeWriter().write(request.output, volume, summary);
  if (request.preview !== undefined) {
    const picture = volumePicture(volume, request.pixelSizeUm);
    await writeFile(request.preview, encodePng(picture));
  }
  if (request.stripeMap !== undefined) {
    const { rows, columns } = scan;
    await writeFile(request.stripeMap, encodePng(mapPicture({ rows, columns, values: stripeMap })));
  }
  progress.stop();
  if (request.json) terminal.out(`${JSON.stringify(asJson(summary, request.output))}\n`);
  else terminal.out(describe(summary, request.output));
  return EXIT_CODES.done;
}

/** Said before minutes of work, not after. */
function checkFolder(option: string, output: string): void {
  const folder = dirname(resolve(output));
  if (existsSync(folder)) return;
  throw new Fault('badInput', {
    where: `--${option} ${output}`,
    message: `the folder ${folder} is not there; make it first`,
  });
}

function asJson(summary: ReconstructionSummary, output: string) {
  const { slices, rows, columns, views, axisPixel, axisAgreed, algorithm, durationMs } = summary;
  const { conditioning } = summary;
  return {
    slices,
    rows,
    columns,
    views,
    axisPixel,
    axisAgreed,
    algorithm,
    durationMs,
    output,
    conditioning,
  };
}

function describe(summary: ReconstructionSummary, output: string): string {
  const doubt = summary.axisAgreed
    ? ''
    : ' (uncertain: the axis finders disagree; check the slice)';
  return [
    `${summary.slices} slices of ${summary.rows} × ${summary.columns} from ${summary.views} views`,
    `  rotation axis at column ${summary.axisPixel.toFixed(2)}${doubt}`,
    ...describeConditioning(summary),
    `  ${summary.algorithm}, ${(summary.durationMs / 1000).toFixed(2)} s`,
    `  ${output}`,
    '',
  ].join('\n');
}

/** What was wrong with the data, and what was done about it; nothing about what was in order. */
function describeConditioning({ conditioning, slices, columns }: ReconstructionSummary): string[] {
  if (!conditioning) return [];
  const { viewsLost, viewsRepeated, viewsSaturated, zingers, stripedColumns } = conditioning;
  const views = [
    [viewsLost, 'without light left out'],
    [viewsRepeated, 'repeated, counted once'],
    [viewsSaturated, 'with saturated pixels'],
  ] as const;
  const seen = views.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const percent = (100 * conditioning.stripeFraction).toPrecision(2);
  return [
    ...(seen.length > 0 ? [`  views: ${seen.join('; ')}`] : []),
    ...(zingers > 0 ? [`  ${zingers} zingers taken out`] : []),
    ...(stripedColumns > 0
      ? [
          `  stripes (${conditioning.stripeRemoval}) in ${stripedColumns} of ${slices * columns} detector pixels, ${percent} % of the attenuation`,
        ]
      : []),
    ...(conditioning.flatMoments > 1
      ? [`  flat fields interpolated between ${conditioning.flatMoments} moments`]
      : []),
    ...(conditioning.edgesExtended ? ['  the sample is wider than the detector'] : []),
  ];
}

function optionsOf(line: CommandLine): ReconstructionOptions {
  const { algorithm, axis, stripes, zingers, edges } = line.options;
  const airMarginColumns = numberOption(line, 'air-margin', { min: 1, max: 4096 });
  const phaseAreaPixel = phaseAreaOf(line);
  return {
    algorithm: oneOf<ReconstructionAlgorithm>('algorithm', algorithm, RECONSTRUCTION_ALGORITHMS),
    axis: axisOf(axis),
    stripes: oneOf<StripeRemoval>('stripes', stripes, STRIPE_REMOVALS),
    edges: oneOf<EdgeSetting>('edges', edges, EDGE_SETTINGS),
    removesZingers: oneOf('zingers', zingers, ['remove', 'keep']) === 'remove',
    ...(airMarginColumns === undefined ? {} : { airMarginColumns }),
    ...(phaseAreaPixel === undefined ? {} : { phaseAreaPixel }),
  };
}

/** Distance times delta / mu in square pixels. */
function phaseAreaOf(line: CommandLine): number | undefined {
  const text = line.options.phase;
  if (text === undefined) return undefined;
  const [deltaOverMuUm = Number.NaN, distanceMm = Number.NaN, ...rest] = String(text)
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!(deltaOverMuUm > 0 && distanceMm > 0 && deltaOverMuUm * distanceMm < 1e9) || rest.length) {
    throw new Fault('badInput', {
      where: '--phase',
      message: `"${text}" is not understood: expected delta/mu in micrometre and the distance in millimetre, such as 0.5,50`,
    });
  }
  const pixelSizeUm = pixelSizeOf(line);
  if (pixelSizeUm === undefined) {
    const message = '--phase needs the size of a pixel in micrometre, such as --pixel-size 2.5';
    throw new Fault('badInput', { where: '--pixel-size', message });
  }
  return (deltaOverMuUm * distanceMm * 1000) / pixelSizeUm ** 2;
}

function pixelSizeOf(line: CommandLine): number | undefined {
  return numberOption(line, 'pixel-size', { min: 1e-3, max: 1e5 });
}

function pathOf(line: CommandLine, option: string): string | undefined {
  const value = line.options[option];
  return typeof value === 'string' ? value : undefined;
}

function oneOf<T extends string>(option: string, text: unknown, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found) return found;
  throw new Fault('badInput', {
    where: `--${option}`,
    message: `"${text}" is not offered; expected ${names.join(' or ')}`,
  });
}

function axisOf(text: unknown): AxisSetting {
  if (text === 'auto') return 'auto';
  const pixel = Number(text);
  if (text !== '' && Number.isFinite(pixel)) return pixel;
  throw new Fault('badInput', {
    where: '--axis',
    message: `"${text}" is not understood: expected auto or a detector column such as 296.0`,
  });
}
