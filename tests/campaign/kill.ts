import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveSeed, Random } from '../../src/domain/random.ts';
import type { RunRecord } from '../../src/domain/run-record.ts';
import { openRun, readPastRun } from '../../src/store/run-database.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { AIMED_PHASES, type AimedPhase } from './kill-aim.ts';
import { type Allowance, differences, unheardOf, type WholeRun } from './kill-judge.ts';
import { BESIDE, LOOPS, PHASES, SILENCES } from './kill-recipes.ts';
import { KillTrial, runFolder, startProgram, type TrialProgram } from './kill-trial.ts';
import { MqttOracle } from './mqtt-oracle.ts';

export const name = 'kill';
export const about =
  'kill -9 of the real program at random moments over the recipes, each resumed and compared with an uninterrupted twin';

/** Trials at the same time: as many as there are cores on the smallest machine. */
const LANES = 2;

export interface KillOptions {
  readonly seed: number;
  readonly tell: (line: string) => void;
  /** Runs that are killed; 200 unless given. */
  readonly trials?: number;
  /** Names of the recipes; all unless given. */
  readonly recipes?: readonly string[];
  /** The program as it was built. */
  readonly program?: string;
}

export interface KillFigures {
  readonly trials: number;
  readonly kills: number;
  /** Kills that came before the run had a folder. */
  readonly tooEarly: number;
  readonly heardRecords: number;
  /** How often a run was killed in which phase; one kill may be in several. */
  readonly phases: ReadonlyMap<string, number>;
  readonly failedTrials: number;
  /** Each is a sentence; none is how it should be. */
  readonly failures: readonly string[];
}

interface Subject {
  readonly name: string;
  readonly recipe: string;
  readonly rig: string;
  readonly allowance: Allowance;
  /** Where its first kill is aimed at; nowhere unless it has phases. */
  readonly phases: readonly AimedPhase[];
}

interface Twin extends WholeRun {
  /** Of real time. */
  readonly seconds: number;
}

