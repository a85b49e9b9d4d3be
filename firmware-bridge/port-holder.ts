import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Where the kernel shows processes, and where programs of the UUCP custom leave lock files. */
export interface HolderPlaces {
  readonly processes: string;
  readonly locks: string;
}

const PLACES: HolderPlaces = { processes: '/proc', locks: '/var/lock' };
/** More is not searched: the answer is a courtesy and must not take long. */
const PROCESSES_MAX = 5000;
const FILES_MAX = 1000;
const HOLDERS_MAX = 4;

/**
 * Who has a port open, as a person wants to read it: "minicom (process 4711)", several with
 * commas. Undefined when it cannot be told: other users' processes do not show what they have open.
 */
export async function holderOf(
  path: string,
  places: HolderPlaces = PLACES,
): Promise<string | undefined> {
  const device = await realpath(path).catch(() => undefined);
  if (device === undefined) return undefined;
  const openers = await openersOf(device, places);
  return openers.length > 0 ? openers.join(', ') : lockerOf(path, places);
}

/**
 * Whose lock file stands for this port. One left behind by a process that is dead is no lock; a
 * serial link writes none itself, because the lock of the kernel ends with its process.
 */
export async function lockerOf(
  path: string,
  places: HolderPlaces = PLACES,
): Promise<string | undefined> {
  const device = await realpath(path).catch(() => undefined);
  if (device === undefined) return undefined;
  const text = await textOf(join(places.locks, `LCK..${basename(device)}`));
  const id = Number.parseInt(text ?? '', 10);
  if (!Number.isInteger(id) || id === process.pid) return undefined;
  const name = await nameOf(id, places);
  return name === undefined ? undefined : `${name} (process ${id})`;
}

async function spoken(id: number, places: HolderPlaces): Promise<string> {
  if (id === process.pid) return 'this program itself';
  return `${(await nameOf(id, places)) ?? 'a program'} (process ${id})`;
}

async function openersOf(device: string, places: HolderPlaces): Promise<readonly string[]> {
  const openers: string[] = [];
  const ids = (await namesIn(places.processes)).filter((name) => /^\d+$/.test(name));
  for (const id of ids.slice(0, PROCESSES_MAX)) {
    if (openers.length === HOLDERS_MAX) break;
    const folder = join(places.processes, id, 'fd');
    const files = (await namesIn(folder)).slice(0, FILES_MAX);
    const targets = await Promise.all(
      files.map((file) => readlink(join(folder, file)).catch(() => undefined)),
    );
    if (targets.includes(device)) openers.push(await spoken(Number(id), places));
  }
  return openers;
}

async function nameOf(id: number, places: HolderPlaces): Promise<string | undefined> {
  return (await textOf(join(places.processes, String(id), 'comm')))?.trim();
}

/** Processes come and go while they are looked at, and those of others do not open. */
function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
