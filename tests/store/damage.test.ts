import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/domain/random.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { recoverIfDamaged } from '../../src/store/recover-run.ts';
import {
  createRun,
  type RunDatabase,
  readPastRun,
  reopenRun,
} from '../../src/store/run-database.ts';
import { engineState } from '../support/engine-state.ts';
import { RUN_INFO } from './run-info.ts';
import { EVERY_KIND, noteBody, sampleBody, temporaryFolder } from './sample-run.ts';

const SEED = 20261121;
const TRIALS = 60;
const COMMITS = 30;
const FILES = ['run.sqlite', 'run.sqlite-wal', 'run.mark', 'run.json'] as const;
const NEXT_BOOT = { startedSecond: 1e4, utcAtZeroMs: 0 };

/** What a killed process leaves: half of the records in the file, half in the log beside it. */
function killedRun(): { readonly folder: string; readonly records: number } {
  const folder = join(temporaryFolder(), 'run');
  const first = createRun(folder, RUN_INFO, new VirtualClock());
  write(first, 0);
  first.reader.saveCursor('mqtt', 50);
  first.close();
  const second = reopenRun(folder, new VirtualClock(), NEXT_BOOT);
  const records = write(second, COMMITS);
  const copy = copyOf(folder);
  second.close();
  return { folder: copy, records };
}

/** @returns the number of the last record */
function write({ writer }: RunDatabase, fromSecond: number): number {
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const second = fromSecond + commit;
    for (let at = 0; at < 100; at += 1) writer.append(second + at / 100, sampleBody(at));
    for (const body of EVERY_KIND) writer.append(second + 1, body);
    const chargeCoulomb = writer.committedSequence();
    writer.saveState(engineState({ timeSecond: second + 1, chargeCoulomb }));
    writer.commit();
  }
  return writer.committedSequence();
}

function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'run');
  mkdirSync(copy);
  for (const name of FILES) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
  }
  return copy;
}

/** One to eight flipped bytes, or an end cut off. */
function damage(path: string, random: Random): string {
  const bytes = readFileSync(path);
  if (random.uniform() < 0.3) {
    const length = Math.floor(bytes.length * random.uniform());
    writeFileSync(path, bytes.subarray(0, length));
    return `cut to ${length} of ${bytes.length}`;
  }
  const flips = Array.from({ length: 1 + Math.floor(8 * random.uniform()) }, () => {
    // Half of them where the file says how it is built.
    const span = random.uniform() < 0.5 ? Math.min(8192, bytes.length) : bytes.length;
    const at = Math.floor(span * random.uniform());
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(8 * random.uniform()));
    return at;
  });
  writeFileSync(path, bytes);
  return `flipped at ${flips.join(', ')}`;
}

/** Every record that reads, by sequence number. */
function recordsIn(folder: string): number {
  const run = reopenRun(folder, new VirtualClock(), NEXT_BOOT);
  try {
    let count = 0;
    for (let after = 0; ; ) {
      const page = run.reader.readAfter(after, 1000);
      const last = page.at(-1);
      if (!last) break;
      for (const { sequence } of page) {
        expect(sequence).toBeGreaterThan(after);
        after = sequence;
      }
      count += page.length;
    }
    const next = run.writer.append(1e4, noteBody('goes on'));
    run.writer.commit();
    expect(run.reader.readAfter(next - 1, 1)).toHaveLength(1);
    return count;
  } finally {
    run.close();
  }
}

describe('a damaged run database', () => {
  it(`never stops the start, and what is lost is counted (${TRIALS} cases, seed ${SEED})`, () => {
    const { folder, records } = killedRun();
    const random = new Random(SEED);
    const seen = { whole: 0, recovered: 0, placeLost: 0, recordsLost: 0 };
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const copy = copyOf(folder);
      const name = random.uniform() < 0.6 ? 'run.sqlite' : 'run.sqlite-wal';
      const what = `trial ${trial}, ${name} ${damage(join(copy, name), random)}`;
      const recovery = recoverIfDamaged(copy);
      const past = readPastRun(copy);
      const kept = recordsIn(copy);
      if (recovery) {
        seen.recovered += 1;
        if (!recovery.isPlaceKnown) seen.placeLost += 1;
        expect(kept, what).toBe(recovery.recoveredRecords);
        expect(recovery.recoveredRecords + recovery.lostRecords, what).toBe(records);
        expect(existsSync(join(copy, recovery.setAside)), what).toBe(true);
      } else {
        seen.whole += 1;
        // Only the newest can be gone without damage to be seen: a log that was cut.
        expect(kept + past.missingRecords, what).toBe(records);
      }
      if (kept < records) seen.recordsLost += 1;
      rmSync(copy, { recursive: true });
    }
    expect(seen.whole).toBeGreaterThan(10);
    expect(seen.recovered).toBeGreaterThan(10);
    expect(seen.recordsLost).toBeGreaterThan(10);
    // A page here or there: the run goes on where it was.
    expect(seen.recovered - seen.placeLost).toBeGreaterThan(5);
  });
});