/** Kills and resumes runs; compares each with its twin and with what the network has heard. */
export async function run(options: KillOptions): Promise<KillFigures> {
  const { trials = 200 } = options;
  const oracle = await MqttOracle.start();
  const folder = mkdtempSync(join(tmpdir(), 'operando-kill-'));
  const campaign = new KillCampaign(folder, oracle, options);
  try {
    await campaign.makeTwins();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let trial = next++; trial < trials; trial = next++) await campaign.tryOne(trial);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return campaign.figures(trials);
  } finally {
    await oracle.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of every two trials one is aimed, and one comes at a random moment of a random recipe. */
function subjectsIn(folder: string): readonly Subject[] {
  const written = (fileName: string, text: string): string => {
    const path = join(folder, fileName);
    writeFileSync(path, text);
    return path;
  };
  const small = `${REPOSITORY}/hardware/rigs/simulated-small.yaml`;
  const silent = written('silent.yaml', readFileSync(small, 'utf8') + SILENCES);
  const phases: Subject = {
    name: 'phases',
    recipe: written('phases.recipe.yaml', PHASES),
    rig: silent,
    allowance: { currentAmpereMax: 2e-4, sampleSecond: 2 },
    phases: AIMED_PHASES,
  };
  const random = { rig: small, phases: [] };
  return [
    phases,
    {
      ...random,
      name: 'loops',
      recipe: written('loops.recipe.yaml', LOOPS),
      allowance: { currentAmpereMax: 2e-4, sampleSecond: 2 },
    },
    phases,
    {
      ...random,
      name: 'beside',
      recipe: written('beside.recipe.yaml', BESIDE),
      allowance: { currentAmpereMax: 3e-4, sampleSecond: 5 },
    },
    phases,
    {
      ...random,
      name: 'first-light',
      recipe: `${REPOSITORY}/recipes/first-light.yaml`,
      // Its policy is to hold; the campaign is the person who lets it go on.
      allowance: { currentAmpereMax: 7e-4, sampleSecond: 10, leavesCutOff: true },
    },
    phases,
    { ...phases, phases: [] },
  ];
}

class KillCampaign {
  readonly #folder: string;
  readonly #oracle: MqttOracle;
  readonly #main: string;
  readonly #tell: (line: string) => void;
  readonly #seed: number;
  readonly #subjects: readonly Subject[];
  readonly #twins = new Map<string, Twin>();
  readonly #failures: string[] = [];
  readonly #failedTrials = new Set<number>();
  readonly #phases = new Map<string, number>();
  #kills = 0;
  #tooEarly = 0;
  #heardRecords = 0;

  constructor(folder: string, oracle: MqttOracle, options: KillOptions) {
    const { program, recipes, seed, tell } = options;
    this.#tell = tell;
    this.#folder = folder;
    this.#oracle = oracle;
    this.#seed = seed;
    this.#main = program ?? `${REPOSITORY}/dist/src/app/main.js`;
    this.#subjects = subjectsIn(folder).filter((one) => recipes?.includes(one.name) ?? true);
  }

  figures(trials: number): KillFigures {
    return {
      trials,
      kills: this.#kills,
      tooEarly: this.#tooEarly,
      heardRecords: this.#heardRecords,
      phases: this.#phases,
      failedTrials: this.#failedTrials.size,
      failures: this.#failures,
    };
  }

  /** One uninterrupted run of each recipe. @throws Error when one does not come to its end */
  async makeTwins(): Promise<void> {
    for (const subject of this.#subjects) {
      if (this.#twins.has(subject.name)) continue;
      const out = join(this.#folder, `twin-${subject.name}`);
      const program = this.#programOf(subject, 0);
      const startedMs = performance.now();
      const { code, errors } = await startProgram([program.main, ...program.runWords(out)]);
      if (code !== 0) throw new Error(`the twin of ${subject.name} ended so: ${errors}`);
      const seconds = (performance.now() - startedMs) / 1000;
      this.#twins.set(subject.name, { ...wholeRunIn(runFolder(out)), seconds });
    }
  }

  async tryOne(trial: number): Promise<void> {
    const subject = this.#subjects[trial % this.#subjects.length];
    const twin = subject && this.#twins.get(subject.name);
    if (!subject || !twin) return;
    const out = join(this.#folder, `trial-${trial + 1}`);
    const random = new Random(deriveSeed(this.#seed, `trial ${trial}`));
    const phase = this.#phaseOf(trial, subject);
    const program = this.#programOf(subject, twin.seconds);
    const end = await new KillTrial(program, { out, random, phase }).run();
    this.#kills += end.kills;
    this.#tooEarly += end.tooEarly;
    for (const one of end.phases) this.#phases.set(one, (this.#phases.get(one) ?? 0) + 1);
    const problems =
      end.failure === undefined ? this.#problemsOf(subject, twin, out) : [end.failure];
    for (const problem of problems) this.#fail(`${subject.name}, trial ${trial + 1}: ${problem}`);
    if (problems.length > 0) this.#failedTrials.add(trial);
    rmSync(out, { recursive: true, force: true });
    this.#tell(
      `trial ${trial + 1} (${subject.name}${phase ? `, ${phase}` : ''}, killed in ${end.phases.join(', ')}): ${this.#kills} kills, ${this.#heardRecords} records heard, ${this.#failures.length} failures`,
    );
  }

  /** One phase after the other. */
  #phaseOf(trial: number, { phases }: Subject): AimedPhase | undefined {
    const isAimed = (one: number): boolean =>
      (this.#subjects[one % this.#subjects.length]?.phases.length ?? 0) > 0;
    const before = Array.from({ length: trial }, (_one, at) => at).filter(isAimed).length;
    return phases[before % Math.max(1, phases.length)];
  }

  #problemsOf(subject: Subject, twin: Twin, out: string): readonly string[] {
    const folder = runFolder(out);
    const whole = wholeRunIn(folder);
    const runId = folder.split('/').at(-1) ?? '';
    const heard = this.#oracle.heardOf(runId);
    this.#heardRecords += heard.length;
    this.#oracle.forget(runId);
    return [
      ...differences(whole, twin, subject.allowance),
      ...(heard.length === 0 ? ['nothing was heard on the network'] : []),
      ...unheardOf(heard, whole.records),
    ];
  }

  #programOf({ recipe, rig }: Subject, wholeSecond: number): TrialProgram {
    // The panel is off; everything else is as in the field.
    const outlets = ['--no-panel', '--broker', this.#oracle.url];
    const cell = `${REPOSITORY}/recipes/cells/li-li3ps4-li.yaml`;
    const person = ['--yes', '--acknowledge', 'the campaign', '--by', 'oracle'];
    return {
      main: this.#main,
      runWords: (out) => [
        ...['run', recipe, '--rig', rig, '--cell', cell],
        ...['--speed', 'max', '--out', out, ...outlets],
      ],
      resumeWords: (folder) => ['resume', folder, ...person, ...outlets],
      wholeSecond,
    };
  }

  #fail(problem: string): void {
    this.#failures.push(problem);
    this.#tell(problem);
  }
}

function wholeRunIn(folder: string): WholeRun {
  return { records: recordsIn(folder), walk: readPastRun(folder).state?.walk };
}

function recordsIn(folder: string): readonly RunRecord[] {
  const { reader, close } = openRun(folder);
  try {
    const records: RunRecord[] = [];
    for (let after = 0; ; ) {
      const page = reader.readAfter(after, 10_000);
      const last = page.at(-1);
      if (!last) return records;
      records.push(...page);
      after = last.sequence;
    }
  } finally {
    close();
  }
}
