import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStatus } from '../../src/domain/run-record.ts';
import type { ScorecardRow } from '../../src/domain/scorecard.ts';
import { builtModule, operando, ROOT } from './built.ts';

export interface PaperRun {
  readonly folder: string;
  readonly status: RunStatus;
  readonly durationSecond: number;
}

/** A rig without pictures whose sensors report every ten minutes: for runs of months. */
export function slowSensors(text: string): string {
  return text.replaceAll(/every: (?:5|10) s/g, 'every: 600 s');
}

/** The small rig with the detector of the full one: its pictures show voids and lithium. */
export function fineDetector(text: string): string {
  const changes = [
    [/rows: 2$/m, 'rows: 64'],
    [/columns: 16$/m, 'columns: 192'],
    [/columnPitch: 750 µm/, 'columnPitch: 60 µm'],
    [/rowPitch: 400 µm/, 'rowPitch: 20 µm'],
  ] as const;
  return changes.reduce((changed, [from, to]) => {
    if (!from.test(changed)) throw new Error(`the small rig has no ${from}`);
    return changed.replace(from, to);
  }, text);
}

/**
 * Runs a recipe that comes with the software to its end on simulated time, without network and
 * panel, on the simulated rig with a small detector.
 */
export async function runPaper(options: {
  readonly recipe: string;
  readonly cell: string;
  readonly changeRecipe?: (text: string) => string;
  readonly changeRig?: (text: string) => string;
}): Promise<PaperRun> {
  const [{ ExperimentNode }, { prepareExperiment }, { describeRun }, { runToItsEnd }, time] =
    await Promise.all([
      builtModule<typeof import('../../src/app/node.ts')>('src/app/node.js'),
      builtModule<typeof import('../../src/app/prepare.ts')>('src/app/prepare.js'),
      builtModule<typeof import('../../src/app/describe-run.ts')>('src/app/describe-run.js'),
      builtModule<typeof import('../../src/app/run-to-its-end.ts')>('src/app/run-to-its-end.js'),
      builtModule<typeof import('../../src/domain/virtual-clock.ts')>(
        'src/domain/virtual-clock.js',
      ),
    ]);
  const { recipe, cell, changeRecipe = same, changeRig = same } = options;
  const folder = mkdtempSync(join(tmpdir(), 'operando-paper-'));
  const changed = (path: string, change: (text: string) => string): string => {
    const copy = join(folder, path.replaceAll('/', '-'));
    writeFileSync(copy, change(readFileSync(`${ROOT}${path}`, 'utf8')));
    return copy;
  };
  const speed = Number.POSITIVE_INFINITY;
  const clock = new time.VirtualClock(Date.UTC(2026, 0, 1));
  const prepared = await prepareExperiment(
    {
      recipe: changed(`recipes/${recipe}.yaml`, changeRecipe),
      rig: changed('hardware/rigs/simulated-small.yaml', changeRig),
      cell: `${ROOT}recipes/cells/${cell}.yaml`,
      data: undefined,
    },
    clock,
    1,
  );
  const node = new ExperimentNode({
    prepared,
    info: describeRun(prepared, { speed, seed: 1, utcMs: Date.UTC(2026, 0, 1) }),
    clock,
    outFolder: folder,
    panelPort: undefined,
    broker: undefined,
    tell: () => {},
  });
  await node.start();
  try {
    const { status } = await runToItsEnd(node.runner, { clock, speed });
    return { folder: node.folder, status, durationSecond: clock.nowSecond() };
  } finally {
    await node.stop();
  }
}

function same(text: string): string {
  return text;
}

export interface ScorecardDocument {
  readonly figures: readonly ScorecardRow[];
  readonly contradictions: readonly { readonly about: string }[];
}

/** What `operando scorecard --json` says about a run. */
export async function scorecardOf(folder: string): Promise<ScorecardDocument> {
  const { code, output, errors } = await operando('scorecard', folder, '--json');
  if (code !== 0) throw new Error(errors);
  return JSON.parse(output) as ScorecardDocument;
}

/** The row whose quantity begins so. */
export function rowOf({ figures }: ScorecardDocument, quantity: string): ScorecardRow {
  const row = figures.find((one) => one.quantity.startsWith(quantity));
  if (!row) throw new Error(`no row "${quantity}" among ${figures.map((one) => one.quantity)}`);
  return row;
}

/** The two values of every figure whose verdict is that it is off. */
export function offRows({ figures }: ScorecardDocument): readonly string[] {
  return figures
    .filter(({ verdict }) => verdict === 'off' || verdict === 'missing')
    .map(({ quantity, given, recovered }) => `${quantity}: given ${given}, recovered ${recovered}`);
}
