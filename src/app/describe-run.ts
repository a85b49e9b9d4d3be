import type { RunInfo } from '../domain/run-record.ts';
import { channelsOf } from '../run/bring-up.ts';
import { allInstruments, type PreparedExperiment } from './prepare.ts';
import { newRunId } from './run-id.ts';
import { softwareVersion } from './software-version.ts';

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
