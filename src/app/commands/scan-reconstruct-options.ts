import type { IterativeSettings, VolumeOptions } from '../../analysis/volume-options.ts';
import { Fault } from '../../domain/fault.ts';
import {
  type AxisSetting,
  EDGE_SETTINGS,
  type EdgeSetting,
  RECONSTRUCTION_ALGORITHMS,
  type ReconstructionAlgorithm,
  STRIPE_REMOVALS,
  type StripeRemoval,
} from '../../domain/scan.ts';
import { VOXEL_TYPES } from '../../domain/volume.ts';
import { readNumberColumn } from '../../formats/number-column.ts';
import { type CommandLine, numberOption } from '../command.ts';

/** What the words of `scan reconstruct` ask of the engine. @throws Fault badInput naming the word */
export async function volumeOptionsOf(line: CommandLine): Promise<VolumeOptions> {
  const { algorithm: algorithmName, axis, stripes, zingers, edges, voxels } = line.options;
  const algorithm = oneOf<ReconstructionAlgorithm>(
    'algorithm',
    algorithmName,
    RECONSTRUCTION_ALGORITHMS,
  );
  const airMarginColumns = numberOption(line, 'air-margin', { min: 1, max: 4096 });
  const phaseAreaPixel = phaseAreaOf(line);
  const iterative = iterativeOf(line, algorithm);
  return {
    algorithm,
    axis: axisOf(axis),
    voxels: oneOf('voxels', voxels, ['auto', ...VOXEL_TYPES]),
    stripes: oneOf<StripeRemoval>('stripes', stripes, STRIPE_REMOVALS),
    edges: oneOf<EdgeSetting>('edges', edges, EDGE_SETTINGS),
    removesZingers: oneOf('zingers', zingers, ['remove', 'keep']) === 'remove',
    ...(airMarginColumns === undefined ? {} : { airMarginColumns }),
    ...(await beamOf(line)),
    ...(phaseAreaPixel === undefined ? {} : { phaseAreaPixel }),
    ...(iterative === undefined ? {} : { iterative }),
  };
}

/** The beam is given or measured beside the sample, not both. */
async function beamOf(line: CommandLine): Promise<Pick<VolumeOptions, 'beamScale'>> {
  const { beam, 'air-margin': airMargin } = line.options;
  if (typeof beam !== 'string') return {};
  if (airMargin !== undefined) {
    const message = 'means nothing beside --air-margin, which measures the beam: give one of them';
    throw new Fault('badInput', { where: '--beam', message });
  }
  return { beamScale: await readNumberColumn(beam) };
}

/** Side of a detector pixel at the sample, or undefined when it is not given. */
export function pixelSizeOf(line: CommandLine): number | undefined {
  return numberOption(line, 'pixel-size', { min: 1e-3, max: 1e5 });
}

/** How 'sirt' goes about it; the words for it mean nothing to the others. */
function iterativeOf(
  line: CommandLine,
  algorithm: ReconstructionAlgorithm,
): IterativeSettings | undefined {
  const iterations = numberOption(line, 'iterations', { min: 1, max: 10_000, whole: true });
  const subsets = numberOption(line, 'subsets', { min: 1, max: 1000, whole: true });
  const totalVariation = numberOption(line, 'tv', { min: 0, max: 1e3 });
  const given = { iterations, subsets, tv: totalVariation };
  const [stray] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (algorithm !== 'sirt' && stray !== undefined) {
    const message = `means something to --algorithm sirt only; got ${algorithm}`;
    throw new Fault('badInput', { where: `--${stray}`, message });
  }
  if (algorithm !== 'sirt') return undefined;
  return {
    ...(iterations === undefined ? {} : { iterations }),
    ...(subsets === undefined ? {} : { subsets }),
    ...(totalVariation === undefined ? {} : { totalVariation }),
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
