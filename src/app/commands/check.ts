import { EXIT_CODES } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import type { Assumption } from '../../domain/unknowns.ts';
import { type AcquisitionCollision, collisionsOf } from '../../run/acquisition-collisions.ts';
import type { RunPlan } from '../../run/plan.ts';
import { needsOf } from '../../run/plan-needs.ts';
import { overdueCalibrations } from '../calibrations-due.ts';
import type { Command } from '../command.ts';
import { type DataVolume, dataVolumeOf } from '../data-volume.ts';
import { describeCollision, needRows } from '../describe-needs.ts';
import { planRows } from '../describe-plan.ts';
import { EXPERIMENT_OPTIONS, experimentFiles, seedOf } from '../experiment-options.ts';
import { duration, significant, textTable } from '../format-values.ts';
import { allInstruments, type PreparedExperiment, prepareExperiment } from '../prepare.ts';

export const checkCommand: Command = {
  name: 'check',
  summary: 'dry run: the plan, its duration and data volume, and every problem',
  usage: 'operando check RECIPE --rig FILE --cell FILE [--data DIR] [--json]',
  optionHelp: [
    ['--rig FILE', 'the instruments'],
    ['--cell FILE', 'the specimen'],
    ['--data DIR', 'folder of recordings, for rigs that replay them'],
    ['--json', 'one JSON document on stdout'],
  ],
  examples: [
    'operando check recipes/first-light.yaml --rig hardware/rigs/simulated.yaml --cell recipes/cells/li-li3ps4-li.yaml',
  ],
  options: { ...EXPERIMENT_OPTIONS, json: { type: 'boolean', default: false } },
  async run(line, terminal) {
    const files = experimentFiles(checkCommand, line);
    const clock = new SystemClock();
    const prepared = await prepareExperiment(files, clock, seedOf(line));
    const warnings = overdueCalibrations(prepared.rig.value, clock.utcMs());
    if (line.options.json) {
      terminal.out(`${JSON.stringify({ ...checkDocument(prepared), warnings }, plainMaps)}\n`);
    } else {
      terminal.out(describePlan(prepared, warnings));
    }
    return EXIT_CODES.done;
  },
};

/** The whole of the dry run for machines: SI units, last in each key. */
function checkDocument(prepared: PreparedExperiment) {
  const { plan, instruments } = prepared;
  const { recipe, title, steps, stepCount, longestSecond, estimates, exclusive } = plan;
  const data = dataVolumeOf(plan, instruments);
  return {
    recipe,
    title,
    stepCount,
    longestSecond,
    estimates,
    bytes: totalBytes(data),
    data,
    needs: needsOf(steps),
    instruments: allInstruments(instruments),
    collisions: collisionsIn(plan),
    exclusive,
    assumptions: plan.assumptions,
    resume: plan.resume,
    safety: plan.safety,
    suspend: plan.suspend,
    steps,
  };
}

/** Maps have no JSON of their own. */
function plainMaps(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** What a run to its longest end leaves on the disk: the database, the frames and the volumes. */
export function bytesOf({
  plan,
  instruments,
}: Pick<PreparedExperiment, 'plan' | 'instruments'>): number {
  return totalBytes(dataVolumeOf(plan, instruments));
}

function totalBytes(data: DataVolume): number {
  const { databaseBytes, waveformsBytes, framesBytes, volumesBytes } = data;
  return databaseBytes + waveformsBytes + framesBytes + volumesBytes;
}

function collisionsIn({ steps, exclusive }: RunPlan): AcquisitionCollision[] {
  const areExclusive = (one: string, other: string): boolean =>
    exclusive.some((list: readonly string[]) => list.includes(one) && list.includes(other));
  return collisionsOf(steps, areExclusive);
}

function describePlan(prepared: PreparedExperiment, warnings: readonly string[]): string {
  const { plan, instruments } = prepared;
  const { estimates, exclusive } = plan;
  const data = dataVolumeOf(plan, instruments);
  const models = allInstruments(instruments).map(
    ({ id, model, provenance }) => `${id}: ${model} (${provenance})`,
  );
  return [
    `${plan.title}: ${plan.stepCount} steps, ${duration(plan.longestSecond)} at the longest`,
    '',
    textTable(['step', 'what', 'at most'], [...planRows(plan.steps)]),
    textTable(['it needs', '', 'the rig has'], needRows(needsOf(plan.steps), instruments)),
    ...section(
      'at the same time:',
      collisionsIn(plan).map((one) => describeCollision(plan.steps, one)),
    ),
    ...section(
      'never at the same time:',
      exclusive.map((list) => list.join(' and ')),
    ),
    ...section('warnings:', warnings),
    ...section('assumed, not given by the source:', assumptionLines(plan.assumptions)),
    `records: ${estimates.samples} samples of the potentiostat, ${estimates.sensorSamples} of sensors, ` +
      `${estimates.spectra} spectra of ${estimates.spectrumPoints} points, ` +
      `${estimates.scans} scans of ${estimates.views} views, ${estimates.detectorSpectra} detector spectra`,
    `data: about ${megabytes(totalBytes(data))} (database ${megabytes(data.databaseBytes)}, ` +
      `${data.waveformsBytes > 0 ? `waveforms at most ${megabytes(data.waveformsBytes)}, ` : ''}` +
      `frames ${megabytes(data.framesBytes)}, volumes ${megabytes(data.volumesBytes)})`,
    ...(data.analysisMemoryBytes > 0
      ? [`memory: at most ${megabytes(data.analysisMemoryBytes)} to look into one volume`]
      : []),
    `rig: ${models.join('; ')}`,
    'no problem found',
    '',
  ].join('\n');
}

/** One line for each thing that is assumed, with the other places that assume the same. */
function assumptionLines(assumptions: readonly Assumption[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path, assume, reason } of assumptions) {
    const said = `is taken as ${assume}: ${reason}`;
    places.set(said, [...(places.get(said) ?? []), path]);
  }
  return Array.from(places, ([said, [first = '', ...others]]) => {
    const lines = others.map((path) => /:(\d+): /.exec(path)?.[1] ?? path);
    const also = lines.length > 0 ? ` (also line ${lines.join(', ')})` : '';
    return `${first} ${said}${also}`;
  });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((one) => `  ${one}`), ''];
}

function megabytes(bytes: number): string {
  return `${significant(bytes / 1e6)} MB`;
}
