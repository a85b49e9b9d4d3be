import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/domain/random.ts';
import type { RunRecord } from '../../src/domain/run-record.ts';
import { openRun } from '../../src/store/run-database.ts';
import { REPOSITORY } from '../bench/repository.ts';
import { BESIDE, LOOPS } from './kill-recipes.ts';
import { type Heard, MqttOracle } from './mqtt-oracle.ts';

export const name = 'kill';
export const about =
  'kill -9 of the real program at random moments over the recipes, each resumed and compared with an uninterrupted twin';

/** A resumed run is killed again with this probability. */
const AGAIN = 0.3;
const KILLS_MAX = 4;
/** What passes between two commits is not known after a kill: 10 s of simulated time, and a sample. */
const UNKNOWN_SECOND = 20;
const PROGRAM_SECOND_MAX = 300;

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
  /** Each is a sentence; none is how it should be. */
  readonly failures: readonly string[];
}

interface Subject {
  readonly name: string;
  readonly recipe: string;
  readonly currentAmpereMax: number;
}

interface Twin {
  readonly steps: readonly Step[];
  readonly seconds: number;
}

interface Step {
  readonly stepId: string;
  readonly endedBy: string | undefined;
  readonly chargeCoulomb: number;
}

/** Kills and resumes runs; compares each with its twin and with what the network has heard. */
export async function run(options: KillOptions): Promise<KillFigures> {
  const { seed, tell, trials = 200 } = options;
  const oracle = await MqttOracle.start();
  const folder = mkdtempSync(join(tmpdir(), 'operando-kill-'));
  const campaign = new KillCampaign(folder, oracle, options);
  try {
    const random = new Random(seed);
    const { recipes } = options;
    const subjects = subjectsIn(folder).filter((one) => recipes?.includes(one.name) ?? true);
    for (let trial = 0; trial < trials; trial += 1) {
      const subject = subjects[trial % subjects.length];
      if (subject) await campaign.tryOne(subject, random);
      tell(`${trial + 1} of ${trials}: ${campaign.line()}`);
    }
    return campaign.figures(trials);
  } finally {
    await oracle.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function subjectsIn(folder: string): readonly Subject[] {
  const written = (recipeName: string, text: string): string => {
    const path = join(folder, `${recipeName}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  return [
    { name: 'loops', recipe: written('loops', LOOPS), currentAmpereMax: 2e-4 },
    { name: 'beside', recipe: written('beside', BESIDE), currentAmpereMax: 3e-4 },
    {
      name: 'first-light',
      recipe: `${REPOSITORY}/recipes/first-light.yaml`,
      currentAmpereMax: 7e-4,
    },
  ];
}

class KillCampaign {
  readonly #folder: string;
  readonly #oracle: MqttOracle;
  readonly #program: string;
  readonly #tell: (line: string) => void;
  readonly #twins = new Map<string, Twin>();
  readonly #failures: string[] = [];
  #kills = 0;
  #tooEarly = 0;
  #heardRecords = 0;
  #count = 0;

  constructor(folder: string, oracle: MqttOracle, { program, tell }: KillOptions) {
    this.#tell = tell;
    this.#folder = folder;
    this.#oracle = oracle;
    this.#program = program ?? `${REPOSITORY}/dist/src/app/main.js`;
  }

  line(): string {
    return `${this.#kills} kills, ${this.#heardRecords} records heard, ${this.#failures.length} failures`;
  }

  figures(trials: number): KillFigures {
    return {
      trials,
      kills: this.#kills,
      tooEarly: this.#tooEarly,
      heardRecords: this.#heardRecords,
      failures: this.#failures,
    };
  }

  async tryOne(subject: Subject, random: Random): Promise<void> {
    const twin = await this.#twinOf(subject);
    const out = join(this.#folder, `trial-${++this.#count}`);
    let kills = 0;
    // A run that was faster than its twin and escaped is begun again, with an earlier moment.
    let haste = 1;
    for (;;) {
      // The panel is off; everything else is as in the field.
      const words = this.#isBegun(out) ? this.#resumeWords(out) : this.#runWords(subject, out);
      const isKilled = kills === 0 || (kills < KILLS_MAX && random.uniform() < AGAIN);
      const afterSecond = isKilled ? haste * twin.seconds * random.uniform() : PROGRAM_SECOND_MAX;
      const end = await this.#start(words, afterSecond);
      if (end.isKilled && isKilled) {
        if (this.#isBegun(out)) kills += 1;
        else this.#tooEarly += 1;
        continue;
      }
      if (end.code === 0 && kills === 0) {
        haste *= 0.7;
        rmSync(out, { recursive: true, force: true });
        continue;
      }
      // Killed between the run's end and the program's: nothing is left to resume.
      const wasDone =
        kills > 0 && end.code === 2 && end.errors.includes('is done: nothing is left');
      if (end.code === 0 || wasDone) break;
      this.#fail(
        subject,
        `ended with ${end.code ?? 'no answer'} after ${kills} kills: ${end.errors.slice(-600)}`,
      );
      return;
    }
    this.#kills += kills;
    this.#compare(subject, twin, { out, kills });
    rmSync(out, { recursive: true, force: true });
  }

  async #twinOf(subject: Subject): Promise<Twin> {
    const known = this.#twins.get(subject.name);
    if (known) return known;
    const out = join(this.#folder, `twin-${subject.name}`);
    const startedMs = performance.now();
    const end = await this.#start(this.#runWords(subject, out), PROGRAM_SECOND_MAX);
    if (end.code !== 0) throw new Error(`the twin of ${subject.name} ended so: ${end.errors}`);
    const seconds = (performance.now() - startedMs) / 1000;
    const twin = { steps: endedSteps(recordsIn(runFolder(out)), subject.name), seconds };
    this.#twins.set(subject.name, twin);
    return twin;
  }

  #isBegun(out: string): boolean {
    try {
      return readdirSync(runFolder(out)).includes('run.json');
    } catch {
      return false;
    }
  }

  #runWords(subject: Subject, out: string): string[] {
    rmSync(out, { recursive: true, force: true });
    return [
      ...['run', subject.recipe, '--rig', `${REPOSITORY}/hardware/rigs/simulated-small.yaml`],
      ...[
        '--cell',
        `${REPOSITORY}/recipes/cells/li-li3ps4-li.yaml`,
        '--speed',
        'max',
        '--out',
        out,
      ],
      ...['--no-panel', '--broker', this.#oracle.url],
    ];
  }

  #resumeWords(out: string): string[] {
    return [
      ...['resume', runFolder(out), '--yes', '--acknowledge', 'the campaign', '--by', 'oracle'],
      ...['--no-panel', '--broker', this.#oracle.url],
    ];
  }

  async #start(words: readonly string[], killAfterSecond: number) {
    const child = spawn(process.execPath, [this.#program, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterSecond * 1000);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    return { code, isKilled: signal === 'SIGKILL', errors };
  }

  #compare(
    subject: Subject,
    twin: Twin,
    { out, kills }: { readonly out: string; readonly kills: number },
  ): void {
    const folder = runFolder(out);
    const records = recordsIn(folder);
    this.#compareSteps(subject, twin, endedSteps(records, subject.name), kills);
    for (const problem of recordProblems(records)) this.#fail(subject, problem);
    const gaps = records.filter(({ body }) => body.kind === 'event' && body.code === 'gap').length;
    // A start that was killed before its first commit has left nothing, not even a gap.
    const resumes = new Set(records.map(({ boot }) => boot).filter((boot) => boot > 0)).size;
    if (gaps !== resumes) this.#fail(subject, `${resumes} resumes and ${gaps} gaps marked`);
    const runId = folder.split('/').at(-1) ?? '';
    const heard = this.#oracle.heardOf(runId);
    this.#heardRecords += heard.length;
    if (heard.length === 0) this.#fail(subject, 'nothing was heard on the network');
    for (const problem of missingOf(heard, records)) this.#fail(subject, problem);
    this.#oracle.forget(runId);
  }

  #compareSteps(subject: Subject, twin: Twin, steps: readonly Step[], kills: number): void {
    const sequence = (all: readonly Step[]): string =>
      all.map(({ stepId, endedBy }) => `${stepId} by ${endedBy}`).join(', ');
    if (sequence(steps) !== sequence(twin.steps)) {
      this.#fail(subject, `steps ${sequence(steps)}; its twin ${sequence(twin.steps)}`);
      return;
    }
    const toleranceCoulomb = subject.currentAmpereMax * UNKNOWN_SECOND * Math.max(1, kills);
    for (const [at, { stepId, chargeCoulomb }] of steps.entries()) {
      const off = Math.abs(chargeCoulomb - (twin.steps[at]?.chargeCoulomb ?? Number.NaN));
      if (off <= toleranceCoulomb) continue;
      this.#fail(
        subject,
        `${off} C beside its twin at the end of ${stepId}, ${toleranceCoulomb} allowed`,
      );
    }
  }

  #fail(subject: Subject, problem: string): void {
    const failure = `${subject.name}, trial ${this.#count}: ${problem}`;
    this.#failures.push(failure);
    this.#tell(failure);
  }
}

function runFolder(out: string): string {
  const [runId = ''] = readdirSync(out);
  return join(out, runId);
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

/** Steps in the order they ended, with the place in their loops in the id. */
function endedSteps(records: readonly RunRecord[], subject: string): readonly Step[] {
  const steps = records.flatMap(({ body }) =>
    body.kind === 'step' && body.state === 'ended' ? [body] : [],
  );
  if (steps.length === 0) throw new Error(`no step of ${subject} has ended`);
  return steps.map(({ stepId, endedBy, chargeCoulomb }) => ({ stepId, endedBy, chargeCoulomb }));
}

/** Numbers without a gap, times that never go back within a channel, each step begun once. */
function recordProblems(records: readonly RunRecord[]): readonly string[] {
  const problems: string[] = [];
  const lastSecond = new Map<string, number>();
  const begun = new Map<string, number>();
  for (const [at, { sequence, timeSecond, body }] of records.entries()) {
    if (sequence !== at + 1) return [`record ${at + 1} has number ${sequence}`];
    if (body.kind === 'step' && body.state === 'started') {
      begun.set(body.stepId, (begun.get(body.stepId) ?? 0) + 1);
    }
    if (body.kind !== 'sample') continue;
    const before = lastSecond.get(body.channel) ?? Number.NEGATIVE_INFINITY;
    if (timeSecond < before) problems.push(`${body.channel} at ${timeSecond} s after ${before} s`);
    lastSecond.set(body.channel, timeSecond);
  }
  for (const [stepId, count] of begun) {
    if (count > 1) problems.push(`${stepId} was begun ${count} times`);
  }
  return problems;
}

/** What was heard and is not in the run, or not as it was heard. */
function missingOf(heard: readonly Heard[], records: readonly RunRecord[]): readonly string[] {
  const problems: string[] = [];
  for (const { boot, sequence, value } of heard) {
    const record = records[sequence - 1];
    if (record?.boot !== boot) problems.push(`record ${sequence} of start ${boot} is missing`);
    else if (value !== undefined && record.body.kind === 'sample' && record.body.value !== value) {
      problems.push(`record ${sequence} is ${record.body.value}, heard as ${value}`);
    }
    if (problems.length > 5) break;
  }
  return problems;
}
