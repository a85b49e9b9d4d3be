import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/app/command-line.ts';
import { COMMANDS } from '../../src/app/commands.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { createRun } from '../../src/store/run-database.ts';
import { planThinning, THINNED_NAME, thin, thinnedOf } from '../../src/store/run-thinning.ts';
import { FileScanSpoolFactory, FREE_BYTES_MIN } from '../../src/store/scan-spool.ts';
import { RecordedTerminal } from '../support/recorded-terminal.ts';
import { RUN_INFO } from './run-info.ts';
import { noteBody, temporaryFolder } from './sample-run.ts';

const DAY_MS = 86_400_000;
const START_MS = RUN_INFO.startedUtcMs;
const FRAME_BYTES = 1000;

interface Made {
  readonly ends?: 'done' | 'stopped' | 'faulted' | 'tripped' | undefined;
  /** How far an outlet has come: all, not to the end, or there is none. */
  readonly delivered?: 'all' | 'part' | 'none';
  readonly hasVolume?: boolean;
  readonly startedUtcMs?: number;
}

function makeRun(out: string, runId: string, made: Made = {}): string {
  const { delivered = 'all', hasVolume = true, startedUtcMs = START_MS } = made;
  const folder = join(out, runId);
  const run = createRun(folder, { ...RUN_INFO, runId, startedUtcMs }, new VirtualClock());
  run.writer.append(0, noteBody('begin'));
  run.writer.append(10, noteBody('end'));
  const ends = 'ends' in made ? made.ends : 'done';
  if (ends) run.writer.finish(ends);
  else run.writer.commit();
  if (delivered !== 'none') run.reader.saveCursor('mqtt', delivered === 'all' ? 2 : 1);
  run.close();
  writeFileSync(join(folder, 'scan-001.frames'), Buffer.alloc(FRAME_BYTES));
  if (hasVolume) writeFileSync(join(folder, 'scan-001.h5'), 'volume');
  return folder;
}

/** A folder with the runs given, and one that is newer than all of them. */
function folderOf(runs: Readonly<Record<string, Made>>): string {
  const out = temporaryFolder();
  for (const [runId, made] of Object.entries(runs)) makeRun(out, runId, made);
  makeRun(out, 'zz-newest', { startedUtcMs: START_MS + 100 * DAY_MS });
  return out;
}

function idsOf(out: string, nowUtcMs = START_MS + DAY_MS): readonly string[] {
  return planThinning(out, { nowUtcMs }).thinnable.map(({ runId }) => runId);
}

describe('what may be taken from a full disk', () => {
  it('are the raw frames of a run that has ended, whose volume is kept and that was delivered', () => {
    const out = folderOf({ a: {}, b: { ends: 'stopped' } });
    expect(idsOf(out)).toEqual(['a', 'b']);
  });

  it.each<[string, Made]>([
    ['no volume was made of', { hasVolume: false }],
    ['an outlet has not acknowledged to its end', { delivered: 'part' }],
    ['nobody was ever told of', { delivered: 'none' }],
    ['has tripped and waits for a person', { ends: 'tripped' }],
    ['has faulted and waits for a person', { ends: 'faulted' }],
    ['was interrupted', { ends: undefined }],
  ])('is nothing of a run that %s', (_, made) => {
    expect(idsOf(folderOf({ a: made }))).toEqual([]);
  });

  it('is never anything of the newest run, however old and delivered it is', () => {
    const out = temporaryFolder();
    makeRun(out, 'only');
    const plan = planThinning(out, { nowUtcMs: START_MS + 1000 * DAY_MS });
    expect(plan.thinnable).toEqual([]);
    expect(plan.kept).toMatchObject([{ reason: 'is the newest run with frames', bytes: 1000 }]);
  });

  it('is also what nobody has acknowledged for longer than it is kept', () => {
    const out = folderOf({ a: { delivered: 'none' }, b: { ends: 'faulted', delivered: 'part' } });
    expect(idsOf(out, START_MS + 30 * DAY_MS)).toEqual([]);
    expect(idsOf(out, START_MS + 31 * DAY_MS)).toEqual(['a', 'b']);
  });

  it('is not what was interrupted, however old: it may be resumed', () => {
    const out = folderOf({ a: { ends: undefined } });
    expect(idsOf(out, START_MS + 1000 * DAY_MS)).toEqual([]);
  });

  it('is nothing of a folder that is no run, and no frames that were set aside', () => {
    const out = folderOf({ a: {} });
    mkdirSync(join(out, 'other'));
    writeFileSync(join(out, 'other', 'scan-001.frames'), 'x');
    writeFileSync(join(out, 'other', 'scan-001.h5'), 'x');
    writeFileSync(join(out, 'a', 'cut-off-0-scan-002.frames'), 'x');
    const plan = planThinning(out, { nowUtcMs: START_MS + DAY_MS });
    expect(plan.thinnable.flatMap(({ files }) => files.map(({ name }) => name))).toEqual([
      'scan-001.frames',
    ]);
    expect(plan.kept.map(({ reason }) => reason)).toContain('cannot be read');
  });
});

