import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asFault } from '../domain/fault.ts';
import type { RunStatus } from '../domain/run-record.ts';
import { lookAt } from './run-database.ts';
import { readInfo, readStatus } from './run-info.ts';
import { holderOf } from './run-lock.ts';
import { newestRecord } from './run-reader.ts';
import { DATABASE_NAME } from './schema.ts';

/** Most folders looked at; the newest by name are kept. */
export const RUNS_LISTED_MAX = 10_000;

/** One line of the list of runs. */
export type RunSummary =
  | {
      readonly kind: 'run';
      readonly runId: string;
      readonly folder: string;
      readonly recipe: string;
      readonly cell: string;
      /** `interrupted`: it has not ended, and no living process goes on with it. */
      readonly status: RunStatus | 'interrupted';
      readonly startedUtcMs: number;
      /** Time of the newest record on the experiment's clock. */
      readonly durationSecond: number;
      readonly records: number;
    }
  | {
      readonly kind: 'damaged';
      readonly folder: string;
      /** Why it cannot be read, as one sentence. */
      readonly reason: string;
    };

/**
 * Every folder in `outFolder`, oldest first by name; what is no run says why. An empty list when
 * there is no such folder yet. Never throws.
 */
export function listRuns(outFolder: string): readonly RunSummary[] {
  let folders: readonly string[];
  try {
    folders = runFolders(outFolder);
  } catch (error) {
    return [damaged(outFolder, error)];
  }
  return folders.slice(-RUNS_LISTED_MAX).map(summaryOf);
}

/** The folders in `outFolder` by name, runs or not. @throws what the system says */
export function runFolders(outFolder: string): readonly string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(outFolder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return folders.sort().map((name) => join(outFolder, name));
}

/** What a folder holds. Never throws. */
export function summaryOf(folder: string): RunSummary {
  try {
    return lookAt(join(folder, DATABASE_NAME), (file) => {
      const { runId, recipe, cell, startedUtcMs } = readInfo(file);
      const { sequence: records, timeSecond: durationSecond } = newestRecord(file);
      const stored = readStatus(file);
      const isCutOff = stored === 'running' && holderOf(folder) === undefined;
      const status = isCutOff ? 'interrupted' : stored;
      return {
        kind: 'run',
        runId,
        folder,
        recipe,
        cell,
        status,
        startedUtcMs,
        durationSecond,
        records,
      };
    });
  } catch (error) {
    return damaged(folder, error);
  }
}

function damaged(folder: string, error: unknown): RunSummary {
  return { kind: 'damaged', folder, reason: asFault(error, folder, 'storage').message };
}
