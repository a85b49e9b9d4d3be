import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/fault.ts';

/** In the run's folder while a process writes the run; a killed one leaves it behind. */
export const LOCK_NAME = 'run.lock';

/** One process among all that ever ran on this machine: process numbers are used again. */
interface Holder {
  readonly pid: number;
  /** Clock ticks since the machine started; empty where the system does not tell. */
  readonly startedTicks: string;
  readonly machineBootId: string;
}

/** Number of the living process that writes the run; undefined when there is none. */
export function holderOf(folder: string): number | undefined {
  const holder = readLock(folder);
  return holder && isAlive(holder) ? holder.pid : undefined;
}

/**
 * Takes the run for this process. Two that come at the same time must be kept apart by whoever
 * calls: run-database.ts asks inside a write transaction.
 * @throws Fault badInput while another process writes it, storage when the file cannot be made
 */
export function takeLock(folder: string): void {
  const pid = holderOf(folder);
  if (pid !== undefined) {
    throw new Fault('badInput', {
      where: folder,
      message: `the run is being written by process ${pid}; stop that one first`,
    });
  }
  const own: Holder = {
    pid: process.pid,
    startedTicks: startedTicksOf(process.pid) ?? '',
    machineBootId: machineBootId(),
  };
  try {
    writeFileSync(join(folder, LOCK_NAME), `${JSON.stringify(own)}\n`);
  } catch (error) {
    throw asFault(error, folder, 'storage');
  }
}

/** Lets go of the run; without a lock it does nothing. */
export function releaseLock(folder: string): void {
  rmSync(join(folder, LOCK_NAME), { force: true });
}

function readLock(folder: string): Holder | undefined {
  try {
    const lock = JSON.parse(readFileSync(join(folder, LOCK_NAME), 'utf8')) as Holder;
    return Number.isInteger(lock.pid) && lock.pid > 0 ? lock : undefined;
  } catch {
    // No lock, or one that a power cut has left half written: nobody alive holds it.
    return undefined;
  }
}

function isAlive({ pid, startedTicks, machineBootId: bootId }: Holder): boolean {
  if (bootId !== machineBootId()) return false;
  const ticks = startedTicksOf(pid);
  if (ticks !== undefined) return ticks === startedTicks;
  // Without /proc the process number alone must do.
  return startedTicks === '' && answersSignals(pid);
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name before it may hold spaces. */
function startedTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A killed process whose parent has not looked yet is dead all the same.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function machineBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