describe('thinning', () => {
  it('takes the oldest first, stops when it is enough, and writes down what has gone', () => {
    const out = folderOf({
      a: { startedUtcMs: START_MS + 2 * DAY_MS },
      b: { startedUtcMs: START_MS + DAY_MS },
    });
    const nowUtcMs = START_MS + 3 * DAY_MS;
    let asked = 0;
    const isEnough = (): boolean => asked++ > 0;
    const plan = planThinning(out, { nowUtcMs });
    expect(thin(plan, { nowUtcMs, isEnough })).toEqual({ files: 1, bytes: FRAME_BYTES });
    expect(existsSync(join(out, 'a', 'scan-001.frames'))).toBe(true);
    expect(readdirSync(join(out, 'b')).sort()).toContain(THINNED_NAME);
    expect(existsSync(join(out, 'b', 'scan-001.frames'))).toBe(false);
    expect(existsSync(join(out, 'b', 'scan-001.h5'))).toBe(true);
    expect(existsSync(join(out, 'b', 'run.sqlite'))).toBe(true);
    expect(thinnedOf(join(out, 'b'))).toEqual({ files: 1, bytes: FRAME_BYTES });
    expect(thinnedOf(join(out, 'a'))).toEqual({ files: 0, bytes: 0 });
  });

  it('is a dry run on the command line until somebody says yes', async () => {
    const out = folderOf({ a: {}, b: { delivered: 'part', startedUtcMs: Date.now() } });
    const frames = join(out, 'a', 'scan-001.frames');
    const dry = new RecordedTerminal();
    expect(await runCommandLine(COMMANDS, ['runs', '--prune', '--out', out], dry)).toBe(0);
    expect(dry.output).toContain('Nothing has been deleted');
    expect(existsSync(frames)).toBe(true);
    const real = new RecordedTerminal();
    const words = ['runs', '--prune', '--yes', '--json', '--out', out];
    expect(await runCommandLine(COMMANDS, words, real)).toBe(0);
    expect(JSON.parse(real.output)).toMatchObject({ thinned: { files: 1, bytes: FRAME_BYTES } });
    expect(existsSync(frames)).toBe(false);
    expect(existsSync(join(out, 'b', 'scan-001.frames'))).toBe(true);
  });

  it('refuses days that are none, and options without --prune', async () => {
    for (const words of [
      ['runs', '--prune', '--keep-days', 'many'],
      ['runs', '--prune', '--keep-days', '-1'],
      ['runs', '--yes'],
    ]) {
      expect(await runCommandLine(COMMANDS, words, new RecordedTerminal())).toBe(2);
    }
  });
});

describe('a scan for which the disk has no room', () => {
  it('is refused before it begins, so that samples and events go on', () => {
    const out = temporaryFolder();
    const spool = (free: number) => new FileScanSpoolFactory(out, undefined, () => free);
    expect(spool(FREE_BYTES_MIN + 2000).refusal(2000)).toBeUndefined();
    expect(spool(FREE_BYTES_MIN + 2000).refusal(2001)).toContain('are kept for samples and events');
    // A system that does not tell refuses nothing.
    expect(spool(Number.NaN).refusal(1e12)).toBeUndefined();
  });
});
