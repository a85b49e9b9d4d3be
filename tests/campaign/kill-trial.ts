import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/domain/random.ts';
import { readPastRun } from '../../src/store/run-database.ts';
import { type Aim, type AimedPhase, aimed, drawAim, phasesOf, sooner } from './kill-aim.ts';

/** A resumed run is killed again with this probability. */
const AGAIN = 0.35;
/** The kills after the first are aimed at the taking up with this probability. */
const AT_ONCE = 0.5;
const KILLS_MAX = 4;
const PROGRAM_SECOND_MAX = 300;
/** Each time nothing was killed the moment is drawn earlier. */
const HASTE = 0.7;
const ESCAPES_MAX = 12;

/** How the program is started for one recipe. */
export interface TrialProgram {
  /** The program as it was built. */
  readonly main: string;
  readonly runWords: (out: string) => readonly string[];
  readonly resumeWords: (folder: string) => readonly string[];
  /** How long an uninterrupted run takes, in s of real time. */
  readonly wholeSecond: number;
}

export interface TrialEnd {
  readonly kills: number;
  /** Kills that came before the run had a folder. */
  readonly tooEarly: number;
  /** In which phases the run was when it was killed. */
  readonly phases: readonly string[];
  /** Why it did not come to its end; undefined when it did. */
  readonly failure: string | undefined;
}

/** Runs a recipe to its end through kills: at random moments, or the first in a phase. */
export class KillTrial {
  readonly #program: TrialProgram;
  readonly #out: string;
  readonly #random: Random;
  readonly #phases: string[] = [];
  #aim: Aim | undefined;
  #kills = 0;
  #tooEarly = 0;
  #escapes = 0;

  constructor(
    program: TrialProgram,
    options: {
      readonly out: string;
      readonly random: Random;
      readonly phase: AimedPhase | undefined;
    },
  ) {
    this.#program = program;
    this.#out = options.out;
    this.#random = options.random;
    this.#aim = options.phase && drawAim(options.phase, options.random);
  }

  async run(): Promise<TrialEnd> {
    for (;;) {
      const isBegun = isRunIn(this.#out);
      if (!isBegun) rmSync(this.#out, { recursive: true, force: true });
      const end = await this.#start(
        isBegun
          ? this.#program.resumeWords(runFolder(this.#out))
          : this.#program.runWords(this.#out),
      );
      if (end.isKilled) {
        this.#wasKilled();
        continue;
      }
      // Killed between the run's end and the program's: nothing is left to resume.
      const wasDone =
        this.#kills > 0 && end.code === 2 && end.errors.includes('is done: nothing is left');
      const isOver = end.code === 0 || wasDone;
      if (isOver && this.#kills === 0 && this.#escapes < ESCAPES_MAX) {
        this.#escaped();
        continue;
      }
      const what = `ended with ${end.code ?? 'no answer'} after ${this.#kills} kills: ${end.errors.slice(-600)}`;
      return {
        kills: this.#kills,
        tooEarly: this.#tooEarly,
        phases: this.#phases,
        failure: isOver && this.#kills > 0 ? undefined : what,
      };
    }
  }

  #wasKilled(): void {
    if (!isRunIn(this.#out)) {
      this.#tooEarly += 1;
      return;
    }
    this.#kills += 1;
    this.#phases.push(...phasesOf(readPastRun(runFolder(this.#out)).state));
    if (this.#aim?.phase === 'takingUp') this.#phases.push('taking up');
    this.#aim = this.#random.uniform() < AT_ONCE ? drawAim('takingUp', this.#random) : undefined;
  }

  /** It was faster than its twin, or its phase too short: again, with an earlier moment. */
  #escaped(): void {
    this.#escapes += 1;
    this.#aim = this.#aim && sooner(this.#aim);
    rmSync(this.#out, { recursive: true, force: true });
  }

  async #start(words: readonly string[]): Promise<ProgramEnd> {
    const { main, wholeSecond } = this.#program;
    const isKilled =
      this.#kills === 0 || (this.#kills < KILLS_MAX && this.#random.uniform() < AGAIN);
    const aim = isKilled ? this.#aim : undefined;
    const own = aim && aimed(aim, main);
    const haste = HASTE ** this.#escapes;
    const afterSecond =
      isKilled && !aim ? haste * wholeSecond * this.#random.uniform() : PROGRAM_SECOND_MAX;
    const end = await startProgram([...(own?.words ?? []), main, ...words], {
      env: own?.env,
      killAfterSecond: afterSecond,
    });
    // A program that hangs is no kill of the campaign's.
    return { ...end, isKilled: end.isKilled && (!end.isLate || (isKilled && !aim)) };
  }
}

/** How one start of the program has ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly isKilled: boolean;
  /** It was killed because its time was up. */
  readonly isLate: boolean;
  readonly errors: string;
}

/** Runs node with these words until it ends, or is killed. */
export async function startProgram(
  words: readonly string[],
  {
    env,
    killAfterSecond = PROGRAM_SECOND_MAX,
  }: { readonly env?: NodeJS.ProcessEnv | undefined; readonly killAfterSecond?: number } = {},
): Promise<ProgramEnd> {
  const child = spawn(process.execPath, [...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, killAfterSecond * 1000);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return { code, isKilled: signal === 'SIGKILL', isLate, errors };
}

/** The folder of the only run in a folder of runs. */
export function runFolder(out: string): string {
  const [runId = ''] = readdirSync(out);
  return join(out, runId);
}

function isRunIn(out: string): boolean {
  try {
    return readdirSync(runFolder(out)).includes('run.json');
  } catch {
    return false;
  }
}
