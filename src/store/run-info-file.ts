import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { asFault } from '../domain/fault.ts';
import type { RunInfo } from '../domain/run-record.ts';

/** What the run is, beside its database: it is wanted most when that is damaged. */
export const INFO_NAME = 'run.json';

const schema = z.object({
  runId: z.string(),
  recipe: z.string(),
  cell: z.string(),
  rig: z.string(),
  instruments: z.array(
    z.object({
      id: z.string(),
      model: z.string(),
      provenance: z.enum(['measured', 'simulated', 'recorded']),
    }),
  ),
  channels: z.array(z.object({ name: z.string(), label: z.string(), unit: z.string() })),
  startedUtcMs: z.number(),
  speed: z.number().nullable(),
  seed: z.number(),
  softwareVersion: z.string(),
  sources: z.object({ recipe: z.string(), cell: z.string(), rig: z.string() }),
});

/** @throws Fault storage */
export function writeInfoFile(folder: string, info: RunInfo): void {
  const path = join(folder, INFO_NAME);
  const unfinished = `${path}.new`;
  let handle: number | undefined;
  try {
    handle = openSync(unfinished, 'w');
    writeSync(handle, `${JSON.stringify(info, undefined, 2)}\n`);
    fsyncSync(handle);
    // A whole one is there at every moment.
    renameSync(unfinished, path);
  } catch (error) {
    throw asFault(error, path, 'storage');
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** @throws Fault storage when it is missing or not understood */
export function readInfoFile(folder: string): RunInfo {
  const path = join(folder, INFO_NAME);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8'))) as RunInfo;
  } catch (error) {
    throw asFault(error, path, 'storage');
  }
}
