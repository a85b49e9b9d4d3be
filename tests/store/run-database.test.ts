import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordBody } from '../../src/domain/run-record.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import {
  createRun,
  openRun,
  type RunDatabase,
  readPastRun,
  reopenRun,
} from '../../src/store/run-database.ts';
import { readInfoFile } from '../../src/store/run-info-file.ts';
import { RECORDS_PER_COMMIT_MAX } from '../../src/store/run-writer.ts';
import { fitParameter } from '../support/circuit-fit.ts';
import { engineState } from '../support/engine-state.ts';
import { RUN_INFO } from './run-info.ts';
import { EVERY_KIND, FIT, fitBody, noteBody, sampleBody, temporaryFolder } from './sample-run.ts';

interface TestRun extends RunDatabase {
  readonly folder: string;
  readonly clock: VirtualClock;
}

function newRun(): TestRun {
  const folder = join(temporaryFolder(), RUN_INFO.runId);
  const clock = new VirtualClock();
  return { ...createRun(folder, RUN_INFO, clock), folder, clock };
}

/** What a power cut leaves: the files as they are at this moment. */
function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), RUN_INFO.runId);
  mkdirSync(copy);
  for (const name of ['run.sqlite', 'run.sqlite-wal']) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
  }
  return copy;
}

const NEXT_BOOT = { startedSecond: 0, utcAtZeroMs: 0 };

const bodiesOf = (run: RunDatabase): readonly RecordBody[] =>
  run.reader.readAfter(0, 1000).map((record) => record.body);

