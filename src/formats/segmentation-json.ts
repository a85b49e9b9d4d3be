import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import {
  ELECTRODE_FACES,
  type InterfaceSurface,
  type SegmentationSeries,
  type VolumeComponent,
} from '../domain/segmentation.ts';
import { badFile } from './file-access.ts';

const finite = z.number();

const interfaceSchema = z.object({
  face: z.enum(ELECTRODE_FACES),
  coefficients: z.array(finite).min(3).max(6),
  centreColumn: finite,
  centreRow: finite,
  halfVoxel: finite.positive(),
  roughnessVoxel: finite.nonnegative(),
  outlierFraction: finite.min(0).max(1),
});

const seriesSchema = z.object({
  kind: z.literal('segmentationSeries'),
  scans: z.int().positive(),
  threshold: z.object({
    origin: z.enum(['otsu', 'given', 'series']),
    valuePerPixel: finite,
    sigmaPerPixel: finite.nonnegative(),
    voidBelowPerPixel: finite.nullable(),
    separability: finite,
    curve: z.array(finite),
    histogram: z.object({
      offsetPerPixel: finite,
      stepPerPixel: finite.positive(),
      counts: z.array(finite.nonnegative()).min(2).max(65_536),
    }),
  }),
});

/** The file that goes from scan to scan of a series. */
export function seriesText(series: SegmentationSeries): string {
  return `${JSON.stringify({ kind: 'segmentationSeries', ...series })}\n`;
}

/** @throws Fault fileFormat with every problem */
export function parseSeries(text: string, where: string): SegmentationSeries {
  const { scans, threshold } = checked(seriesSchema, text, where);
  return { scans, threshold };
}

/**
 * The interface of a segmentation that was written as JSON.
 * @throws Fault fileFormat when the file has none
 */
export function parseInterface(text: string, where: string): InterfaceSurface {
  return checked(z.object({ interface: interfaceSchema }), text, where).interface;
}

const component = z.object({
  voxels: z.int().positive(),
  centroidColumn: finite,
  centroidRow: finite,
  centroidSlice: finite,
  bounds: z.tuple([finite, finite, finite, finite, finite, finite]),
  touchesBorder: z.boolean(),
  depthVoxel: finite.nullable(),
});

/**
 * The particles of a segmentation that was written as JSON, largest first.
 * @throws Fault fileFormat when the file is none
 */
export function parseParticles(text: string, where: string): readonly VolumeComponent[] {
  const table = z.object({ label: z.string(), listed: z.array(component) });
  const { tables } = checked(z.object({ tables: z.array(table) }), text, where);
  return tables.find(({ label }) => label === 'particle')?.listed ?? [];
}

function checked<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw badFile(where, 'is no JSON file', error);
  }
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => ({
    where: `${where}: ${path.join('.') || 'document'}`,
    message,
  }));
  throw new Fault('fileFormat', problems);
}
