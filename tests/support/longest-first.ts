import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Seconds that the longest files take, roughly. By itself vitest begins with the largest files on a
 * machine that has not run them before, and one of these, left to the end, keeps one core alone.
 */
const LONGEST_SECOND: Readonly<Record<string, number>> = {
  'system/paper-recipes': 110,
  'system/paper-starters': 90,
  'system/paper-wang': 80,
  'system/eighth-scan': 55,
  'analysis/volume-change': 53,
  'system/scan-resume': 40,
  'system/volumes-in-run': 38,
  'system/board': 38,
  'campaign/hang-ups': 36,
  'analysis/rotation-axis': 34,
  'app/board-commands': 33,
  'system/resume': 30,
  'panel/browser': 29,
  'system/eis-commands': 25,
  'system/cycling-commands': 25,
  'system/interruption': 23,
};

/** Begins with the files that take longest, so that all cores end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => secondsOf(b) - secondsOf(a));
  }
}

/** 0 for all others, which keep the order they have. */
function secondsOf({ moduleId }: TestSpecification): number {
  const name = /\/tests\/(.+)\.test\.ts$/.exec(moduleId)?.[1] ?? '';
  return LONGEST_SECOND[name] ?? 0;
}