describe('a run database', () => {
  it('gives back every kind of record exactly as it was written, in order', () => {
    const run = newRun();
    const numbers = EVERY_KIND.map((body, at) => run.writer.append(at / 4, body));
    run.writer.commit();
    expect(numbers).toEqual(EVERY_KIND.map((_, at) => at + 1));
    const records = run.reader.readAfter(0, 1000);
    expect(records.map((record) => record.body)).toEqual(EVERY_KIND);
    expect(records.map((record) => record.sequence)).toEqual(numbers);
    expect(records.map((record) => record.timeSecond)).toEqual(EVERY_KIND.map((_, at) => at / 4));
    expect(records.every((record) => record.boot === 0)).toBe(true);
    run.close();
  });

  it('keeps the error and the range of a sample where the instrument has told them', () => {
    const run = newRun();
    const plain = sampleBody(3.7);
    const bodies = [
      { ...plain, standardError: 1.5e-4, range: 5 },
      { ...plain, standardError: 0 },
      { ...plain, range: 1e-3 },
      plain,
    ] as readonly RecordBody[];
    for (const body of bodies) run.writer.append(0, body);
    run.writer.commit();
    expect(bodiesOf(run)).toEqual(bodies);
    expect(bodiesOf(run).at(-1)).not.toHaveProperty('standardError');
    run.close();
  });

  it('says who the instruments are as soon as they have answered, also after a crash', () => {
    const run = newRun();
    const before = run.reader.info;
    expect(before.instruments).toEqual(RUN_INFO.instruments);
    const [first] = RUN_INFO.instruments;
    const named = [{ id: first?.id ?? 'pot', model: 'EmStat4 HR SIM1', provenance: 'simulated' }];
    run.writer.nameInstruments(named as typeof RUN_INFO.instruments);
    run.writer.append(0, sampleBody(1));
    run.writer.commit();
    expect(run.reader.info).toEqual({ ...RUN_INFO, instruments: named });
    expect(run.reader.info).not.toBe(before);
    expect(run.reader.info).toBe(run.reader.info);
    const seen = openRun(copyOf(run.folder));
    expect(seen.reader.info.instruments).toEqual(named);
    seen.close();
    expect(readInfoFile(run.folder).instruments).toEqual(named);
    expect(readdirSync(run.folder)).not.toContain('run.json.new');
    run.close();
  });

  it('reads any mix of kinds in order from any place in any portion', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...EVERY_KIND), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (bodies, limit) => {
          const run = createRun(join(temporaryFolder(), 'r'), RUN_INFO, new VirtualClock());
          for (const body of bodies) run.writer.append(0, body);
          run.writer.commit();
          const read: RecordBody[] = [];
          for (let at = 0; ; ) {
            const page = run.reader.readAfter(at, limit);
            if (page.length === 0) break;
            expect(page.length).toBeLessThanOrEqual(limit);
            read.push(...page.map((record) => record.body));
            at = page.at(-1)?.sequence ?? at;
          }
          expect(read).toEqual(bodies);
          run.close();
        },
      ),
      { numRuns: 20, seed: 7 },
    );
  });

  it('keeps what is known of the run, for readers in other processes too', () => {
    const run = newRun();
    const other = openRun(run.folder);
    expect(other.reader.info).toEqual(RUN_INFO);
    expect(other.reader.status()).toBe('running');
    run.writer.finish('tripped');
    expect(other.reader.status()).toBe('tripped');
    other.close();
    run.close();
  });

  it('keeps a value that is not a number as not-a-number, and infinities in fits as such', () => {
    const run = newRun();
    run.writer.append(0, sampleBody(Number.NaN));
    run.writer.append(0, {
      kind: 'fit',
      spectrumId: 's',
      final: true,
      fit: {
        ...FIT,
        status: 'failed',
        chiSquare: Number.NaN,
        parameters: [fitParameter({ name: 'R0', value: Number.NaN, standardError: null })],
        curve: [{ zRealOhm: Number.NaN, zImagOhm: 0 }],
      },
    });
    run.writer.commit();
    const [sample, fit] = bodiesOf(run);
    expect(sample).toMatchObject({ value: Number.NaN });
    expect(fit).toMatchObject({
      fit: {
        chiSquare: Number.NaN,
        parameters: [{ value: Number.NaN, standardError: null }],
        curve: [{ zRealOhm: Number.NaN, zImagOhm: 0 }],
      },
    });
    run.close();
  });

  it('takes a hundred thousand samples and gives them back', () => {
    const run = newRun();
    const count = 100_000;
    for (let at = 0; at < count; at += 1) run.writer.append(at / 10, sampleBody(Math.sin(at)));
    run.writer.commit();
    let at = 0;
    for (;;) {
      const page = run.reader.readAfter(at, 10_000);
      if (page.length === 0) break;
      for (const { sequence, body } of page) {
        at += 1;
        if (sequence !== at || body.kind !== 'sample' || body.value !== Math.sin(at - 1)) {
          expect({ sequence, body }).toEqual({ sequence: at, body: sampleBody(Math.sin(at - 1)) });
        }
      }
    }
    expect(at).toBe(count);
    run.close();
  });

  it('refuses a folder that holds a run already, and a second database there stays untouched', () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    run.writer.commit();
    expect(() => createRun(run.folder, RUN_INFO, run.clock)).toThrow(/exists already/);
    expect(bodiesOf(run)).toHaveLength(1);
    run.close();
  });

  it('says where it cannot write', () => {
    const blocked = join(temporaryFolder(), 'file');
    writeFileSync(blocked, 'in the way');
    expect(() => createRun(join(blocked, 'run'), RUN_INFO, new VirtualClock())).toThrow(
      expect.objectContaining({ code: 'badInput', message: expect.stringContaining(blocked) }),
    );
  });

  it('opens for anyone with sqlite3: plain tables, units in the column names', () => {
    const run = newRun();
    for (const body of EVERY_KIND) run.writer.append(1.5, body);
    run.writer.finish('done');
    run.close();
    const ask = (sql: string): string =>
      execFileSync('sqlite3', ['-header', join(run.folder, 'run.sqlite'), sql], {
        encoding: 'utf8',
      });
    expect(ask('SELECT * FROM sample')).toBe(
      'sequence|time_second|boot|channel|value|quality|standard_error|range\n1|1.5|0|voltage_volt|0.125|good||\n',
    );
    expect(ask('SELECT z_real_ohm, z_imag_ohm FROM spectrum_point')).toContain('12.5|-0.5');
    expect(ask("SELECT value, unit FROM fit_parameter WHERE name = 'R0'")).toContain('12.5|ohm');
    expect(ask('SELECT run_id, status FROM run')).toContain(`${RUN_INFO.runId}|done`);
    expect(ask('PRAGMA integrity_check')).toContain('ok');
    expect(existsSync(join(run.folder, 'run.sqlite'))).toBe(true);
  });
});

