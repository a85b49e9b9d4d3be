import { z } from 'zod';
import { badFile } from './file-access.ts';
import type { Hdf5File } from './hdf5-file.ts';
import { anglesInRadian } from './scan-angles.ts';

/** One axis moved between two positions, by a number of points or by a step. */
const axisModelSchema = z
  .object({
    name: z.string(),
    start: z.number(),
    stop: z.number(),
    points: z.number().int().positive().optional(),
    step: z.number().positive().optional(),
  })
  .refine(({ points, step }) => (points === undefined) !== (step === undefined));

const requestSchema = z.object({
  compoundModel: z.object({
    models: z.tuple([z.object({ models: z.array(axisModelSchema).min(1).max(1000) })]),
  }),
});

/**
 * The commanded rotation angles of a scan that Diamond's GDA recorded, for files without read-back
 * angles of their own: `diamond_scan/scan_request` lists the sweeps of one axis in order.
 * @returns one angle per frame in radian; undefined without a request of that kind
 * @throws Fault fileFormat when the request asks for another number of frames
 */
export async function gdaScanAngles(
  file: Hdf5File,
  entryPath: string,
  frames: number,
): Promise<Float64Array | undefined> {
  const dataset = await file.optionalDataset(`${entryPath}/diamond_scan/scan_request`);
  if (!dataset) return undefined;
  const request = requestSchema.safeParse(parseJson(dataset.text(), dataset.where));
  if (!request.success) return undefined;
  const sweeps = request.data.compoundModel.models[0].models;
  if (new Set(sweeps.map(({ name }) => name)).size !== 1) return undefined;
  const positions = sweeps.reduce((sum, sweep) => sum + positionCount(sweep), 0);
  if (positions !== frames) {
    throw badFile(
      dataset.where,
      `the scan request has ${positions} positions for ${frames} frames; expected one per frame`,
    );
  }
  return anglesInRadian(Float64Array.from(sweeps.flatMap(positionsOf)), 'deg', dataset.where);
}

type Sweep = z.infer<typeof axisModelSchema>;

function positionCount({ start, stop, points, step }: Sweep): number {
  // A millionth of a step makes up for rounding: 180 / 0.06 is 3000, not 2999.999.
  return points ?? Math.floor(Math.abs(stop - start) / (step ?? 1) + 1e-6) + 1;
}

function positionsOf(sweep: Sweep): number[] {
  const { start, stop, step } = sweep;
  const count = positionCount(sweep);
  const between = (stop - start) / Math.max(count - 1, 1);
  const increment = step === undefined ? between : Math.sign(stop - start) * step;
  return Array.from({ length: count }, (_, index) => start + index * increment);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badFile(where, 'is not the JSON text of a scan request', error);
  }
}
