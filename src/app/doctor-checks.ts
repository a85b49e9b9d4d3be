import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { arch, cpus, freemem, platform, totalmem } from 'node:os';
import { holderOf } from '../../firmware-bridge/port-holder.ts';
import { listSerialPorts, type SerialPortName } from '../../firmware-bridge/serial-ports.ts';
import { TcpLink } from '../../firmware-bridge/tcp-link.ts';
import type { Clock } from '../domain/clock.ts';
import { asFault } from '../domain/fault.ts';

/** `bad` keeps a run from working; `warning` is worth knowing before a long one. */
export type CheckState = 'good' | 'warning' | 'bad';

/** One thing that was looked at. */
export interface Finding {
  readonly check: 'machine' | 'disk' | 'clock' | 'ports' | 'permissions' | 'broker';
  readonly state: CheckState;
  /** What was found and, unless it is good, what to do. */
  readonly message: string;
}

export interface DoctorOptions {
  /** Where runs are written. */
  readonly out: string;
  /** An MQTT broker to be reached; undefined when runs bring their own. */
  readonly broker: { readonly host: string; readonly port: number } | undefined;
  readonly clock: Clock;
  /** Where the system says that its wall clock is synchronised; another place is for tests. */
  readonly synchronisedFile?: string;
  readonly ports?: readonly SerialPortName[];
}

const NODE_MIN = [20, 19] as const;
const MEMORY_BYTES_MIN = 1e9;
const DISK_BYTES_MIN = 5e9;
const DISK_BYTES_BAD = 5e8;
/** Before this the wall clock is that of a machine without a battery that has just started. */
const YEAR_MIN = 2025;
/** systemd-timesyncd(8) makes it when the clock was synchronised in this boot. */
const SYNCHRONISED_FILE = '/run/systemd/timesync/synchronized';
const CONNECT_SECOND_MAX = 3;

/** Everything `operando doctor` looks at when no port is named. Changes nothing. */
export async function examineMachine(options: DoctorOptions): Promise<readonly Finding[]> {
  const ports = onePerDevice(options.ports ?? listSerialPorts());
  return [
    ...machine(process.versions.node),
    await disk(options.out),
    await wallClock(options),
    ...(await Promise.all(ports.map(examinePort))),
    ...(ports.length > 0 ? [] : [noPorts()]),
    await broker(options),
  ];
}

/** @param version of Node.js: "20.20.1" */
export function machine(version: string): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1]);
  const node: Finding = isOld
    ? {
        check: 'machine',
        state: 'bad',
        message: `Node.js ${version} is too old: install ${NODE_MIN.join('.')} or newer`,
      }
    : { check: 'machine', state: 'good', message: `Node.js ${version} on ${platform()} ${arch()}` };
  const isSmall = totalmem() < MEMORY_BYTES_MIN;
  const memory = `${cpus().length} cores, ${gigabytes(freemem())} of ${gigabytes(totalmem())} memory free`;
  return [
    node,
    {
      check: 'machine',
      state: isSmall ? 'warning' : 'good',
      message: isSmall ? `${memory}: reconstruct small slices only` : memory,
    },
  ];
}

async function disk(out: string): Promise<Finding> {
  try {
    const folder = await nearestFolder(out);
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const bytes = bavail * bsize;
    const message = `${gigabytes(bytes)} free for runs in ${out}`;
    if (bytes >= DISK_BYTES_MIN) return { check: 'disk', state: 'good', message };
    const state = bytes < DISK_BYTES_BAD ? 'bad' : 'warning';
    return { check: 'disk', state, message: `${message}: make room, or choose another --out` };
  } catch (error) {
    const { message } = asFault(error, out, 'storage');
    return { check: 'disk', state: 'bad', message: `runs cannot be written: ${message}` };
  }
}

/** The folder itself, or the one it will be made in. */
async function nearestFolder(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? path : '.';
}

async function wallClock({
  clock,
  synchronisedFile = SYNCHRONISED_FILE,
}: DoctorOptions): Promise<Finding> {
  const utc = new Date(clock.utcMs());
  const now = `the wall clock says ${utc.toISOString().slice(0, 19)} UTC`;
  if (utc.getUTCFullYear() < YEAR_MIN) {
    return {
      check: 'clock',
      state: 'bad',
      message: `${now}: set it, or connect the machine to a time server`,
    };
  }
  try {
    await access(synchronisedFile);
    return { check: 'clock', state: 'good', message: `${now} and is synchronised` };
  } catch {
    // Other time services leave their word elsewhere, so this is no proof of the contrary.
    return {
      check: 'clock',
      state: 'warning',
      message: `${now}; nobody says that it is synchronised: look with "timedatectl"`,
    };
  }
}

/** The best name of each: the list has the ids first. */
function onePerDevice(ports: readonly SerialPortName[]): readonly SerialPortName[] {
  return ports.filter((one, at) => ports.findIndex(({ device }) => device === one.device) === at);
}

async function examinePort({ path, device }: SerialPortName): Promise<Finding> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch {
    return {
      check: 'permissions',
      state: 'bad',
      message: `${path} (${device}) may not be opened by this user: add the user to the group dialout and log in again`,
    };
  }
  const holder = await holderOf(path);
  if (holder === undefined) {
    return { check: 'ports', state: 'good', message: `${path} (${device}) is free` };
  }
  return { check: 'ports', state: 'warning', message: `${path} (${device}) is open in ${holder}` };
}

function noPorts(): Finding {
  return {
    check: 'ports',
    state: 'good',
    message: 'no serial port is plugged in, as far as /dev/serial tells',
  };
}

async function broker({ broker: address, clock }: DoctorOptions): Promise<Finding> {
  if (!address) {
    return {
      check: 'broker',
      state: 'good',
      message: 'runs bring their own broker; name another one with --broker to try it',
    };
  }
  const link = new TcpLink({ ...address, clock, connectSecondMax: CONNECT_SECOND_MAX });
  const where = `${address.host}:${address.port}`;
  try {
    await link.open(new AbortController().signal);
    return { check: 'broker', state: 'good', message: `a broker listens at ${where}` };
  } catch (error) {
    const [problem] = asFault(error, where, 'instrumentMissing').problems;
    const reason = problem?.message.split(':')[0] ?? '';
    return {
      check: 'broker',
      state: 'bad',
      message: `no broker at ${where}: ${reason}; start it, or look at its address`,
    };
  } finally {
    await link.close();
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