describe('group commit', () => {
  it('shows nothing before the commit, to this process or another', () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    const other = openRun(run.folder);
    expect(run.reader.readAfter(0, 10)).toEqual([]);
    expect(run.reader.lastSequence()).toBe(0);
    expect(other.reader.readAfter(0, 10)).toEqual([]);
    run.writer.commit();
    expect(run.reader.readAfter(0, 10)).toHaveLength(1);
    expect(other.reader.readAfter(0, 10)).toHaveLength(1);
    other.close();
    run.close();
  });

  it('commits a sample one second after it came, not before', async () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    await run.clock.advance(0.9);
    run.writer.append(0.9, sampleBody(2));
    await run.clock.advance(0.09);
    expect(run.reader.lastSequence()).toBe(0);
    await run.clock.advance(0.02);
    expect(run.reader.lastSequence()).toBe(2);
    run.close();
  });

  it('commits a tenth of a second after the first event, fit or step, with the samples before', async () => {
    for (const body of EVERY_KIND.slice(1)) {
      const run = newRun();
      run.writer.append(0, sampleBody(1));
      await run.clock.advance(0.5);
      run.writer.append(0.5, body);
      await run.clock.advance(0.09);
      expect(run.reader.lastSequence()).toBe(0);
      await run.clock.advance(0.02);
      expect(run.reader.lastSequence()).toBe(2);
      run.close();
    }
  });

  it('commits early when very much is open, together with the state that follows from it', async () => {
    const run = newRun();
    const state = engineState({ stepElapsedSecond: 3.5, chargeCoulomb: -4, shortLatched: true });
    for (let at = 0; at < RECORDS_PER_COMMIT_MAX; at += 1) run.writer.append(at, sampleBody(at));
    run.writer.saveState(state);
    await run.clock.advance(0.001);
    expect(run.reader.lastSequence()).toBe(RECORDS_PER_COMMIT_MAX);
    expect(readPastRun(copyOf(run.folder)).state).toEqual(state);
    run.close();
  });

  it('calls listeners once per commit that brought records, until they stop listening', () => {
    const run = newRun();
    let calls = 0;
    const stopListening = run.reader.onCommit(() => {
      calls += 1;
    });
    run.writer.commit();
    expect(calls).toBe(0);
    run.writer.append(0, sampleBody(1));
    run.writer.append(0, sampleBody(2));
    run.writer.commit();
    expect(calls).toBe(1);
    run.reader.saveCursor('mqtt', 1);
    run.writer.commit();
    expect(calls).toBe(1);
    stopListening();
    run.writer.append(0, sampleBody(3));
    run.writer.commit();
    expect(calls).toBe(1);
    run.close();
  });

  it('goes on when a listener throws, and says so', async () => {
    const run = newRun();
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    let calls = 0;
    run.reader.onCommit(() => {
      throw new Error('outlet bug');
    });
    run.reader.onCommit(() => {
      calls += 1;
    });
    run.writer.append(0, noteBody('one'));
    run.writer.commit();
    run.writer.append(0, noteBody('two'));
    run.writer.commit();
    expect(calls).toBe(2);
    expect((await warned).message).toContain('outlet bug');
    run.close();
  });

  it('takes no record after the end, but still cursors', () => {
    const run = newRun();
    run.writer.append(0, noteBody('last'));
    run.writer.finish('done');
    expect(run.reader.lastSequence()).toBe(1);
    expect(run.reader.status()).toBe('done');
    expect(() => run.writer.append(1, noteBody('late'))).toThrow(/the run has ended \(done\)/);
    run.reader.saveCursor('mqtt', 1);
    run.close();
    expect(openRun(run.folder).reader.loadCursor('mqtt')).toBe(1);
  });

  it('leaves one file that stands alone, unless someone is reading it', () => {
    const run = newRun();
    run.writer.append(0, noteBody('last'));
    run.writer.finish('done');
    run.close();
    expect(readdirSync(run.folder)).toEqual(['run.json', 'run.sqlite']);

    const watched = newRun();
    watched.writer.append(0, noteBody('last'));
    const other = openRun(watched.folder);
    watched.writer.finish('done');
    watched.close();
    expect(other.reader.readAfter(0, 10)).toHaveLength(1);
    other.close();
    expect(openRun(watched.folder).reader.status()).toBe('done');
  });

  it('refuses everything after close, and closing again does nothing', () => {
    const run = newRun();
    run.close();
    run.close();
    expect(() => run.writer.append(0, sampleBody(1))).toThrow(/is closed/);
    expect(() => run.reader.saveCursor('mqtt', 0)).toThrow(/is closed/);
  });
});

