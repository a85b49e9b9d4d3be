import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { readPastRun, reopenRun } from '../../src/store/run-database.ts';
import { killableProgram } from './child-program.ts';
import { temporaryFolder } from './sample-run.ts';

const writeAndKill = killableProgram('killed-writer');

describe('a writer killed with SIGKILL', () => {
  it.each([
    1, 2, 5, 13, 34,
  ])('loses no record it had told of, killed at commit %i', async (commits) => {
    const folder = join(temporaryFolder(), 'run');
    const told = Number((await writeAndKill(folder, commits)).at(-1));
    expect(told).toBeGreaterThan(0);

    const past = readPastRun(folder);
    const run = reopenRun(folder, new VirtualClock(), { startedSecond: 0, utcAtZeroMs: 0 });
    const last = run.reader.lastSequence();
    expect(last).toBeGreaterThanOrEqual(told);
    let seen = 0;
    for (let page = run.reader.readAfter(0, 1000); page.length > 0; ) {
      for (const record of page) expect(record.sequence).toBe(++seen);
      page = run.reader.readAfter(seen, 1000);
    }
    expect(seen).toBe(last);
    // The state is of the very transaction that holds the last record.
    expect(past.state?.chargeCoulomb).toBe(last);
    expect(past.missingRecords).toBe(0);
    expect(run.writer.append(0, { kind: 'sample', channel: 'c', value: 1, quality: 'good' })).toBe(
      last + 1,
    );
    run.close();
  });
});
