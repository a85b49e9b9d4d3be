import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Alarm, alarmsOf, latchedAlarms } from '../domain/alarm.ts';
import { Fault } from '../domain/fault.ts';
import type { EventCode } from '../domain/run-record.ts';
import type { EngineState } from '../domain/run-store.ts';
import { WALK_START } from '../run/plan-walk.ts';
import { type Recovery, recoverIfDamaged } from '../store/recover-run.ts';
import { type PastRun, readPastRun } from '../store/run-database.ts';
import { holderOf } from '../store/run-lock.ts';
import { DATABASE_NAME } from '../store/schema.ts';

/** A run as an earlier start of the software has left it, mended where it was damaged. */
export interface FoundRun {
  /** Holds the folders of all runs. */
  readonly outFolder: string;
  readonly folder: string;
  readonly past: PastRun;
  readonly recovery: Recovery | undefined;
}

/**
 * Finds a run by its id in the folder of runs, or by the path of its own folder, and mends its
 * database if that is damaged.
 * @throws Fault fileMissing; badInput while another process writes it; storage when nothing reads
 */
export function findRun(run: string, outFolder: string): FoundRun {
  const folder = runFolder(run, outFolder);
  const pid = holderOf(folder);
  if (pid !== undefined) {
    throw new Fault('badInput', {
      where: folder,
      message: `the run goes on already, in process ${pid}`,
    });
  }
  const recovery = recoverIfDamaged(folder);
  const past = readPastRun(folder);
  const { runId } = past.info;
  if (basename(resolve(folder)) !== runId) {
    throw new Fault('badInput', {
      where: folder,
      message: `holds the run ${runId}: give the folder that name again`,
    });
  }
  return { outFolder: join(folder, '..'), folder, past, recovery };
}

/** The folder of a run, from its id or its path. @throws Fault fileMissing */
export function runFolder(run: string, outFolder: string): string {
  const folder = [join(outFolder, run), run].find((one) => existsSync(join(one, DATABASE_NAME)));
  if (folder !== undefined) return folder;
  throw new Fault('fileMissing', {
    where: run,
    message: `is no run in ${outFolder} and no folder of one; "operando runs --out ${outFolder}" lists them`,
  });
}

/** Where the run was; undefined when the place is lost. One cut off at once begins anew. */
export function placeOf({ past, recovery }: FoundRun): EngineState | undefined {
  if (past.state) return past.state;
  if (recovery || past.missingRecords > 0) return undefined;
  return {
    timeSecond: past.lastSecond,
    walk: WALK_START,
    isInStep: false,
    stepElapsedSecond: 0,
    stepChargeCoulomb: 0,
    chargeCoulomb: 0,
    idCounts: {},
    shortLatched: false,
    heaterTargetCelsius: null,
  };
}

/** Whether a latch has lost its alarm with a damaged disk: the run itself cannot ask for it then. */
export function hasLostAlarms(found: FoundRun): boolean {
  const alarms = alarmsOf(found.past.events);
  return unacknowledged(found).some((code) => !alarms.has(code));
}

/** Codes of what has latched and no person has acknowledged: nothing is energised before. */
export function unacknowledged({ past }: FoundRun): readonly EventCode[] {
  const alarms = alarmsOf(past.events);
  const latched = latchedAlarms(alarms).map(({ code }: Alarm) => code);
  const isAcknowledged = (code: EventCode): boolean =>
    past.events.some(
      ({ body }) => body.code === 'alarmAcknowledged' && body.details.alarm === code,
    );
  // The state and the status know of a latch also when its event was lost with a damaged disk.
  const others: EventCode[] = [];
  if (past.state?.shortLatched && !isAcknowledged('cellShort')) others.push('cellShort');
  if (past.status === 'tripped' && !isAcknowledged('interlock')) others.push('interlock');
  return [...new Set([...latched, ...others])];
}

/** What became of a damaged database, as one sentence without a final stop. */
export function spokenDamage(recovery: Recovery): string {
  return `${recovery.reason}; it was set aside as ${recovery.setAside}, and ${recovery.recoveredRecords} records were recovered from it`;
}