describe('bounds of text', () => {
  it('cuts a long message and says how much is missing', () => {
    const run = newRun();
    run.writer.append(0, noteBody('x'.repeat(5000)));
    run.writer.commit();
    expect(bodiesOf(run)[0]).toMatchObject({
      message: `${'x'.repeat(4000)}… (1000 characters more)`,
    });
    run.close();
  });

  it('refuses a name or details beyond their bound and keeps the rest of the transaction', () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    expect(() => run.writer.append(0, sampleBody(1, 'c'.repeat(201)))).toThrow(
      expect.objectContaining({ code: 'capacity' }),
    );
    expect(() =>
      run.writer.append(0, {
        kind: 'event',
        code: 'note',
        severity: 'info',
        message: '',
        details: { text: 'd'.repeat(300_000) },
      }),
    ).toThrow(/event details: 300011 characters, expected at most 262144/);
    expect(run.writer.append(0, sampleBody(2))).toBe(2);
    run.writer.commit();
    expect(bodiesOf(run)).toEqual([sampleBody(1), sampleBody(2)]);
    run.close();
  });
});

describe('cursors', () => {
  it('are one for each outlet, start at 0 and survive reopening', () => {
    const run = newRun();
    for (const body of EVERY_KIND) run.writer.append(0, body);
    run.writer.commit();
    expect(run.reader.loadCursor('mqtt')).toBe(0);
    run.reader.saveCursor('mqtt', 3);
    run.reader.saveCursor('panel', 7);
    run.reader.saveCursor('mqtt', 4);
    run.close();
    const again = openRun(run.folder);
    expect(again.reader.loadCursor('mqtt')).toBe(4);
    expect(again.reader.loadCursor('panel')).toBe(7);
    expect(again.reader.loadCursor('sparkplug')).toBe(0);
    expect(() => again.reader.saveCursor('mqtt', 5)).toThrow(/opened for reading only/);
    again.close();
  });

  it('are committed within a second even when no record comes', async () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    run.writer.commit();
    run.reader.saveCursor('mqtt', 1);
    await run.clock.advance(1.01);
    expect(openRun(copyOf(run.folder)).reader.loadCursor('mqtt')).toBe(1);
    run.close();
  });

  it('cannot stand on a record that is not committed', () => {
    const run = newRun();
    run.writer.append(0, sampleBody(1));
    expect(() => run.reader.saveCursor('mqtt', 1)).toThrow(/not a committed record/);
    run.close();
  });
});

