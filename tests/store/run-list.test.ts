import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { createRun } from '../../src/store/run-database.ts';
import { listRuns } from '../../src/store/run-list.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { RUN_INFO } from './run-info.ts';
import { noteBody, sampleBody, temporaryFolder } from './sample-run.ts';

function makeRun(out: string, runId: string): string {
  const folder = join(out, runId);
  const run = createRun(folder, { ...RUN_INFO, runId }, new VirtualClock());
  for (let at = 0; at < 500; at += 1) run.writer.append(at / 2, sampleBody(at));
  run.writer.append(300, noteBody('end'));
  run.writer.finish('done');
  run.close();
  return folder;
}

describe('the list of runs', () => {
  it('says of each run what it was and how it ended, in the order of their names', () => {
    const out = temporaryFolder();
    const second = makeRun(out, '20261122-b');
    const first = makeRun(out, '20261121-a');
    const common = {
      kind: 'run',
      recipe: 'first-light',
      cell: 'li-li3ps4-li',
      status: 'done',
      startedUtcMs: RUN_INFO.startedUtcMs,
      durationSecond: 300,
      records: 501,
    };
    expect(listRuns(out)).toEqual([
      { ...common, runId: '20261121-a', folder: first },
      { ...common, runId: '20261122-b', folder: second },
    ]);
  });

  it('lists a run while it is being written', () => {
    const out = temporaryFolder();
    const run = createRun(join(out, 'live'), RUN_INFO, new VirtualClock());
    run.writer.append(0, sampleBody(1));
    run.writer.commit();
    run.writer.append(1, sampleBody(2));
    expect(listRuns(out)).toMatchObject([{ kind: 'run', status: 'running', records: 1 }]);
    run.close();
  });

  it('calls a run interrupted that has not ended and that nobody goes on with', () => {
    const out = temporaryFolder();
    const folder = join(out, 'cut-off');
    const run = createRun(folder, RUN_INFO, new VirtualClock());
    run.close();
    expect(listRuns(out)).toMatchObject([{ status: 'interrupted' }]);
    const dead = [
      '{ half a lo',
      JSON.stringify({ pid: process.pid, startedTicks: '1', machineBootId: 'this one' }),
      JSON.stringify({ pid: 2 ** 22 + 1, startedTicks: '1', machineBootId: 'this one' }),
    ];
    for (const lock of dead) {
      writeFileSync(join(folder, 'run.lock'), lock);
      expect(listRuns(out)).toMatchObject([{ status: 'interrupted' }]);
    }
  });

  it('is empty where there is no folder yet, and passes over plain files', () => {
    const out = temporaryFolder();
    expect(listRuns(join(out, 'absent'))).toEqual([]);
    writeFileSync(join(out, 'notes.txt'), 'hello');
    expect(listRuns(out)).toEqual([]);
  });

  it('lists damaged and foreign folders with the reason and still shows the good one', () => {
    const out = temporaryFolder();
    makeRun(out, 'g-good');
    mkdirSync(join(out, 'a-empty'));
    mkdirSync(join(out, 'b-text'));
    writeFileSync(join(out, 'b-text', 'run.sqlite'), 'not a database at all'.repeat(300));
    mkdirSync(join(out, 'c-zero'));
    writeFileSync(join(out, 'c-zero', 'run.sqlite'), '');
    mkdirSync(join(out, 'd-foreign'));
    const foreign = join(out, 'd-foreign', 'run.sqlite');
    SqliteFile.create(foreign, 'CREATE TABLE run (x);').close();
    const future = SqliteFile.openForWriting(join(makeRun(out, 'e-future'), 'run.sqlite'));
    future.exec('PRAGMA file.user_version=99');
    future.close();
    truncateSync(join(makeRun(out, 'f-cut'), 'run.sqlite'), 4096);
    const reasons = listRuns(out).map((one) => (one.kind === 'damaged' ? one.reason : one.kind));
    expect(reasons).toEqual([
      expect.stringContaining('is not there'),
      expect.stringContaining('is not a run database'),
      expect.stringContaining('is not a run database'),
      expect.stringContaining('is not a run database'),
      expect.stringContaining('has schema version 99'),
      expect.stringMatching(/SQLite|holds no run/),
      'run',
    ]);
  });

  it('survives a file with bytes turned over anywhere', () => {
    const out = temporaryFolder();
    const path = join(makeRun(out, 'flipped'), 'run.sqlite');
    const good = readFileSync(path);
    for (let offset = 0; offset < good.length; offset += 509) {
      const bad = Buffer.from(good);
      bad[offset] = (bad[offset] ?? 0) ^ 0xff;
      writeFileSync(path, bad);
      expect(listRuns(out)).toHaveLength(1);
    }
  });

  it('keeps no file open', () => {
    const out = temporaryFolder();
    makeRun(out, 'a');
    for (let pass = 0; pass < 20; pass += 1) listRuns(out);
    const openFiles = readdirSync('/proc/self/fd').filter((handle) =>
      existsSync(join('/proc/self/fd', handle))
        ? readlinkSync(join('/proc/self/fd', handle)).startsWith(out)
        : false,
    );
    expect(openFiles).toEqual([]);
    expect(readdirSync(join(out, 'a'))).toEqual(['run.json', 'run.sqlite']);
  });
});
