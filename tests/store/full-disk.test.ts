import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { freeBytes, RESERVE_BYTES, RunDisk } from '../../src/store/disk-space.ts';
import { createRun, readPastRun } from '../../src/store/run-database.ts';
import { GroupCommitWriter } from '../../src/store/run-writer.ts';
import { DATABASE_NAME } from '../../src/store/schema.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { engineState } from '../support/engine-state.ts';
import { RUN_INFO } from './run-info.ts';
import { sampleBody, temporaryFolder } from './sample-run.ts';

/** SQLite answers to a file that may not grow as it does to a full disk. */
function writerOnFullDisk(reserves: number) {
  const folder = join(temporaryFolder(), 'run');
  createRun(folder, RUN_INFO, new VirtualClock()).close();
  const file = SqliteFile.openForWriting(join(folder, DATABASE_NAME));
  const pages = (): number => Number(file.prepare('PRAGMA file.page_count').all()[0]?.page_count);
  const grantPages = (count: number): void => {
    file.prepare(`PRAGMA file.max_page_count=${pages() + count}`).all();
  };
  grantPages(20);
  let released = 0;
  const writer = new GroupCommitWriter(file, new VirtualClock(), {
    boot: 0,
    sequence: 0,
    releaseReserve: () => {
      if (released >= reserves) return false;
      released += 1;
      grantPages(40);
      return true;
    },
  });
  return { folder, file, writer, released: () => released };
}

describe('a full disk', () => {
  it('costs no record while there is a reserve, and ends the writing when that is gone', () => {
    const { folder, file, writer, released } = writerOnFullDisk(1);
    let taken = 0;
    let error: unknown;
    try {
      for (let at = 0; at < 100_000; at += 1) {
        writer.append(at, sampleBody(at));
        writer.saveState(engineState({ chargeCoulomb: at + 1 }));
        if (at % 100 === 99) {
          writer.commit();
          taken = writer.committedSequence();
        }
      }
    } catch (caught) {
      error = caught;
    }
    expect(released()).toBe(1);
    expect(error).toMatchObject({ code: 'storage' });
    expect(String(error)).toContain('the disk is full');
    file.close();
    // What was committed is there, with the state that belongs to it, and nothing else.
    const past = readPastRun(folder);
    expect(past.newestSequence).toBe(taken);
    expect(past.state?.chargeCoulomb).toBe(taken);
    expect(taken).toBeGreaterThan(1000);
  });

  it('fails at once, and stays failed, without a reserve', () => {
    const { file, writer, released } = writerOnFullDisk(0);
    const fill = (): void => {
      for (let at = 0; at < 100_000; at += 1) writer.append(at, sampleBody(at));
      writer.commit();
    };
    expect(fill).toThrow('the disk is full');
    expect(() => writer.append(0, sampleBody(0))).toThrow('the disk is full');
    expect(released()).toBe(0);
    file.close();
  });
});

describe('the reserve of a run', () => {
  it('takes its whole place on the disk, is given up once, and is gone with the run', () => {
    const folder = join(temporaryFolder(), 'run');
    const disk = new RunDisk(folder);
    const run = createRun(folder, RUN_INFO, new VirtualClock(), disk);
    expect(disk.prepare()).toBe(true);
    const { blocks } = statSync(join(folder, 'run.reserve'));
    expect(blocks * 512).toBeGreaterThanOrEqual(RESERVE_BYTES);
    expect(disk.isReserveUsed).toBe(false);
    expect([disk.releaseReserve(), disk.releaseReserve()]).toEqual([true, false]);
    expect(disk.isReserveUsed).toBe(true);
    expect(disk.prepare()).toBe(true);
    run.close();
    expect(existsSync(join(folder, 'run.reserve'))).toBe(false);
  });

  it('that was cut short by a power cut is laid by anew', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'run.reserve'), 'half');
    const disk = new RunDisk(folder);
    expect(disk.prepare()).toBe(true);
    expect(statSync(join(folder, 'run.reserve')).size).toBe(RESERVE_BYTES);
    disk.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('cannot be laid by where nothing can be written', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(new RunDisk(join(file, 'run')).prepare()).toBe(false);
  });

  it('knows the free space of a folder that is not there yet', () => {
    const folder = temporaryFolder();
    expect(freeBytes(join(folder, 'a', 'b'))).toBeGreaterThan(0);
    expect(new RunDisk(folder).usedFraction()).toBeGreaterThan(0);
    expect(new RunDisk(join(folder, 'a')).usedFraction()).toBeNaN();
  });
});