describe('after a power cut', () => {
  it('has every committed record and state, none that was not, and goes on without a gap', () => {
    const run = newRun();
    for (const body of EVERY_KIND) run.writer.append(1, body);
    const state = engineState({
      walk: {
        frames: [
          { at: 2, pass: 4, chosen: 'voltage' },
          { at: 1, pass: 0 },
        ],
        stepIndex: 9,
        ends: { charge: 'voltage' },
      },
      stepElapsedSecond: 12.5,
      chargeCoulomb: 3,
      idCounts: { spectrum: 7 },
      heaterTargetCelsius: 60,
    });
    run.writer.saveState(state);
    run.writer.commit();
    run.writer.append(2, noteBody('not committed'));
    const copy = copyOf(run.folder);
    run.close();

    const past = readPastRun(copy);
    expect(past).toMatchObject({ boot: 0, lastSecond: 1, status: 'running', missingRecords: 0 });
    expect(past.state).toEqual(state);
    const utcAtZeroMs = RUN_INFO.startedUtcMs + 5000;
    const resumed = reopenRun(copy, new VirtualClock(0, 7), { startedSecond: 7, utcAtZeroMs });
    expect(bodiesOf(resumed)).toEqual(EVERY_KIND);
    expect(resumed.boot).toBe(1);
    expect(resumed.reader.utcAtZeroMs(0)).toBe(RUN_INFO.startedUtcMs);
    expect(resumed.reader.utcAtZeroMs(1)).toBe(utcAtZeroMs);
    expect(resumed.writer.append(3, fitBody('spectrum-2', 5))).toBe(EVERY_KIND.length + 1);
    resumed.writer.finish('done');
    const last = resumed.reader.readAfter(EVERY_KIND.length, 10);
    expect(last.map((record) => [record.sequence, record.boot])).toEqual([
      [EVERY_KIND.length + 1, 1],
    ]);
    resumed.close();
  });

  it('does not reopen a run that is done', () => {
    const run = newRun();
    run.writer.finish('done');
    run.close();
    expect(() => reopenRun(run.folder, run.clock, NEXT_BOOT)).toThrow(
      expect.objectContaining({ code: 'badInput' }),
    );
  });

  it('takes up a run that was stopped, which is running again from then on', () => {
    const run = newRun();
    run.writer.append(1, noteBody('stopped'));
    run.writer.finish('stopped');
    run.close();
    const again = reopenRun(run.folder, run.clock, NEXT_BOOT);
    expect(again.writer.append(2, noteBody('on'))).toBe(2);
    again.writer.commit();
    expect(readPastRun(run.folder)).toMatchObject({ status: 'running', boot: 1, lastSecond: 2 });
    again.close();
  });

  it('is written by one process at a time', () => {
    const run = newRun();
    expect(() => reopenRun(run.folder, run.clock, NEXT_BOOT)).toThrow(
      expect.objectContaining({ code: 'badInput', message: expect.stringContaining('process') }),
    );
    run.close();
    reopenRun(run.folder, run.clock, NEXT_BOOT).close();
  });

  it('asks for the state before every commit that holds records, also one by its own timer', async () => {
    const run = newRun();
    let asked = 0;
    run.writer.beforeCommit(() => {
      asked += 1;
      run.writer.saveState(engineState({ chargeCoulomb: asked }));
    });
    run.writer.append(0, noteBody('by the timer'));
    await run.clock.advance(0.2);
    expect(asked).toBe(1);
    run.writer.commit();
    expect(asked).toBe(1);
    run.writer.append(1, noteBody('by hand'));
    run.writer.finish('stopped');
    expect(asked).toBe(2);
    run.close();
    expect(readPastRun(run.folder).state?.chargeCoulomb).toBe(2);
  });

  it('labels every record of a start with the newest offset of that start', () => {
    const run = newRun();
    run.writer.append(1, noteBody('labelled in 1970'));
    run.writer.labelUtc(2, 5e11);
    run.writer.labelUtc(3, 6e11);
    run.writer.commit();
    expect(run.reader.utcAtZeroMs(0)).toBe(6e11);
    run.writer.finish('stopped');
    run.close();
    const again = reopenRun(run.folder, run.clock, { startedSecond: 9, utcAtZeroMs: 7e11 });
    expect([0, 1].map((boot) => again.reader.utcAtZeroMs(boot))).toEqual([6e11, 7e11]);
    again.close();
  });
});
