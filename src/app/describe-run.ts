import { readFileSync } from 'node:fs';
import type { RunInfo } from '../domain/run-record.ts';
import { channelsOf } from '../run/bring-up.ts';
import { allInstruments, type PreparedExperiment } from './prepare.ts';
import { newRunId } from './run-id.ts';

/** What is known of a run before its first record. */
export function describeRun(
  prepared: PreparedExperiment,
  options: { readonly speed: number; readonly seed: number; readonly utcMs: number },
): RunInfo {
  const { recipe, cell, rig, instruments } = prepared;
  return {
    runId: newRunId(options.utcMs, recipe.value.recipe),
    recipe: recipe.value.recipe,
    cell: cell.value.cell,
    rig: rig.value.rig,
    instruments: allInstruments(instruments),
    channels: channelsOf(instruments),
    startedUtcMs: options.utcMs,
    speed: Number.isFinite(options.speed) ? options.speed : null,
    seed: options.seed,
    softwareVersion: softwareVersion(),
    sources: { recipe: recipe.text, cell: cell.text, rig: rig.text },
  };
}

/** The version in package.json, three folders up from dist/src/app and two from src/app. */
export function softwareVersion(): string {
  for (const path of ['../../../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}
