import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Random } from '../../src/domain/random.ts';
import type { EngineState } from '../../src/domain/run-store.ts';
import { REPOSITORY } from '../bench/repository.ts';

/** Phases of a run in which a kill is aimed, because at random it would seldom come there. */
export const AIMED_PHASES = [
  'sweep',
  'suspended',
  'scan',
  'soak',
  'afterItsEnd',
  'titration',
  'voltammogram',
  'counting',
] as const;
export type AimedPhase = (typeof AIMED_PHASES)[number] | 'takingUp';

/** At which commit of a phase the process dies, and at which moment of the commit. */
export interface Aim {
  readonly phase: AimedPhase;
  readonly commits: number;
  readonly moment: 'before' | 'after' | 'later';
  readonly laterMs: number;
  readonly everyRecords: number;
}

const COMMITS_MAX = 12;
const LATER_MS_MAX = 40;
const RECORDS_MAX = 8;
const MOMENTS = ['before', 'after', 'later'] as const;

export function drawAim(phase: AimedPhase, random: Random): Aim {
  const upTo = (most: number): number => Math.floor(most * random.uniform());
  return {
    phase,
    commits: upTo(phase === 'takingUp' ? 6 : COMMITS_MAX),
    moment: MOMENTS[upTo(MOMENTS.length)] ?? 'after',
    laterMs: upTo(LATER_MS_MAX),
    everyRecords: 1 + upTo(RECORDS_MAX),
  };
}

/** The same, sooner: the phase had not so many commits. */
export function sooner(aim: Aim): Aim {
  return { ...aim, commits: Math.floor(aim.commits / 2), everyRecords: 1 };
}

/** Words before those of the program, and the environment, which make it die there. */
export function aimed(
  aim: Aim,
  program: string,
): { readonly words: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const writer = join(program, '..', '..', 'store', 'run-writer.js');
  const hook = join(REPOSITORY, 'tests', 'campaign', 'kill-hook.mjs');
  return {
    words: ['--import', pathToFileURL(hook).href],
    env: { KILL_AIM: JSON.stringify({ ...aim, writerUrl: pathToFileURL(writer).href }) },
  };
}

/** In which phase a run was when it was killed: all that apply, for the report. */
export function phasesOf(state: EngineState | undefined): readonly string[] {
  if (!state) return ['before its first step'];
  const { isInStep, openMeasurements = [], step, suspension } = state;
  const phases = openMeasurements.map((open) => (open.kind === 'phase' ? open.phase : open.kind));
  if (suspension?.now) phases.push('suspension');
  if (step?.dwelledSecond !== undefined) phases.push('soak');
  if (step?.metIndex !== undefined) phases.push('end of a step');
  if (!isInStep) phases.push('between steps');
  return phases.length > 0 ? phases : ['a step alone'];
}
