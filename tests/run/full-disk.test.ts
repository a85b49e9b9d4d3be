import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { DiskWatch } from '../../src/run/disk-watch.ts';
import { advanceUntil } from '../support/counting-clock.ts';
import { eventsOf, recipeOf, scriptedRun } from '../support/scripted-run.ts';

const SCANS = recipeOf(`
  - name: plate
    technique: constantCurrent
    current: "0.8 mA/cm²"
    record: { every: "10 s" }
    until: { any: [{ time: "1 h" }] }
    during:
      - { technique: scan, views: 9, span: "180°", duration: "90 s", every: "30 min" }`);

describe('a run on a disk without room for pictures', () => {
  it('leaves its scans out, counts them, and measures on', async () => {
    const run = scriptedRun(SCANS);
    let askedBytes = 0;
    Object.assign(run.spools, {
      refusal: (bytes: number) => {
        askedBytes = bytes;
        return 'there is no room';
      },
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('done');
    expect(askedBytes).toBe(9 * run.scanner.rows * run.scanner.columns * 2);
    const dropped = eventsOf(run, 'dropped');
    expect(dropped).toHaveLength(2);
    expect(dropped[0]?.message).toContain('A scan of 9 views is not taken: there is no room');
    expect(dropped[0]?.details).toMatchObject({ what: 'scan', cause: 'disk' });
    expect(run.writer.of('scan')).toEqual([]);
    expect(run.writer.samplesOf('voltage_volt').length).toBeGreaterThanOrEqual(360);
  });

  it('marks a scan whose frames no longer fit as cut off, and measures on', async () => {
    const run = scriptedRun(SCANS);
    const open = run.spools.open.bind(run.spools);
    Object.assign(run.spools, {
      open: (scanId: string) => {
        const spool = open(scanId);
        let frames = 0;
        return Object.assign(Object.create(spool), {
          name: spool.name,
          finish: () => spool.finish(),
          add: (frame: Parameters<typeof spool.add>[0]) => {
            frames += 1;
            if (frames > 4) throw new Fault('storage', { where: scanId, message: 'disk is full' });
            spool.add(frame);
          },
        });
      },
    });
    const outcome = await advanceUntil(run.clock, run.runner.run());
    expect(outcome.status).toBe('done');
    const scans = run.writer.of('scan');
    expect(scans.length).toBeGreaterThan(0);
    expect(scans.every(({ complete }) => !complete)).toBe(true);
    expect(eventsOf(run, 'dropped')[0]?.message).toContain('scan-001 is cut off');
  });
});

describe('a disk that is nearly full', () => {
  it('has raw frames of earlier runs taken away once, down to 90 %, and everybody is told', () => {
    let used = 0.94;
    const asked: number[] = [];
    const watch = new DiskWatch({
      usedFraction: () => used,
      isReserveUsed: false,
      makeRoom: (fraction) => {
        asked.push(fraction);
        return { files: 3, bytes: 5e9 };
      },
    });
    expect(watch.look()?.severity).toBe('warning');
    expect(asked).toEqual([]);
    used = 0.96;
    const event = watch.look();
    expect(event?.severity).toBe('alarm');
    expect(event?.message).toContain('3 files of 5000 MB');
    expect(event?.details).toMatchObject({ thinned_files: 3, thinned_bytes: 5e9 });
    expect(watch.look()).toBeUndefined();
    expect(asked).toEqual([0.9]);
  });

  it('is told of all the same when nothing can be taken away, or that fails', () => {
    const full = { usedFraction: () => 0.97, isReserveUsed: false };
    const none = new DiskWatch({ ...full, makeRoom: () => ({ files: 0, bytes: 0 }) });
    expect(none.look()?.message).toBe('The disk is 97 % full: free some space.');
    const failing = new DiskWatch({
      ...full,
      makeRoom: () => {
        throw new Error('read-only file system');
      },
    });
    const told = failing.look();
    expect(told?.severity).toBe('alarm');
    expect(told?.message).toContain('Nothing could be taken away: disk: read-only file system');
  });
});
