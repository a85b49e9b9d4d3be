import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RecordBody } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { writeInfo } from '../../src/store/run-info.ts';
import { DatabaseReader } from '../../src/store/run-reader.ts';
import { GroupCommitWriter } from '../../src/store/run-writer.ts';
import { SCHEMA_SQL } from '../../src/store/schema.ts';
import { SqliteFile } from '../../src/store/sqlite-file.ts';
import { RUN_INFO } from './run-info.ts';
import { noteBody, sampleBody, temporaryFolder } from './sample-run.ts';

function bareWriter() {
  const file = SqliteFile.create(join(temporaryFolder(), 'run.sqlite'), SCHEMA_SQL);
  onTestFinished(() => file.close());
  writeInfo(file, RUN_INFO);
  const clock = new VirtualClock();
  const writer = new GroupCommitWriter(file, clock, { boot: 0, sequence: 0 });
  return { file, clock, writer, reader: new DatabaseReader(file, RUN_INFO, writer) };
}

describe('the writer of a run database in trouble', () => {
  it('says that the disk is full, keeps what was committed, and takes nothing after a gap', () => {
    const { file, writer, reader } = bareWriter();
    writer.append(0, noteBody('kept'));
    writer.commit();
    file.prepare('PRAGMA file.max_page_count=60').all();
    const fill = (): void => {
      for (let at = 0; at < 1000; at += 1) writer.append(at, noteBody('x'.repeat(4000)));
    };
    const full = expect.objectContaining({
      code: 'storage',
      message: expect.stringContaining('the disk is full; free some space and resume the run'),
    });
    expect(fill).toThrow(full);
    expect(() => writer.append(1, sampleBody(1))).toThrow(full);
    expect(() => writer.commit()).toThrow(full);
    expect(() => writer.finish('faulted')).toThrow(full);
    expect(reader.lastSequence()).toBe(1);
    expect(reader.readAfter(0, 10).map((record) => record.body)).toEqual([noteBody('kept')]);
    writer.stop();
  });

  it('throws at the next call when the commit on time has failed', async () => {
    const { file, clock, writer } = bareWriter();
    writer.append(0, sampleBody(1));
    file.close();
    await clock.advance(1.01);
    expect(() => writer.append(2, sampleBody(2))).toThrow(
      expect.objectContaining({ code: 'storage' }),
    );
  });

  it('throws at a value that libsql would end the process for, instead of binding it', () => {
    const { writer } = bareWriter();
    const wrong = { ...sampleBody(0), value: true } as unknown as RecordBody;
    expect(() => writer.append(0, wrong)).toThrow(/boolean bound to a statement/);
  });

  it('refuses a record without a finite time', () => {
    const { writer } = bareWriter();
    expect(() => writer.append(Number.NaN, sampleBody(1))).toThrow(/finite time/);
  });

  it('takes a bounded number of listeners', () => {
    const { writer } = bareWriter();
    const listen = (): void => {
      for (let at = 0; at < 20; at += 1) writer.onCommit(() => {});
    };
    expect(listen).toThrow(expect.objectContaining({ code: 'capacity' }));
  });
});
