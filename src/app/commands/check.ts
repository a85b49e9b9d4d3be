import { EXIT_CODES } from '../../domain/fault.ts';
import { SystemClock } from '../../domain/system-clock.ts';
import type { PlannedMeasurement, PlannedStep } from '../../run/plan.ts';
import type { Command } from '../command.ts';
import { EXPERIMENT_OPTIONS, experimentFiles, seedOf } from '../experiment-options.ts';
import { duration, significant, textTable } from '../format-values.ts';
import { allInstruments, type PreparedExperiment, prepareExperiment } from '../prepare.ts';

/** Bytes one stored sample, spectrum point or fit takes in the database, measured and rounded up. */
const BYTES_PER_SAMPLE = 60;
const BYTES_PER_SPECTRUM_POINT = 6000;
const BYTES_PER_PIXEL = 2;
/** Volumes hold 32-bit floats. */
const BYTES_PER_VOXEL = 4;

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
    const prepared = await prepareExperiment(files, new SystemClock(), seedOf(line));
    const { plan } = prepared;
    if (line.options.json) {
      const { recipe, title, stepCount, longestSecond, estimates } = plan;
      const document = {
        recipe,
        title,
        stepCount,
        longestSecond,
        estimates,
        bytes: bytesOf(prepared),
      };
      terminal.out(`${JSON.stringify(document)}\n`);
    } else {
      terminal.out(describePlan(prepared));
    }
    return EXIT_CODES.done;
  },
};

/** What a run to its longest end leaves on the disk: the database, the frames and the volumes. */
export function bytesOf({
  plan,
  instruments,
}: Pick<PreparedExperiment, 'plan' | 'instruments'>): number {
  const { samples, spectrumPoints, views, scans } = plan.estimates;
  const { rows, columns } = instruments.scanner ?? { rows: 0, columns: 0 };
  return (
    samples * BYTES_PER_SAMPLE +
    spectrumPoints * BYTES_PER_SPECTRUM_POINT +
    views * rows * columns * BYTES_PER_PIXEL +
    scans * rows * columns * columns * BYTES_PER_VOXEL
  );
}

function describePlan(prepared: PreparedExperiment): string {
  const { plan, instruments } = prepared;
  const { estimates } = plan;
  const rows = plan.steps.map((step) => [step.name, whatOf(step), duration(step.longestSecond)]);
  const models = allInstruments(instruments).map(
    ({ id, model, provenance }) => `${id}: ${model} (${provenance})`,
  );
  return [
    `${plan.title}: ${plan.stepCount} steps, ${duration(plan.longestSecond)} at the longest`,
    '',
    textTable(['step', 'what', 'at most'], rows),
    `records: ${estimates.samples} samples of the potentiostat, ${estimates.spectra} spectra of ` +
      `${estimates.spectrumPoints} points, ${estimates.scans} scans of ${estimates.views} views`,
    `data: about ${significant(bytesOf(prepared) / 1e6)} MB`,
    `rig: ${models.join('; ')}`,
    'no problem found',
    '',
  ].join('\n');
}

function whatOf(step: PlannedStep): string {
  if (step.kind !== 'loop') return measurementText(step);
  return `${step.repeat} × (${step.steps.map(measurementText).join(', ')})`;
}

function measurementText(step: PlannedMeasurement): string {
  switch (step.kind) {
    case 'soak':
      return `soak at ${step.temperatureCelsius} °C for ${duration(step.dwellSecond)}`;
    case 'openCircuit':
      return `open circuit, recorded every ${duration(step.sampleEverySecond)}`;
    case 'constantCurrent':
      return `${significant(step.currentAmpere * 1e3)} mA, ${acquisitionsText(step.during)}`;
    case 'impedance':
      return sweepText(step);
    case 'scan':
      return `scan of ${step.views} views`;
    default:
      return step satisfies never;
  }
}

type During = Extract<PlannedMeasurement, { kind: 'constantCurrent' }>['during'];

function acquisitionsText(during: During): string {
  const texts = during.map(({ what, everySecond, on }) => {
    const when = [...(everySecond === undefined ? [] : [`every ${duration(everySecond)}`]), ...on];
    const name = what.kind === 'impedance' ? sweepText(what) : `scan of ${what.views} views`;
    return `${name} (${when.join(', on ')})`;
  });
  return texts.length > 0 ? `with ${texts.join(' and ')}` : 'nothing beside it';
}

function sweepText(sweep: {
  readonly frequencyHertzMax: number;
  readonly frequencyHertzMin: number;
  readonly pointCount: number;
}): string {
  const { frequencyHertzMax, frequencyHertzMin, pointCount } = sweep;
  return `impedance ${frequencyHertzMax}–${frequencyHertzMin} Hz in ${pointCount} points`;
}
